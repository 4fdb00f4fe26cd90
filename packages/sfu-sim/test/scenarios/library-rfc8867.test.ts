/// <reference types="vite/types/importMeta.d.ts" />
// The shorter cases of RFC 8867, with one seed. `npm run bench -- rfc8867` takes all of them, with ten.

import type { Scenario } from '@sluice/sfu-sim/bench';
import { testScenarios } from './library.ts';

testScenarios(
  import.meta.glob<{ scenario: Scenario }>(
    ['../../scenarios/rfc8867/5.1*.ts', '../../scenarios/rfc8867/5.2.ts', '../../scenarios/rfc8867/5.3.ts'],
    { eager: true },
  ),
);
