import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { circularDistance, sequenceDistance, Unwrapper } from '../../src/sequence.ts';

describe('the distance on a circle', () => {
  test.each([8, 15, 16, 32])('%i bits: the shorter way round, negative when behind', (bits) => {
    const modulus = 2 ** bits;
    fc.assert(
      fc.property(fc.nat(modulus - 1), fc.integer({ min: -modulus / 2, max: modulus / 2 - 1 }), (from, distance) => {
        const to = (((from + distance) % modulus) + modulus) % modulus;
        expect(circularDistance(to, from, bits)).toBe(distance);
        if (bits === 16) expect(sequenceDistance(to, from)).toBe(distance);
      }),
    );
  });
});

describe('an unwrapper', () => {
  test.each([8, 15, 16, 32])(
    '%i bits: gives the original numbers back, however often they wrap and whatever order they come in',
    (bits) => {
      const modulus = 2 ** bits;
      fc.assert(
        fc.property(
          fc.nat(modulus - 1),
          fc.array(fc.integer({ min: -modulus / 2 + 1, max: modulus / 2 - 1 }), { maxLength: 100 }),
          (first, steps) => {
            const unwrapper = new Unwrapper(bits);
            expect(unwrapper.unwrap(first)).toBe(first);
            let highest = first;
            for (const step of steps) {
              const original = highest + step;
              const wrapped = ((original % modulus) + modulus) % modulus;
              expect(unwrapper.peek(wrapped)).toBe(original);
              expect(unwrapper.unwrap(wrapped)).toBe(original);
              highest = Math.max(highest, original);
            }
          },
        ),
      );
    },
  );

  test('looks without remembering', () => {
    const unwrapper = new Unwrapper(8);
    unwrapper.unwrap(10);
    expect(unwrapper.peek(130)).toBe(130);
    expect(unwrapper.peek(140)).toBe(-116);
    expect(unwrapper.unwrap(130)).toBe(130);
    expect(unwrapper.peek(140)).toBe(140);
  });
});
