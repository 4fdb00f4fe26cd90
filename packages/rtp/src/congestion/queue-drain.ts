// Empties a queue that stands: below what arrives, by as much as the queue is long, until it is gone. A decrease by a
// fixed factor alone would take seconds for a full queue, and cost as much where there is hardly any.

import type { Milliseconds } from '../units.ts';

export interface QueueDrainOptions {
  /** A queue of this length is drained although the trend has not said a word: it was full before it could. Default 80 ms. */
  readonly limit: Milliseconds;
  /** It is gone below this. Default 25 ms: jitter is no queue. */
  readonly empty: Milliseconds;
  /**
   * Growth that goes with a queue longer than this is acted on at once; with a shorter one it may be jitter, and has to last
   * for a decrease interval. Default 12 ms.
   */
  readonly noise: Milliseconds;
  /**
   * The estimate grows on while the rest of a queue no longer than this is drained. Default 50 ms: who crosses several
   * queues would hardly ever see all of them empty.
   */
  readonly growthLimit: Milliseconds;
  /** In this time a queue would drain if nothing else was sent; the shorter, the harder. Default 300 ms. */
  readonly horizon: Milliseconds;
  /** The rate sinks no lower than to this fraction. Default 0.3. */
  readonly minFactor: number;
  /**
   * Given up when it takes so much longer than a round trip, times without a queue deducted: others fill it again and
   * again, as TCP does, and to give way would only make room for them. Default 2000 ms.
   */
  readonly patience: Milliseconds;
  /** ... if packets were lost within this time: who fills a queue by intent fills it until it overflows. Default 10 000 ms. */
  readonly overflowPeriod: Milliseconds;
  /** So long it is not tried again then; twice as long after each further attempt in vain. Default 10 000 ms. */
  readonly truce: Milliseconds;
  /** ... but no longer than this. Default 60 000 ms. */
  readonly maxTruce: Milliseconds;
  /** Nor any longer once the queue has been empty for this long: they are gone. Default 3000 ms. */
  readonly emptyTime: Milliseconds;
}

export const QUEUE_DRAIN_DEFAULTS: QueueDrainOptions = {
  limit: 80,
  empty: 25,
  noise: 12,
  growthLimit: 50,
  horizon: 300,
  minFactor: 0.3,
  patience: 2_000,
  overflowPeriod: 10_000,
  truce: 10_000,
  maxTruce: 60_000,
  emptyTime: 3_000,
};

/** What is done about the queue. */
export type DrainPhase = 'idle' | 'drain' | 'truce';

export class QueueDrain {
  readonly #options: QueueDrainOptions;
  #active = false;
  /** Time in which a queue was drained, less the time in which none was. */
  #spent: Milliseconds = 0;
  #updatedAt: Milliseconds | undefined;
  #truceUntil: Milliseconds | undefined;
  #truce: Milliseconds;
  #emptySince: Milliseconds | undefined;
  #lostAt = Number.NEGATIVE_INFINITY;
  #factor = 1;

  constructor(options: QueueDrainOptions = QUEUE_DRAIN_DEFAULTS) {
    this.#options = options;
    this.#truce = options.truce;
  }

  /** Whether a queue is being drained, is left to others who keep it full, or neither. */
  get phase(): DrainPhase {
    return this.#active ? 'drain' : this.#truceUntil === undefined ? 'idle' : 'truce';
  }

  /** What the rate is to be multiplied by, in (0, 1]. */
  get factor(): number {
    return this.#factor;
  }

  /** Whether the queue is so long that nothing else has to say so. */
  isDue(standing: Milliseconds): boolean {
    return this.phase !== 'truce' && standing > this.#options.limit;
  }

  /** Whether the estimate may grow. */
  permitsGrowth(standing: Milliseconds): boolean {
    return !this.#active || standing <= this.#options.growthLimit;
  }

  /** Begins, where there is a queue to drain. */
  start(standing: Milliseconds): void {
    if (this.phase === 'idle' && standing > this.#options.empty) this.#active = true;
  }

  /** Takes in that packets were lost: those who fill a queue by intent fill it until it overflows. */
  onLoss(now: Milliseconds): void {
    this.#lostAt = now;
  }

  /**
   * Takes in how long the queue is. To be called with each feedback.
   *
   * @param delivered - most of what may be sent arrives; where it does not, no others are needed to fill the queue
   */
  update(standing: Milliseconds, rtt: Milliseconds, delivered: boolean, now: Milliseconds): void {
    const { empty, horizon, minFactor, patience } = this.#options;
    const elapsed = now - (this.#updatedAt ?? now);
    this.#spent = this.#active ? this.#spent + elapsed : Math.max(0, this.#spent - elapsed);
    this.#updatedAt = now;
    if (standing < empty) {
      this.#active = false;
      this.#emptySince ??= now;
    } else {
      this.#emptySince = undefined;
      if (this.#active && delivered && this.#spent > rtt + patience) this.#giveUp(standing, now);
    }
    this.#endTruce(now);
    this.#factor = this.#active ? Math.max(1 - standing / horizon, minFactor) : 1;
  }

  #giveUp(standing: Milliseconds, now: Milliseconds): void {
    this.#active = false;
    const { limit, overflowPeriod } = this.#options;
    if (standing < limit || now - this.#lostAt > overflowPeriod) return;
    this.#truceUntil = now + this.#truce;
    this.#truce = Math.min(2 * this.#truce, this.#options.maxTruce);
  }

  #endTruce(now: Milliseconds): void {
    const { emptyTime, truce } = this.#options;
    const gone = this.#emptySince !== undefined && now - this.#emptySince > emptyTime;
    if (gone) this.#truce = truce;
    if (gone || (this.#truceUntil !== undefined && now >= this.#truceUntil)) this.#truceUntil = undefined;
  }
}
