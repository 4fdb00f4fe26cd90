// The Playwright fixture: the same scenario files, played in a real browser with real codecs, in real time.

import { test as base, expect, type Page, type TestInfo } from '@playwright/test';
import { SCENARIO_RUNNER, type ScenarioRunner } from '../bench/real-time/scenario-runner.ts';
import { checkScenario } from '../bench/scenario/check-scenario.ts';
import { Run, type RunData } from '../bench/scenario/run.ts';
import type { Scenario } from '../bench/scenario/scenario.ts';

/** Reads a scenario in its JSON form. */
export { parseScenario } from '../bench/scenario/check-scenario.ts';
export { expect };

/** How long a page may take to call `installScenarioRunner`. */
const INSTALL_TIMEOUT = 30_000;

/** Beyond the scenario's own duration, what a run may take. */
const RUN_MARGIN = 60_000;

/** How one scenario is run. */
export interface BrowserRunOptions {
  /** In place of the scenario's. */
  readonly seed?: number;
}

/** What a test gets as `sluice`. */
export interface SluiceFixture {
  /**
   * Plays the scenario in the page, in real time, and judges it by its `realTime` limits. The test's time limit is
   * extended by the scenario's duration. Functions in `expect` run in the test, not in the page. Whether what does not
   * hold fails the test is for the test to say: `expect(run.failures).toEqual([])`. The report and the trace are attached
   * to the result of a test that fails, and of one in which something expected does not hold.
   *
   * Rejects with ScenarioError where the scenario makes no sense.
   */
  run(scenario: Scenario, options?: BrowserRunOptions): Promise<Run>;
}

/** Options of the fixture: `use: { scenarioPage: '/scenarios.html' }` in the configuration, or `test.use`. */
export interface SluiceOptions {
  /** Address of a page that calls `installScenarioRunner()`, relative to `baseURL`. Default `/`. */
  readonly scenarioPage: string;
}

/**
 * Playwright's `test`, with `sluice`.
 *
 * @example
 * test('late join', async ({ sluice }) => {
 *   const run = await sluice.run(scenario);
 *   expect(run.failures).toEqual([]);
 * });
 */
export const test = base.extend<SluiceOptions & { sluice: SluiceFixture }>({
  scenarioPage: ['/', { option: true }],
  sluice: async ({ page, scenarioPage }, use, testInfo) => {
    const passed: Run[] = [];
    await use({
      async run(scenario, options = {}) {
        const checked = checkScenario(scenario);
        testInfo.setTimeout(testInfo.timeout + checked.duration + RUN_MARGIN);
        await open(page, scenarioPage);
        const run = new Run(checked, await play(page, checked, options));
        if (run.passed) passed.push(run);
        else await attach(testInfo, run);
        return run;
      },
    });
    if (testInfo.status === testInfo.expectedStatus) return;
    for (const run of passed) await attach(testInfo, run);
  },
});

async function open(page: Page, address: string): Promise<void> {
  await page.goto(address);
  await page.waitForFunction((name) => name in globalThis, SCENARIO_RUNNER, { timeout: INSTALL_TIMEOUT });
}

async function play(page: Page, scenario: Scenario, options: BrowserRunOptions): Promise<RunData> {
  // What is expected is judged here: it may hold functions, which cannot cross over.
  const { expect: _, ...plan } = scenario;
  // As text: a trace is too much for the tagged form in which values cross otherwise.
  const json = await page.evaluate(
    async ([name, its, how]) => {
      const runner = (globalThis as Record<string, unknown>)[name] as ScenarioRunner;
      return JSON.stringify(await runner.run(its, how));
    },
    [SCENARIO_RUNNER, plan as Scenario, options] as const,
  );
  return JSON.parse(json) as RunData;
}

async function attach(testInfo: TestInfo, run: Run): Promise<void> {
  const types: Record<string, string> = {
    html: 'text/html',
    json: 'application/json',
    jsonl: 'application/x-ndjson',
    prom: 'text/plain',
  };
  for (const [name, content] of run.render()) {
    if (typeof content !== 'string') continue;
    const contentType = types[name.split('.').at(-1) ?? ''] ?? 'text/plain';
    await testInfo.attach(`${run.scenario.name ?? 'scenario'}: ${name}`, { body: content, contentType });
  }
}
