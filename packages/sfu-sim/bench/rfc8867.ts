// Congestion control on the cases of RFC 8867 and our own: every case with several seeds and both controllers.
//
// `npm run bench -- rfc8867 [--json] [--case PART] [--seeds N] [--congestion-control gcc|nada] [--out DIR]`: `--case` takes the
// cases whose name has that part. With `--out` a table, its figures and plots are written there, and nothing else is.

import { isMainThread } from 'node:worker_threads';
import { main } from './rfc8867/main.ts';
import { serveJobs } from './rfc8867/worker.ts';

if (isMainThread) process.exitCode = await main(process.argv.slice(2));
else serveJobs();
