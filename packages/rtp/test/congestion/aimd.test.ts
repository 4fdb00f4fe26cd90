import { describe, expect, it } from 'vitest';
import { AIMD_DEFAULTS, Aimd, type AimdOptions } from '../../src/congestion/aimd.ts';

/** The ways of libwebrtc, whose worked values are known. */
const LIBWEBRTC: AimdOptions = {
  ...AIMD_DEFAULTS,
  commonRtt: undefined,
  decreaseFactor: 0.85,
  minDecreaseInterval: 10,
  maxDecreaseInterval: 200,
};

/** Calm feedback every 100 ms for so long; the time afterwards. */
function runCalmly(aimd: Aimd, acknowledged: number, from: number, duration: number): number {
  let now = from;
  for (; now < from + duration; now += 100) aimd.update('normal', acknowledged, now);
  return now;
}

describe('additive increase near a known capacity', () => {
  it.each([
    { estimate: 30_000, rtt: 200, expected: 4_000 },
    { estimate: 90_000, rtt: 200, expected: 5_000 },
    { estimate: 60_000, rtt: 100, expected: 5_000 },
    { estimate: 216_000, rtt: 200, expected: 12_000 },
  ])('is $expected bit/s per second at $estimate bit/s with a round trip of $rtt ms', ({ estimate, rtt, expected }) => {
    const aimd = new Aimd(estimate, LIBWEBRTC);
    aimd.setRtt(rtt);
    expect(aimd.additiveIncrease).toBeCloseTo(expected, 6);
  });

  it('is the same whatever the round trip, unless it is told to go by it', () => {
    const near = new Aimd(1_000_000);
    near.setRtt(20);
    const far = new Aimd(1_000_000);
    far.setRtt(300);
    expect(near.additiveIncrease).toBe(far.additiveIncrease);
  });

  it('adds that much over a second once an overuse has told the capacity', () => {
    const aimd = new Aimd(300_000);
    aimd.update('overuse', 300_000, 0);
    const after = aimd.estimate;
    aimd.update('normal', 300_000, 100);
    const increase = aimd.additiveIncrease;
    aimd.update('normal', 300_000, 1_100);
    expect(aimd.estimate - after).toBeCloseTo(increase, 6);
  });
});

describe('decrease', () => {
  it('goes to 0.85 of what arrives less 5 kbit/s, and expects the next one when that is won back', () => {
    const aimd = new Aimd(264_000, LIBWEBRTC);
    aimd.update('overuse', (216_000 + 5_000) / 0.85, 0);
    expect(aimd.estimate).toBeCloseTo(216_000, 6);
    expect(aimd.additiveIncrease).toBeCloseTo(12_000, 6);
    expect(aimd.expectedDecreasePeriod).toBeCloseTo(4_000, 6);
  });

  it('expects a period of 3 s before the first one, and at least 2 s and at most 50 s later', () => {
    const aimd = new Aimd(300_000, LIBWEBRTC);
    expect(aimd.expectedDecreasePeriod).toBe(3_000);
    aimd.update('overuse', 299_000 / 0.85, 0);
    expect(aimd.expectedDecreasePeriod).toBe(3_000);
    aimd.update('overuse', 290_000, 300);
    expect(aimd.expectedDecreasePeriod).toBeGreaterThanOrEqual(2_000);
    const free = new Aimd(300_000, { ...LIBWEBRTC, minDecreaseRatio: 0 });
    free.update('overuse', 5_000, 600);
    expect(free.expectedDecreasePeriod).toBe(50_000);
  });

  it('halves the rate at most, and takes off no more than 15 % while the application sends little', () => {
    const aimd = new Aimd(400_000);
    aimd.update('overuse', 20_000, 0);
    expect(aimd.estimate).toBe(200_000);
    const limited = new Aimd(400_000);
    limited.update('overuse', 20_000, 0, { applicationLimited: true });
    expect(limited.estimate).toBe(340_000);
  });

  it('goes as low as the path has carried for a second, where that is known', () => {
    const aimd = new Aimd(400_000);
    aimd.update('overuse', 20_000, 0, { carried: 30_000 });
    expect(aimd.estimate).toBeCloseTo(0.92 * 30_000, 6);
  });

  it('never raises the rate, even when more arrives than was allowed', () => {
    const aimd = new Aimd(300_000);
    aimd.update('overuse', 1_000_000, 0);
    expect(aimd.estimate).toBe(300_000);
  });

  it('comes once a round trip, or at once when less than half arrives', () => {
    const aimd = new Aimd(300_000, LIBWEBRTC);
    aimd.setRtt(100);
    aimd.update('overuse', 290_000, 1_000);
    expect(aimd.mayDecrease(200_000, false, 1_099)).toBe(false);
    expect(aimd.mayDecrease(200_000, false, 1_100)).toBe(true);
    expect(aimd.mayDecrease(100_000, false, 1_001)).toBe(true);
  });

  it('comes not so soon after an increase, unless it is urgent', () => {
    const aimd = new Aimd(300_000);
    aimd.update('overuse', 290_000, 1_000);
    aimd.update('normal', 290_000, 1_250);
    expect(aimd.mayDecrease(200_000, false, 1_350)).toBe(false);
    expect(aimd.mayDecrease(200_000, true, 1_299)).toBe(false);
    expect(aimd.mayDecrease(200_000, true, 1_300)).toBe(true);
  });

  it('gives way to others by 15 %, once in two round trips', () => {
    const aimd = new Aimd(400_000);
    aimd.setRtt(100);
    for (let now = 1_000; now < 1_400; now += 50) aimd.yield(now);
    expect(aimd.estimate).toBeCloseTo(400_000 * 0.85 ** 2, 6);
  });

  it('halves at most every 200 ms while nothing has been acknowledged', () => {
    const aimd = new Aimd(400_000, LIBWEBRTC);
    expect([0, 100, 200].map((now) => aimd.halve(now))).toEqual([true, false, true]);
    expect(aimd.estimate).toBe(100_000);
  });

  it('stops at the floor', () => {
    const aimd = new Aimd(6_000);
    aimd.update('overuse', 1_000, 0);
    expect(aimd.estimate).toBe(5_000);
  });
});

