// The SSRCs that a section announces, and which of them belong together (RFC 5576; FEC-FR: RFC 5956 §4.3).

import type { MediaDescription, SsrcDescription } from './description.ts';
import { type MediaBlock, readInteger, words } from './text.ts';

const MAX_SSRC = 0xffffffff;

/** Reads a=ssrc and a=ssrc-group. SSRCs that are no numbers of 32 bit are left out, with what is said of them. */
export function parseSsrcs(section: MediaBlock): Pick<MediaDescription, 'ssrcs' | 'simulcastSsrcs'> {
  const cnames = new Map<number, string>();
  for (const { id, attribute, value = '' } of section.ssrcs ?? []) {
    const ssrc = readInteger(id, MAX_SSRC);
    if (ssrc === undefined) continue;
    if (attribute === 'cname') cnames.set(ssrc, String(value));
    else if (!cnames.has(ssrc)) cnames.set(ssrc, '');
  }
  const repairs = { FID: new Map<number, number>(), 'FEC-FR': new Map<number, number>() };
  let encodings: number[] = [];
  for (const { semantics, ssrcs: group } of section.ssrcGroups ?? []) {
    const ssrcs = words(group).flatMap((word) => readInteger(word, MAX_SSRC) ?? []);
    const [primary, repair] = ssrcs;
    if (semantics === 'SIM') encodings = [...new Set(ssrcs)];
    else if (semantics !== 'FID' && semantics !== 'FEC-FR') continue;
    else if (primary !== undefined && repair !== undefined && primary !== repair)
      repairs[semantics].set(primary, repair);
  }
  const notPrimary = new Set([...repairs.FID.values(), ...repairs['FEC-FR'].values()]);
  const primaries = [...cnames.keys()].filter((ssrc) => !notPrimary.has(ssrc));
  encodings = encodings.filter((ssrc) => cnames.has(ssrc) && !notPrimary.has(ssrc));
  const ordered = [...new Set([...encodings, ...primaries])];
  return {
    ssrcs: ordered.map((ssrc): SsrcDescription => {
      const rtxSsrc = repairs.FID.get(ssrc);
      const fecSsrc = repairs['FEC-FR'].get(ssrc);
      return {
        ssrc,
        ...(rtxSsrc !== undefined && { rtxSsrc }),
        ...(fecSsrc !== undefined && { fecSsrc }),
        cname: cnames.get(ssrc) ?? '',
      };
    }),
    simulcastSsrcs: encodings.length > 1 && encodings.length === primaries.length,
  };
}

/** What announces them. */
export function writeSsrcs({
  ssrcs,
  simulcastSsrcs,
}: Pick<MediaDescription, 'ssrcs' | 'simulcastSsrcs'>): Required<Pick<MediaBlock, 'ssrcs' | 'ssrcGroups'>> {
  const repairs = ssrcs.flatMap(({ ssrc, rtxSsrc, fecSsrc }) => [
    ...(rtxSsrc === undefined ? [] : [{ semantics: 'FID', ssrcs: `${ssrc} ${rtxSsrc}` }]),
    ...(fecSsrc === undefined ? [] : [{ semantics: 'FEC-FR', ssrcs: `${ssrc} ${fecSsrc}` }]),
  ]);
  const simulcast = { semantics: 'SIM', ssrcs: ssrcs.map(({ ssrc }) => ssrc).join(' ') };
  return {
    ssrcs: ssrcs.flatMap(({ ssrc, rtxSsrc, fecSsrc, cname: value }) =>
      [ssrc, rtxSsrc, fecSsrc].flatMap((id) => (id === undefined ? [] : [{ id, attribute: 'cname', value }])),
    ),
    ssrcGroups: simulcastSsrcs ? [simulcast, ...repairs] : repairs,
  };
}
