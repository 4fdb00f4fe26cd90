// Streams told apart by name: what a section says of each (a=rid, RFC 8851) and which of them are encodings of the same
// source (a=simulcast, RFC 8853).

import type { MediaDescription, RidDescription, SimulcastAlternative, SimulcastDescription } from './description.ts';
import { readInteger, words } from './lines.ts';

type Side = 'send' | 'recv';

const RID = /^[\w-]{1,255}$/;
const RESTRICTION = /^[A-Za-z0-9-]+$/;
/** The restrictions whose value is a number (RFC 8851 §5). */
const NUMBERS = new Set(['max-width', 'max-height', 'max-fps', 'max-fs', 'max-br', 'max-pps']);

/**
 * Reads a=rid lines (RFC 8851 §4 and §6.2). A line of another form, or with none of the section's payload types, is
 * left out; so are all that differ in what they say of the same name. Saying the same twice does no harm.
 */
export function parseRids(values: readonly string[], payloadTypes: ReadonlySet<number>): RidDescription[] {
  const rids = new Map<string, { text: string; rid: RidDescription | undefined }>();
  for (const text of values) {
    const rid = parseRid(text, payloadTypes);
    if (rid === undefined) continue;
    const known = rids.get(rid.id);
    if (known === undefined) rids.set(rid.id, { text, rid });
    else if (known.text !== text) known.rid = undefined;
  }
  return [...rids.values()].flatMap(({ rid }) => rid ?? []);
}

function parseRid(text: string, known: ReadonlySet<number>): RidDescription | undefined {
  const [id = '', direction] = words(text);
  if (!RID.test(id) || (direction !== 'send' && direction !== 'recv')) return undefined;
  const rest = text.trim().slice(id.length).trim().slice(direction.length);
  const restrictions: { name: string; value: string }[] = [];
  let payloadTypes: Set<number> | undefined;
  for (const part of rest.split(';')) {
    const equals = part.indexOf('=');
    const name = (equals < 0 ? part : part.slice(0, equals)).trim();
    const value = equals < 0 ? '' : part.slice(equals + 1).trim();
    if (name === '' && equals < 0) continue;
    if (!RESTRICTION.test(name)) return undefined;
    if (name !== 'pt') restrictions.push({ name, value });
    else {
      const listed = value.split(',').flatMap((word) => readInteger(word.trim(), 127) ?? []);
      payloadTypes = new Set(listed.filter((payloadType) => known.has(payloadType)));
    }
  }
  if (payloadTypes?.size === 0) return undefined;
  return { id, direction, ...(payloadTypes && { payloadTypes: [...payloadTypes] }), restrictions };
}

/** The value of an a=rid line. */
export function writeRid({ id, direction, payloadTypes, restrictions }: RidDescription): string {
  const parts = [
    ...(payloadTypes ? [`pt=${payloadTypes.join(',')}`] : []),
    ...restrictions.map(({ name, value }) => (value === '' ? name : `${name}=${value}`)),
  ];
  return [id, direction, ...(parts.length > 0 ? [parts.join(';')] : [])].join(' ');
}

/**
 * Reads a=simulcast (RFC 8853 §5.1), names without an a=rid left out (§5.2). Which direction the a=rid gives does not
 * matter: libdatachannel answers `send` where `recv` belongs.
 *
 * @returns `undefined` where there is none, or nothing is left of it
 */
export function parseSimulcast(
  value: string | undefined,
  rids: readonly RidDescription[],
): SimulcastDescription | undefined {
  const unused = new Set(rids.map(({ id }) => id));
  const sides = new Map<string, SimulcastAlternative[][]>();
  const parts = words(value ?? '');
  for (let i = 0; i + 1 < parts.length; i += 2) {
    const [side = '', list = ''] = parts.slice(i, i + 2);
    if ((side !== 'send' && side !== 'recv') || sides.has(side)) continue;
    const streams = list.split(';').map((stream) =>
      stream.split(',').flatMap((alternative): SimulcastAlternative[] => {
        const paused = alternative.startsWith('~');
        const rid = paused ? alternative.slice(1) : alternative;
        return unused.delete(rid) ? [{ rid, paused }] : [];
      }),
    );
    sides.set(
      side,
      streams.filter((alternatives) => alternatives.length > 0),
    );
  }
  const simulcast = { send: sides.get('send') ?? [], recv: sides.get('recv') ?? [] };
  return simulcast.send.length + simulcast.recv.length > 0 ? simulcast : undefined;
}

