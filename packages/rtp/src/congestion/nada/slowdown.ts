// Lets the queue drain now and then. A flow that keeps a standing queue never again sees the path without one, and would
// take the queue for the path once its baseline has expired (as in LEDBAT++, draft-irtf-iccrg-ledbat-plus-plus §4.4).

import type { Milliseconds } from '../../units.ts';
import type { ResolvedNadaOptions } from './nada-options.ts';

type SlowdownOptions = Pick<
  ResolvedNadaOptions,
  'slowdownInterval' | 'slowdownFactor' | 'slowdownMargin' | 'warpThreshold'
>;

export class Slowdown {
  readonly #options: SlowdownOptions;
  #until: Milliseconds | undefined;
  #endedAt = Number.NEGATIVE_INFINITY;

  constructor(options: SlowdownOptions) {
    this.#options = options;
  }

  /** Whether packets shall leave slowly now. */
  get active(): boolean {
    return this.#until !== undefined;
  }

  /**
   * Begins and ends slowdowns.
   *
   * @param baselineAge - how long ago a packet last met no queue
   * @param queuingDelay - what there is to drain, as far as is known
   */
  process(baselineAge: Milliseconds, queuingDelay: Milliseconds, now: Milliseconds): void {
    const { slowdownInterval, slowdownFactor, slowdownMargin, warpThreshold } = this.#options;
    if (this.#until !== undefined) {
      if (now < this.#until) return;
      this.#until = undefined;
      this.#endedAt = now;
    }
    if (baselineAge < slowdownInterval || now - this.#endedAt < slowdownInterval) return;
    // A longer queue is congestion, which is dealt with elsewhere.
    const drained = Math.min(queuingDelay, warpThreshold) + slowdownMargin;
    this.#until = now + drained / (1 - slowdownFactor);
  }
}
