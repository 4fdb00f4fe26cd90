// The brake for when nothing is heard: RFC 8698 leaves it open; RFC 8888 §5 wants the rate to come down.

import type { Milliseconds } from '../../units.ts';
import type { ResolvedNadaOptions } from './nada-options.ts';

export class FeedbackTimeout {
  readonly #timeout: Milliseconds;
  /** When feedback came last, or, before there was any, when the first packet left; or the time-out since. */
  #since: Milliseconds | undefined;
  #lastSentAt: Milliseconds = Number.NEGATIVE_INFINITY;

  constructor({ feedbackTimeout }: Pick<ResolvedNadaOptions, 'feedbackTimeout'>) {
    this.#timeout = feedbackTimeout;
  }

  onPacketSent(now: Milliseconds): void {
    // After silence there was nothing to give feedback on.
    if (this.#since === undefined || now - this.#lastSentAt > this.#timeout) this.#since = now;
    this.#lastSentAt = now;
  }

  onFeedback(now: Milliseconds): void {
    this.#since = now;
  }

  /** Whether it is time to slow down, once for each time-out. */
  isDue(rtt: Milliseconds, now: Milliseconds): boolean {
    if (this.#since === undefined || this.#lastSentAt < this.#since) return false;
    if (now - this.#since < this.#timeout + rtt) return false;
    this.#since = now - rtt;
    return true;
  }
}
