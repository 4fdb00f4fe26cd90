import { readFileSync } from 'node:fs';
import { defineConfig } from 'vitest/config';

/** The example in the README as a module, for the test page to run. */
const readmeExample = {
  name: 'readme-example',
  resolveId: (id: string) => (id === 'virtual:readme-example.ts' ? id : undefined),
  load(id: string) {
    if (id !== 'virtual:readme-example.ts') return undefined;
    const readme = readFileSync(new URL('README.md', import.meta.url), 'utf8');
    return /^```ts\n([\s\S]*?)^```$/m.exec(readme)?.[1] ?? 'throw new Error("The README has no example.")';
  },
};

// The root is a page's folder: the demo's, or the test page's, which `vite e2e/harness` names instead.
export default defineConfig(({ mode }) => ({
  root: 'apps/demo',
  plugins: mode === 'e2e' ? [readmeExample] : [],
  base: './',
  resolve: { conditions: ['@sluice/source', 'module', 'browser', 'development|production'] },
  ssr: { resolve: { conditions: ['@sluice/source', 'node', 'development|production'] } },
  server: {
    port: 5173,
    strictPort: true,
    // A file saved while the browser tests run must not reload the page under test.
    ...(mode === 'e2e' ? { hmr: false, watch: null } : {}),
  },
  // The browser tests leave the cache of a running `npm start` alone.
  cacheDir: mode === 'e2e' ? 'node_modules/.vite-e2e' : 'node_modules/.vite',
  // Bundle the dependencies of everything a page or worker may import before the first page loads: one that is found
  // later reloads the page.
  optimizeDeps: { entries: ['*.html', '../../packages/{rtp,client,sfu-sim}/src/**/*.ts'] },
  worker: { format: 'es' },
  build: { target: 'es2022', sourcemap: true },
  test: {
    root: import.meta.dirname,
    include: ['packages/*/test/**/*.test.ts', 'scripts/test/**/*.test.{mjs,ts}'],
    testTimeout: 30_000,
    // Vitest leaves one processor idle by default.
    maxWorkers: '100%',
    // Each worker loads and compiles the sources once, not for each file: that takes half of the time off.
    isolate: false,
    // A report holds its style sheets as text; without this they are empty in tests.
    css: { include: [/\.css\?raw$/] },
  },
}));
