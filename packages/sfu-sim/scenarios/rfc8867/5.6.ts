// RFC 8867 §5.6: a media flow competing with a long TCP flow, with a queue of 300 ms.

import type { Scenario } from '@sluice/sfu-sim/bench';
import { longTcp } from '../parts/long-tcp.ts';

export const scenario: Scenario = longTcp('rfc8867/5.6', 300);
