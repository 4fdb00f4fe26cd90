// A long way.

import type { Scenario } from '@sluice/sfu-sim/bench';
import { steadyLink } from '../parts/steady-link.ts';

export const scenario: Scenario = steadyLink({
  name: 'congestion/delay-300',
  description: '2 Mbit/s, 300 ms each way.',
  uplink: { rate: 2e6, delay: 300 },
});
