// How far the clock of another realm is from the owner's: both are the machine's and do not drift, but began at different
// times.

import type { Milliseconds } from '@sluice/rtp';

/** Learns from posts that say when they were posted. */
export class ClockOffset {
  /** A post takes at least no time, so the quickest one so far tells best. */
  #offset: Milliseconds = Number.POSITIVE_INFINITY;

  /** A post of `at`, on the other clock, has come at `now`, on the owner's. */
  observe(at: Milliseconds, now: Milliseconds): void {
    this.#offset = Math.min(this.#offset, now - at);
  }

  /** A time of the other clock on the owner's, and never later than `now`. */
  toOwn(time: Milliseconds, now: Milliseconds): Milliseconds {
    return Math.min(now, time + this.#offset);
  }
}
