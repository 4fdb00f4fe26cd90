/// <reference types="vite/types/importMeta.d.ts" />
// The scenarios of the library that are in no folder.

import { checkScenario, type Scenario } from '@sluice/sfu-sim/bench';
import { expect, test } from 'vitest';
import { type ScenarioModules, testScenarios } from './library.ts';

const typescript = import.meta.glob<{ scenario: Scenario }>('../../scenarios/*.ts', { eager: true });
const json = import.meta.glob<unknown>('../../scenarios/*.json', { eager: true, import: 'default' });

const library: ScenarioModules = {
  ...typescript,
  ...Object.fromEntries(Object.entries(json).map(([path, value]) => [path, { scenario: checkScenario(value) }])),
};

testScenarios(library);

test('holds the scenarios that the documentation names', () => {
  expect(Object.values(library).map(({ scenario }) => scenario.name)).toEqual(
    expect.arrayContaining(['main-job', 'late-join', 'join-storm', 'sfu-restart', 'clock-drift', 'mixed-room']),
  );
});
