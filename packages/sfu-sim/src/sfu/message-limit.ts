// How many messages a participant may send.

import type { Milliseconds } from '@sluice/rtp';

/** After silence, as many messages as fit into this time may come at once. */
const BURST: Milliseconds = 2000;

/** A token bucket. */
export class MessageLimit {
  readonly #perSecond: number;
  readonly #burst: number;
  #tokens: number;
  #at: Milliseconds = Number.NEGATIVE_INFINITY;

  /** @param perSecond - on average; infinite: as many as it likes */
  constructor(perSecond: number) {
    this.#perSecond = perSecond;
    this.#burst = (perSecond * BURST) / 1000;
    this.#tokens = this.#burst;
  }

  /** A message has come: whether it is within the limit. */
  take(now: Milliseconds): boolean {
    if (this.#perSecond === Number.POSITIVE_INFINITY) return true;
    this.#tokens = Math.min(this.#burst, this.#tokens + ((now - this.#at) * this.#perSecond) / 1000);
    this.#at = now;
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }
}
