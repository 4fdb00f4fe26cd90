// Packets that are overtaken.

import type { Scenario } from '@sluice/sfu-sim/bench';
import { steadyLink } from '../parts/steady-link.ts';

export const scenario: Scenario = steadyLink({
  name: 'congestion/reordering-5',
  description: '2 Mbit/s; 5 % of the packets come 20 ms late.',
  uplink: { rate: 2e6, reordering: { ratio: 0.05, delay: 20 } },
});
