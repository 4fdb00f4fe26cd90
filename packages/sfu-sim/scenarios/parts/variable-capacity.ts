// RFC 8867 §5.1, for each of its delays.

import type { Scenario } from '@sluice/sfu-sim/bench';
import { intact } from './intact.ts';
import { MAX_RATE, mediaFlow, viewerOf } from './media-flow.ts';

/** One flow through 1, 2.5, 0.6 and 1 Mbit/s. */
export function variableCapacity(name: string, delay: number): Scenario {
  return {
    name,
    description: `One flow; capacity 1, 2.5 (from 40 s), 0.6 (60 s) and 1 Mbit/s (80 s), ${delay} ms one way.`,
    seed: 1,
    duration: 100_000,
    bottlenecks: {
      path: {
        rate: [
          [0, 1e6],
          [40_000, 2.5e6],
          [60_000, 600_000],
          [80_000, 1e6],
        ],
      },
    },
    participants: { flow: mediaFlow({ via: 'path', delay }), viewer: viewerOf('flow') },
    measure: { flows: ['flow/uplink'], from: 10_000, maxRate: MAX_RATE },
    expect: [
      { figure: 'utilisation', atLeast: 0.88, realTime: 'skip' },
      { figure: 'queueDelayP95Ms', atMost: 80, realTime: 'skip' },
      { figure: 'lossRatio', atMost: 0.01, realTime: 'skip' },
      { figure: 'convergeUpMs', atMost: 8000, realTime: 'skip' },
      { figure: 'convergeDownMs', atMost: 2000, realTime: 'skip' },
      ...intact,
    ],
  };
}
