// RFC 8867 §5.1: variable available capacity with a single flow, at a one-way delay of 50 ms.

import type { Scenario } from '@sluice/sfu-sim/bench';
import { variableCapacity } from '../parts/variable-capacity.ts';

export const scenario: Scenario = variableCapacity('rfc8867/5.1', 50);
