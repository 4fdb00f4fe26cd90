// When to ask the sender of one stream for a key frame. Everybody who needs one asks the arbiter; the arbiter asks the
// sender, at a bounded rate, and gives up on one that never answers.

import type { Milliseconds } from '../units.ts';

/** Limits of a `KeyFrameArbiter`. */
export interface KeyFrameArbiterOptions {
  /** Least time between two requests for different key frames. Default 1000 ms. */
  readonly minInterval?: Milliseconds;
  /** Time after which an unanswered request is repeated. Default 2000 ms. */
  readonly retryInterval?: Milliseconds;
  /** Unanswered requests in a row before the arbiter gives up. Default 5. */
  readonly maxAttempts?: number;
  /** After giving up, time during which nothing is asked. Default 10 000 ms. */
  readonly cooldown?: Milliseconds;
  /**
   * The largest share of the stream's bytes that its key frames may make up over 10 s, 0 to 1: a request waits while one
   * more would exceed it. Key frames that the sender makes by itself count, and are not prevented. Default 0.5.
   */
  readonly maxShare?: number;
}

/** What to do now: `ask` the sender, tell that it is `exhausted` (it never answered), or nothing. */
export type KeyFrameDecision = 'ask' | 'exhausted' | undefined;

/** Coalesces, repeats and bounds the key frame requests of one stream. */
export class KeyFrameArbiter {
  readonly #minInterval: Milliseconds;
  readonly #retryInterval: Milliseconds;
  readonly #maxAttempts: number;
  readonly #cooldown: Milliseconds;
  readonly #maxShare: number;
  #reason: string | undefined;
  #attempts = 0;
  #dueAt: Milliseconds = Number.NEGATIVE_INFINITY;

  constructor(options: KeyFrameArbiterOptions = {}) {
    this.#minInterval = options.minInterval ?? 1000;
    this.#retryInterval = options.retryInterval ?? 2000;
    this.#maxAttempts = options.maxAttempts ?? 5;
    this.#cooldown = options.cooldown ?? 10_000;
    this.#maxShare = options.maxShare ?? 0.5;
  }

  /** Why a key frame is wanted, as the first who asked put it; `undefined` while none is. */
  get wantedBecause(): string | undefined {
    return this.#reason;
  }

  /** Somebody needs a key frame. Joins the request that is open, if there is one. */
  want(reason: string): void {
    this.#reason ??= reason;
  }

  /** A key frame has begun to arrive: whoever waited is served. */
  onKeyFrame(now: Milliseconds): void {
    if (this.#reason === undefined) return;
    this.#settle(now, this.#attempts > 0 ? this.#dueAt - this.#retryInterval + this.#minInterval : this.#dueAt);
  }

  /**
   * What to do now; to be asked after `want` and then every few milliseconds while a key frame is wanted.
   *
   * @param share - what key frames would make up of the stream with one more, as `KeyFrameShare` tells; `undefined`: not
   * known yet
   */
  poll(now: Milliseconds, share?: number): KeyFrameDecision {
    if (this.#reason === undefined || now < this.#dueAt) return undefined;
    if (this.#attempts >= this.#maxAttempts) {
      this.#settle(now, now + this.#cooldown);
      return 'exhausted';
    }
    if (share !== undefined && share > this.#maxShare) return undefined;
    this.#attempts += 1;
    this.#dueAt = now + this.#retryInterval;
    return 'ask';
  }

  #settle(now: Milliseconds, notBefore: Milliseconds): void {
    this.#reason = undefined;
    this.#attempts = 0;
    this.#dueAt = Math.max(now, notBefore);
  }
}
