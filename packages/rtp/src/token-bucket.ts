// How much of something may come per second, with an allowance for bursts.

import { ArgumentError } from './errors.ts';
import type { Milliseconds } from './units.ts';

/** A limit on what comes. */
export interface RateLimit {
  /** How many per second in the long run, above 0. */
  readonly rate: number;
  /** How many at once, 1 or more. */
  readonly burst: number;
}

/** Counts what comes against a limit. */
export class TokenBucket {
  readonly #limit: RateLimit;
  #tokens: number;
  #at: Milliseconds | undefined;

  /** @throws ArgumentError for a rate that is not above 0 or a burst below 1 */
  constructor(limit: RateLimit) {
    if (!(limit.rate > 0 && limit.burst >= 1)) {
      throw new ArgumentError(`A limit of ${limit.rate} per second, ${limit.burst} at once, lets nothing through.`);
    }
    this.#limit = limit;
    this.#tokens = limit.burst;
  }

  /** Takes one in, unless it is too many. */
  take(now: Milliseconds): boolean {
    const { rate, burst } = this.#limit;
    this.#tokens = Math.min(burst, this.#tokens + ((now - (this.#at ?? now)) / 1000) * rate);
    this.#at = now;
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }
}
