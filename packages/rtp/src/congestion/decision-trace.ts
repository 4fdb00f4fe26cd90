// Congestion control's decisions on their way into the trace.

import type { Tracer } from '../trace.ts';
import type { CongestionDecisionEvent, EstimateEvent } from '../trace-events.ts';
import type { DecisionListener } from './decision.ts';
import type { CongestionOptions } from './options.ts';

/** Whose path is controlled, and which way it goes. */
export interface ControlledPath {
  /** The identity as it is when something is decided. */
  readonly participant: () => string;
  readonly direction: EstimateEvent['direction'];
}

/** These options, with each decision told to the tracer as well as to who is to hear of it already. */
export function tracedOptions(
  options: CongestionOptions,
  { participant, direction }: ControlledPath,
  tracer: Tracer | undefined,
): CongestionOptions {
  if (tracer === undefined) return options;
  const { onDecision: others } = options;
  const onDecision: DecisionListener = (decision) => {
    tracer({
      type: 'congestion-decision',
      participant: participant(),
      direction,
      ...decision,
    } satisfies CongestionDecisionEvent);
    others?.(decision);
  };
  return { ...options, onDecision };
}
