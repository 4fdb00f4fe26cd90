// A fuzz session: that it finds what is there, says how to repeat it, and makes it small.

import { expect, test } from 'vitest';
import { minimize } from '../fuzz/minimize.ts';
import { fuzz } from '../fuzz/session.ts';
import { check, type FuzzTarget } from '../fuzz/target.ts';

/** A target that fails where the input has that byte. */
function allergic(name: string, byte: number, seen: string[] = []): FuzzTarget {
  return {
    name,
    weight: 1,
    generate: (random) => Uint8Array.from({ length: 20 }, () => random.integer(0, 255)),
    run: (input) => {
      seen.push(Buffer.from(input).toString('hex'));
      check(!input.includes(byte), `There is a ${byte}.`);
    },
  };
}

const calm: FuzzTarget = { name: 'calm', weight: 3, generate: () => new Uint8Array(1), run: () => {} };

test('without findings, all inputs are handled, shared out by weight', () => {
  const other: FuzzTarget = { ...calm, name: 'other', weight: 1 };
  const { runs, targets, findings } = fuzz([calm, other], { runs: 4000, seed: 1 });
  expect(runs).toBe(4000);
  expect(findings).toEqual([]);
  const [first = 0, second = 0] = targets.map((count) => count.runs);
  expect(first + second).toBe(4000);
  expect(first / second).toBeGreaterThan(2.5);
  expect(first / second).toBeLessThan(3.5);
});

test('the same seed gives the same inputs, another seed others', () => {
  const inputsOf = (seed: number) => {
    const seen: string[] = [];
    fuzz([allergic('target', 300, seen)], { runs: 50, seed });
    return seen;
  };
  expect(inputsOf(7)).toEqual(inputsOf(7));
  expect(inputsOf(7)[0]).not.toBe(inputsOf(1000)[0]);
});

test('a finding comes with its run, its message and the smallest input', () => {
  const { findings } = fuzz([calm, allergic('target', 77)], { runs: 5000, seed: 3 });
  expect(findings).toHaveLength(1);
  expect(findings[0]).toMatchObject({ target: 'target', input: '4d', needsHistory: false });
  expect(findings[0]?.message).toContain('There is a 77.');
});

test('a finding is repeated by the seed of its run alone', () => {
  const [found] = fuzz([calm, allergic('target', 77)], { runs: 5000, seed: 3 }).findings;
  const { findings } = fuzz([allergic('target', 77)], { runs: 1, seed: found?.seed ?? 0 });
  expect(findings).toMatchObject([{ run: 0, input: '4d' }]);
});

test('a target with a finding takes no more part; the others go on', () => {
  const { runs, targets } = fuzz([calm, allergic('target', 77)], { runs: 5000, seed: 3 });
  expect(runs).toBe(5000);
  const counts = Object.fromEntries(targets.map((count) => [count.name, count.runs]));
  expect(counts['target']).toBeLessThan(200);
  expect((counts['target'] ?? 0) + (counts['calm'] ?? 0)).toBe(5000);
});

test('what fails only after other inputs is said to need them', () => {
  let handled = 0;
  const tiring: FuzzTarget = {
    ...calm,
    name: 'tiring',
    restart: () => {
      handled = 0;
    },
    run: () => check(++handled < 10, 'Enough.'),
  };
  const { findings } = fuzz([tiring], { runs: 100, seed: 1 });
  expect(findings).toMatchObject([{ target: 'tiring', run: 9, needsHistory: true }]);
});

test('a slow input is a finding only when it is slow again', () => {
  let now = 0;
  let hiccups = 1;
  const target: FuzzTarget = {
    ...allergic('target', 300),
    run: (input) => {
      now += input.includes(200) ? 80 : 1;
      if (hiccups-- > 0) now += 500;
    },
  };
  const { findings, targets } = fuzz([target], { runs: 300, seed: 1, now: () => now });
  expect(findings).toMatchObject([{ target: 'target', input: 'c8' }]);
  expect(findings[0]?.message).toContain('It took 80 ms, more than 50.');
  expect(targets[0]?.slowest).toBe(501);
});

test('an input is made small and plain', () => {
  const fails = (input: Uint8Array) => input.includes(5) && input.length >= 3;
  const input = Uint8Array.from({ length: 500 }, (_, i) => (i === 333 ? 5 : 9));
  expect([...minimize(input, fails)].sort()).toEqual([0, 0, 5]);
});
