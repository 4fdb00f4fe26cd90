// When frames were captured, on our clock: their own timestamps have another origin (WebCodecs leaves it open).

import type { Clock, Microseconds, Milliseconds } from '@sluice/rtp';

/** Relates a source's timestamps to the clock by the quickest frame so far, which waited least. */
export class CaptureClock {
  readonly #clock: Clock;
  #offset: Milliseconds = Number.POSITIVE_INFINITY;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** A frame has just come from the source. */
  observe(timestamp: Microseconds): void {
    this.#offset = Math.min(this.#offset, this.#clock.now() - timestamp / 1000);
  }

  /** The time on the clock that a timestamp stands for. */
  timeOf(timestamp: Microseconds): Milliseconds {
    return timestamp / 1000 + (Number.isFinite(this.#offset) ? this.#offset : this.#clock.now() - timestamp / 1000);
  }
}
