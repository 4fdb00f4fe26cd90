// The front door of the bench: a scenario in, a run out, in virtual time.

import { ArgumentError } from '@sluice/rtp';
import { checkScenario } from './check-scenario.ts';
import { perform, type RunOptions } from './perform.ts';
import { Run } from './run.ts';
import type { Scenario } from './scenario.ts';
import { virtualStage } from './virtual-stage.ts';

/**
 * Runs a scenario in virtual time, as fast as the machine can, in Node or in a browser. The same seed gives the same
 * trace, byte for byte.
 *
 * Rejects with ScenarioError where the scenario makes no sense; what it expects and does not hold is in `failures`.
 *
 * @example
 * const run = await simulate({
 *   seed: 7,
 *   duration: 60_000,
 *   participants: {
 *     ada: { publish: ['camera', 'microphone'] },
 *     bob: { downlink: { rate: [[0, 2e6], [20_000, 9e3], [40_000, 2e6]], delay: 50 } },
 *   },
 *   expect: [{ participant: 'bob', figure: 'timeToFirstFrameMs', below: 200 }],
 * });
 */
export async function simulate(scenario: Scenario, options: RunOptions = {}): Promise<Run> {
  const checked = checkScenario(scenario);
  checkSeed(options.seed);
  const { data, rooms } = await perform(checked, virtualStage(), options);
  return new Run(checked, data, rooms);
}

/** @throws ArgumentError for a seed that is not an integer */
export function checkSeed(seed: number | undefined): void {
  if (seed !== undefined && !Number.isSafeInteger(seed)) {
    throw new ArgumentError(`The seed is ${String(seed)}: it must be an integer.`);
  }
}
