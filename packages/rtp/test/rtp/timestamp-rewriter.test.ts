import { TimestampRewriter } from '@sluice/rtp';
import fc from 'fast-check';
import { expect, test } from 'vitest';

const FRAME = 3000;
/** How far `a` is ahead of `b` on the circle of 32 bits. */
const ahead = (a: number, b: number) => (a - b) | 0;

test('a source that is on time continues at its true distance', () => {
  const rewriter = new TimestampRewriter();
  rewriter.splice(1000, 1000);
  expect([1000, 4000].map((timestamp) => rewriter.map(timestamp))).toEqual([1000, 4000]);
  rewriter.splice(900_000, 7000);
  expect([900_000, 903_000].map((timestamp) => rewriter.map(timestamp))).toEqual([7000, 10_000]);
  expect(rewriter.offset).toBe((7000 - 900_000) >>> 0);
});

test('a source that lags is squeezed in behind what was sent, and true again once it has caught up', () => {
  const rewriter = new TimestampRewriter();
  rewriter.splice(0, 0);
  rewriter.map(10 * FRAME);
  // The new source begins with the picture of four frames ago.
  rewriter.splice(500_000, 6 * FRAME);
  const outputs = [0, 1, 2, 3, 4, 5, 6].map((frame) => rewriter.map(500_000 + frame * FRAME));
  const squeezed = outputs.slice(0, 5).map((output) => output - 10 * FRAME);
  expect(squeezed).toEqual([1, 12, 24, 36, 47]);
  expect(outputs.slice(5)).toEqual([11 * FRAME, 12 * FRAME]);
  const captured = outputs.map((output, frame) => output - rewriter.lagOf(500_000 + frame * FRAME));
  expect(captured).toEqual([6, 7, 8, 9, 10, 11, 12].map((frame) => frame * FRAME));
});

test('output is strictly forward from frame to frame and equal within a frame, whatever the lag, the wraps and the order', () => {
  const splice = fc.record({
    first: fc.integer({ min: 0, max: 0xffffffff }),
    lag: fc.integer({ min: -90_000, max: 90_000 }),
    frames: fc.array(fc.integer({ min: 300, max: 20_000 }), { minLength: 1, maxLength: 20 }),
  });
  fc.assert(
    fc.property(fc.array(splice, { minLength: 1, maxLength: 8 }), (splices) => {
      const rewriter = new TimestampRewriter();
      let last: number | undefined;
      for (const { first, lag, frames } of splices) {
        rewriter.splice(first, last === undefined ? first : (last + lag) >>> 0);
        let timestamp = first;
        for (const step of [0, ...frames]) {
          timestamp = (timestamp + step) >>> 0;
          const output = rewriter.map(timestamp);
          const due = first + ahead(timestamp, first);
          expect(ahead(output - rewriter.lagOf(timestamp), rewriter.offset + due)).toBe(0);
          expect(rewriter.map(timestamp)).toBe(output);
          if (last !== undefined) expect(ahead(output, last)).toBeGreaterThan(0);
          last = output;
        }
        // A straggler of an earlier frame still gets what its frame got.
        const again = rewriter.map(first);
        expect(ahead(last ?? 0, again)).toBeGreaterThanOrEqual(0);
      }
    }),
  );
});
