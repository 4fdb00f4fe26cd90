// How much of a stream's bit rate its key frames are: what a `KeyFrameArbiter` has to keep within bounds.

import { RateMeter } from '../rtp/rate-meter.ts';
import type { Bytes, Milliseconds } from '../units.ts';

/** What the share is of. */
const WINDOW: Milliseconds = 10_000;

/** Weight of a new key frame's size in the mean one. */
const SIZE_WEIGHT = 1 / 4;

/** Measures the share of key frames in the bytes of the last 10 s. */
export class KeyFrameShare {
  readonly #keyFrames = new RateMeter(WINDOW);
  readonly #all = new RateMeter(WINDOW);
  /** Of whole key frames. */
  #meanSize: Bytes | undefined;
  /** RTP timestamp and size so far of the newest key frame. */
  #timestamp: number | undefined;
  #size: Bytes = 0;

  /** A packet has come. `keyFrameStart`: the first of a key frame; those of the same timestamp belong to it. */
  add(size: Bytes, timestamp: number, keyFrameStart: boolean, now: Milliseconds): void {
    if (keyFrameStart && timestamp !== this.#timestamp) this.#begin(timestamp);
    if (timestamp === this.#timestamp) {
      this.#size += size;
      this.#keyFrames.add(size, now);
    }
    this.#all.add(size, now);
  }

  /** The share, 0 to 1; `undefined` before 5 s. */
  share(now: Milliseconds): number | undefined {
    return this.#shareWith(0, now);
  }

  /** What the share would be with one key frame more, of the size they have; `undefined` before 5 s. */
  shareWithAnother(now: Milliseconds): number | undefined {
    return this.#shareWith(this.#meanSize ?? this.#size, now);
  }

  /** Another stream follows: what was seen says nothing of it. */
  reset(): void {
    this.#keyFrames.reset();
    this.#all.reset();
    this.#meanSize = undefined;
    this.#timestamp = undefined;
    this.#size = 0;
  }

  #begin(timestamp: number): void {
    if (this.#size > 0) this.#meanSize = mean(this.#meanSize, this.#size);
    this.#timestamp = timestamp;
    this.#size = 0;
  }

  #shareWith(additional: Bytes, now: Milliseconds): number | undefined {
    if (this.#all.rate(now) === undefined) return undefined;
    const all = this.#all.bytes(now) + additional;
    return all === 0 ? undefined : (this.#keyFrames.bytes(now) + additional) / all;
  }
}

function mean(before: Bytes | undefined, size: Bytes): Bytes {
  return before === undefined ? size : before + SIZE_WEIGHT * (size - before);
}
