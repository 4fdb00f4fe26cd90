// What a subscriber itself says it wants to be sent at most.

import type { BitsPerSecond, Milliseconds } from '@sluice/rtp';

/** A budget that is not renewed for so long holds no more: whoever set it may have forgotten it, or be another page by now. */
const LIFETIME: Milliseconds = 5000;

/** The budget of one subscriber. */
export class SubscriberBudget {
  #maxBitrate: BitsPerSecond = Number.POSITIVE_INFINITY;
  #until: Milliseconds = Number.NEGATIVE_INFINITY;

  /** Sets it, or renews it; `undefined`: there is none any more. */
  set(maxBitrate: BitsPerSecond | undefined, now: Milliseconds): void {
    this.#maxBitrate = maxBitrate ?? Number.POSITIVE_INFINITY;
    this.#until = now + LIFETIME;
  }

  /** The rate, or the budget if that is less. */
  cap(rate: BitsPerSecond, now: Milliseconds): BitsPerSecond {
    return now < this.#until ? Math.min(rate, this.#maxBitrate) : rate;
  }
}
