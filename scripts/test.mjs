// `npm test`: everything that must pass, in the order in which a failure is cheapest to see. The first failure ends it.

import { installMissing } from './install.mjs';
import { npmCommand, runCommand } from './run-command.mjs';

const STEPS = ['lint', 'typecheck', 'unit', 'fuzz', 'e2e'];

try {
  await installMissing();
  process.exitCode = await runSteps();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}

/** Runs the steps up to the first that fails; returns its exit code, or 0. */
async function runSteps() {
  const summary = [];
  let exitCode = 0;
  for (const step of STEPS) {
    if (exitCode !== 0) {
      summary.push(`${step.padEnd(10)} not run`);
      continue;
    }
    console.log(`\n━━━ ${step} ━━━`);
    const started = performance.now();
    ({ exitCode } = await runCommand(...npmCommand(['run', '--silent', step])));
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    const result = exitCode === 0 ? 'passed' : 'failed';
    console.log(`${step} ${result} in ${seconds} s`);
    summary.push(`${step.padEnd(10)} ${result.padEnd(8)} ${seconds.padStart(6)} s`);
  }
  console.log(`\n━━━ summary ━━━\n${summary.join('\n')}`);
  return exitCode;
}
