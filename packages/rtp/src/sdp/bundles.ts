// Bundles (a=group:BUNDLE, RFC 9143): which m-sections share a transport, and what has to mean the same in all of them.

import type * as sdpTransform from 'sdp-transform';
import type { MediaDescription, Section } from './description.ts';
import { addMeaning } from './malformed.ts';
import { parseParameters, writeParameters } from './parameters.ts';
import { words } from './text.ts';

/** The groups of sections that exist; one that is in two groups counts for the first (RFC 9143 §7). */
export function parseBundles(groups: sdpTransform.SessionAttributes['groups'], mids: ReadonlySet<string>): string[][] {
  const free = new Set(mids);
  return (groups ?? [])
    .filter(({ type }) => type === 'BUNDLE')
    .map((group) => words(group.mids).filter((mid) => free.delete(mid)))
    .filter(({ length }) => length > 0);
}

/**
 * Checks that payload types (RFC 9143 §9.1.1) and identifiers of header extensions (§9.1) stand for the same in each
 * section of a bundle.
 *
 * @param extmaps - of each section
 * @throws SignallingError with reason `malformed-sdp`, naming what does not
 */
export function checkBundles(
  bundles: readonly (readonly string[])[],
  media: readonly Section[],
  extmaps: readonly ReadonlyMap<number, string>[],
): void {
  const where = 'two m-sections of a bundle';
  for (const bundle of bundles) {
    const extensions = new Map<number, string>();
    const formats = new Map<number, string>();
    for (const [i, section] of media.entries()) {
      if (section.rejected || !bundle.includes(section.mid)) continue;
      for (const [id, uri] of extmaps[i] ?? []) addMeaning(extensions, 'header extension', id, uri, where);
      if (section.kind === 'unsupported') continue;
      for (const [type, format] of formatsOf(section)) addMeaning(formats, 'payload type', type, format, where);
    }
  }
}

/** What each payload type of a section stands for; the order of parameters does not matter. */
function formatsOf({ kind, codecs }: MediaDescription): [payloadType: number, format: string][] {
  return codecs.flatMap(({ payloadType, name, clockRate, channels = 1, parameters, rtxPayloadType }) => {
    const sorted = new Map([...parseParameters(parameters)].sort(([a], [b]) => (a < b ? -1 : 1)));
    const format = `${kind}/${name.toLowerCase()}/${clockRate}/${channels} ${writeParameters(sorted)}`.trim();
    const rtx = `${kind}/rtx/${clockRate} apt=${payloadType}`;
    return [
      [payloadType, format],
      ...(rtxPayloadType === undefined ? [] : [[rtxPayloadType, rtx] as [number, string]]),
    ];
  });
}
