// CUBIC, RFC 9438: the window grows with the cube of the time since the last loss, but never slower than Reno's would.
// Slow start is the standard one, without HyStart++.

import type { Milliseconds } from '@sluice/rtp';
import { type CongestionWindow, INITIAL_WINDOW, MAX_WINDOW } from './congestion-window.ts';

/** What is left of the window after a loss. */
const BETA = 0.7;

/** Segments per cubic second. */
const C = 0.4;

/** Segments per round trip of the Reno that shares fairly with this β. */
const RENO_ALPHA = (3 * (1 - BETA)) / (1 + BETA);

export class CubicWindow implements CongestionWindow {
  #size = INITIAL_WINDOW;
  #threshold = Number.POSITIVE_INFINITY;
  /** Where the curve is flat: the window before the last loss, or less for fast convergence. */
  #plateau = 0;
  /** The window just before the last loss. */
  #prior = 0;
  /** When the curve began; `undefined` until the first acknowledgement of congestion avoidance. */
  #epoch: Milliseconds | undefined;
  /** Seconds from the epoch to the plateau. */
  #k = 0;
  /** What Reno would have. */
  #reno = 0;

  get size(): number {
    return this.#size;
  }

  acknowledged(now: Milliseconds, segments: number, roundTrip: Milliseconds): void {
    if (this.#size < this.#threshold) this.#size += segments;
    else this.#avoidCongestion(now, segments, roundTrip);
    this.#size = Math.min(this.#size, MAX_WINDOW);
  }

  lost(): void {
    this.#remember();
    this.#size = this.#threshold;
  }

  timedOut(): void {
    this.#remember();
    this.#size = 1;
  }

  #remember(): void {
    // Fast convergence: a flow that did not get back to where it was makes room.
    this.#plateau = this.#size < this.#plateau ? (this.#size * (1 + BETA)) / 2 : this.#size;
    this.#prior = this.#size;
    this.#threshold = Math.max(this.#size * BETA, 2);
    this.#epoch = undefined;
  }

  #avoidCongestion(now: Milliseconds, segments: number, roundTrip: Milliseconds): void {
    if (this.#epoch === undefined) {
      this.#epoch = now;
      this.#plateau = Math.max(this.#plateau, this.#size);
      this.#k = Math.cbrt((this.#plateau - this.#size) / C);
      this.#reno = this.#size;
    }
    this.#reno += ((this.#reno < this.#prior ? RENO_ALPHA : 1) * segments) / this.#size;
    const elapsed = (now - this.#epoch) / 1000;
    if (this.#curve(elapsed) < this.#reno) {
      this.#size = Math.max(this.#size, this.#reno);
      return;
    }
    const target = Math.min(Math.max(this.#curve(elapsed + roundTrip / 1000), this.#size), 1.5 * this.#size);
    this.#size += ((target - this.#size) / this.#size) * segments;
  }

  #curve(seconds: number): number {
    return C * (seconds - this.#k) ** 3 + this.#plateau;
  }
}
