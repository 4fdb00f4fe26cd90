import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ArgumentError } from '../../src/errors.ts';
import { CongestionFeedbackPace } from '../../src/rtcp/congestion-feedback-pace.ts';

describe('the pace of congestion feedback', () => {
  it('makes nothing due while nothing has arrived', () => {
    const pace = new CongestionFeedbackPace();
    expect(pace.dueAt).toBeUndefined();
    pace.onPacket(0, true);
    pace.onFeedback(100, 10);
    expect(pace.dueAt).toBeUndefined();
  });

  it('makes feedback due at the end of a frame', () => {
    const pace = new CongestionFeedbackPace();
    pace.onPacket(1000, false);
    pace.onPacket(1005, true);
    expect(pace.dueAt).toBeLessThanOrEqual(1005);
  });

  it('waits 25 ms for the end of a frame, from its first packet on', () => {
    const pace = new CongestionFeedbackPace();
    pace.onPacket(1000, false);
    pace.onPacket(1020, false);
    expect(pace.dueAt).toBe(1025);
  });

  it('keeps 25 ms between small feedback', () => {
    const pace = new CongestionFeedbackPace();
    pace.onPacket(1000, true);
    pace.onFeedback(100, 1000);
    pace.onPacket(1001, true);
    expect(pace.dueAt).toBe(1025);
  });

  it('holds feedback back until the last one is paid for, 500 ms at most', () => {
    const pace = new CongestionFeedbackPace();
    pace.onPacket(1000, true);
    pace.onFeedback(6250, 1000);
    pace.onPacket(1001, true);
    expect(pace.dueAt).toBe(1100);
    pace.onFeedback(1_000_000, 1100);
    pace.onPacket(1101, true);
    expect(pace.dueAt).toBe(1600);
  });

  it('forgets what was paid for', () => {
    const pace = new CongestionFeedbackPace();
    pace.onPacket(0, true);
    pace.onFeedback(6250, 0);
    pace.onPacket(60, true);
    pace.onFeedback(625, 60);
    pace.onPacket(60, true);
    expect(pace.dueAt).toBe(60 + 40 + 10);
    pace.onFeedback(625, 10_000);
    pace.onPacket(10_000, true);
    expect(pace.dueAt).toBe(10_025);
  });

  it('takes at most 500 kbit/s, whatever the feedback, as long as that is not more than 500 ms of it', () => {
    const sizes = fc.array(fc.integer({ min: 40, max: 20_000 }), { minLength: 5, maxLength: 200 });
    fc.assert(
      fc.property(sizes, (feedback) => {
        const pace = new CongestionFeedbackPace();
        let now = 0;
        let bytes = 0;
        for (const size of feedback) {
          pace.onPacket(now, true);
          now = pace.dueAt ?? Number.NaN;
          expect(bytes * 8).toBeLessThanOrEqual(500 * now + 1e-6);
          pace.onFeedback(size, now);
          bytes += size;
        }
      }),
    );
  });

  it('goes by the options', () => {
    const pace = new CongestionFeedbackPace({ minInterval: 50, maxInterval: 200, maxFrameWait: 10, maxRate: 80_000 });
    pace.onPacket(0, false);
    expect(pace.dueAt).toBe(10);
    pace.onFeedback(100, 0);
    pace.onPacket(0, true);
    expect(pace.dueAt).toBe(50);
    pace.onFeedback(1000, 50);
    pace.onPacket(0, true);
    expect(pace.dueAt).toBe(50 + 100);
    pace.onFeedback(10_000, 150);
    pace.onPacket(0, true);
    expect(pace.dueAt).toBe(150 + 200);
  });

  it.each([
    { minInterval: -1 },
    { minInterval: 600 },
    { maxInterval: Number.NaN },
    { maxFrameWait: -1 },
    { maxRate: 0 },
  ])('is refused when it leaves no time or no rate: %o', (options) => {
    expect(() => new CongestionFeedbackPace(options)).toThrow(ArgumentError);
  });
});
