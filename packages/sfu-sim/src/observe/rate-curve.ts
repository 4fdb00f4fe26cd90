// Bits over time, so that the rate between any two moments is found at once.

import type { BitsPerSecond, Bytes, Milliseconds } from '@sluice/rtp';

/** What was sent, or arrived, over time. */
export class RateCurve {
  readonly #times: Float64Array;
  /** Bits up to and including the packet of the same index. */
  readonly #bits: Float64Array;

  constructor(packets: readonly { readonly at: Milliseconds; readonly size: Bytes }[]) {
    const ordered = packets.toSorted((a, b) => a.at - b.at);
    this.#times = new Float64Array(ordered.length);
    this.#bits = new Float64Array(ordered.length);
    let sum = 0;
    ordered.forEach(({ at, size }, i) => {
      sum += size * 8;
      this.#times[i] = at;
      this.#bits[i] = sum;
    });
  }

  /** When the first packet was; `undefined`: there is none. */
  get start(): Milliseconds | undefined {
    return this.#times[0];
  }

  /** Bits after `from`, up to and including `to`. */
  bits(from: Milliseconds, to: Milliseconds): number {
    return this.#until(to) - this.#until(from);
  }

  /** On average between both. */
  rate(from: Milliseconds, to: Milliseconds): BitsPerSecond {
    return to > from ? (this.bits(from, to) * 1000) / (to - from) : 0;
  }

  #until(time: Milliseconds): number {
    let low = 0;
    let high = this.#times.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#times[middle] ?? 0) <= time) low = middle + 1;
      else high = middle;
    }
    return this.#bits[low - 1] ?? 0;
  }
}
