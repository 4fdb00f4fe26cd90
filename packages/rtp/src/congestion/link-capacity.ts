// Where the bottleneck was when it last overflowed: an average with a spread, around which the sender goes carefully
// (draft-ietf-rmcat-gcc-02 §5.5; libwebrtc's link_capacity_estimator).

import type { BitsPerSecond } from '../units.ts';

export interface LinkCapacityOptions {
  /** Weight of a throughput measured at overuse. Default 0.05. */
  readonly overuseWeight: number;
  /** Weight of a probe's result. Default 0.5. */
  readonly probeWeight: number;
  /** Bounds of the variance in kbit/s, normalised by the capacity. Default 0.4 and 2.5: ±14 to ±35 kbit/s at 500 kbit/s. */
  readonly minVariance: number;
  readonly maxVariance: number;
  /** The bounds lie so many deviations from the average. Default 3. */
  readonly deviations: number;
}

export const LINK_CAPACITY_DEFAULTS: LinkCapacityOptions = {
  overuseWeight: 0.05,
  probeWeight: 0.5,
  minVariance: 0.4,
  maxVariance: 2.5,
  deviations: 3,
};

export class LinkCapacity {
  readonly #options: LinkCapacityOptions;
  /** In kbit/s, the unit the variance is normalised in. */
  #average: number | undefined;
  #variance: number;

  constructor(options: LinkCapacityOptions = LINK_CAPACITY_DEFAULTS) {
    this.#options = options;
    this.#variance = options.minVariance;
  }

  /** Undefined while the capacity is unknown. */
  get estimate(): BitsPerSecond | undefined {
    return this.#average === undefined ? undefined : this.#average * 1_000;
  }

  /** A throughput above this says that the capacity has changed. Infinite while it is unknown. */
  get upperBound(): BitsPerSecond {
    return this.#average === undefined ? Number.POSITIVE_INFINITY : this.#average * 1_000 + this.#spread(this.#average);
  }

  /** An overuse below this says that the capacity has changed. 0 while it is unknown. */
  get lowerBound(): BitsPerSecond {
    return this.#average === undefined ? 0 : Math.max(0, this.#average * 1_000 - this.#spread(this.#average));
  }

  onOveruse(acknowledged: BitsPerSecond): void {
    this.#update(acknowledged, this.#options.overuseWeight);
  }

  /**
   * A probe's result refines what is known, or overthrows it when it is out of bounds. It is no first estimate: a probe
   * that went through says that the capacity is higher, not where it ends.
   */
  onProbe(result: BitsPerSecond): void {
    if (result > this.upperBound) this.reset();
    else if (this.#average !== undefined) this.#update(result, this.#options.probeWeight);
  }

  reset(): void {
    this.#average = undefined;
  }

  #spread(average: number): BitsPerSecond {
    return this.#options.deviations * Math.sqrt(this.#variance * average) * 1_000;
  }

  #update(sample: BitsPerSecond, weight: number): void {
    const kbps = sample / 1_000;
    this.#average = this.#average === undefined ? kbps : (1 - weight) * this.#average + weight * kbps;
    const error = this.#average - kbps;
    const variance = (1 - weight) * this.#variance + (weight * error * error) / Math.max(this.#average, 1);
    this.#variance = Math.min(Math.max(variance, this.#options.minVariance), this.#options.maxVariance);
  }
}
