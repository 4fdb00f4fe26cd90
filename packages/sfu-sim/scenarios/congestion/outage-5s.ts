// Nothing passes for five seconds.

import type { Scenario } from '@sluice/sfu-sim/bench';
import { hungryFlow } from '../parts/hungry-flow.ts';
import { intact } from '../parts/intact.ts';
import { viewerOf } from '../parts/media-flow.ts';
import { rateKept } from '../parts/rate-kept.ts';

export const scenario: Scenario = {
  name: 'congestion/outage-5s',
  description:
    '2 Mbit/s, down both ways from 20 to 25 s: two seconds after the return pictures are shown and the rate is back.',
  seed: 1,
  duration: 45_000,
  participants: { flow: hungryFlow({ rate: 2e6 }), viewer: viewerOf('flow') },
  faults: [{ type: 'link-down', at: 20_000, duration: 5000, participant: 'flow' }],
  measure: { flows: ['flow/uplink'], from: 10_000 },
  expect: [
    { participant: 'viewer', atLeastFrames: 1, from: 25_000, to: 27_000, realTime: 'skip' },
    { participant: 'viewer', atLeastFrames: 20, from: 27_000, to: 28_000, realTime: 'skip' },
    rateKept('flow/uplink', 20_000, 27_000, 0.6),
    { figure: 'utilisation', atLeast: 0.6, realTime: 'skip' },
    { figure: 'queueDelayP95Ms', atMost: 150, realTime: 'skip' },
    ...intact,
  ],
};
