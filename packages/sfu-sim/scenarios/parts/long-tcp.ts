// RFC 8867 §5.6, for each of its queues.

import type { Scenario } from '@sluice/sfu-sim/bench';
import { intact } from './intact.ts';
import { LEAST_RATE, MAX_RATE, mediaFlow, viewerOf } from './media-flow.ts';

/** How long TCP goes on. The RFC lets it go on to the end: what comes back afterwards takes 30 s more. */
const TCP_END = 119_000;

/** One flow beside a TCP flow through 2 Mbit/s. */
export function longTcp(name: string, queue: number): Scenario {
  return {
    name,
    description: `A flow beside a long TCP flow through 2 Mbit/s with a queue of ${queue} ms, and alone from 119 s on.`,
    seed: 1,
    duration: 150_000,
    bottlenecks: { path: { rate: 2e6, queue } },
    crossTraffic: [{ type: 'tcp', via: 'path', to: TCP_END }],
    participants: { flow: mediaFlow({ via: 'path', joinAt: 5000 }), viewer: viewerOf('flow') },
    measure: { flows: ['flow/uplink'], from: 15_000, to: TCP_END, maxRate: MAX_RATE },
    expect: [
      { flow: 'flow/uplink', figure: 'lowestRate', from: 7000, to: 150_000, atLeast: LEAST_RATE, realTime: 'skip' },
      // Alone again: what it can send at most.
      { bottleneck: 'path', figure: 'utilisation', from: 135_000, to: 150_000, atLeast: 0.88, realTime: 'skip' },
      ...intact,
    ],
  };
}
