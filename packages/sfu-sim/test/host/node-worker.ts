// A worker of `node:worker_threads` with an SFU in it.

import { workerData } from 'node:worker_threads';
import { type ControlPort, SfuHost } from '@sluice/sfu-sim';

new SfuHost().serve((workerData as { port: ControlPort }).port);
