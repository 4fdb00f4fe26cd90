// A link that narrows and widens, on which other estimators were measured, too.

import type { Scenario } from '@sluice/sfu-sim/bench';
import { hungryFlow } from '../parts/hungry-flow.ts';
import { intact } from '../parts/intact.ts';
import { viewerOf } from '../parts/media-flow.ts';

export const scenario: Scenario = {
  name: 'congestion/step-3-0.8-2',
  description:
    '3 Mbit/s, 0.8 from 15 s on, 2 from 30 s on, 25 ms one way: below 0.8 Mbit/s two seconds after the fall, above 1.8 five seconds after the rise.',
  seed: 1,
  duration: 45_000,
  participants: {
    flow: hungryFlow({
      rate: [
        [0, 3e6],
        [15_000, 800_000],
        [30_000, 2e6],
      ],
      delay: 25,
    }),
    viewer: viewerOf('flow'),
  },
  measure: { flows: ['flow/uplink'], from: 5000 },
  expect: [
    { bottleneck: 'flow/uplink', figure: 'convergeDownMs', from: 15_000, to: 30_000, atMost: 2000, realTime: 'skip' },
    { flow: 'flow/uplink', figure: 'estimate', to: 17_000, atMost: 800_000, realTime: 'skip' },
    // 90 % of 2 Mbit/s.
    { bottleneck: 'flow/uplink', figure: 'convergeUpMs', from: 30_000, atMost: 5000, realTime: 'skip' },
    {
      flow: 'flow/uplink',
      figure: 'overallQueueDelayP95Ms',
      from: 15_000,
      to: 30_000,
      atMost: 100,
      realTime: 'skip',
    },
    { figure: 'utilisation', atLeast: 0.6, realTime: 'skip' },
    ...intact,
  ],
};
