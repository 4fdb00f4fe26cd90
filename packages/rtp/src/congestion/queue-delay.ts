// How long packets wait in queues on the way: the one-way delay beyond the shortest one of the last while. The trend
// tells that a queue grows; only its length tells that it stands, and when it is gone (RFC 8698 §4.2 and RFC 8298 §4.1.1
// measure it in the same way).

import type { Milliseconds } from '../units.ts';
import type { PacketResult } from './controller.ts';

export interface QueueDelayOptions {
  /** The shortest delay is looked for in this much time, at least half of it. Default 30 000 ms. */
  readonly baseWindow: Milliseconds;
  /** A delay that changes by more than this from one feedback to the next: a clock was set. Default 1500 ms. */
  readonly maxStep: Milliseconds;
}

export const QUEUE_DELAY_DEFAULTS: QueueDelayOptions = { baseWindow: 30_000, maxStep: 1_500 };

/** Sender's and receiver's clocks may differ by any amount, and drift: only differences of delays count. */
export class QueueDelay {
  readonly #options: QueueDelayOptions;
  /** The shortest delays of the current half of the window and of the one before. */
  #shortest = Number.POSITIVE_INFINITY;
  #previousShortest = Number.POSITIVE_INFINITY;
  #halfStartedAt: Milliseconds | undefined;
  #last: Milliseconds | undefined;
  #standing: Milliseconds = 0;

  constructor(options: QueueDelayOptions = QUEUE_DELAY_DEFAULTS) {
    this.#options = options;
  }

  /** What the luckiest packet of the last feedback waited: jitter aside, the length of the queue. */
  get standing(): Milliseconds {
    return this.#standing;
  }

  /** `arrived`: the packets of one feedback that were received. */
  onFeedback(arrived: readonly PacketResult[], now: Milliseconds): void {
    let least = Number.POSITIVE_INFINITY;
    for (const { sentAt, receivedAt } of arrived) {
      if (receivedAt !== undefined) least = Math.min(least, receivedAt - sentAt);
    }
    if (least === Number.POSITIVE_INFINITY) return;
    const { baseWindow, maxStep } = this.#options;
    if (this.#last !== undefined && Math.abs(least - this.#last) > maxStep) this.reset();
    this.#last = least;
    this.#halfStartedAt ??= now;
    if (now - this.#halfStartedAt >= baseWindow / 2) {
      this.#previousShortest = this.#shortest;
      this.#shortest = Number.POSITIVE_INFINITY;
      this.#halfStartedAt = now;
    }
    this.#shortest = Math.min(this.#shortest, least);
    this.#standing = least - Math.min(this.#shortest, this.#previousShortest);
  }

  /** Forgets all delays, for instance when the path has changed. */
  reset(): void {
    this.#shortest = Number.POSITIVE_INFINITY;
    this.#previousShortest = Number.POSITIVE_INFINITY;
    this.#halfStartedAt = undefined;
    this.#last = undefined;
    this.#standing = 0;
  }
}
