// A participant's own clock: ahead of the others, faster than they are, or that of a page in the background.

import type { Clock, Milliseconds, TimerHandle } from '@sluice/rtp';

/** How often the timers of a hidden page run: Chromium aligns them to whole seconds. */
const HIDDEN_TIMER_INTERVAL: Milliseconds = 1000;

/** What waits for its time; `held`: because the page is hidden. */
interface LocalTimer {
  readonly callback: () => void;
  timer: TimerHandle;
  held: boolean;
}

/** A clock that is derived from another one. At first it is the same. */
export class LocalClock implements Clock {
  readonly soon?: (callback: () => void) => void;
  readonly #shared: Clock;
  readonly #held = new Set<LocalTimer>();
  /** A moment on both clocks, and how fast this one has gone since. */
  #sharedOrigin: Milliseconds = 0;
  #localOrigin: Milliseconds = 0;
  #speed = 1;
  #hidden = false;

  constructor(shared: Clock) {
    this.#shared = shared;
    if (shared.soon !== undefined) this.soon = (callback) => shared.soon?.(callback);
  }

  now(): Milliseconds {
    return this.toLocal(this.#shared.now());
  }

  setTimeout(callback: () => void, delay: Milliseconds): TimerHandle {
    const timer: LocalTimer = { callback, timer: undefined, held: false };
    timer.timer = this.#shared.setTimeout(() => this.#fire(timer), Math.max(0, delay) / this.#speed);
    return timer;
  }

  clearTimeout(handle: TimerHandle): void {
    const timer = handle as LocalTimer | undefined;
    if (timer === undefined) return;
    this.#shared.clearTimeout(timer.timer);
    this.#held.delete(timer);
  }

  /** What this clock says at a moment of the shared one. */
  toLocal(shared: Milliseconds): Milliseconds {
    return this.#localOrigin + (shared - this.#sharedOrigin) * this.#speed;
  }

  /** What the shared clock says at a moment of this one, which is not before the last `adjust`. */
  toShared(local: Milliseconds): Milliseconds {
    return this.#sharedOrigin + (local - this.#localOrigin) / this.#speed;
  }

  /** From now on it is ahead by `skew` ms more, and faster than the shared one by `drift` ppm. Pending timers stay. */
  adjust(skew: Milliseconds, drift: number): void {
    const shared = this.#shared.now();
    this.#localOrigin = this.toLocal(shared) + skew;
    this.#sharedOrigin = shared;
    this.#speed = 1 + drift / 1e6;
  }

  /** Timers fire at whole seconds only while the page is hidden. */
  setHidden(hidden: boolean): void {
    this.#hidden = hidden;
    if (hidden) return;
    for (const timer of this.#held) {
      this.#shared.clearTimeout(timer.timer);
      timer.timer = this.#shared.setTimeout(() => this.#fire(timer), 0);
    }
  }

  #fire(timer: LocalTimer): void {
    if (this.#hidden && !timer.held) {
      timer.held = true;
      this.#held.add(timer);
      const now = this.#shared.now();
      const next = (Math.floor(now / HIDDEN_TIMER_INTERVAL) + 1) * HIDDEN_TIMER_INTERVAL;
      timer.timer = this.#shared.setTimeout(() => this.#fire(timer), next - now);
      return;
    }
    this.#held.delete(timer);
    timer.callback();
  }
}
