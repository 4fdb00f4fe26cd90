// The SSRCs that a section announces, and which of them belong together (RFC 5576; FEC-FR: RFC 5956 §4.3).

import type { MediaDescription, SsrcDescription } from './description.ts';
import { type Block, readInteger, words } from './lines.ts';

const MAX_SSRC = 0xffffffff;

/** Reads a=ssrc and a=ssrc-group. SSRCs that are no numbers of 32 bit are left out, with what is said of them. */
export function parseSsrcs(section: Block): Pick<MediaDescription, 'ssrcs' | 'simulcastSsrcs'> {
  const cnames = new Map<number, string>();
  for (const text of section.all('ssrc')) {
    const ssrc = readSsrc(text.slice(0, indexOfBlank(text)));
    if (ssrc === undefined) continue;
    const attribute = text.slice(indexOfBlank(text)).trim();
    const cname = attribute.startsWith('cname:') ? attribute.slice('cname:'.length) : undefined;
    if (cname !== undefined || !cnames.has(ssrc)) cnames.set(ssrc, cname ?? '');
  }
  const repairs = { FID: new Map<number, number>(), 'FEC-FR': new Map<number, number>() };
  let encodings: number[] = [];
  for (const text of section.all('ssrc-group')) {
    const [semantics = '', ...group] = words(text);
    const ssrcs = group.flatMap((word) => readSsrc(word) ?? []);
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

/** The lines that announce them. */
export function writeSsrcs({ ssrcs, simulcastSsrcs }: Pick<MediaDescription, 'ssrcs' | 'simulcastSsrcs'>): string[] {
  return [
    ...(simulcastSsrcs ? [`a=ssrc-group:SIM ${ssrcs.map(({ ssrc }) => ssrc).join(' ')}`] : []),
    ...ssrcs.flatMap(({ ssrc, rtxSsrc, fecSsrc }) => [
      ...(rtxSsrc === undefined ? [] : [`a=ssrc-group:FID ${ssrc} ${rtxSsrc}`]),
      ...(fecSsrc === undefined ? [] : [`a=ssrc-group:FEC-FR ${ssrc} ${fecSsrc}`]),
    ]),
    ...ssrcs.flatMap(({ ssrc, rtxSsrc, fecSsrc, cname }) =>
      [ssrc, rtxSsrc, fecSsrc].flatMap((id) => (id === undefined ? [] : [`a=ssrc:${id} cname:${cname}`])),
    ),
  ];
}

/** The value of `a=ssrc:… msid:`, which said what a=msid says now; `undefined` where there is none. */
export function ssrcMsid(section: Block): string | undefined {
  for (const text of section.all('ssrc')) {
    const attribute = text.slice(indexOfBlank(text)).trim();
    if (attribute.startsWith('msid:')) return attribute.slice('msid:'.length);
  }
  return undefined;
}

function indexOfBlank(text: string): number {
  const blank = text.indexOf(' ');
  return blank < 0 ? text.length : blank;
}

function readSsrc(word: string): number | undefined {
  return readInteger(word, MAX_SSRC);
}
