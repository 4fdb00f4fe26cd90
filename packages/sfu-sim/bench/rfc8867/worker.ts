// Runs of cases in as many threads as there are processors: each takes the next job when it has done one.

import { availableParallelism } from 'node:os';
import { parentPort, Worker } from 'node:worker_threads';
import { doJob, type Job, type JobResult } from './job.ts';

/** What comes back from a worker. */
type Answer = { readonly result: JobResult } | { readonly error: string };

/** In a worker: does what it is sent. */
export function serveJobs(): void {
  parentPort?.on('message', async (job: Job) => {
    const answer: Answer = await doJob(job).then(
      (result) => ({ result }),
      (error: unknown) => ({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
    );
    parentPort?.postMessage(answer);
  });
}

/**
 * Has the jobs done, the first ones first, and answers the results in the order of the jobs. Rejects when one of them
 * could not be done.
 *
 * @param program - the file that calls `serveJobs` in a worker
 */
export async function doJobs(
  jobs: readonly Job[],
  program: string,
  onDone: (result: JobResult, done: number) => void,
): Promise<JobResult[]> {
  const results: JobResult[] = [];
  let next = 0;
  let done = 0;
  const work = async () => {
    const worker = new Worker(program);
    try {
      for (let i = next++; i < jobs.length; i = next++) {
        const job = jobs[i];
        if (job === undefined) return;
        const result = await ask(worker, job);
        results[i] = result;
        done += 1;
        onDone(result, done);
      }
    } finally {
      await worker.terminate();
    }
  };
  await Promise.all(Array.from({ length: Math.min(jobs.length, availableParallelism()) }, work));
  return results;
}

function ask(worker: Worker, job: Job): Promise<JobResult> {
  return new Promise((resolve, reject) => {
    const settle = (answer: Answer) => {
      worker.off('error', reject);
      if ('result' in answer) resolve(answer.result);
      else reject(new Error(`${job.name}, ${job.control}, seed ${job.seed}: ${answer.error}`));
    };
    worker.once('message', settle);
    worker.once('error', reject);
    worker.postMessage(job);
  });
}
