import { defineConfig } from 'vitest/config';

export default defineConfig({
  root: 'apps/demo',
  base: './',
  resolve: { conditions: ['@sluice/source', 'module', 'browser', 'development|production'] },
  ssr: { resolve: { conditions: ['@sluice/source', 'node', 'development|production'] } },
  server: { port: 5173, strictPort: true },
  build: { target: 'es2022', sourcemap: true },
  test: {
    root: import.meta.dirname,
    include: ['packages/*/test/**/*.test.ts'],
    testTimeout: 30_000,
  },
});
