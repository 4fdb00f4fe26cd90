// Clocks of one's own, and timelines that begin before their link does.

import { VirtualClock } from '@sluice/sfu-sim/bench';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { linkOptionsAt } from '../../src/bench/scenario/link-timeline.ts';
import { LocalClock } from '../../src/bench/scenario/local-clock.ts';
import { Outages } from '../../src/network/outages.ts';
import { type RateOption, RateTimeline } from '../../src/network/rate-timeline.ts';

test('a fast clock is ahead by its skew and its drift, and its timers come early by the others', async () => {
  const shared = new VirtualClock();
  const local = new LocalClock(shared);
  await shared.run(1000);
  local.adjust(500, 100_000);
  await shared.run(1000);
  expect(local.now()).toBeCloseTo(2600, 9);
  expect(local.toShared(local.now())).toBeCloseTo(2000, 9);
  let firedAt = 0;
  local.setTimeout(() => (firedAt = shared.now()), 110);
  await shared.run(200);
  expect(firedAt).toBeCloseTo(2100, 9);
});

test('it never goes back, whatever is adjusted', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(
        fc.record({ after: fc.nat(5000), skew: fc.nat(5000), drift: fc.integer({ min: -100_000, max: 100_000 }) }),
      ),
      async (steps) => {
        const shared = new VirtualClock();
        const local = new LocalClock(shared);
        let before = local.now();
        for (const { after, skew, drift } of steps) {
          await shared.run(after);
          expect(local.now()).toBeGreaterThanOrEqual(before);
          local.adjust(skew, drift);
          expect(local.now()).toBeGreaterThanOrEqual(before);
          before = local.now();
        }
      },
    ),
    { numRuns: 30 },
  );
});

test('timers of a hidden page wait for the next whole second; shown again, they run at once', async () => {
  const shared = new VirtualClock();
  const local = new LocalClock(shared);
  const fired: [string, number][] = [];
  const note = (name: string) => () => fired.push([name, shared.now()]);
  local.setTimeout(note('before'), 50);
  local.setTimeout(note('set before'), 1200);
  await shared.run(100);
  local.setHidden(true);
  local.setTimeout(note('a'), 10);
  local.clearTimeout(local.setTimeout(note('cancelled'), 10));
  await shared.run(2000);
  const held = local.setTimeout(note('cancelled while held'), 10);
  local.setTimeout(note('b'), 20);
  await shared.run(50);
  local.clearTimeout(held);
  local.setHidden(false);
  await shared.run(1);
  expect(fired).toEqual([
    ['before', 50],
    ['a', 1000],
    ['set before', 2000],
    ['b', 2150],
  ]);
});

const steps = fc
  .uniqueArray(fc.integer({ min: 1, max: 9999 }), { maxLength: 5 })
  .chain((times) =>
    fc.tuple(
      fc.constant([0, ...times.sort((a, b) => a - b)]),
      fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 6, maxLength: 6 }),
    ),
  )
  .map(([times, rates]) => times.map((at, i) => [at, rates[i] ?? 1] as const));

test('a timeline on a link that is made later goes on as if the link had been there', () => {
  const option: fc.Arbitrary<RateOption> = fc.oneof(
    steps,
    fc.record({ steps, repeat: fc.integer({ min: 10_000, max: 12_000 }) }),
    fc.integer({ min: 1, max: 9 }),
  );
  fc.assert(
    fc.property(option, fc.nat(40_000), fc.array(fc.nat(40_000)), (rate, elapsed, moments) => {
      const whole = new RateTimeline(rate, 0);
      const moved = linkOptionsAt({ rate }, elapsed, new Map()).rate;
      if (moved === undefined) throw new Error('The rate is gone.');
      const later = new RateTimeline(moved, elapsed);
      for (const after of moments) expect(later.at(elapsed + after)).toEqual(whole.at(elapsed + after));
    }),
    { numRuns: 500 },
  );
});

test('so do outages', () => {
  const down = [
    [1000, 2000],
    [5000, 6000],
  ] as const;
  fc.assert(
    fc.property(fc.nat(7000), fc.nat(3000), (elapsed, after) => {
      const moved = linkOptionsAt({ down }, elapsed, new Map()).down ?? [];
      const now = elapsed + after;
      expect(new Outages(moved, true, elapsed).isDown(now)).toBe(new Outages(down, true, 0).isDown(now));
    }),
  );
});
