// RFC 8867 §5.5: round-trip time fairness.

import type { Scenario } from '@sluice/sfu-sim/bench';
import { intact } from '../parts/intact.ts';
import { MAX_RATE, mediaFlow, viewerOf } from '../parts/media-flow.ts';

export const scenario: Scenario = {
  name: 'rfc8867/5.5',
  description: 'Five flows through 4 Mbit/s, 10, 25, 50, 100 and 150 ms one way, that begin 10 s apart.',
  seed: 1,
  duration: 300_000,
  bottlenecks: { path: { rate: 4e6 } },
  participants: {
    'flow-1': mediaFlow({ via: 'path', delay: 10 }),
    'flow-2': mediaFlow({ via: 'path', delay: 25, joinAt: 10_000 }),
    'flow-3': mediaFlow({ via: 'path', delay: 50, joinAt: 20_000 }),
    'flow-4': mediaFlow({ via: 'path', delay: 100, joinAt: 30_000 }),
    'flow-5': mediaFlow({ via: 'path', delay: 150, joinAt: 40_000 }),
    viewer: viewerOf('flow-5'),
  },
  measure: {
    flows: ['flow-1/uplink', 'flow-2/uplink', 'flow-3/uplink', 'flow-4/uplink', 'flow-5/uplink'],
    from: 10_000,
    fairFrom: 200_000,
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
