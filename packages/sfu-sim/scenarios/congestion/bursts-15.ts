// A cellular link: what is queued goes out in bursts.

import { parseMahimahiTrace } from '@sluice/sfu-sim';
import type { Scenario } from '@sluice/sfu-sim/bench';
import { steadyLink } from '../parts/steady-link.ts';

/** Two and three packets in turn, 15 ms apart. */
const trace = parseMahimahiTrace('15\n15\n30\n30\n30\n');

export const scenario: Scenario = steadyLink({
  name: 'congestion/bursts-15',
  description: '2 Mbit/s that are given out every 15 ms, as a cellular base station does.',
  uplink: { rate: trace },
});
