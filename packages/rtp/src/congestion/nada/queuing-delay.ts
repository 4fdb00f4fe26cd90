// How long packets wait in queues: one-way delays above the least one there was lately (RFC 8698 §5.1.1), with clocks of
// any origin, which may drift and jump.

import type { Milliseconds } from '../../units.ts';
import type { ResolvedNadaOptions } from './nada-options.ts';

type QueuingDelayOptions = Pick<ResolvedNadaOptions, 'baselineWindow' | 'delayFilterSize'>;

/** The window of the baseline moves on in so many steps. */
const BUCKETS = 30;
/** A delay this close to the baseline shows that the baseline holds. */
const NEAR_BASELINE: Milliseconds = 1;
/** What rounding and the tick of a clock may add to a delay. */
const CLOCK_TOLERANCE: Milliseconds = 5;

/** A one-way delay, and what is known of how long it can have been. */
export interface DelaySample {
  readonly sentAt: Milliseconds;
  /** On the receiver's clock. */
  readonly receivedAt: Milliseconds;
  /** When the feedback on it arrived, on the sender's clock. Never before that of the sample before. */
  readonly acknowledgedAt: Milliseconds;
}

/** The least one-way delay of a while. */
interface Bucket {
  readonly since: Milliseconds;
  least: Milliseconds;
}

export class QueuingDelay {
  readonly #options: QueuingDelayOptions;
  #buckets: Bucket[] = [];
  #baseline = Number.POSITIVE_INFINITY;
  #confirmedAt: Milliseconds | undefined;
  #latest: Milliseconds = 0;
  /** The last samples, oldest first. */
  readonly #samples: Milliseconds[] = [];

  constructor(options: QueuingDelayOptions) {
    this.#options = options;
  }

  /** The least of the last samples, d_queue; 0 before there are any. */
  get filtered(): Milliseconds {
    return this.#samples.length === 0 ? 0 : Math.min(...this.#samples);
  }

  /** When a delay was last at the baseline, or close to it; `undefined` before there are any. */
  get confirmedAt(): Milliseconds | undefined {
    return this.#confirmedAt;
  }

  /**
   * Takes a packet that arrived.
   *
   * @returns how long it waited in queues, d_fwd - d_base; at least 0
   */
  onPacket({ sentAt, receivedAt, acknowledgedAt }: DelaySample): Milliseconds {
    const oneWay = receivedAt - sentAt;
    // By the sender's clock, which does not jump: neither the queue nor what the path is without one can exceed it.
    const longest = Math.max(0, acknowledgedAt - sentAt) + CLOCK_TOLERANCE;
    const change = oneWay - this.#baseline;
    if (this.#buckets.length > 0 && Math.abs(change) > longest) {
      this.#restart(oneWay - Math.min(this.#latest, longest), acknowledgedAt);
    }
    this.#updateBaseline(oneWay, acknowledgedAt);

    const sample = oneWay - this.#baseline;
    if (sample <= NEAR_BASELINE) this.#confirmedAt = acknowledgedAt;
    this.#latest = sample;
    this.#samples.push(sample);
    if (this.#samples.length > this.#options.delayFilterSize) this.#samples.shift();
    return sample;
  }

  /** The receiver's clock has jumped: the queue is what it was. */
  #restart(baseline: Milliseconds, now: Milliseconds): void {
    this.#buckets = [{ since: now, least: baseline }];
    this.#baseline = baseline;
  }

  #updateBaseline(oneWay: Milliseconds, now: Milliseconds): void {
    const { baselineWindow } = this.#options;
    const buckets = this.#buckets;
    const current = buckets[buckets.length - 1];
    if (current === undefined || now - current.since >= baselineWindow / BUCKETS) {
      buckets.push({ since: now, least: oneWay });
      while (now - (buckets[0]?.since ?? now) > baselineWindow) buckets.shift();
      this.#baseline = Math.min(...buckets.map(({ least }) => least));
    } else if (oneWay < current.least) {
      current.least = oneWay;
      this.#baseline = Math.min(this.#baseline, oneWay);
    }
  }
}
