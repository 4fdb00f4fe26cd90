// The media arrives, but for two seconds the sender does not hear of it.

import type { Scenario } from '@sluice/sfu-sim/bench';
import { rateKept } from '../parts/rate-kept.ts';
import { steadyLink } from '../parts/steady-link.ts';

export const scenario: Scenario = steadyLink({
  name: 'congestion/feedback-blackout-2s',
  description: '2 Mbit/s; the way back is down from 20 to 22 s.',
  uplink: { rate: 2e6 },
  faults: [{ type: 'link-down', at: 20_000, duration: 2000, participant: 'flow', direction: 'downlink' }],
  expect: [rateKept('flow/uplink', 20_000, 25_000, 0.6)],
});
