// Starts an SFU in a worker of Node, which cannot run TypeScript: its script is bundled first.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { connectToSfu, type WorkerSfu, type WorkerSfuOptions } from '@sluice/sfu-sim';
import { build } from 'vite';

/** The bundled script, and how to let go of it. */
export async function bundleNodeWorker(): Promise<{ script: string; remove(): void }> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-worker-'));
  await build({
    configFile: false,
    logLevel: 'error',
    root: folder,
    ssr: { noExternal: true, resolve: { conditions: ['@sluice/source', 'node', 'development|production'] } },
    build: {
      ssr: fileURLToPath(new URL('node-worker.ts', import.meta.url)),
      target: 'node20',
      outDir: join(folder, 'dist'),
      minify: false,
      rolldownOptions: { output: { entryFileNames: 'worker.mjs', chunkFileNames: '[name]-[hash].mjs' } },
    },
  });
  return {
    script: join(folder, 'dist', 'worker.mjs'),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** An SFU in a worker that runs the script. */
export async function startNodeWorker(
  script: string,
  options: WorkerSfuOptions,
): Promise<{ sfu: WorkerSfu; worker: Worker }> {
  const { port1, port2 } = new MessageChannel();
  const worker = new Worker(script, { workerData: { port: port2 }, transferList: [port2 as never] });
  const sfu = await connectToSfu(port1, options, () => {
    port1.close();
    void worker.terminate();
  });
  return { sfu, worker };
}
