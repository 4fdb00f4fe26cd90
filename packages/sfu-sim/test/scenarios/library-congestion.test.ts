/// <reference types="vite/types/importMeta.d.ts" />
// Our own cases of congestion control, with one seed: `npm run bench -- rfc8867` takes ten.

import type { Scenario } from '@sluice/sfu-sim/bench';
import { testScenarios } from './library.ts';

testScenarios(import.meta.glob<{ scenario: Scenario }>('../../scenarios/congestion/*.ts', { eager: true }));
