// The codecs, handed in: the browser's own by default, anything with the same interface otherwise.

import { UnsupportedError } from '../room/errors.ts';

/** WebCodecs' constructors, as the client uses them. */
export type MediaCodecs = Pick<
  typeof globalThis,
  'VideoEncoder' | 'VideoDecoder' | 'AudioEncoder' | 'AudioDecoder' | 'EncodedVideoChunk' | 'EncodedAudioChunk'
>;

/**
 * The browser's WebCodecs.
 *
 * @throws UnsupportedError with reason `webcodecs` where there are none
 */
export function browserCodecs(): MediaCodecs {
  if (typeof globalThis.VideoEncoder === 'undefined' || typeof globalThis.AudioEncoder === 'undefined') {
    throw new UnsupportedError(
      'webcodecs',
      'This realm has no WebCodecs. They need a secure context (https or localhost) and a browser that has them; in Node, hand codecs in.',
    );
  }
  return globalThis;
}
