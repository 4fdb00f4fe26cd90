// The library's scenarios, as they are, with real codecs in real time; and the same scenario in virtual time here and there.

import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Scenario } from '@sluice/sfu-sim/bench';
import { expect, test } from '@sluice/sfu-sim/playwright';
import { scenario as lateJoin } from '../../packages/sfu-sim/scenarios/late-join.ts';
import { scenario as mainJob } from '../../packages/sfu-sim/scenarios/main-job.ts';
import type {} from '../harness/main.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

test('late join: the scenario of the library, with real codecs', async ({ sluice }) => {
  const run = await sluice.run(lateJoin);
  console.log(`first frame after ${run.participant('bob').subscriptions[0]?.timeToFirstFrameMs?.toFixed(1)} ms`);
  expect(run.failures).toEqual([]);
  expect(run.realTime).toBe(true);
  expect(run.participant('bob').shown.length).toBeGreaterThan(40);
});

test('main job: the first twelve seconds of the scenario, with real codecs', async ({ sluice }) => {
  const run = await sluice.run({ ...mainJob, duration: 12_000, expect: shortened(mainJob) });
  const { shown, heard } = run.participant('bob');
  console.log(`${shown.length} pictures, ${heard.length} pieces of audio`, run.figures.summary);
  expect(run.failures).toEqual([]);
  expect(heard.length).toBeGreaterThan(400);
});

test('what does not hold is told, and the record is attached', async ({ sluice }, testInfo) => {
  const run = await sluice.run({
    name: 'in-vain',
    duration: 1500,
    participants: { ada: {}, bob: {} },
    expect: [{ participant: 'bob', atLeastFrames: 1 }],
  });
  expect(run.failures).toEqual(['bob was shown 0 pictures from 0 to 1500 ms: at least 1']);
  const names = testInfo.attachments.map(({ name }) => name);
  expect(names).toEqual(expect.arrayContaining(['in-vain: report.html', 'in-vain: events.jsonl']));
});

test('the same scenario and seed give the same trace in Node and in this browser', async ({ page }) => {
  await page.goto('/');
  await expect(page.locator('html')).toHaveAttribute('data-ready', 'true');
  for (const [name, scenario] of Object.entries({ 'late-join': lateJoin, 'main-job': mainJob })) {
    const { expect: _, ...plan } = scenario;
    const here = await page.evaluate((its) => window.sluice.traceOf(its), plan as Scenario);
    const { stdout } = await promisify(execFile)(process.execPath, ['scripts/scenario.mjs', name, '--json'], {
      cwd: root,
    });
    expect(here, name).toBe(JSON.parse(stdout).traceSha256);
  }
});

/** What holds of the whole minute by number of pictures holds of a fifth of it by a fifth. */
function shortened({ expect: expectations = [] }: Scenario): NonNullable<Scenario['expect']> {
  return expectations
    .filter((expectation) => !('layer' in expectation))
    .map((expectation) => ('atLeastFrames' in expectation ? { ...expectation, realTime: 120 } : expectation));
}
