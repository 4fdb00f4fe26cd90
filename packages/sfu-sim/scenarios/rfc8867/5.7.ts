// RFC 8867 §5.7: media flows competing with short TCP flows.

import type { Scenario } from '@sluice/sfu-sim/bench';
import { intact } from '../parts/intact.ts';
import { LEAST_RATE, MAX_RATE, mediaFlow, viewerOf } from '../parts/media-flow.ts';

/** The RFC lets the downloads go on to the end: what comes back afterwards takes 30 s more. */
const TCP_END = 300_000;

const downloads = { size: [30_000, 50_000], idle: 10_000 } as const;

export const scenario: Scenario = {
  name: 'rfc8867/5.7',
  description:
    'Two flows through 2 Mbit/s beside ten that download 30 to 50 KB and pause for 10 s on average, until 300 s.',
  seed: 1,
  duration: 330_000,
  bottlenecks: { path: { rate: 2e6 } },
  crossTraffic: [
    { type: 'tcp', via: 'path', count: 2, downloads, to: TCP_END },
    { type: 'tcp', via: 'path', count: 8, downloads: { ...downloads, idleFirst: true }, to: TCP_END },
  ],
  participants: {
    'flow-1': mediaFlow({ via: 'path', joinAt: 5000 }),
    'flow-2': mediaFlow({ via: 'path', joinAt: 5000 }),
    viewer: viewerOf('flow-1'),
  },
  measure: { flows: ['flow-1/uplink', 'flow-2/uplink'], from: 15_000, to: TCP_END, maxRate: MAX_RATE },
  expect: [
    { flow: 'flow-1/uplink', figure: 'lowestRate', from: 7000, to: 330_000, atLeast: LEAST_RATE, realTime: 'skip' },
    { flow: 'flow-2/uplink', figure: 'lowestRate', from: 7000, to: 330_000, atLeast: LEAST_RATE, realTime: 'skip' },
    // By themselves again.
    { bottleneck: 'path', figure: 'utilisation', from: 315_000, to: 330_000, atLeast: 0.88, realTime: 'skip' },
    { bottleneck: 'path', figure: 'jain', from: 315_000, to: 330_000, atLeast: 0.93, realTime: 'skip' },
    ...intact,
  ],
};
