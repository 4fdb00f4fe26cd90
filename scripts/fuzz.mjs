// `npm run fuzz -- [--runs N] [--seed S] [--target NAME] [--input HEX] [--list] [--json]`: hostile input for everything
// that reads bytes from the wire. docs/reliability.md says what, and how to repeat a finding.

import { installMissing } from './install.mjs';
import { runTypeScript } from './run-typescript.mjs';

try {
  await installMissing();
  process.exitCode = await runTypeScript('scripts/fuzz/main.ts', process.argv.slice(2), {
    nodeArguments: ['--expose-gc'],
  });
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
