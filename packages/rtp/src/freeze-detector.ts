// When a picture stood still for too long: freezes as webrtc-stats counts them (`freezeCount`, `totalFreezesDuration`),
// with the window of libwebrtc.

import type { Milliseconds } from './units.ts';

/** Intervals that the average is taken over, the newest included. */
const WINDOW = 30;
/** With fewer intervals than this there is no telling what is usual. */
const MIN_INTERVALS = 5;
/** How far above the average an interval has to be. */
const MIN_INCREASE: Milliseconds = 150;

/** Is told of every picture shown, and says which came too late: interval ≥ max(3 · average, average + 150 ms). */
export class FreezeDetector {
  readonly #intervals: Milliseconds[] = [];
  #sum = 0;
  #next = 0;
  #last: Milliseconds | undefined;
  #paused = false;

  /** A picture is shown. Answers how long the one before it stood, if that was a freeze. */
  onFrame(now: Milliseconds): Milliseconds | undefined {
    if (this.#paused) return undefined;
    const frozen = this.standing(now);
    if (this.#last !== undefined) this.#add(now - this.#last);
    this.#last = now;
    return frozen;
  }

  /** How long the picture has been standing by now, if a picture shown now would end a freeze. */
  standing(now: Milliseconds): Milliseconds | undefined {
    if (this.#last === undefined) return undefined;
    const interval = now - this.#last;
    const replaced = this.#intervals.length === WINDOW ? (this.#intervals[this.#next] ?? 0) : 0;
    const count = Math.min(this.#intervals.length + 1, WINDOW);
    if (count < MIN_INTERVALS) return undefined;
    const average = (this.#sum - replaced + interval) / count;
    return interval >= Math.max(3 * average, average + MIN_INCREASE) ? interval : undefined;
  }

  /** Video pauses on purpose: what is still shown of it, and the time until the first picture after `resume`, is no freeze. */
  pause(): void {
    this.#paused = true;
    this.#last = undefined;
  }

  /** Video goes on, or will soon. */
  resume(): void {
    this.#paused = false;
  }

  #add(interval: Milliseconds): void {
    this.#sum += interval - (this.#intervals[this.#next] ?? 0);
    this.#intervals[this.#next] = interval;
    this.#next = (this.#next + 1) % WINDOW;
  }
}