describe('multiplicative increase', () => {
  it('grows by 8 % in a second while the capacity is unknown', () => {
    const aimd = new Aimd(1_000_000);
    aimd.update('normal', 1_000_000, 0);
    const start = aimd.estimate;
    aimd.update('normal', 1_000_000, 1_000);
    expect(aimd.estimate / start).toBeCloseTo(1.08, 6);
  });

  it('ends at 1.5 times what arrives plus 10 kbit/s', () => {
    const aimd = new Aimd(5_000);
    runCalmly(aimd, 10_000, 0, 20_000);
    expect(aimd.estimate).toBe(25_000);
  });

  it('adds a packet per round trip in each round trip beside those who do the same', () => {
    const grownBy = (rtt: number, competing: boolean) => {
      const aimd = new Aimd(300_000);
      aimd.setRtt(rtt);
      aimd.update('overuse', 300_000, 0);
      aimd.update('normal', 300_000, 100, { competing });
      const before = aimd.estimate;
      aimd.update('normal', 300_000, 1_100, { competing });
      return aimd.estimate - before;
    };
    expect(grownBy(400, true)).toBeCloseTo(9_600 / 0.4 ** 2, 6);
    expect(grownBy(400, false)).toBeLessThan(30_000);
    expect(grownBy(2_000, true), 'never less than alone').toBeCloseTo(grownBy(2_000, false), 6);
  });

  it('waits while the queue drains', () => {
    const aimd = new Aimd(300_000);
    for (let now = 0; now < 5_000; now += 100) aimd.update('underuse', 300_000, now);
    expect(aimd.estimate).toBe(300_000);
  });

  it('resumes when so much arrives that the known capacity must have changed', () => {
    const aimd = new Aimd(500_000);
    aimd.update('overuse', 500_000, 0);
    expect(aimd.linkCapacity).toBe(500_000);
    aimd.update('normal', 700_000, 200);
    expect(aimd.linkCapacity).toBeUndefined();
  });

  it('resumes when a probe finds more than the known capacity', () => {
    const aimd = new Aimd(500_000);
    aimd.update('overuse', 500_000, 0);
    aimd.setProbeResult(900_000, 200);
    expect(aimd.estimate).toBe(900_000);
    expect(aimd.linkCapacity).toBeUndefined();
  });
});
