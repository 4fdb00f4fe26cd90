// The browser tests. `npm run e2e` finds the browser and hands it over in SLUICE_CHROMIUM.

import { fileURLToPath } from 'node:url';
import { defineConfig } from '@playwright/test';

const executablePath = process.env['SLUICE_CHROMIUM'];
if (!executablePath) throw new Error('SLUICE_CHROMIUM is not set: start the browser tests with "npm run e2e".');

const isCi = Boolean(process.env['CI']);
const demo = 'http://localhost:5183';
const harness = 'http://localhost:5184';

/** The port is the page's own, so that a running `npm start` is no obstacle. */
function serve(folder: string, url: string) {
  return {
    name: folder,
    command: `node node_modules/vite/bin/vite.js ${folder} --config vite.config.ts --mode e2e --port ${new URL(url).port} --strictPort`,
    cwd: fileURLToPath(new URL('..', import.meta.url)),
    // Answers as soon as the server does, whatever the page is made of.
    url: `${url}/@vite/client`,
    // A server left over from before would serve the code of before: mode e2e watches no files.
    reuseExistingServer: false,
    timeout: 60_000,
  };
}

export default defineConfig({
  testDir: 'tests',
  outputDir: '../test-results',
  reporter: 'list',
  timeout: 120_000,
  // Room for a noisy machine: everything waited for is an event that comes.
  expect: { timeout: 15_000 },
  // Media tests measure time: two at once would measure each other.
  workers: 1,
  fullyParallel: false,
  retries: 0,
  forbidOnly: isCi,
  use: {
    permissions: ['camera', 'microphone'],
    screenshot: 'only-on-failure',
    launchOptions: {
      executablePath,
      // Playwright adds --headless and --no-sandbox itself.
      args: [
        '--disable-gpu',
        '--disable-quic',
        '--disable-sync',
        '--use-fake-device-for-media-stream',
        '--use-fake-ui-for-media-stream',
        '--autoplay-policy=no-user-gesture-required',
        '--allow-loopback-in-peer-connection',
      ],
    },
  },
  projects: [
    { name: 'harness', testIgnore: 'demo*.spec.ts', use: { baseURL: harness } },
    { name: 'demo', testMatch: 'demo*.spec.ts', use: { baseURL: demo } },
  ],
  webServer: [serve('apps/demo', demo), serve('e2e/harness', harness)],
});
