// One hungry flow for a minute, over a link that is hostile in one way but has the same capacity all the time.

import type { Expectation, Fault, Scenario, ScenarioLink } from '@sluice/sfu-sim/bench';
import { hungryFlow } from './hungry-flow.ts';
import { intact } from './intact.ts';
import { viewerOf } from './media-flow.ts';

/** What is hostile, and what has to hold beside the common marks. */
export interface SteadyLink {
  readonly name: string;
  readonly description: string;
  readonly uplink: ScenarioLink;
  readonly faults?: readonly Fault[];
  readonly expect?: readonly Expectation[];
}

/** It does not collapse below 0.6 of the capacity, and its queue does not run away. */
export function steadyLink({ name, description, uplink, faults, expect = [] }: SteadyLink): Scenario {
  return {
    name,
    description,
    seed: 1,
    duration: 60_000,
    participants: { flow: hungryFlow(uplink), viewer: viewerOf('flow') },
    ...(faults && { faults }),
    measure: { flows: ['flow/uplink'], from: 10_000 },
    expect: [
      { figure: 'utilisation', atLeast: 0.6, realTime: 'skip' },
      { figure: 'queueDelayP95Ms', atMost: 150, realTime: 'skip' },
      ...expect,
      ...intact,
    ],
  };
}
