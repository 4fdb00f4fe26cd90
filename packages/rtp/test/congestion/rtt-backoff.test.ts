import { describe, expect, it } from 'vitest';
import { RttBackoff } from '../../src/congestion/rtt-backoff.ts';

describe('round-trip back-off', () => {
  it('lowers the rate by a fifth each second while feedback has stopped for more than 3 s', () => {
    const backoff = new RttBackoff();
    backoff.onRtt(100, 0);
    const lowered: number[] = [];
    for (let now = 0; now <= 6_000; now += 50) {
      backoff.onPacketSent(now);
      if (backoff.backOff(1_000_000, now) !== undefined) lowered.push(now);
    }
    expect(lowered).toEqual([2_950, 3_950, 4_950, 5_950]);
    expect(backoff.backOff(1_000_000, 7_000)).toBe(800_000);
  });

  it('rests while nothing is sent', () => {
    const backoff = new RttBackoff();
    backoff.onRtt(100, 0);
    backoff.onPacketSent(10);
    expect(backoff.backOff(1_000_000, 60_000)).toBeUndefined();
  });

  it('ends with the next feedback', () => {
    const backoff = new RttBackoff();
    backoff.onRtt(100, 0);
    backoff.onPacketSent(5_000);
    expect(backoff.active).toBe(true);
    backoff.onRtt(100, 5_100);
    expect(backoff.active).toBe(false);
  });

  it('says what the rate was before, once, when the path is back', () => {
    const backoff = new RttBackoff();
    backoff.onRtt(100, 0);
    backoff.onPacketSent(5_000);
    backoff.backOff(1_000_000, 5_000);
    backoff.backOff(800_000, 6_000);
    expect(backoff.onRtt(100, 6_100)).toBe(1_000_000);
    expect(backoff.onRtt(100, 6_200)).toBeUndefined();
  });
});
