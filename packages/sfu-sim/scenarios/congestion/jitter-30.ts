// Packets that come up to 30 ms earlier or later than they should.

import type { Scenario } from '@sluice/sfu-sim/bench';
import { steadyLink } from '../parts/steady-link.ts';

export const scenario: Scenario = steadyLink({
  name: 'congestion/jitter-30',
  description: '2 Mbit/s, 50 ms and 30 ms more or less each way.',
  uplink: { rate: 2e6, delay: 20, jitter: { model: 'uniform', max: 60 } },
});
