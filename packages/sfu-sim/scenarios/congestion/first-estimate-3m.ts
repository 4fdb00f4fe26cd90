// How soon the capacity of a good link is found.

import type { Scenario } from '@sluice/sfu-sim/bench';
import { hungryFlow } from '../parts/hungry-flow.ts';
import { intact } from '../parts/intact.ts';
import { viewerOf } from '../parts/media-flow.ts';

export const scenario: Scenario = {
  name: 'congestion/first-estimate-3m',
  description: 'A link of 3 Mbit/s: after two seconds the estimate is more than 2.5 Mbit/s.',
  seed: 1,
  duration: 20_000,
  participants: { flow: hungryFlow({ rate: 3e6 }), viewer: viewerOf('flow') },
  measure: { flows: ['flow/uplink'], from: 2000 },
  expect: [
    { flow: 'flow/uplink', figure: 'estimate', from: 0, to: 2000, above: 2.5e6, realTime: 'skip' },
    { figure: 'utilisation', atLeast: 0.6, realTime: 'skip' },
    { figure: 'queueDelayP95Ms', atMost: 150, realTime: 'skip' },
    ...intact,
  ],
};
