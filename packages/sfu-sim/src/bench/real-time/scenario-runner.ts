// The page's end of the Playwright fixture: plays scenarios with the browser's codecs, in real time.

import { checkScenario } from '../scenario/check-scenario.ts';
import { type Performance, perform, type RunOptions } from '../scenario/perform.ts';
import type { RunData } from '../scenario/run.ts';
import type { Scenario } from '../scenario/scenario.ts';
import { checkSeed } from '../scenario/simulate.ts';
import { realStage } from './real-stage.ts';

/** What a page has that can be asked to run scenarios. */
export interface ScenarioRunner {
  /** Plays the scenario to its end. What it expects is not looked at. */
  run(scenario: Scenario, options?: Omit<RunOptions, 'onProgress' | 'capture'>): Promise<RunData>;
}

/** Where the runner is found: a property of the page's global object. */
export const SCENARIO_RUNNER = 'sluiceScenarioRunner';

/**
 * Makes this page one that the Playwright fixture can run scenarios in. Call it once in a module of the page.
 *
 * @example
 * import { installScenarioRunner } from '@sluice/sfu-sim/bench';
 * installScenarioRunner();
 */
export function installScenarioRunner(): void {
  const runner: ScenarioRunner = {
    async run(scenario, options = {}) {
      checkSeed(options.seed);
      const { data }: Performance = await perform(checkScenario(scenario), realStage(), options);
      return data;
    },
  };
  Reflect.set(globalThis, SCENARIO_RUNNER, runner);
}
