// How much of what may be sent goes to retransmissions: a part of it. Else a burst of losses, which says that the path
// carries less, would be answered by sending it all again, before anything new (str0m bounds them in the same way).

import type { BitsPerSecond, Bytes, Milliseconds } from '../units.ts';

/** Limits of a `RetransmissionBudget`. */
export interface RetransmissionBudgetOptions {
  /** Of the target, 0 to 1. Default 0.5. */
  readonly share?: number;
  /** What was not used is kept for so long. Default 500 ms. */
  readonly window?: Milliseconds;
}

/** A bucket that fills at a share of the target. */
export class RetransmissionBudget {
  readonly #share: number;
  readonly #window: Milliseconds;
  #left: Bytes | undefined;
  #filledAt: Milliseconds = 0;

  constructor({ share = 0.5, window = 500 }: RetransmissionBudgetOptions = {}) {
    this.#share = share;
    this.#window = window;
  }

  /** Fills the bucket up to `now`, at a share of this target. */
  fill(target: BitsPerSecond, now: Milliseconds): void {
    const capacity = (this.#share * target * this.#window) / 8_000;
    const added = (this.#share * target * (now - this.#filledAt)) / 8_000;
    this.#left = Math.min((this.#left ?? capacity) + added, capacity);
    this.#filledAt = now;
  }

  /** Takes so much out, if there is anything left at all: a packet may be larger than what is. Whether it did. */
  spend(bytes: Bytes): boolean {
    if (this.#left === undefined || this.#left <= 0) return false;
    this.#left -= bytes;
    return true;
  }
}
