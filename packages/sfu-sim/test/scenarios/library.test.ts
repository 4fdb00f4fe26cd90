/// <reference types="vite/types/importMeta.d.ts" />
// Every scenario of the library holds, by its own expectations.

import { checkScenario, type Scenario, simulate } from '@sluice/sfu-sim/bench';
import { expect, test } from 'vitest';

const typescript = import.meta.glob<{ scenario: Scenario }>(['../../scenarios/**/*.ts', '!../../scenarios/parts/**'], {
  eager: true,
});
const json = import.meta.glob<unknown>('../../scenarios/*.json', { eager: true, import: 'default' });

const library = [
  ...Object.entries(typescript).map(([path, { scenario }]) => [path, scenario] as const),
  ...Object.entries(json).map(([path, value]) => [path, checkScenario(value)] as const),
].map(([path, scenario]) => ({ file: path.replace(/^.*\/|\.\w+$/g, ''), scenario }));

test.each(library)('$file', async ({ file, scenario }) => {
  expect(scenario.name).toBe(file);
  expect(scenario.expect?.length).toBeGreaterThan(3);
  const { failures } = await simulate(scenario);
  expect(failures).toEqual([]);
});

test('holds the scenarios that the documentation names', () => {
  expect(library.map(({ file }) => file)).toEqual(
    expect.arrayContaining(['main-job', 'late-join', 'join-storm', 'sfu-restart', 'clock-drift', 'mixed-room']),
  );
});
