// The two classes of encoded chunks of WebCodecs, for places that have none (Node).

import type { Bytes, Microseconds } from '@sluice/rtp';
import { viewOf } from './synthetic-frames.ts';

/** Says to a chunk's constructor that nobody else has the data. */
export const OWNED = Symbol('owned');

interface ChunkInit {
  type: 'key' | 'delta';
  timestamp: Microseconds;
  duration?: Microseconds | undefined;
  data: AllowSharedBufferSource;
}

/** Immutable encoded bytes with their type and time. The data handed in is copied, unless `owned` says that it is ours. */
class SyntheticChunk {
  readonly type: 'key' | 'delta';
  readonly timestamp: Microseconds;
  readonly duration: Microseconds | null;
  readonly #data: Uint8Array;

  constructor({ type, timestamp, duration, data }: ChunkInit, owned?: typeof OWNED) {
    if (type !== 'key' && type !== 'delta')
      throw new TypeError(`chunk type is ${String(type)}: it must be key or delta`);
    if (!Number.isFinite(timestamp)) throw new TypeError(`chunk timestamp is ${timestamp}: it must be finite`);
    this.type = type;
    this.timestamp = Math.trunc(timestamp);
    this.duration = duration ?? null;
    this.#data = owned === OWNED ? viewOf(data) : viewOf(data).slice();
  }

  /** To be read only. */
  get ownBytes(): Uint8Array {
    return this.#data;
  }

  get byteLength(): Bytes {
    return this.#data.byteLength;
  }

  /** @throws TypeError when `destination` is too small */
  copyTo(destination: AllowSharedBufferSource): void {
    const target = viewOf(destination);
    if (target.byteLength < this.byteLength) {
      throw new TypeError(`the chunk has ${this.byteLength} bytes, the destination ${target.byteLength}`);
    }
    target.set(this.#data);
  }
}

/** WebCodecs' `EncodedVideoChunk`. */
export class SyntheticEncodedVideoChunk extends SyntheticChunk implements EncodedVideoChunk {}

/** WebCodecs' `EncodedAudioChunk`. */
export class SyntheticEncodedAudioChunk extends SyntheticChunk implements EncodedAudioChunk {}

/** The bytes of a chunk, to be read only: those of a synthetic one are its own. */
export function bytesOf(chunk: EncodedVideoChunk | EncodedAudioChunk): Uint8Array {
  if (chunk instanceof SyntheticChunk) return chunk.ownBytes;
  const bytes = new Uint8Array(chunk.byteLength);
  chunk.copyTo(bytes);
  return bytes;
}
