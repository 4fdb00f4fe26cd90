// Carries one receiver's RTP timestamps over from one source to the next.

import { Unwrapper } from '../sequence.ts';

/** How much time that has been shown already is squeezed: a second of it takes 3.9 ms. */
const SQUEEZE = 256;

/**
 * Maps timestamps so that the output goes strictly forward while sources change, and stays true to the time of capture. A
 * source that lags behind the one it follows begins with frames from before the last one sent: those get timestamps right
 * after it, a few ticks apart, until the source has caught up. `lagOf` tells how far such a timestamp is from the truth: a
 * receiver has to know, or it would show a picture again, or after a newer one.
 */
export class TimestampRewriter {
  #source = new Unwrapper(32);
  #first = 0;
  /** The highest output at the last splice, and what the first input's true output is beyond it. */
  #base = 0;
  #lead = 1;
  #highest: number | undefined;

  /** What to add to an input for its true output, modulo 2^32. */
  get offset(): number {
    return (this.#base + this.#lead - this.#first) >>> 0;
  }

  /**
   * From here on the input is another source.
   *
   * @param first - its first timestamp
   * @param output - the output that is true to the first one's time of capture, whether it lies ahead or not
   */
  splice(first: number, output: number): void {
    this.#base = this.#highest ?? (output - 1) >>> 0;
    this.#source = new Unwrapper(32);
    this.#first = this.#source.unwrap(first);
    this.#lead = (output - this.#base) | 0;
  }

  /** The output for a timestamp of the source. Equal inputs give equal outputs, in whatever order they come. */
  map(timestamp: number): number {
    const elapsed = this.#source.unwrap(timestamp) - this.#first;
    const output = (this.#base + Math.max(this.#lead + elapsed, squeezed(elapsed))) >>> 0;
    if (this.#highest === undefined || ((output - this.#highest) | 0) > 0) this.#highest = output;
    return output;
  }

  /** How much later than its time of capture the output for a timestamp is, in ticks: 0 unless its source lags. */
  lagOf(timestamp: number): number {
    const elapsed = this.#source.unwrap(timestamp) - this.#first;
    return Math.max(0, squeezed(elapsed) - this.#lead - elapsed);
  }
}

/** How far beyond the last output before the splice a timestamp goes at least. */
function squeezed(elapsed: number): number {
  return 1 + Math.floor(elapsed / SQUEEZE);
}
