// The only place that touches the platform's time. Everything else is handed a `Clock`, so that the same code runs in
// real time and in virtual time.

import type { Milliseconds } from './units.ts';

/** What a pending timer is called by, to be given back to `clearTimeout`. */
export type TimerHandle = unknown;

/** A source of time and of timers: the platform's, or a virtual one. */
export interface Clock {
  /** Milliseconds since an arbitrary origin; never goes back. */
  now(): Milliseconds;
  /** Calls `callback` once, `delay` milliseconds from now (0 when negative), never synchronously. */
  setTimeout(callback: () => void, delay: Milliseconds): TimerHandle;
  /** Forgets a pending timer; anything else is ignored. */
  clearTimeout(handle: TimerHandle): void;
  /**
   * Calls `callback` as soon as the code that runs now is done, never synchronously: sooner than a timer of 0 ms, which a
   * browser holds up to 4 ms. Left out by a clock whose timers of 0 ms cost no time.
   */
  soon?(callback: () => void): void;
}

interface PlatformTimers {
  performance: { now(): number };
  queueMicrotask(callback: () => void): void;
  setTimeout(callback: () => void, delay: number): unknown;
  clearTimeout(handle: unknown): void;
}

const platform = globalThis as unknown as PlatformTimers;

/** The platform's monotonic clock (`performance.now()`) and its timers. */
export const systemClock: Clock = {
  now: () => platform.performance.now(),
  setTimeout: (callback, delay) => platform.setTimeout(callback, Math.max(0, delay)),
  clearTimeout: (handle) => platform.clearTimeout(handle),
  soon: (callback) => platform.queueMicrotask(callback),
};

/**
 * Calls `callback` every `period` milliseconds of `clock` until the returned function is called. The next call is
 * planned from the time the last one was due, so that lateness does not add up; calls that were missed are skipped.
 *
 * @param first - how long until the first call. Default `period`
 */
export function every(
  clock: Clock,
  period: Milliseconds,
  callback: () => void,
  first: Milliseconds = period,
): () => void {
  let due = clock.now() + first;
  let timer: TimerHandle;
  const tick = () => {
    const now = clock.now();
    due = due + period > now ? due + period : now + period;
    timer = clock.setTimeout(tick, due - now);
    callback();
  };
  timer = clock.setTimeout(tick, first);
  return () => clock.clearTimeout(timer);
}
