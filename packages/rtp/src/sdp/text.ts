// SDP text as sdp-transform reads it (RFC 8866 §5): what is handed to it, and what it gives back as it stands.
//
// It makes a number of every value that looks like one, whatever its type says, and `String` makes the text of it again.

import * as sdpTransform from 'sdp-transform';
import { MAX_LINE_LENGTH } from './description.ts';
import { malformed } from './malformed.ts';

/** What is said for the session, or in one m-section. */
export type Block = sdpTransform.SharedAttributes;
/** What is said in one m-section. */
export type MediaBlock = sdpTransform.MediaDescription;

/** The attributes that are used here. No other reaches the library, whose rules match beginnings of lines only. */
const ATTRIBUTES = new Set([
  ...['bundle-only', 'end-of-candidates', 'extmap', 'extmap-allow-mixed', 'fmtp', 'group', 'ice-lite', 'ice-pwd'],
  ...['ice-ufrag', 'inactive', 'mid', 'recvonly', 'rtcp-fb', 'rtcp-mux', 'rtcp-rsize', 'rtpmap', 'sendonly'],
  ...['sendrecv', 'setup', 'simulcast', 'ssrc', 'ssrc-group'],
]);
/**
 * Those that the library would cut short: names with a `-` or `{`, all but the last fingerprint, all but the first ICE
 * option, extensions of candidates. It gets them under a name that it does not know, and keeps what stands there.
 */
const VERBATIM = new Set(['candidate', 'fingerprint', 'ice-options', 'msid', 'msid-semantic', 'rid']);
const MARK = 'verbatim-';

/**
 * Takes a text apart, in a time in proportion to its length.
 *
 * @throws SignallingError for a line above `MAX_LINE_LENGTH`
 */
export function parseText(sdp: string): sdpTransform.SessionDescription {
  const lines: string[] = [];
  for (const line of sdp.split(/\r\n|\r|\n/)) {
    const [, type, name = ''] = /^(?:([mo])=|a=([\w-]+)(?=:|$))/.exec(line) ?? [];
    if (type === undefined && !ATTRIBUTES.has(name) && !VERBATIM.has(name)) continue;
    if (line.length > MAX_LINE_LENGTH) {
      throw malformed(`it has a line of ${line.length} characters, more than ${MAX_LINE_LENGTH}`);
    }
    lines.push(VERBATIM.has(name) ? `a=${MARK}${line.slice(2)}` : line);
  }
  return sdpTransform.parse(lines.join('\n'));
}

/** The values of one of the attributes that are kept as they stand, in order. */
export function verbatim(block: Block, name: string): string[] {
  const start = `${MARK}${name}:`;
  return (block.invalid ?? []).flatMap(({ value }) => (value.startsWith(start) ? [value.slice(start.length)] : []));
}

/** The words of a value. */
export function words(value: string | undefined): string[] {
  return String(value ?? '').match(/[^ ]+/g) ?? [];
}

/** The number that a value is, if it is one of at most that many; no signs, fractions or exponents. */
export function readInteger(value: string | number | undefined, max: number): number | undefined {
  if (!/^\d{1,16}$/.test(String(value))) return undefined;
  const number = Number(value);
  return number <= max ? number : undefined;
}
