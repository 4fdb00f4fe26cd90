// The payload formats by their SDP names.

import { av1Format } from './av1-format.ts';
import { h264Format } from './h264-format.ts';
import { h265Format } from './h265-format.ts';
import { opusFormat } from './opus-format.ts';
import type { PayloadFormat } from './payload-format.ts';
import { vp8Format } from './vp8-format.ts';
import { vp9Format } from './vp9-format.ts';

const FORMATS: readonly PayloadFormat[] = [vp8Format, vp9Format, h264Format, h265Format, av1Format, opusFormat];

/** The payload format of an SDP encoding name (case-insensitive, RFC 8866 §6.6), or `undefined` for one we don't speak. */
export function payloadFormatOf(codec: string): PayloadFormat | undefined {
  return FORMATS.find((format) => format.codec.toLowerCase() === codec.toLowerCase());
}
