// How fast bytes flow, over a sliding window.

import type { BitsPerSecond, Bytes, Milliseconds } from '../units.ts';

const BUCKETS = 10;

/** Measures a rate over the last second, in steps of a tenth. */
export class RateMeter {
  readonly #bucketLength: Milliseconds;
  readonly #buckets = new Float64Array(BUCKETS);
  #current = 0;
  #since: Milliseconds | undefined;

  /** @param window - in ms. Default 1000 */
  constructor(window: Milliseconds = 1000) {
    this.#bucketLength = window / BUCKETS;
  }

  /** Bytes have passed. */
  add(bytes: Bytes, now: Milliseconds): void {
    this.#advance(now);
    this.#since ??= now;
    this.#buckets[this.#current % BUCKETS] = (this.#buckets[this.#current % BUCKETS] ?? 0) + bytes;
  }

  /** What has passed within the window. */
  bytes(now: Milliseconds): Bytes {
    this.#advance(now);
    let bytes: Bytes = 0;
    for (const bucket of this.#buckets) bytes += bucket;
    return bytes;
  }

  /** The rate over the window; `undefined` until half of it has been seen. */
  rate(now: Milliseconds): BitsPerSecond | undefined {
    const bytes = this.bytes(now);
    const window = this.#bucketLength * BUCKETS;
    if (this.#since === undefined || now - this.#since < window / 2) return undefined;
    // The bucket of the moment is only part full: the window is as long as what it covers.
    const covered = this.#bucketLength * (BUCKETS - 1) + (now % this.#bucketLength);
    return (bytes * 8000) / Math.max(this.#bucketLength, Math.min(now - this.#since, covered));
  }

  /** Forgets what was seen. */
  reset(): void {
    this.#buckets.fill(0);
    this.#since = undefined;
  }

  #advance(now: Milliseconds): void {
    const bucket = Math.floor(now / this.#bucketLength);
    const passed = Math.min(BUCKETS, bucket - this.#current);
    for (let i = 1; i <= passed; i++) this.#buckets[(this.#current + i) % BUCKETS] = 0;
    if (passed > 0) this.#current = bucket;
  }
}
