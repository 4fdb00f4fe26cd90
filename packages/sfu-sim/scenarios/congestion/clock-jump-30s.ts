// A sender whose clock is set.

import type { Scenario } from '@sluice/sfu-sim/bench';
import { rateKept } from '../parts/rate-kept.ts';
import { steadyLink } from '../parts/steady-link.ts';

export const scenario: Scenario = steadyLink({
  name: 'congestion/clock-jump-30s',
  description: "2 Mbit/s; after 20 s the sender's clock is 30 s ahead.",
  uplink: { rate: 2e6 },
  faults: [{ type: 'clock', at: 20_000, participant: 'flow', skew: 30_000 }],
  expect: [rateKept('flow/uplink', 20_000, 24_000, 0.6)],
});
