import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ArgumentError } from '../../src/errors.ts';
import { TokenBucket } from '../../src/token-bucket.ts';

test('over any stretch of time no more is let through than the burst and what the rate allows', () => {
  const steps = fc.array(fc.double({ min: 0, max: 200, noNaN: true }), { minLength: 1, maxLength: 200 });
  const limits = fc.record({ rate: fc.integer({ min: 1, max: 1000 }), burst: fc.integer({ min: 1, max: 50 }) });
  fc.assert(
    fc.property(limits, steps, (limit, gaps) => {
      const bucket = new TokenBucket(limit);
      const taken: number[] = [];
      let now = 0;
      for (const gap of gaps) {
        now += gap;
        if (bucket.take(now)) taken.push(now);
      }
      for (const [first, from] of taken.entries()) {
        for (const [last, to] of taken.entries()) {
          if (last < first) continue;
          const allowed = limit.burst + ((to - from) / 1000) * limit.rate;
          expect(last - first + 1).toBeLessThanOrEqual(allowed + 1e-6);
        }
      }
    }),
  );
});

test('who keeps to the rate is never refused, and a rest gives back the burst, no more', () => {
  const bucket = new TokenBucket({ rate: 10, burst: 3 });
  for (let n = 0; n < 100; n++) expect(bucket.take(n * 100)).toBe(true);
  const rested = [1, 2, 3, 4].map(() => bucket.take(60_000));
  expect(rested).toEqual([true, true, true, false]);
});

test.each([
  { rate: 0, burst: 1 },
  { rate: Number.NaN, burst: 1 },
  { rate: 1, burst: 0 },
])('a limit that lets nothing through is an error: %o', (limit) => {
  expect(() => new TokenBucket(limit)).toThrow(ArgumentError);
});
