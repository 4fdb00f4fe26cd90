// How gently the capacity of a poor link is found.

import type { Scenario } from '@sluice/sfu-sim/bench';
import { hungryFlow } from '../parts/hungry-flow.ts';
import { intact } from '../parts/intact.ts';
import { viewerOf } from '../parts/media-flow.ts';

export const scenario: Scenario = {
  name: 'congestion/first-estimate-500k',
  description:
    'A link of 500 kbit/s: after two seconds the estimate is more than 400 kbit/s, and no packet has waited for more than 150 ms.',
  seed: 1,
  duration: 20_000,
  participants: { flow: hungryFlow({ rate: 500_000 }), viewer: viewerOf('flow') },
  measure: { flows: ['flow/uplink'], from: 2000 },
  expect: [
    { flow: 'flow/uplink', figure: 'estimate', from: 0, to: 2000, above: 400_000, realTime: 'skip' },
    { flow: 'flow/uplink', figure: 'queueDelayMaxMs', from: 0, to: 2000, atMost: 150, realTime: 'skip' },
    { figure: 'utilisation', atLeast: 0.6, realTime: 'skip' },
    ...intact,
  ],
};
