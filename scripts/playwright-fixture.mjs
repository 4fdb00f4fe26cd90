// The package's Playwright fixture as Playwright finds it: bundled to where package.json says that it is, since Node can
// load neither the sources' text imports nor packages that were not built.

import { join } from 'node:path';
import { repositoryRoot } from './run-command.mjs';

/** Builds `@sluice/sfu-sim/playwright` with all it needs but Playwright itself. */
export async function buildPlaywrightFixture() {
  const { build } = await import('vite');
  const folder = join(repositoryRoot, 'packages', 'sfu-sim');
  await build({
    configFile: false,
    root: folder,
    logLevel: 'error',
    resolve: { conditions: ['@sluice/source', 'module', 'development|production'] },
    build: {
      target: 'node20',
      outDir: join('dist', 'playwright'),
      emptyOutDir: false,
      sourcemap: true,
      minify: false,
      lib: { entry: { index: join(folder, 'src', 'playwright', 'index.ts') }, formats: ['es'] },
      rolldownOptions: {
        external: (id) => id === '@playwright/test' || id.startsWith('node:'),
        output: { entryFileNames: '[name].js' },
      },
    },
  });
}
