// Timers that wait, the first one due in front.

import type { Milliseconds } from '@sluice/rtp';

/** A pending timer. */
export class Timer {
  readonly due: Milliseconds;
  readonly #order: number;
  /** Until it ran or was cancelled. */
  callback: (() => void) | undefined;

  constructor(due: Milliseconds, order: number, callback: () => void) {
    this.due = due;
    this.#order = order;
    this.callback = callback;
  }

  isBefore(other: Timer): boolean {
    return this.due < other.due || (this.due === other.due && this.#order < other.#order);
  }
}

/** A binary heap. Cancelled timers stay until they come up or make up half of it, whichever is first. */
export class TimerHeap {
  #heap: Timer[] = [];
  #added = 0;
  #cancelled = 0;

  add(due: Milliseconds, callback: () => void): Timer {
    const timer = new Timer(due, this.#added++, callback);
    this.#insert(timer);
    return timer;
  }

  cancel(timer: Timer): void {
    if (timer.callback === undefined) return;
    timer.callback = undefined;
    this.#cancelled++;
    if (this.#cancelled > 64 && this.#cancelled * 2 > this.#heap.length) this.#sweep();
  }

  /** Takes out the first pending timer that is due by `time`. */
  takeDue(time: Milliseconds): Timer | undefined {
    for (let first = this.#heap[0]; first !== undefined && first.due <= time; first = this.#heap[0]) {
      const last = this.#heap.pop();
      if (last !== undefined && last !== first) this.#sink(last);
      if (first.callback !== undefined) return first;
      this.#cancelled--;
    }
    return undefined;
  }

  #sweep(): void {
    const pending = this.#heap.filter(({ callback }) => callback !== undefined);
    this.#heap = [];
    this.#cancelled = 0;
    for (const timer of pending) this.#insert(timer);
  }

  /** Adds `timer` at the end and lets it rise above all that come after it. */
  #insert(timer: Timer): void {
    const heap = this.#heap;
    let at = heap.push(timer) - 1;
    while (at > 0) {
      const above = (at - 1) >> 1;
      const parent = heap[above];
      if (parent === undefined || !timer.isBefore(parent)) break;
      heap[at] = parent;
      at = above;
    }
    heap[at] = timer;
  }

  /** Puts `timer` in the place of the first, or where it belongs below. */
  #sink(timer: Timer): void {
    const heap = this.#heap;
    let at = 0;
    for (;;) {
      let below = 2 * at + 1;
      let child = heap[below];
      const right = heap[below + 1];
      if (child !== undefined && right?.isBefore(child)) {
        child = right;
        below++;
      }
      if (child === undefined || timer.isBefore(child)) break;
      heap[at] = child;
      at = below;
    }
    heap[at] = timer;
  }
}
