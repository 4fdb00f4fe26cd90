// `npm run scenario`, inside the bundle: runs one scenario in virtual time and says what came of it.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { checkScenario, type Run, type RunOptions, type Scenario, simulate } from '@sluice/sfu-sim/bench';

/** How often progress is shown, in ms of real time. */
const PROGRESS_INTERVAL = 1000;

/** Most participants that are told of one by one. */
const MAX_PARTICIPANTS = 12;

/**
 * Runs the scenario with the options of the command line.
 *
 * @returns the exit code: 0 when everything expected held
 */
export async function main(value: unknown, args: readonly string[] = process.argv.slice(2)): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seed: { type: 'string' },
      'congestion-control': { type: 'string' },
      out: { type: 'string' },
      json: { type: 'boolean', default: false },
    },
  });
  const control = values['congestion-control'];
  const scenario = checkScenario(
    control === undefined || typeof value !== 'object' ? value : { ...value, congestionControl: control },
  );
  const name = scenario.name ?? 'scenario';
  const started = performance.now();
  let told = started;
  const onProgress: RunOptions['onProgress'] = (now, duration) => {
    if (performance.now() - told < PROGRESS_INTERVAL) return;
    told = performance.now();
    console.error(`${name}: ${Math.round(now / 1000)} of ${Math.round(duration / 1000)} s`);
  };
  const run = await simulate(scenario, {
    ...(values.seed !== undefined && { seed: Number(values.seed) }),
    capture: values.out !== undefined,
    onProgress,
  });
  const took = performance.now() - started;
  if (values.out !== undefined) write(run, values.out);
  if (values.json) console.log(JSON.stringify(summaryOf(name, run)));
  else console.log(textOf(scenario, run, took, values.out));
  return run.passed ? 0 : 1;
}

function summaryOf(name: string, { seed, passed, failures, traceSha256, figures }: Run) {
  return { scenario: name, seed, passed, failures, traceSha256, figures: rounded(figures.summary) };
}

function rounded(figures: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(Object.entries(figures).map(([name, value]) => [name, Math.round(value * 1000) / 1000]));
}

function textOf(scenario: Scenario, run: Run, took: number, out: string | undefined): string {
  const expected = scenario.expect?.length ?? 0;
  const lines = [`${scenario.name ?? 'scenario'}, seed ${run.seed}`];
  if (scenario.description !== undefined) lines.push(scenario.description);
  lines.push('', `${run.duration / 1000} s in ${(took / 1000).toFixed(1)} s, ${run.trace.length} events`, '');
  for (const { name, shown, heard, errors, subscriptions } of run.participants.slice(0, MAX_PARTICIPANTS)) {
    const suspended = subscriptions.reduce((sum, { suspendedMs }) => sum + suspendedMs, 0);
    const parts = [`${shown.length} pictures shown`, `${heard.length} pieces of audio heard`];
    if (suspended > 0) parts.push(`video suspended for ${Math.round(suspended)} ms`);
    if (errors.length > 0) parts.push(`${errors.length} errors`);
    lines.push(`  ${name}: ${parts.join(', ')}`);
  }
  const others = run.participants.length - MAX_PARTICIPANTS;
  if (others > 0) lines.push(`  … and ${others} others`);
  const figures = Object.entries(run.figures.summary);
  const width = Math.max(...figures.map(([figure]) => figure.length));
  lines.push('', ...figures.map(([figure, value]) => `  ${figure.padEnd(width)}  ${Number(value.toPrecision(4))}`));
  lines.push('', `trace sha256 ${run.traceSha256}`);
  if (out !== undefined) lines.push(`report in ${out}`);
  if (run.passed) lines.push(`passed: all ${expected} expectations hold`);
  else
    lines.push(
      '',
      `FAILED: ${run.failures.length} of what was expected does not hold`,
      ...run.failures.map((failure) => `  ${failure}`),
    );
  return lines.join('\n');
}

function write(run: Run, folder: string): void {
  mkdirSync(folder, { recursive: true });
  for (const [name, content] of run.render()) writeFileSync(join(folder, name), content);
}
