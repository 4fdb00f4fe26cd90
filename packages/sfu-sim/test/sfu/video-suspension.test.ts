// Behaviours 14 to 19b, as far as they are decided without a network.

import { ArgumentError } from '@sluice/rtp';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { resolveVideoSuspension, VideoSuspension } from '../../src/sfu/video-suspension.ts';

/** Evaluations 100 ms apart; the states after each. */
function follow(suspension: VideoSuspension, estimates: readonly (number | undefined)[], from = 0): string[] {
  return estimates.map((estimate, i) => {
    suspension.evaluate(estimate, from + 100 * i);
    return suspension.state;
  });
}

describe('video suspension', () => {
  it('row 14: begins after two evaluations below 10 kbit/s', () => {
    expect(follow(new VideoSuspension(), [9_999, 9_999])).toEqual(['video', 'suspended']);
  });

  it('row 15: does nothing after a single one', () => {
    const states = follow(new VideoSuspension(), [9_000, 500_000, 9_000, 80_000, 20_000, 90_000]);
    expect(new Set(states)).toEqual(new Set(['video']));
  });

  it('row 16: leaves audio alone below 80 kbit/s, and below 150 once video is gone', () => {
    expect(follow(new VideoSuspension(), [79_000, 79_000, 149_999, 149_999, 100_000])).toEqual([
      'video',
      'audio-only',
      'audio-only',
      'audio-only',
      'audio-only',
    ]);
  });

  it('row 17: ends step by step: audio only from 80 kbit/s, video from 150', () => {
    const suspension = new VideoSuspension();
    follow(suspension, [5_000, 5_000]);
    expect(follow(suspension, [79_999, 80_000, 149_999, 150_000], 200)).toEqual([
      'suspended',
      'audio-only',
      'audio-only',
      'video',
    ]);
    expect(suspension.reason).toBe('video: estimate 150 kbit/s >= 150 kbit/s');
  });

  it('row 18: gives the better state at the exact value', () => {
    expect(follow(new VideoSuspension(), [80_000, 80_000, 80_000])).toEqual(['video', 'video', 'video']);
    expect(follow(new VideoSuspension(), [10_000, 10_000])).toEqual(['video', 'audio-only']);
  });

  it.each([
    { suspendBelow: 90_000 },
    { audioOnlyBelow: 160_000 },
    { suspendBelow: -1 },
    { restoreFrom: Number.NaN },
    { streak: 0 },
    { streak: 1.5 },
    { interval: 0 },
  ])('row 18: refuses %o', (options) => {
    expect(() => resolveVideoSuspension(options)).toThrow(ArgumentError);
  });

  it('row 19: counts evaluations by time, not by packet', () => {
    const suspension = new VideoSuspension();
    for (let now = 0; now < 100; now++) suspension.evaluate(5_000, now);
    expect(suspension.state).toBe('video');
    suspension.evaluate(5_000, 100);
    expect(suspension.state).toBe('suspended');
  });

  it('row 19: holds nothing back before there is an estimate', () => {
    expect(follow(new VideoSuspension(), [undefined, undefined, undefined])).toEqual(['video', 'video', 'video']);
  });

  it('row 19b: changes once at most around 120 kbit/s', () => {
    const estimate = fc.integer({ min: 96_000, max: 144_000 });
    fc.assert(
      fc.property(fc.array(estimate, { minLength: 50 }), fc.boolean(), (estimates, startsLow) => {
        const suspension = new VideoSuspension();
        if (startsLow) follow(suspension, [60_000, 60_000]);
        const states = follow(suspension, estimates, 200);
        expect(new Set(states).size).toBe(1);
      }),
    );
  });

  it('tells of each change with its reason, and of nothing else', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 300_000 })), (estimates) => {
        const suspension = new VideoSuspension();
        let state = suspension.state;
        for (const [i, estimate] of estimates.entries()) {
          const change = suspension.evaluate(estimate, 100 * i);
          expect(change === undefined).toBe(suspension.state === state);
          if (change === undefined) continue;
          expect(change).toMatchObject({ from: state, to: suspension.state, reason: suspension.reason });
          state = suspension.state;
        }
      }),
    );
  });
});
