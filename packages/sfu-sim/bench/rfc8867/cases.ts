/// <reference types="vite/types/importMeta.d.ts" />
// The cases, in the order in which they are told of.

import type { Scenario } from '@sluice/sfu-sim/bench';

const rfc = import.meta.glob<{ scenario: Scenario }>('../../scenarios/rfc8867/*.ts', { eager: true });
const own = import.meta.glob<{ scenario: Scenario }>('../../scenarios/congestion/*.ts', { eager: true });

/** By name: those of the RFC first. */
export const CASES: ReadonlyMap<string, Scenario> = new Map(
  [rfc, own].flatMap((modules) =>
    Object.values(modules)
      .map(({ scenario }) => [scenario.name ?? '', scenario] as const)
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  ),
);
