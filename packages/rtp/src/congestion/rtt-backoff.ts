// Slows down when the round trip has become absurd, or when feedback has stopped while packets still go out: the only
// brake that works without feedback (libwebrtc's rtt_based_backoff).

import type { BitsPerSecond, Milliseconds } from '../units.ts';

export interface RttBackoffOptions {
  /** Beyond this round-trip time the rate sinks. Default 3000 ms. */
  readonly limit: Milliseconds;
  /** ... to this fraction. Default 0.8. */
  readonly factor: number;
  /** ... once in this time. Default 1000 ms. */
  readonly interval: Milliseconds;
}

export const RTT_BACKOFF_DEFAULTS: RttBackoffOptions = { limit: 3_000, factor: 0.8, interval: 1_000 };

export class RttBackoff {
  readonly #options: RttBackoffOptions;
  #rtt: Milliseconds = 0;
  #measuredAt: Milliseconds | undefined;
  #lastSentAt: Milliseconds | undefined;
  #decreasedAt = Number.NEGATIVE_INFINITY;
  #before: BitsPerSecond | undefined;

  constructor(options: RttBackoffOptions = RTT_BACKOFF_DEFAULTS) {
    this.#options = options;
  }

  onPacketSent(now: Milliseconds): void {
    this.#measuredAt ??= now;
    this.#lastSentAt = now;
  }

  /** The rate before it began to sink, when this measurement says that the path is back; else undefined. */
  onRtt(rtt: Milliseconds, now: Milliseconds): BitsPerSecond | undefined {
    this.#rtt = rtt;
    this.#measuredAt = now;
    if (this.active) return undefined;
    const before = this.#before;
    this.#before = undefined;
    return before;
  }

  /** The last round-trip time, and for how long packets have gone out since it was measured. */
  get correctedRtt(): Milliseconds {
    if (this.#measuredAt === undefined || this.#lastSentAt === undefined) return this.#rtt;
    return this.#rtt + Math.max(0, this.#lastSentAt - this.#measuredAt);
  }

  get active(): boolean {
    return this.correctedRtt > this.#options.limit;
  }

  /** The lowered rate when it is time to lower it, else undefined. */
  backOff(current: BitsPerSecond, now: Milliseconds): BitsPerSecond | undefined {
    if (!this.active || now - this.#decreasedAt < this.#options.interval) return undefined;
    this.#decreasedAt = now;
    this.#before ??= current;
    return current * this.#options.factor;
  }
}
