// A part of the library as tests: every scenario holds, by its own expectations.

import { type Scenario, simulate } from '@sluice/sfu-sim/bench';
import { expect, test } from 'vitest';

/** The longest of them are five minutes of five flows. */
const TIMEOUT = 240_000;

/** What `import.meta.glob` gives, by path. */
export type ScenarioModules = Readonly<Record<string, { readonly scenario: Scenario }>>;

/** One test for each. Its name is the path of its file in the library. */
export function testScenarios(modules: ScenarioModules): void {
  const scenarios = Object.entries(modules).map(([path, { scenario }]) => ({
    file: path.replace(/^.*\/scenarios\/|\.\w+$/g, ''),
    scenario,
  }));
  test.each(scenarios)('$file', { timeout: TIMEOUT }, async ({ file, scenario }) => {
    expect(scenario.name).toBe(file);
    expect(scenario.expect?.length).toBeGreaterThan(3);
    const { failures } = await simulate(scenario);
    expect(failures).toEqual([]);
  });
}
