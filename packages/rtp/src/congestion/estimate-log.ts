// What the trace is told of an estimate: each change of it once.

import type { EstimateEvent } from '../trace-events.ts';
import type { BitsPerSecond } from '../units.ts';
import type { CongestionController } from './controller.ts';

/** An estimate and how it came about, as `EstimateEvent` tells it. */
export type EstimateDetails = Omit<EstimateEvent, 'at' | 'type' | 'participant'>;

/** One path's estimate, as far as the trace knows it. */
export class EstimateLog {
  readonly #congestion: CongestionController;
  readonly #direction: EstimateEvent['direction'];
  #told: BitsPerSecond | undefined;

  constructor(congestion: CongestionController, direction: EstimateEvent['direction']) {
    this.#congestion = congestion;
    this.#direction = direction;
  }

  /** The estimate, if it is another one than at the last call. */
  take(): EstimateDetails | undefined {
    const { targetBitrate: target, state, acknowledgedBitrate: acknowledged, rtt, lossRatio } = this.#congestion;
    if (target === this.#told) return undefined;
    this.#told = target;
    const { direction: change, cause } = state;
    return { direction: this.#direction, target, change, cause, acknowledged, roundTrip: rtt, loss: lossRatio };
  }
}
