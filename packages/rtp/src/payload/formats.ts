// The payload formats by their SDP names.

import { av1Format } from './av1-format.ts';
import { createH264Format, h264Format } from './h264-format.ts';
import { createH265Format, h265Format } from './h265-format.ts';
import { opusFormat } from './opus-format.ts';
import { readParameterSets } from './parameter-sets.ts';
import type { PayloadFormat } from './payload-format.ts';
import { vp8Format } from './vp8-format.ts';
import { vp9Format } from './vp9-format.ts';

const FORMATS: readonly PayloadFormat[] = [vp8Format, vp9Format, h264Format, h265Format, av1Format, opusFormat];

/**
 * The payload format of an SDP encoding name (case-insensitive, RFC 8866 §6.6), or `undefined` for one we don't speak.
 *
 * @param parameters - the codec's `a=fmtp` parameters: H.264 and H.265 may have their parameter sets there. Default none
 */
export function payloadFormatOf(codec: string, parameters?: string): PayloadFormat | undefined {
  const format = FORMATS.find((each) => each.codec.toLowerCase() === codec.toLowerCase());
  if (format === h264Format) {
    const parameterSets = readParameterSets('H264', parameters);
    if (parameterSets.length > 0) return createH264Format(parameterSets);
  }
  if (format === h265Format) {
    const parameterSets = readParameterSets('H265', parameters);
    if (parameterSets.length > 0) return createH265Format(parameterSets);
  }
  return format;
}
