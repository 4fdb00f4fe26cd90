// When the key frames of a layer come, to find a moment in the middle between two.

import type { LayerStats } from '@sluice/sfu-sim';

/** A newcomer comes at least this long after a key frame, in ms: sooner the SFU would ask for no other yet … */
const AFTER = 1000;
/** … and this long before the next that comes by itself. */
const BEFORE = 400;
/** Arrivals that are remembered. */
const KEPT = 8;

/** Follows a layer by its statistics. */
export class KeyFrameWatch {
  readonly #interval: number;
  #keyFrames = 0;
  #requested = 0;
  #arrivals: number[] = [];
  #nextScheduled: number | undefined;

  /** @param interval - time between two key frames that nobody asked for, in ms */
  constructor(interval: number) {
    this.#interval = interval;
  }

  /** Takes the newest statistics. */
  update(now: number, { keyFrames, keyFramesRequested }: LayerStats): void {
    if (keyFrames < this.#keyFrames) {
      this.#arrivals = [];
      this.#nextScheduled = undefined;
    }
    if (keyFrames > this.#keyFrames) {
      this.#arrivals = [...this.#arrivals, now].slice(-KEPT);
      // The publisher's rhythm goes on whatever is asked for in between.
      if (keyFramesRequested === this.#requested) this.#nextScheduled = now + this.#interval;
      this.#requested = keyFramesRequested;
    }
    this.#keyFrames = keyFrames;
  }

  /** Age, at that time, of the newest key frame of then, in ms; `undefined` before the first. */
  ageAt(at: number): number | undefined {
    const newest = this.#arrivals.findLast((arrival) => arrival <= at);
    return newest === undefined ? undefined : at - newest;
  }

  /** Whether the last key frame is well past and the next one far. */
  isBetween(now: number): boolean {
    const age = this.ageAt(now);
    if (age === undefined || age < AFTER) return false;
    const next = this.#nextScheduled ?? now - age + this.#interval;
    return next - now >= BEFORE || next < now;
  }
}
