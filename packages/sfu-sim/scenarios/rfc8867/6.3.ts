// RFC 8867 §6.3: media flows over multiple bottlenecks, A to B to C to D.

import type { Scenario } from '@sluice/sfu-sim/bench';
import { intact } from '../parts/intact.ts';
import { MAX_RATE, mediaFlow, viewerOf } from '../parts/media-flow.ts';

export const scenario: Scenario = {
  name: 'rfc8867/6.3',
  description:
    'A to B 2 Mbit/s, B to C 8, C to D 1.5: one flow goes all the way (100 ms), two others (40 ms) cross one bottleneck each.',
  seed: 1,
  duration: 300_000,
  bottlenecks: { 'a-b': { rate: 2e6 }, 'b-c': { rate: 8e6 }, 'c-d': { rate: 1.5e6 } },
  participants: {
    'flow-1': {
      ...mediaFlow({ via: 'a-b', delay: 100 }),
      uplink: {
        via: 'a-b',
        delay: 40,
        jitter: 'rfc8868',
        hops: [
          { via: 'b-c', delay: 20 },
          { via: 'c-d', delay: 40 },
        ],
      },
    },
    'flow-2': mediaFlow({ via: 'a-b', delay: 40 }),
    'flow-3': mediaFlow({ via: 'c-d', delay: 40 }),
    viewer: viewerOf('flow-1'),
  },
  measure: {
    flows: ['flow-1/uplink', 'flow-2/uplink', 'flow-3/uplink'],
    from: 10_000,
    fairFrom: 200_000,
    maxRate: MAX_RATE,
    bottlenecks: ['a-b', 'c-d'],
  },
  expect: [
    { figure: 'utilisation', atLeast: 0.85, realTime: 'skip' },
    { figure: 'queueDelayP95Ms', atMost: 150, realTime: 'skip' },
    { figure: 'lossRatio', atMost: 0.02, realTime: 'skip' },
    // Max-min fair would be 0.75, 1.25 and 0.75 Mbit/s; half of it is enough for who crosses two queues.
    { flow: 'flow-1/uplink', figure: 'throughput', from: 200_000, atLeast: 375_000, realTime: 'skip' },
    { bottleneck: 'c-d', figure: 'jain', from: 200_000, atLeast: 0.8, realTime: 'skip' },
    ...intact,
  ],
};
