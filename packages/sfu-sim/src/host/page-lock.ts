// How a shared worker hears that a page is gone: the page holds a lock (Web Locks) for as long as it lives, and the worker
// asks for the same one. The `close` event of the page's ports would tell as well, but did not come in Chromium 156.

import { systemRandom } from '@sluice/rtp';

/** A lock that the page holds. */
export interface PageLock {
  readonly name: string;
  release(): void;
}

/** Holds a lock of its own; `undefined` in realms without locks. */
export async function holdPageLock(): Promise<PageLock | undefined> {
  const locks = platformLocks();
  if (locks === undefined) return undefined;
  const random = systemRandom();
  const name = `sluice-sfu ${random.integer(0, 0xffff_ffff)} ${random.integer(0, 0xffff_ffff)}`;
  return await new Promise((held, reject) => {
    locks.request(name, () => new Promise<void>((release) => held({ name, release }))).catch(reject);
  });
}

/** Calls `callback` once whoever holds the lock has released it or is gone. */
export function whenReleased(name: string, callback: () => void): void {
  // Rejected where the worker itself comes to its end.
  platformLocks()
    ?.request(name, callback)
    .catch(() => {});
}

function platformLocks(): LockManager | undefined {
  return (globalThis as { navigator?: { locks?: LockManager } }).navigator?.locks;
}
