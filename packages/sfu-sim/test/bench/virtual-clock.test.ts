import { ArgumentError } from '@sluice/rtp';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { VirtualClock, VirtualClockError } from '../../src/bench/virtual-clock.ts';

it('runs timers in order of time, each at exactly its due time', async () => {
  const clock = new VirtualClock();
  const log: [string, number][] = [];
  clock.setTimeout(() => log.push(['c', clock.now()]), 30.25);
  clock.setTimeout(() => log.push(['a', clock.now()]), 10);
  clock.setTimeout(() => {
    log.push(['b', clock.now()]);
    clock.setTimeout(() => log.push(['b2', clock.now()]), 5);
  }, 20);
  await clock.run(40);
  expect(log).toEqual([
    ['a', 10],
    ['b', 20],
    ['b2', 25],
    ['c', 30.25],
  ]);
  expect(clock.now()).toBe(40);
});

it('runs timers of the same time in the order they were set, late ones set meanwhile included', async () => {
  const clock = new VirtualClock({ start: 100 });
  const log: number[] = [];
  clock.setTimeout(() => {
    log.push(1);
    clock.setTimeout(() => log.push(4), -7);
  }, 5);
  clock.setTimeout(() => log.push(2), 5);
  clock.setTimeout(() => log.push(3), 5);
  await clock.run(5);
  expect(log).toEqual([1, 2, 3, 4]);
});

it('agrees with a sorted list under any sets and cancellations', async () => {
  const plan = fc.array(fc.record({ delay: fc.integer({ min: 0, max: 50 }), cancel: fc.boolean() }), {
    maxLength: 400,
  });
  await fc.assert(
    fc.asyncProperty(plan, async (timers) => {
      const clock = new VirtualClock();
      const log: number[] = [];
      const handles = timers.map(({ delay }, i) => clock.setTimeout(() => log.push(i), delay));
      timers.forEach(({ cancel }, i) => {
        if (cancel) clock.clearTimeout(handles[i]);
      });
      await clock.run(50);
      const expected = timers.map((timer, i) => ({ ...timer, i })).filter(({ cancel }) => !cancel);
      expected.sort((a, b) => a.delay - b.delay || a.i - b.i);
      expect(log).toEqual(expected.map(({ i }) => i));
    }),
    { numRuns: 50 },
  );
});

it('lets promise chains of any depth settle before the next timer', async () => {
  const clock = new VirtualClock();
  const log: string[] = [];
  const chain = async (name: string, depth: number) => {
    for (let i = 0; i < depth; i++) await null;
    log.push(`${name} settled at ${clock.now()}`);
  };
  void chain('before', 3000);
  clock.setTimeout(() => void chain('first', 10_000), 1);
  clock.setTimeout(() => log.push('second'), 1);
  clock.setTimeout(() => void chain('last', 10_000), 2);
  await clock.run(2);
  expect(log).toEqual(['before settled at 0', 'first settled at 1', 'second', 'last settled at 2']);
});

it('runs a loop written with promises', async () => {
  const clock = new VirtualClock();
  const sleep = (time: number) => new Promise<void>((resolve) => clock.setTimeout(resolve, time));
  const woke: number[] = [];
  void (async () => {
    for (let i = 0; i < 5; i++) {
      await sleep(10);
      woke.push(clock.now());
    }
  })();
  await clock.run(100);
  expect(woke).toEqual([10, 20, 30, 40, 50]);
});

it('leaves later timers for the next run', async () => {
  const clock = new VirtualClock();
  let ran = false;
  clock.setTimeout(() => {
    ran = true;
  }, 10.5);
  await clock.runUntil(10);
  expect(ran).toBe(false);
  await clock.runUntil(10.5);
  expect(ran).toBe(true);
});

it('rejects with what a callback throws, stands there, and can be run on', async () => {
  const clock = new VirtualClock();
  const failure = new Error('in a callback');
  let after = false;
  clock.setTimeout(() => {
    throw failure;
  }, 5);
  clock.setTimeout(() => {
    after = true;
  }, 6);
  await expect(clock.run(10)).rejects.toBe(failure);
  expect(clock.now()).toBe(5);
  await clock.run(5);
  expect(after).toBe(true);
});

it('refuses to run while it runs, and to run back or for ever', async () => {
  const clock = new VirtualClock();
  const running = clock.run(10);
  await expect(clock.run(1)).rejects.toThrow(VirtualClockError);
  await expect(clock.run(1)).rejects.toMatchObject({ reason: 'already-running' });
  await running;
  await expect(clock.runUntil(9)).rejects.toThrow(ArgumentError);
  await expect(clock.run(Number.POSITIVE_INFINITY)).rejects.toThrow(ArgumentError);
  await expect(clock.run(Number.NaN)).rejects.toThrow(ArgumentError);
});

it('forgets cancelled timers, so that re-arming one for ever stays cheap', async () => {
  const clock = new VirtualClock();
  let runs = 0;
  let handle: unknown;
  for (let i = 0; i < 10_000; i++) {
    clock.clearTimeout(handle);
    handle = clock.setTimeout(() => runs++, 1e6 - i);
  }
  clock.clearTimeout(undefined);
  await clock.run(1e6);
  expect(runs).toBe(1);
});

it('notices when time does not go on any more', async () => {
  const clock = new VirtualClock();
  const again = () => {
    clock.setTimeout(again, 0);
  };
  clock.setTimeout(again, 5);
  await expect(clock.run(10)).rejects.toMatchObject({ reason: 'stalled' });
});
