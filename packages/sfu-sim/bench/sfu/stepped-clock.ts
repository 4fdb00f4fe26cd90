// Virtual time without turns of the event loop: what runs between two timers is nothing but timers, and can be timed.

import type { Clock, Milliseconds, TimerHandle } from '@sluice/rtp';
import { Timer, TimerHeap } from '../../src/bench/timer-heap.ts';

/** A clock whose time goes on only inside `runUntil`. */
export class SteppedClock implements Clock {
  readonly #timers = new TimerHeap();
  readonly #onTimer: () => void;
  #now: Milliseconds = 0;

  /** @param onTimer - is called right before each timer's callback */
  constructor(onTimer: () => void) {
    this.#onTimer = onTimer;
  }

  now(): Milliseconds {
    return this.#now;
  }

  setTimeout(callback: () => void, delay: Milliseconds): TimerHandle {
    return this.#timers.add(this.#now + (delay > 0 ? delay : 0), callback);
  }

  clearTimeout(handle: TimerHandle): void {
    if (handle instanceof Timer) this.#timers.cancel(handle);
  }

  /** Runs every timer due up to and including `time`, in order. */
  runUntil(time: Milliseconds): void {
    for (let timer = this.#timers.takeDue(time); timer !== undefined; timer = this.#timers.takeDue(time)) {
      this.#now = timer.due;
      const { callback } = timer;
      timer.callback = undefined;
      this.#onTimer();
      callback?.();
    }
    this.#now = time;
  }
}
