// Much loss that has nothing to do with congestion.

import type { Scenario } from '@sluice/sfu-sim/bench';
import { steadyLink } from '../parts/steady-link.ts';

export const scenario: Scenario = steadyLink({
  name: 'congestion/loss-10',
  description: '2 Mbit/s with 10 % random loss: more than 1 Mbit/s is kept.',
  uplink: { rate: 2e6, loss: 0.1 },
  expect: [{ flow: 'flow/uplink', figure: 'throughput', above: 1e6, realTime: 'skip' }],
});
