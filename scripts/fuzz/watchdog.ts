// Ends a session that is stuck: code that never returns cannot be measured from the thread that it runs in.

import { Worker } from 'node:worker_threads';

/** How long one run may take before it counts as stuck, in ms. */
const PATIENCE = 20_000;

/** Runs in a thread of its own; the message ends the process, as the other thread cannot. */
const WATCH = `
  const { workerData } = require('node:worker_threads');
  const { writeSync } = require('node:fs');
  const [counter, patience, seed] = workerData;
  let last = -1;
  setInterval(() => {
    const run = Atomics.load(counter, 0);
    if (run === last) {
      const again = 'npm run fuzz -- --seed ' + ((seed + run) >>> 0) + ' --runs 1';
      writeSync(2, '\\nRun ' + run + ' of seed ' + seed + ' never ends (' + again + ')\\n');
      process.kill(process.pid, 'SIGKILL');
    }
    last = run;
  }, patience);
`;

/** Watches over the runs of a session. */
export class Watchdog {
  readonly #counter = new Int32Array(new SharedArrayBuffer(4));
  readonly #worker: Worker;

  /** @param seed - of the session */
  constructor(seed: number) {
    this.#worker = new Worker(WATCH, { eval: true, workerData: [this.#counter, PATIENCE, seed] });
    this.#worker.unref();
  }

  /** That run begins. */
  onRun(run: number): void {
    Atomics.store(this.#counter, 0, run);
  }

  /** The session is over. */
  async stop(): Promise<void> {
    await this.#worker.terminate();
  }
}
