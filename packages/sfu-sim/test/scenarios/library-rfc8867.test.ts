/// <reference types="vite/types/importMeta.d.ts" />
// The cases of RFC 8867, with one seed: `npm run bench -- rfc8867` takes ten.

import type { Scenario } from '@sluice/sfu-sim/bench';
import { testScenarios } from './library.ts';

testScenarios(import.meta.glob<{ scenario: Scenario }>('../../scenarios/rfc8867/*.ts', { eager: true }));
