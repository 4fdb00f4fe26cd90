// What a queue has to drain through over time: its capacity, and nothing during an outage.

import type { Milliseconds } from '@sluice/rtp';
import { type Capacity, NO_CAPACITY } from './capacity.ts';
import type { Outages } from './outages.ts';
import type { RateTimeline } from './rate-timeline.ts';

/** A `RateTimeline` with holes. */
export class Service {
  readonly #rate: RateTimeline;
  readonly #outages: readonly Outages[];

  constructor(rate: RateTimeline, outages: readonly Outages[]) {
    this.#rate = rate;
    this.#outages = outages;
  }

  at(now: Milliseconds): Capacity {
    for (const outages of this.#outages) if (outages.isDown(now)) return NO_CAPACITY;
    return this.#rate.at(now);
  }

  /** The first moment after `now` at which the capacity may be another; `Infinity` when there is none. */
  nextChange(now: Milliseconds): Milliseconds {
    let next = this.#rate.nextChange(now);
    for (const outages of this.#outages) next = Math.min(next, outages.nextChange(now));
    return next;
  }
}
