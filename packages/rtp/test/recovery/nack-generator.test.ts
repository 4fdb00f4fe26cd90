import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { NackGenerator } from '../../src/recovery/nack-generator.ts';

describe('a hole', () => {
  test('is asked for at once, then every two round trips, ten times', () => {
    const nack = new NackGenerator();
    nack.onPacket(100, 0);
    nack.onPacket(103, 0);
    const asked: [number, number[]][] = [];
    for (let now = 0; now < 5000; now += 10) {
      const due = nack.due(now);
      if (due.length > 0) asked.push([now, due]);
    }
    // Until a round trip was measured it is taken for 50 ms.
    expect(asked).toEqual(Array.from({ length: 10 }, (_, i) => [100 * i, [101, 102]]));
    expect(nack.missing).toBe(0);
  });

  test('is not asked for before the tolerance for reordering is over', () => {
    const nack = new NackGenerator({ reorderingTolerance: 30 });
    nack.onPacket(1, 0);
    nack.onPacket(3, 10);
    nack.onPacket(5, 20);
    expect(nack.due(39)).toEqual([]);
    nack.onPacket(2, 39);
    expect(nack.due(49)).toEqual([]);
    expect(nack.due(50)).toEqual([4]);
  });

  test('before a key frame is forgotten', () => {
    const nack = new NackGenerator();
    nack.onPacket(1, 0);
    nack.onPacket(4, 0);
    nack.onPacket(8, 0);
    nack.forgetBefore(6);
    expect(nack.due(0)).toEqual([6, 7]);
  });

  test('older than the first packet is none', () => {
    const nack = new NackGenerator();
    nack.onPacket(10, 0);
    nack.onPacket(7, 0);
    expect(nack.missing).toBe(0);
  });
});

describe('what is given up', () => {
  test('is counted, whether after ten requests, in a gap too wide, or not', () => {
    const nack = new NackGenerator({ maxMissing: 100 });
    nack.onPacket(1, 0);
    nack.onPacket(3, 0);
    for (let now = 0; now < 1000; now += 100) nack.due(now);
    expect(nack.abandoned).toBe(0);
    nack.due(1000);
    expect(nack.abandoned).toBe(1);
    nack.onPacket(105, 1000);
    expect(nack).toMatchObject({ missing: 0, abandoned: 1 + 101 });
    nack.onPacket(107, 1000);
    nack.onPacket(106, 1010);
    nack.onPacket(109, 1010);
    nack.forgetBefore(200);
    expect(nack.abandoned).toBe(1 + 101);
  });

  test('50 requests in a second are the most; where they are not enough everything is given up', () => {
    const nack = new NackGenerator();
    const asked: number[] = [];
    let lost = 0;
    // Every other packet of 200 a second is lost: each hole shows by itself.
    for (let i = 0; i <= 600; i++) {
      const now = 5 * i;
      if (i % 2 === 0) nack.onPacket(i, now);
      else lost += 1;
      if (nack.due(now).length > 0) asked.push(now);
    }
    for (const [i, now] of asked.entries()) {
      const earlier = asked[i - 50];
      if (earlier !== undefined) expect(now - earlier).toBeGreaterThanOrEqual(1000);
    }
    expect(asked.length).toBeGreaterThan(100);
    expect(nack.abandoned).toBeGreaterThan(0);
    expect(nack.abandoned + nack.missing).toBeLessThanOrEqual(lost);
  });
});

test('however short the round trip is, a packet is not asked for twice within 10 ms', () => {
  const nack = new NackGenerator();
  nack.onPacket(1, 0);
  nack.onPacket(3, 0);
  expect(nack.due(0)).toEqual([2]);
  nack.onPacket(2, 0);
  expect(nack.roundTrip).toBe(0);
  nack.onPacket(5, 0);
  expect(nack.due(0)).toEqual([4]);
  expect(nack.due(0)).toEqual([]);
  expect(nack.due(9.9)).toEqual([]);
  expect(nack.due(10)).toEqual([4]);
});

describe('the round trip', () => {
  test('is the time from the only request to the answer, smoothed, and spaces the requests', () => {
    const nack = new NackGenerator();
    nack.onPacket(1, 0);
    nack.onPacket(3, 0);
    nack.due(0);
    nack.onPacket(2, 200);
    expect(nack.roundTrip).toBe(200);
    nack.onPacket(5, 300);
    expect(nack.due(300)).toEqual([4]);
    expect(nack.due(699)).toEqual([]);
    expect(nack.due(700)).toEqual([4]);
    // Which of two requests this answers, nobody can tell (Karn's rule).
    nack.onPacket(4, 705);
    expect(nack.roundTrip).toBe(200);
    nack.onPacket(7, 800);
    nack.due(800);
    nack.onPacket(6, 900);
    expect(nack.roundTrip).toBe(187.5);
  });

  test('of a packet that came without being asked for is not measured', () => {
    const nack = new NackGenerator({ reorderingTolerance: 100 });
    nack.onPacket(1, 0);
    nack.onPacket(3, 0);
    nack.onPacket(2, 50);
    expect(nack.roundTrip).toBeUndefined();
  });
});

test('invariant 7: a jump beyond the bound gives all up', () => {
  const nack = new NackGenerator({ maxMissing: 100 });
  nack.onPacket(1, 0);
  nack.onPacket(52, 0);
  expect(nack.missing).toBe(50);
  nack.onPacket(104, 0);
  expect(nack.missing).toBe(0);
  nack.onPacket(106, 0);
  expect(nack.due(0)).toEqual([105]);
});

test('row 25: each missing packet at most once per two round trips, only what is missing, oldest first, bounded', () => {
  const event = fc.record({
    step: fc.oneof({ weight: 5, arbitrary: fc.constant(1) }, { weight: 2, arbitrary: fc.integer({ min: -5, max: 8 }) }),
    wait: fc.integer({ min: 0, max: 60 }),
    forget: fc.oneof({ weight: 20, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
  });
  fc.assert(
    fc.property(fc.array(event, { maxLength: 200 }), (events) => {
      const nack = new NackGenerator({ maxRetries: 3, maxMissing: 20 });
      const received = new Set<number>([1000]);
      const askedAt = new Map<number, number[]>();
      nack.onPacket(1000, 0);
      let highest = 1000;
      let floor = 0;
      let now = 0;
      for (const { step, wait, forget } of events) {
        const sequence = Math.max(1, highest + step);
        nack.onPacket(sequence, now);
        received.add(sequence);
        highest = Math.max(highest, sequence);
        if (forget) {
          nack.forgetBefore(sequence);
          floor = Math.max(floor, sequence);
        }
        now += wait;
        const due = nack.due(now);
        expect(due).toEqual([...due].sort((a, b) => a - b));
        expect(nack.missing).toBeLessThanOrEqual(20);
        for (const missing of due) {
          expect(received.has(missing)).toBe(false);
          expect(missing).toBeGreaterThanOrEqual(Math.max(1001, floor));
          expect(missing).toBeLessThan(highest);
          const before = askedAt.get(missing) ?? [];
          if (before.length > 0) expect(now - before.at(-1)!).toBeGreaterThanOrEqual(2 * (nack.roundTrip ?? 50));
          expect(before.length).toBeLessThan(3);
          askedAt.set(missing, [...before, now]);
        }
      }
    }),
  );
});
