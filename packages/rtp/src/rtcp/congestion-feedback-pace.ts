// When to send congestion control feedback, which RFC 8888 §5 leaves to the receiver: soon after a frame is complete,
// within a share of the capacity, as libwebrtc does.

import { ArgumentError } from '../errors.ts';
import type { BitsPerSecond, Bytes, Milliseconds } from '../units.ts';

/** How often feedback is sent. */
export interface CongestionFeedbackPaceOptions {
  /** Shortest time from one feedback to the next. Default 25 ms. */
  readonly minInterval: Milliseconds;
  /** Longest time that `maxRate` may hold feedback back, at least `minInterval`. Default 500 ms. */
  readonly maxInterval: Milliseconds;
  /** How long the first packet since the last feedback waits for the end of its frame. Default 25 ms. */
  readonly maxFrameWait: Milliseconds;
  /** What feedback may take, headers included, until that meets `maxInterval`. Default 500 kbit/s. */
  readonly maxRate: BitsPerSecond;
}

export const CONGESTION_FEEDBACK_PACE_DEFAULTS: CongestionFeedbackPaceOptions = {
  minInterval: 25,
  maxInterval: 500,
  maxFrameWait: 25,
  maxRate: 500_000,
};

/**
 * Says when the next feedback is due: at the end of a frame, or when its first packet has waited for that long enough,
 * but not before the last feedback has been paid for. Nothing is due while nothing has arrived.
 */
export class CongestionFeedbackPace {
  readonly #options: CongestionFeedbackPaceOptions;
  #firstArrival: Milliseconds | undefined;
  #isFrameComplete = false;
  #earliest: Milliseconds = Number.NEGATIVE_INFINITY;
  #lastFeedback: Milliseconds | undefined;
  /** Bytes sent beyond the rate. */
  #debt: Bytes = 0;

  /** @throws ArgumentError when the options leave no time or no rate */
  constructor(options: Partial<CongestionFeedbackPaceOptions> = {}) {
    this.#options = { ...CONGESTION_FEEDBACK_PACE_DEFAULTS, ...options };
    const { minInterval, maxInterval, maxFrameWait, maxRate } = this.#options;
    if (!(minInterval >= 0 && maxInterval >= minInterval && maxFrameWait >= 0 && maxRate > 0)) {
      throw new ArgumentError(
        `Congestion feedback is to come every ${minInterval} to ${maxInterval} ms, wait ${maxFrameWait} ms, and take ` +
          `${maxRate} bit/s: give times from 0 upwards in order and a rate above 0.`,
      );
    }
  }

  /**
   * A packet has arrived.
   *
   * @param marker - the RTP marker bit: the last packet of a frame
   */
  onPacket(arrival: Milliseconds, marker: boolean): void {
    this.#firstArrival ??= arrival;
    this.#isFrameComplete ||= marker;
  }

  /** When the next feedback is due, possibly in the past; `undefined` while nothing has arrived since the last one. */
  get dueAt(): Milliseconds | undefined {
    if (this.#firstArrival === undefined) return undefined;
    const wait = this.#isFrameComplete ? 0 : this.#options.maxFrameWait;
    return Math.max(this.#earliest, this.#firstArrival + wait);
  }

  /**
   * Feedback was sent.
   *
   * @param size - of all its packets, headers of the network included
   */
  onFeedback(size: Bytes, now: Milliseconds): void {
    const { minInterval, maxInterval, maxRate } = this.#options;
    const bytesPerMillisecond = maxRate / 8000;
    const paid = this.#lastFeedback === undefined ? 0 : (now - this.#lastFeedback) * bytesPerMillisecond;
    this.#debt = Math.max(0, this.#debt - paid) + size;
    this.#lastFeedback = now;
    this.#earliest = now + Math.max(minInterval, Math.min(maxInterval, this.#debt / bytesPerMillisecond));
    this.#firstArrival = undefined;
    this.#isFrameComplete = false;
  }
}
