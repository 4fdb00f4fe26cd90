// What is kept of a run: enough for figures, plots, and every export.

import type { Milliseconds, TraceEvent } from '@sluice/rtp';
import type { MeasurePlan } from './measure-plan.ts';

/** A run that is over. */
export interface RunRecord {
  /** E.g. the name of the scenario. */
  readonly title: string;
  readonly seed: number;
  /** What was expected and did not hold; empty: passed. `undefined`: nothing was expected. */
  readonly failures?: readonly string[] | undefined;
  /** From and to when, on the clock of the run. */
  readonly from: Milliseconds;
  readonly to: Milliseconds;
  /** In the order in which they were recorded. */
  readonly events: readonly TraceEvent[];
  /** What is measured as the work of congestion control. `undefined`: the figures of links are all there is of it. */
  readonly measure?: MeasurePlan | undefined;
  /** What `PacketCapture.take` gave, if packets were captured. */
  readonly capture?: readonly Uint8Array[] | undefined;
}

/** A span of time. */
export interface Span {
  readonly from: Milliseconds;
  readonly to: Milliseconds;
}
