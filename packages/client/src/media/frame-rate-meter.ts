// How many frames a source really makes: what it says of itself is often not true (a canvas says 60, a camera in the dark
// makes 10).

import type { Microseconds } from '@sluice/rtp';

/** Frames and time that a measurement takes. */
const MIN_FRAMES = 20;
const MIN_SPAN: Microseconds = 1_000_000;

/** A gap longer than this is a pause, not a frame rate. */
const MAX_GAP: Microseconds = 1_000_000;

/** Differences below this share are not worth telling. */
const TOLERANCE = 0.2;

/** Measures the frame rate by timestamps, one stretch after the other. */
export class FrameRateMeter {
  #frameRate: number;
  #first: Microseconds | undefined;
  #last: Microseconds = 0;
  #frames = 0;

  /** @param frameRate - what the source says */
  constructor(frameRate: number) {
    this.#frameRate = frameRate;
  }

  /** In Hz, as far as it is known. */
  get frameRate(): number {
    return this.#frameRate;
  }

  /** A frame was made. Answers the frame rate when it has turned out to be another one than known before. */
  onFrame(timestamp: Microseconds): number | undefined {
    if (this.#first === undefined || timestamp - this.#last > MAX_GAP || timestamp < this.#last) {
      this.#restart(timestamp);
      return undefined;
    }
    this.#last = timestamp;
    this.#frames += 1;
    const span = timestamp - this.#first;
    if (this.#frames < MIN_FRAMES || span < MIN_SPAN) return undefined;
    const measured = (this.#frames * 1_000_000) / span;
    this.#restart(timestamp);
    if (Math.abs(measured / this.#frameRate - 1) < TOLERANCE) return undefined;
    this.#frameRate = measured;
    return measured;
  }

  #restart(timestamp: Microseconds): void {
    this.#first = timestamp;
    this.#last = timestamp;
    this.#frames = 0;
  }
}
