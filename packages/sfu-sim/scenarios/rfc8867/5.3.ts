// RFC 8867 §5.3: congested feedback link with bidirectional media flows. The feedback of each flow goes through the
// bottleneck of the other one's media.

import type { Scenario } from '@sluice/sfu-sim/bench';
import { intact } from '../parts/intact.ts';
import { MAX_RATE, mediaFlow, viewerOf } from '../parts/media-flow.ts';

export const scenario: Scenario = {
  name: 'rfc8867/5.3',
  description:
    'One flow each way; forward 2, 1 (from 20 s), 0.5 (40 s) and 2 Mbit/s (60 s), backward 2, 0.8 (35 s) and 2 Mbit/s (70 s).',
  seed: 1,
  duration: 100_000,
  bottlenecks: {
    forward: {
      rate: [
        [0, 2e6],
        [20_000, 1e6],
        [40_000, 500_000],
        [60_000, 2e6],
      ],
    },
    backward: {
      rate: [
        [0, 2e6],
        [35_000, 800_000],
        [70_000, 2e6],
      ],
    },
  },
  participants: {
    'flow-1': mediaFlow({ via: 'forward', feedbackVia: 'backward' }),
    'flow-2': mediaFlow({ via: 'backward', feedbackVia: 'forward' }),
    viewer: viewerOf('flow-1'),
  },
  measure: { flows: ['flow-1/uplink', 'flow-2/uplink'], from: 10_000, maxRate: MAX_RATE },
  // Neither collapses, however late its feedback: not on average, and not in any second.
  expect: [
    { bottleneck: 'forward', figure: 'utilisation', atLeast: 0.8, realTime: 'skip' },
    { bottleneck: 'backward', figure: 'utilisation', atLeast: 0.8, realTime: 'skip' },
    { flow: 'flow-1/uplink', figure: 'lowestRate', atLeast: 250_000, realTime: 'skip' },
    { flow: 'flow-2/uplink', figure: 'lowestRate', atLeast: 400_000, realTime: 'skip' },
    { figure: 'queueDelayP95Ms', atMost: 100, realTime: 'skip' },
    { figure: 'lossRatio', atMost: 0.02, realTime: 'skip' },
    { figure: 'convergeUpMs', atMost: 10_000, realTime: 'skip' },
    { figure: 'convergeDownMs', atMost: 2000, realTime: 'skip' },
    ...intact,
  ],
};
