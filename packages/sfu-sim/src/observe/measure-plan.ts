// What of a run is measured as the work of congestion control.

import type { BitsPerSecond, Milliseconds } from '@sluice/rtp';

/** Which flows, when, and what they could do at best. All times are ms since the run began. */
export interface MeasurePlan {
  /** Directions that are under congestion control, e.g. `ada/uplink`. Default: all for which there are estimates. */
  readonly flows?: readonly string[];
  /** From when on utilisation, queueing delay, loss and rates count. Default 0. Convergence counts from the first packet on. */
  readonly from?: Milliseconds;
  /** Until when. Default the end. */
  readonly to?: Milliseconds;
  /** From when on fairness counts. Default `from`. */
  readonly fairFrom?: Milliseconds;
  /**
   * The most that each flow can send, on the wire with all headers: capacity beyond it does not count as left unused.
   * Default no limit.
   */
  readonly maxRate?: BitsPerSecond;
  /** The bottlenecks that utilisation and convergence are told of. Default: all that one of the flows goes through. */
  readonly bottlenecks?: readonly string[];
}