/** The value of an a=simulcast line. */
export function writeSimulcast(simulcast: SimulcastDescription): string {
  return (['send', 'recv'] as const)
    .filter((side) => simulcast[side].length > 0)
    .map((side) => {
      const streams = simulcast[side].map((alternatives) =>
        alternatives.map(({ rid, paused }) => `${paused ? '~' : ''}${rid}`).join(','),
      );
      return `${side} ${streams.join(';')}`;
    })
    .join(' ');
}

/** What a section says that offers these encodings, or takes them. */
export function describeEncodings(
  rids: readonly string[],
  direction: Side,
): Pick<MediaDescription, 'rids' | 'simulcast'> {
  if (rids.length === 0) return { rids: [] };
  return {
    rids: rids.map((id) => ({ id, direction, restrictions: [] })),
    simulcast: { send: [], recv: [], [direction]: rids.map((rid) => [{ rid, paused: false }]) },
  };
}

/**
 * The encodings of a section's simulcast in order of preference, the first alternative of each; none without simulcast.
 */
export function simulcastRids(media: MediaDescription, direction: Side): string[] {
  return (media.simulcast?.[direction] ?? []).flatMap(([first]) => first?.rid ?? []);
}

/**
 * Answers the streams that were offered (RFC 8851 §6.3, RFC 8853 §5.3.2): of each one the first alternative whose
 * restrictions are understood and whose payload types are taken, not paused.
 *
 * @param direction - what the answerer does
 * @param payloadTypes - those it takes
 * @param wanted - the names it takes; default all
 */
export function answerEncodings(
  offered: MediaDescription,
  direction: Side,
  payloadTypes: ReadonlySet<number>,
  wanted?: readonly string[],
): Pick<MediaDescription, 'rids' | 'simulcast'> {
  const theirs = direction === 'send' ? 'recv' : 'send';
  const names = new Set(offered.rids.map(({ id }) => id));
  const accepted = new Map<string, RidDescription>();
  for (const { id, direction: offeredDirection, payloadTypes: offeredTypes, restrictions } of offered.rids) {
    const types = offeredTypes?.filter((payloadType) => payloadTypes.has(payloadType));
    const taken = offeredDirection === theirs && (wanted === undefined || wanted.includes(id)) && types?.length !== 0;
    if (!taken || !restrictions.every((restriction) => isUnderstood(restriction, names))) continue;
    accepted.set(id, { id, direction, ...(types && { payloadTypes: types }), restrictions });
  }
  if (offered.simulcast === undefined) return { rids: [...accepted.values()] };
  const streams = offered.simulcast[theirs].flatMap((alternatives) => {
    const first = alternatives.find(({ rid }) => accepted.has(rid));
    return first ? [[{ rid: first.rid, paused: false }]] : [];
  });
  const listed = new Set(streams.flatMap((alternatives) => alternatives.map(({ rid }) => rid)));
  return {
    rids: [...accepted.values()].filter(({ id }) => listed.has(id)),
    ...(streams.length > 0 && { simulcast: { send: [], recv: [], [direction]: streams } }),
  };
}

/**
 * Which of the encodings that were offered to be sent the answer takes, in the order of the offer; none where it takes
 * a single stream. What it says of the direction is not looked at where it leaves no other sense.
 */
export function acceptedRids(offered: MediaDescription, answered: MediaDescription): string[] {
  const { recv = [], send = [] } = answered.simulcast ?? {};
  const streams = recv.length > 0 ? recv : send;
  const taken = new Set(streams.flatMap((alternatives) => alternatives.map(({ rid }) => rid)));
  return (offered.simulcast?.send ?? []).flatMap(
    (alternatives) => alternatives.find(({ rid }) => taken.has(rid))?.rid ?? [],
  );
}

function isUnderstood({ name, value }: { readonly name: string; readonly value: string }, names: ReadonlySet<string>) {
  if (name === 'depend') return value.split(',').every((rid) => names.has(rid));
  if (name === 'max-bpp') return /^(\d+(\.\d+)?)?$/.test(value);
  return NUMBERS.has(name) && /^\d*$/.test(value);
}
