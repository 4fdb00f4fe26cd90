// The record of what happened and why: every decision of client, SFU and network ends here as one plain object.

import type { Milliseconds } from './units.ts';

/** One event of the trace. */
export interface TraceEvent {
  /** When, on the clock of the run. */
  readonly at: Milliseconds;
  /** What, e.g. `layer-switch`. */
  readonly type: string;
  /** Details, flat: who, which layer, how much, and `reason` for decisions. */
  readonly [detail: string]: string | number | boolean | undefined;
}

/** Receives the events as they happen. Absent where nobody listens, so that tracing off costs nothing. */
export type Tracer = (event: TraceEvent) => void;
