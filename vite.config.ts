import { defineConfig } from 'vitest/config';

// The root is a page's folder: the demo's, or the test page's, which `vite e2e/harness` names instead.
export default defineConfig(({ mode }) => ({
  root: 'apps/demo',
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
  optimizeDeps: { entries: ['*.html', '../../packages/*/src/**/*.ts'] },
  worker: { format: 'es' },
  build: { target: 'es2022', sourcemap: true },
  test: {
    root: import.meta.dirname,
    include: ['packages/*/test/**/*.test.ts', 'scripts/test/**/*.test.mjs'],
    testTimeout: 30_000,
  },
}));
