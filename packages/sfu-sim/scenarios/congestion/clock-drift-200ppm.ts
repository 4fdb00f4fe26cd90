// A sender whose clock is fast.

import type { Scenario } from '@sluice/sfu-sim/bench';
import { steadyLink } from '../parts/steady-link.ts';

export const scenario: Scenario = steadyLink({
  name: 'congestion/clock-drift-200ppm',
  description: "2 Mbit/s; the sender's clock gains 200 ppm.",
  uplink: { rate: 2e6 },
  faults: [{ type: 'clock', at: 0, participant: 'flow', drift: 200 }],
});
