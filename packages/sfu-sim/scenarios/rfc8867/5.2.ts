// RFC 8867 §5.2: variable available capacity with multiple flows.

import type { Scenario } from '@sluice/sfu-sim/bench';
import { intact } from '../parts/intact.ts';
import { MAX_RATE, mediaFlow, viewerOf } from '../parts/media-flow.ts';

export const scenario: Scenario = {
  name: 'rfc8867/5.2',
  description: 'Two flows; capacity 4, 2 (from 25 s), 3.5 (50 s), 1 (75 s) and 2 Mbit/s (100 s).',
  seed: 1,
  duration: 125_000,
  bottlenecks: {
    path: {
      rate: [
        [0, 4e6],
        [25_000, 2e6],
        [50_000, 3.5e6],
        [75_000, 1e6],
        [100_000, 2e6],
      ],
    },
  },
  participants: {
    'flow-1': mediaFlow({ via: 'path' }),
    'flow-2': mediaFlow({ via: 'path' }),
    viewer: viewerOf('flow-1'),
  },
  measure: { flows: ['flow-1/uplink', 'flow-2/uplink'], from: 10_000, maxRate: MAX_RATE },
  expect: [
    { figure: 'utilisation', atLeast: 0.85, realTime: 'skip' },
    { figure: 'queueDelayP95Ms', atMost: 100, realTime: 'skip' },
    { figure: 'lossRatio', atMost: 0.02, realTime: 'skip' },
    { figure: 'convergeUpMs', atMost: 10_000, realTime: 'skip' },
    { figure: 'convergeDownMs', atMost: 2000, realTime: 'skip' },
    { figure: 'jain', atLeast: 0.93, realTime: 'skip' },
    ...intact,
  ],
};
