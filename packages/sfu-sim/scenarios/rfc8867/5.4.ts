// RFC 8867 §5.4: competing media flows with the same congestion control.

import type { Scenario } from '@sluice/sfu-sim/bench';
import { intact } from '../parts/intact.ts';
import { MAX_RATE, mediaFlow, viewerOf } from '../parts/media-flow.ts';

export const scenario: Scenario = {
  name: 'rfc8867/5.4',
  description: 'Three flows through 3.5 Mbit/s that begin 20 s apart.',
  seed: 1,
  duration: 120_000,
  bottlenecks: { path: { rate: 3.5e6 } },
  participants: {
    'flow-1': mediaFlow({ via: 'path' }),
    'flow-2': mediaFlow({ via: 'path', joinAt: 20_000 }),
    'flow-3': mediaFlow({ via: 'path', joinAt: 40_000 }),
    viewer: viewerOf('flow-3'),
  },
  measure: {
    flows: ['flow-1/uplink', 'flow-2/uplink', 'flow-3/uplink'],
    from: 10_000,
    fairFrom: 80_000,
    maxRate: MAX_RATE,
  },
  expect: [
    { figure: 'jain', atLeast: 0.93, realTime: 'skip' },
    { figure: 'utilisation', atLeast: 0.85, realTime: 'skip' },
    { figure: 'queueDelayP95Ms', atMost: 100, realTime: 'skip' },
    { figure: 'lossRatio', atMost: 0.02, realTime: 'skip' },
    ...intact,
  ],
};
