// Behaviour 30, sans I/O: what is left of an encoding that is throttled.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FrameBoundaries } from '../../src/sfu/frame-boundaries.ts';
import { VideoThrottle } from '../../src/sfu/video-throttle.ts';

interface Packet {
  readonly sequence: number;
  readonly timestamp: number;
  readonly marker: boolean;
  readonly arrival: number;
  readonly frame: number;
  readonly key: boolean;
  readonly first: boolean;
}

/** Frames of `packets` packets each, 30 a second. */
function packetsOf(frames: readonly { key: boolean; packets: number }[]): Packet[] {
  let sequence = 0;
  return frames.flatMap(({ key, packets }, frame) =>
    Array.from({ length: packets }, (_, i) => ({
      sequence: sequence++,
      timestamp: 3000 * frame,
      marker: i === packets - 1,
      arrival: frame * 33,
      frame,
      key,
      first: i === 0,
    })),
  );
}

const frames = fc.array(fc.record({ key: fc.boolean(), packets: fc.integer({ min: 1, max: 4 }) }), { minLength: 20 });

test('row 30: only whole key frames pass, at most one per second, and all from a key frame on when it is over', () => {
  fc.assert(
    fc.property(frames, fc.nat(60), fc.nat(60), (made, from, span) => {
      const throttle = new VideoThrottle();
      const boundaries = new FrameBoundaries();
      const passed = new Map<number, number>();
      for (const packet of packetsOf(made)) {
        if (packet.first && packet.frame === from) throttle.begin(packet.sequence);
        if (packet.first && packet.frame === from + span) throttle.release();
        if (!throttle.admits(packet, boundaries.place(packet), packet.key && packet.first)) continue;
        passed.set(packet.frame, (passed.get(packet.frame) ?? 0) + 1);
      }
      const released = made.findIndex(({ key }, frame) => key && frame >= from + span);
      let last = Number.NEGATIVE_INFINITY;
      for (const [frame, { key, packets }] of made.entries()) {
        const got = passed.get(frame) ?? 0;
        expect([0, packets]).toContain(got);
        if (frame < from || (released >= 0 && frame >= released)) expect(got).toBe(packets);
        else if (got > 0) {
          expect(key).toBe(true);
          expect((frame - last) * 33).toBeGreaterThanOrEqual(1000);
          last = frame;
        }
      }
    }),
  );
});

test('row 30: what repairs a frame of before, or one that passed, passes; what repairs one left out does not', () => {
  const throttle = new VideoThrottle();
  throttle.begin(10);
  expect(throttle.admits({ sequence: 10, arrival: 0 }, 'begins', true)).toBe(true);
  expect(throttle.admits({ sequence: 13, arrival: 33 }, 'begins', true)).toBe(false);
  expect(throttle.admits({ sequence: 9, arrival: 40 }, 'late', false)).toBe(true);
  expect(throttle.admits({ sequence: 11, arrival: 40 }, 'late', false)).toBe(true);
  expect(throttle.admits({ sequence: 14, arrival: 40 }, 'continues', false)).toBe(false);
});
