import { describe, expect, test } from 'vitest';
import { type Clock, every, systemClock } from '../../src/clock.ts';

/** A clock that runs one timer after the other; a timer may be `late` by some time. */
class FakeClock implements Clock {
  time = 0;
  late = 0;
  #timers: { due: number; callback: () => void }[] = [];

  now(): number {
    return this.time;
  }

  setTimeout(callback: () => void, delay: number): unknown {
    expect(delay).toBeGreaterThanOrEqual(0);
    const timer = { due: this.time + delay, callback };
    this.#timers.push(timer);
    return timer;
  }

  clearTimeout(handle: unknown): void {
    this.#timers = this.#timers.filter((timer) => timer !== handle);
  }

  get pending(): number {
    return this.#timers.length;
  }

  runUntil(end: number): void {
    for (;;) {
      const [next] = this.#timers.sort((a, b) => a.due - b.due);
      if (next === undefined || next.due + this.late > end) break;
      this.#timers.shift();
      this.time = Math.max(this.time, next.due + this.late);
      this.late = 0;
      next.callback();
    }
    this.time = end;
  }
}

describe('every', () => {
  test('calls once per period until it is stopped', () => {
    const clock = new FakeClock();
    const calls: number[] = [];
    const stop = every(clock, 20, () => calls.push(clock.now()));
    clock.runUntil(70);
    stop();
    clock.runUntil(200);
    expect(calls).toEqual([20, 40, 60]);
    expect(clock.pending).toBe(0);
  });

  test('lateness does not add up', () => {
    const clock = new FakeClock();
    const calls: number[] = [];
    every(clock, 20, () => calls.push(clock.now()));
    clock.late = 7;
    clock.runUntil(100);
    expect(calls).toEqual([27, 40, 60, 80, 100]);
  });

  test('missed calls are skipped, not made up for in a burst', () => {
    const clock = new FakeClock();
    const calls: number[] = [];
    every(clock, 20, () => calls.push(clock.now()));
    clock.late = 1000;
    clock.runUntil(1100);
    expect(calls[0]).toBe(1020);
    expect(calls.length).toBeLessThanOrEqual(6);
    expect(calls.filter((at) => at === 1020).length).toBeLessThanOrEqual(2);
  });

  test('can be stopped from within its callback', () => {
    const clock = new FakeClock();
    let calls = 0;
    const stop = every(clock, 20, () => {
      calls += 1;
      stop();
    });
    clock.runUntil(200);
    expect(calls).toBe(1);
    expect(clock.pending).toBe(0);
  });

  test('goes on after a callback that throws', () => {
    const clock = new FakeClock();
    let calls = 0;
    every(clock, 20, () => {
      calls += 1;
      throw new Error('tick');
    });
    expect(() => clock.runUntil(30)).toThrow('tick');
    expect(() => clock.runUntil(50)).toThrow('tick');
    expect(calls).toBe(2);
  });
});

test("the system clock is the platform's: it never goes back, and its timers run later", async () => {
  const before = systemClock.now();
  const order: string[] = [];
  const cancelled = systemClock.setTimeout(() => order.push('cancelled'), 0);
  systemClock.clearTimeout(cancelled);
  systemClock.clearTimeout(undefined);
  await new Promise<void>((resolve) => {
    systemClock.setTimeout(() => {
      order.push('timer');
      resolve();
    }, -5);
    order.push('after');
  });
  expect(order).toEqual(['after', 'timer']);
  expect(systemClock.now()).toBeGreaterThanOrEqual(before);
});
