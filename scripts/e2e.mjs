// `npm run e2e -- ARGS`: the browser tests; ARGS go to Playwright.

import { join } from 'node:path';
import { findChromium } from './find-chromium.mjs';
import { installMissing } from './install.mjs';
import { buildPlaywrightFixture } from './playwright-fixture.mjs';
import { repositoryRoot, runCommand } from './run-command.mjs';

try {
  await installMissing();
  await buildPlaywrightFixture();
  const { executablePath, source } = await findChromium({ install: true });
  console.log(`Browser: ${executablePath} (${source})`);
  const playwright = join(repositoryRoot, 'node_modules', '@playwright', 'test', 'cli.js');
  const args = [playwright, 'test', '-c', 'e2e/playwright.config.ts', ...process.argv.slice(2)];
  const env = { ...process.env, SLUICE_CHROMIUM: executablePath };
  const { exitCode } = await runCommand(process.execPath, args, { env });
  process.exitCode = exitCode;
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
