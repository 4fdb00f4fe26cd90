// Does the application send less than it may? Then what arrives says nothing about the path, and only probing does
// (libwebrtc's alr_detector: "application-limited region").

import type { BitsPerSecond, Bytes, Milliseconds } from '../units.ts';

export interface ApplicationLimitedOptions {
  /** The budget grows at this fraction of the estimate. Default 0.65. */
  readonly usage: number;
  /** The budget holds so much time of it, saved or overdrawn. Default 500 ms. */
  readonly window: Milliseconds;
  /** The region starts when the budget is saved up to this fraction. Default 0.8. */
  readonly startLevel: number;
  /** ... and ends when it is back below this one. Default 0.5. */
  readonly stopLevel: number;
}

export const APPLICATION_LIMITED_DEFAULTS: ApplicationLimitedOptions = {
  usage: 0.65,
  window: 500,
  startLevel: 0.8,
  stopLevel: 0.5,
};

export class ApplicationLimited {
  readonly #options: ApplicationLimitedOptions;
  #rate: BitsPerSecond;
  #budget: Bytes = 0;
  #updatedAt: Milliseconds | undefined;
  #since: Milliseconds | undefined;

  constructor(estimate: BitsPerSecond, options: ApplicationLimitedOptions = APPLICATION_LIMITED_DEFAULTS) {
    this.#options = options;
    this.#rate = estimate * options.usage;
  }

  /** Since when the application is the limit; undefined when it is not. */
  get since(): Milliseconds | undefined {
    return this.#since;
  }

  setEstimate(estimate: BitsPerSecond): void {
    this.#rate = estimate * this.#options.usage;
    this.#budget = this.#clamp(this.#budget);
  }

  onPacketSent(size: Bytes, now: Milliseconds): void {
    const elapsed = now - (this.#updatedAt ?? now);
    const first = this.#updatedAt === undefined;
    this.#updatedAt = now;
    // Over which time the first packet was spent is unknown.
    if (first) return;
    this.#budget = this.#clamp(this.#budget - size);
    this.#budget = this.#clamp(this.#budget + (this.#rate * elapsed) / 8_000);

    const level = this.#budget / this.#capacity;
    if (level > this.#options.startLevel) this.#since ??= now;
    else if (level < this.#options.stopLevel) this.#since = undefined;
  }

  get #capacity(): Bytes {
    return (this.#rate * this.#options.window) / 8_000;
  }

  #clamp(budget: Bytes): Bytes {
    return Math.min(Math.max(budget, -this.#capacity), this.#capacity);
  }
}
