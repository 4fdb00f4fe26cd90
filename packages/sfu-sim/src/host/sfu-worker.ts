// The script of the worker in which an SFU lives, dedicated or shared.

import type { ControlPort } from './sfu-control.ts';
import { SfuHost } from './sfu-host.ts';

const host = new SfuHost();
const realm = globalThis as unknown as ControlPort;
if ('onconnect' in globalThis) {
  realm.addEventListener('connect', (event) => {
    for (const port of (event as MessageEvent).ports) host.serve(port);
  });
} else host.serve(realm);
