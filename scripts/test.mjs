// `npm test`: everything that must pass, in the order in which a failure is cheapest to see. The first failure ends it.

import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { installMissing } from './install.mjs';
import { npmCommand, repositoryRoot, runCommand } from './run-command.mjs';
import { runTypeScript } from './run-typescript.mjs';

const reports = join(repositoryRoot, 'node_modules', '.cache', 'test-reports');
const unitReport = join(reports, 'unit.json');
const e2eReport = join(reports, 'e2e.json');

/** @type {readonly { name: string, args?: readonly string[], env?: NodeJS.ProcessEnv }[]} */
const STEPS = [
  { name: 'lint' },
  { name: 'typecheck' },
  { name: 'unit', args: ['--reporter=default', '--reporter=json', `--outputFile.json=${unitReport}`] },
  // A million inputs, which `npm run fuzz` takes by itself, are a minute.
  { name: 'fuzz', args: ['--runs', '300000'] },
  { name: 'e2e', args: ['--reporter=list,json'], env: { PLAYWRIGHT_JSON_OUTPUT_FILE: e2eReport } },
];

try {
  await installMissing();
  rmSync(reports, { recursive: true, force: true });
  mkdirSync(reports, { recursive: true });
  process.exitCode = await runSteps();
  if (process.exitCode === 0) {
    process.exitCode = await runTypeScript('scripts/behaviours/main.ts', [repositoryRoot, unitReport, e2eReport]);
  }
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}

/** Runs the steps up to the first that fails; returns its exit code, or 0. */
async function runSteps() {
  const summary = [];
  let exitCode = 0;
  for (const { name, args = [], env = {} } of STEPS) {
    if (exitCode !== 0) {
      summary.push(`${name.padEnd(10)} not run`);
      continue;
    }
    console.log(`\n━━━ ${name} ━━━`);
    const started = performance.now();
    ({ exitCode } = await runCommand(...npmCommand(['run', '--silent', name, '--', ...args]), {
      env: { ...process.env, ...env },
    }));
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    const result = exitCode === 0 ? 'passed' : 'failed';
    console.log(`${name} ${result} in ${seconds} s`);
    summary.push(`${name.padEnd(10)} ${result.padEnd(8)} ${seconds.padStart(6)} s`);
  }
  console.log(`\n━━━ summary ━━━\n${summary.join('\n')}`);
  return exitCode;
}
