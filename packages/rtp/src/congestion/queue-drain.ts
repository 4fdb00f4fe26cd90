// Empties a queue that stands: below what arrives, by as much as the queue is long, until it is gone. A decrease by a
// fixed factor alone would take seconds for a full queue, and cost as much where there is hardly any.

import type { Milliseconds } from '../units.ts';

export interface QueueDrainOptions {
  /** A queue of this length is drained although the trend has not said a word: it was full before it could. Default 80 ms. */
  readonly limit: Milliseconds;
  /** It is gone below this. Default 25 ms: jitter is no queue. */
  readonly empty: Milliseconds;
  /** In this time a queue would drain if nothing else was sent; the shorter, the harder. Default 300 ms. */
  readonly horizon: Milliseconds;
  /** The rate sinks no lower than to this fraction. Default 0.3. */
  readonly minFactor: number;
  /**
   * Given up this long after the round trip in which it began: others keep the queue full (TCP), and to give way would
   * only make room for them. Default 1200 ms.
   */
  readonly patience: Milliseconds;
}

export const QUEUE_DRAIN_DEFAULTS: QueueDrainOptions = {
  limit: 80,
  empty: 25,
  horizon: 300,
  minFactor: 0.3,
  patience: 1_200,
};

export class QueueDrain {
  readonly #options: QueueDrainOptions;
  #since: Milliseconds | undefined;
  #futile = false;
  #factor = 1;

  constructor(options: QueueDrainOptions = QUEUE_DRAIN_DEFAULTS) {
    this.#options = options;
  }

  /** Whether a queue is being drained. */
  get active(): boolean {
    return this.#since !== undefined;
  }

  /** Whether others keep the queue full: the last attempt was in vain, and it has not been empty since. */
  get futile(): boolean {
    return this.#futile;
  }

  /** What the rate is to be multiplied by, in (0, 1]. */
  get factor(): number {
    return this.#factor;
  }

  /** Whether the queue is so long that nothing else has to say so. */
  isDue(standing: Milliseconds): boolean {
    return !this.active && !this.#futile && standing > this.#options.limit;
  }

  /** Begins, where there is a queue to drain. */
  start(standing: Milliseconds, now: Milliseconds): void {
    if (!this.#futile && standing > this.#options.empty) this.#since ??= now;
  }

  /** Takes in how long the queue is. To be called with each feedback. */
  update(standing: Milliseconds, rtt: Milliseconds, now: Milliseconds): void {
    const { empty, horizon, minFactor, patience } = this.#options;
    if (standing < empty) {
      this.#since = undefined;
      this.#futile = false;
    } else if (this.#since !== undefined && now - this.#since > rtt + patience) {
      this.#since = undefined;
      this.#futile = true;
    }
    this.#factor = this.active ? Math.max(1 - standing / horizon, minFactor) : 1;
  }
}
