// What a description may change of the one before it (RFC 3264 §8, RFC 8829 §5.2.2), and an answer of its offer (§6).

import { HEADER_EXTENSION_URIS, type HeaderExtensionName } from '../rtp/header-extensions.ts';
import { isSameEncoding } from './codec-match.ts';
import { type Description, type MediaDescription, receives, type Section, sends } from './description.ts';
import { FIRST_PROVISIONAL_ID } from './extensions.ts';
import { malformed } from './malformed.ts';

const NAMES = Object.keys(HEADER_EXTENSION_URIS) as HeaderExtensionName[];

/**
 * Checks a description against the one that the same side of the session wrote before it, both offers or both answers.
 *
 * A section keeps its place, its mid and its kind; once refused, its place may be taken by another (RFC 8829 §5.2.2).
 * Payload types keep their codecs (RFC 3264 §8.3.2), header extensions their identifiers (RFC 8285 §6). Codecs and
 * extensions may come and go, and media may flow another way or not at all.
 *
 * @throws SignallingError with reason `malformed-sdp`, naming what does not fit
 */
export function checkRenegotiation(previous: Description, next: Description): void {
  if (next.sessionId !== previous.sessionId) {
    throw malformed(`it is of session ${next.sessionId}, not ${previous.sessionId}`);
  }
  if (next.sessionVersion <= previous.sessionVersion) {
    throw malformed(`its version is ${next.sessionVersion}, and version ${previous.sessionVersion} was there before`);
  }
  checkNumber(previous, next);
  const places = new Map(previous.media.map(({ mid }, i) => [mid, i]));
  for (const [i, section] of next.media.entries()) {
    const before = previous.media[i];
    const place = section.mid === '' ? undefined : places.get(section.mid);
    if (place !== undefined && place !== i && !section.rejected) {
      throw malformed(`the mid "${section.mid}" has moved from m-section ${place} to m-section ${i}`);
    }
    if (before === undefined || (before.rejected && (section.mid === '' || section.mid !== before.mid))) continue;
    if (section.mid !== before.mid) {
      throw malformed(`m-section ${i} has the mid "${section.mid}", and had "${before.mid}" before, which is not over`);
    }
    checkSameForm(before, section, i);
    if (before.kind !== 'unsupported' && section.kind !== 'unsupported') checkSameCodecs(before, section, i);
  }
  checkExtensions(previous, next);
}

/**
 * Checks an answer against its offer: the same sections in the same places, none taken that was not offered, and in
 * each of them only what the offer has (RFC 3264 §6, RFC 9143 §7.3).
 *
 * @throws SignallingError with reason `malformed-sdp`, naming what does not fit
 */
export function checkAnswer(offer: Description, answer: Description): void {
  checkNumber(offer, answer);
  if (answer.media.length > offer.media.length) {
    throw malformed(`it answers ${answer.media.length} m-sections, and ${offer.media.length} were offered`);
  }
  for (const [i, section] of answer.media.entries()) {
    const offered = offer.media[i];
    if (offered === undefined) continue;
    if (section.mid !== '' && section.mid !== offered.mid) {
      throw malformed(`m-section ${i} answers the mid "${section.mid}", and "${offered.mid}" was offered`);
    }
    checkSameForm(offered, section, i);
    if (section.rejected) continue;
    if (offered.rejected) throw malformed(`m-section ${i} is taken, which the offer refuses`);
    if (offered.kind !== 'unsupported' && section.kind !== 'unsupported') checkMedia(offered, section, i);
  }
  for (const bundle of answer.bundles) {
    if (!offer.bundles.some((offered) => bundle.every((mid) => offered.includes(mid)))) {
      throw malformed(`it bundles ${bundle.join(', ')}, which were not offered as a bundle`);
    }
  }
}

function checkNumber(before: Description, after: Description): void {
  if (after.media.length < before.media.length) {
    throw malformed(
      `it has ${after.media.length} m-sections, and there were ${before.media.length}: none may be left out`,
    );
  }
}

function checkSameForm(before: Section, after: Section, index: number): void {
  const [was, is] = [before, after].map((section) => (section.kind === 'unsupported' ? section.media : section.kind));
  if (is !== was) throw malformed(`m-section ${index} is of kind "${is}", and was "${was}"`);
  if (after.protocol !== before.protocol) {
    throw malformed(`m-section ${index} has the protocol ${after.protocol}, and had ${before.protocol}`);
  }
}

function checkSameCodecs(before: MediaDescription, after: MediaDescription, index: number): void {
  const codecs = new Map(before.codecs.map((codec) => [codec.payloadType, codec]));
  for (const codec of after.codecs) {
    const known = codecs.get(codec.payloadType);
    if (known === undefined || isSameEncoding(known, codec)) continue;
    throw malformed(`payload type ${codec.payloadType} of m-section ${index} is ${codec.name}, and was ${known.name}`);
  }
}

/** Bundled or not, our sections number their extensions alike: what an identifier meant once it means everywhere. */
function checkExtensions(previous: Description, next: Description): void {
  for (const [i, section] of next.media.entries()) {
    const before = previous.media[i];
    if (section.kind === 'unsupported' || before?.kind === 'unsupported' || before?.mid !== section.mid) continue;
    const meant = new Map(NAMES.map((name) => [before.extensions[name], name]));
    for (const name of NAMES) {
      const id = section.extensions[name];
      const was = before.extensions[name];
      if (id === undefined || id === was) continue;
      const other = meant.get(id);
      if (other !== undefined) throw malformed(`header extension ${id} of m-section ${i} is ${name}, and was ${other}`);
      if (was !== undefined && was < FIRST_PROVISIONAL_ID) {
        throw malformed(`${name} is header extension ${id} of m-section ${i}, and was ${was}`);
      }
    }
  }
}

function checkMedia(offered: MediaDescription, answered: MediaDescription, index: number): void {
  const { direction } = answered;
  if ((sends(answered) && !receives(offered)) || (receives(answered) && !sends(offered))) {
    throw malformed(`m-section ${index} is ${direction}, and ${offered.direction} was offered`);
  }
  if (!answered.codecs.some((codec) => offered.codecs.some((candidate) => isSameEncoding(candidate, codec)))) {
    throw malformed(`m-section ${index} has none of the codecs that were offered`);
  }
  for (const name of NAMES) {
    const id = answered.extensions[name];
    const was = offered.extensions[name];
    if (id === undefined || id === was || (was !== undefined && was >= FIRST_PROVISIONAL_ID)) continue;
    throw malformed(`m-section ${index} has ${name} as header extension ${id}, offered was ${was ?? 'none'}`);
  }
  const setup = answered.transport?.setup;
  if (setup === 'actpass' || (setup !== undefined && setup === offered.transport?.setup && setup !== 'holdconn')) {
    throw malformed(`m-section ${index} answers setup:${offered.transport?.setup ?? 'none'} with setup:${setup}`);
  }
  if (answered.congestionFeedback && !offered.congestionFeedback) {
    throw malformed(`m-section ${index} has congestion control feedback, which was not offered (RFC 8888 §6)`);
  }
  if (answered.rtcpMux && !offered.rtcpMux) {
    throw malformed(`m-section ${index} has rtcp-mux, which was not offered (RFC 5761 §5.1.1)`);
  }
}
