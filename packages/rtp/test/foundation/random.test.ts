import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Random, seededRandom, systemRandom } from '../../src/random.ts';

const draw = (random: Random, count = 8) => Array.from({ length: count }, () => random.next());
const seed = fc.integer({ min: 0, max: 2 ** 32 - 1 });

test('the same seed gives the same numbers; seeds count modulo 2^32', () => {
  fc.assert(
    fc.property(seed, (each) => {
      expect(draw(seededRandom(each))).toEqual(draw(seededRandom(each)));
      expect(draw(seededRandom(each + 2 ** 32))).toEqual(draw(seededRandom(each)));
      expect(draw(seededRandom(each + 2 ** 32).fork('a'))).toEqual(draw(seededRandom(each).fork('a')));
      expect(draw(seededRandom((each + 1) % 2 ** 32))).not.toEqual(draw(seededRandom(each)));
    }),
  );
});

test('floats are in [0, 1), integers in the range with both its ends', () => {
  fc.assert(
    fc.property(seed, fc.integer(), fc.nat(1e6), (each, min, span) => {
      const random = seededRandom(each);
      for (let i = 0; i < 20; i++) {
        const float = random.next();
        expect(float >= 0 && float < 1).toBe(true);
        const integer = random.integer(min, min + span);
        expect(Number.isInteger(integer) && integer >= min && integer <= min + span).toBe(true);
      }
    }),
  );
});

describe('a fork', () => {
  test('depends on seed and labels alone, whatever was drawn before, beside or below it', () => {
    fc.assert(
      fc.property(seed, fc.string(), fc.string(), fc.nat(20), (each, label, other, drawn) => {
        const plain = seededRandom(each);
        const expected = draw(plain.fork(label).fork('below'));
        const busy = seededRandom(each);
        draw(busy, drawn);
        draw(busy.fork(other), drawn);
        const fork = busy.fork(label);
        draw(fork, drawn);
        expect(draw(fork.fork('below'))).toEqual(expected);
        const untouched = seededRandom(each);
        untouched.fork(label).next();
        expect(draw(untouched)).toEqual(draw(seededRandom(each)));
      }),
    );
  });

  test('is another stream under every label and in every parent', () => {
    fc.assert(
      fc.property(seed, fc.uniqueArray(fc.string(), { maxLength: 20 }), (each, labels) => {
        const root = seededRandom(each);
        const streams = [root, ...labels.flatMap((label) => [root.fork(label), root.fork('parent/').fork(label)])];
        const firsts = streams.map((stream) => draw(stream, 3).join());
        expect(new Set(firsts).size).toBe(firsts.length);
      }),
    );
  });
});

describe('roughly uniform: chi-squared over 16 bins below the 0.1 % bound', () => {
  const CRITICAL_15 = 37.7;
  const chiSquared = (bins: number[], count: number) =>
    bins.reduce((sum, bin) => sum + (bin - count / bins.length) ** 2 / (count / bins.length), 0);
  const count = 16_000;

  test.each([1, 2, 3, 0x7fffffff])('seed %i: floats, integers, first numbers of forks', (each) => {
    const random = seededRandom(each);
    const floats = Array<number>(16).fill(0);
    const integers = Array<number>(16).fill(0);
    const forks = Array<number>(16).fill(0);
    for (let i = 0; i < count; i++) {
      floats[Math.floor(random.next() * 16)]! += 1;
      integers[random.integer(-8, 7) + 8]! += 1;
      forks[Math.floor(random.fork(`consumer-${i}`).next() * 16)]! += 1;
    }
    for (const bins of [floats, integers, forks]) expect(chiSquared(bins, count)).toBeLessThan(CRITICAL_15);
  });
});

test('without a seed every stream is another one', () => {
  expect(draw(systemRandom())).not.toEqual(draw(systemRandom()));
});
