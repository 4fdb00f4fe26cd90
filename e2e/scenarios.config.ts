// Every scenario of the library with real codecs, in real time: `npm run e2e:scenarios`. Takes about ten minutes.

import { defineConfig } from '@playwright/test';
import quick from './playwright.config.ts';

const [harness] = quick.projects ?? [];

export default defineConfig(quick, { testDir: 'scenarios', projects: [{ ...harness, name: 'scenarios' }] });
