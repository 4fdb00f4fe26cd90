import fc from 'fast-check';
import { expect, test } from 'vitest';
import { KeyFrameArbiter } from '../../src/recovery/key-frame-arbiter.ts';
import { KeyFrameShare } from '../../src/recovery/key-frame-share.ts';

const FRAME = 33;
const WINDOW = 10_000;

test('key frames of 9000 bytes a second beside 29 frames of 1000 are 9/38 of it', () => {
  const share = new KeyFrameShare();
  for (let i = 0; i < 450; i++) {
    const keyFrame = i % 30 === 0;
    // A key frame comes in three packets.
    for (let part = 0; part < (keyFrame ? 3 : 1); part++) {
      share.add(keyFrame ? 3000 : 1000, i * 3000, keyFrame && part === 0, (i * 1000) / 30);
    }
    if (i === 140) expect(share.share((i * 1000) / 30)).toBeUndefined();
  }
  expect(share.share(15_000)).toBeCloseTo(9 / 38, 1);
  const next = share.shareWithAnother(15_000);
  expect(next).toBeGreaterThan(share.share(15_000) ?? 1);
  expect(next).toBeCloseTo((9 * 10 + 9) / (38 * 10 + 9), 1);
  share.reset();
  expect(share.share(15_000)).toBeUndefined();
});

test('row 24a: whatever the subscribers ask for, key frames stay below their share of the bit rate over any 10 s', () => {
  const run = fc.record({
    keyFrame: fc.integer({ min: 2000, max: 60_000 }),
    maxShare: fc.double({ min: 0.1, max: 0.9, noNaN: true }),
    wants: fc.array(fc.integer({ min: 0, max: 60_000 }), { minLength: 1, maxLength: 400 }),
  });
  let heldBack = 0;
  fc.assert(
    fc.property(run, ({ keyFrame, maxShare, wants }) => {
      const arbiter = new KeyFrameArbiter({ maxShare });
      const share = new KeyFrameShare();
      const frames: { at: number; size: number; isKey: boolean }[] = [];
      const due = wants.toSorted((a, b) => a - b);
      let asked = true;
      for (let now = 0; now < 60_000; now += FRAME) {
        share.add(asked ? keyFrame : 1000, now, asked, now);
        frames.push({ at: now, size: asked ? keyFrame : 1000, isKey: asked });
        if (asked) arbiter.onKeyFrame(now);
        while ((due[0] ?? Number.POSITIVE_INFINITY) <= now) {
          arbiter.want('join');
          due.shift();
        }
        const next = share.shareWithAnother(now);
        asked = arbiter.poll(now, next) === 'ask';
        if (arbiter.wantedBecause !== undefined && (next ?? 0) > maxShare) heldBack += 1;
      }
      // Before there is a window to speak of, and the first second after it, requests pass.
      for (let from = 6000; from + WINDOW < 60_000; from += 500) {
        const within = frames.filter(({ at }) => at >= from && at < from + WINDOW);
        const total = within.reduce((sum, { size }) => sum + size, 0);
        const ofKeyFrames = within.reduce((sum, { size, isKey }) => sum + (isKey ? size : 0), 0);
        // The window is measured in steps of a second: one key frame may be in it still or already.
        expect(ofKeyFrames - keyFrame).toBeLessThanOrEqual(maxShare * total);
      }
    }),
    { numRuns: 60 },
  );
  expect(heldBack).toBeGreaterThan(0);
});
