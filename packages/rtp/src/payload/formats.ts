// The payload formats by their SDP names.

import { opusFormat } from './opus-format.ts';
import type { PayloadFormat } from './payload-format.ts';
import { vp8Format } from './vp8-format.ts';

const FORMATS: readonly PayloadFormat[] = [vp8Format, opusFormat];

/** The payload format of an SDP encoding name (case-insensitive, RFC 8866 §6.6), or `undefined` for one we don't speak. */
export function payloadFormatOf(codec: string): PayloadFormat | undefined {
  return FORMATS.find((format) => format.codec.toLowerCase() === codec.toLowerCase());
}
