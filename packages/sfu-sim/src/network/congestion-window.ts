// How many segments a TCP flow may have under way: what NewReno and CUBIC have in common.

import type { Milliseconds } from '@sluice/rtp';

/** A congestion window in segments. */
export interface CongestionWindow {
  readonly size: number;
  /** `segments` were acknowledged outside of recovery. */
  acknowledged(now: Milliseconds, segments: number, roundTrip: Milliseconds): void;
  /** A loss was seen by later acknowledgements: once per recovery. */
  lost(now: Milliseconds): void;
  /** Nothing was acknowledged for a retransmission timeout. */
  timedOut(now: Milliseconds): void;
}

/** What a connection begins with (RFC 6928), in segments. */
export const INITIAL_WINDOW = 10;

/** More than any sensible queue and delay need: bounds what one flow may put into a network without limits. */
export const MAX_WINDOW = 10_000;

/** Slow start, then one segment more per round trip, half at a loss (RFC 5681, 6582). */
export class NewRenoWindow implements CongestionWindow {
  #size = INITIAL_WINDOW;
  #threshold = Number.POSITIVE_INFINITY;

  get size(): number {
    return this.#size;
  }

  acknowledged(_now: Milliseconds, segments: number): void {
    const growth = this.#size < this.#threshold ? segments : segments / this.#size;
    this.#size = Math.min(this.#size + growth, MAX_WINDOW);
  }

  lost(): void {
    this.#threshold = Math.max(this.#size / 2, 2);
    this.#size = this.#threshold;
  }

  timedOut(): void {
    this.#threshold = Math.max(this.#size / 2, 2);
    this.#size = 1;
  }
}
