import { describe, expect, it } from 'vitest';
import { DelayBased, type Throughput } from '../../src/congestion/delay-based.ts';

const START = 1_000_000;

const fed = (recent: number, applicationLimited = false): Throughput => ({
  average: recent,
  recent,
  applicationLimited,
});

/** A path on which feedback comes every 100 ms, on ten packets sent 10 ms apart. */
class Path {
  readonly delayBased = new DelayBased(START);
  now = 0;

  /** Feedback on packets whose delay goes from the first value to the second; the estimate afterwards. */
  feed([from, to]: readonly [number, number], throughput = fed(START), probe?: { bitrate?: number }): number {
    const packets = Array.from({ length: 10 }, (_, i) => {
      const sentAt = this.now + 10 * i;
      const receivedAt = sentAt + 50 + from + ((to - from) * i) / 9;
      return { sequence: sentAt, size: 1250, sentAt, receivedAt, ...(probe && { probeCluster: 1 }) };
    });
    this.now += 100;
    this.delayBased.onFeedback(packets, throughput, probe?.bitrate, false, this.now);
    return this.delayBased.estimate;
  }

  /** Three seconds on which nothing waits: the trend's window is full, and the shortest delay known. */
  settle(): this {
    for (let i = 0; i < 30; i++) this.feed([0, 0]);
    return this;
  }
}

describe('the delay-based estimate', () => {
  it('is lowered at the first sign of a queue that grows, not only when it lasts', () => {
    const path = new Path().settle();
    const before = path.delayBased.estimate;
    const estimates = [0, 1, 2].map((i) => path.feed([20 * i, 20 * (i + 1)]));
    expect(path.delayBased.usage).toBe('overuse');
    expect(estimates.at(-1)).toBeCloseTo(0.92 * START - 5000, -2);
    expect(estimates.at(-1)).toBeLessThan(before);
  });

  it('does not take what a rate it has lowered brings for what the path carries', () => {
    const path = new Path().settle();
    for (let i = 0; i < 3; i++) path.feed([20 * i, 20 * (i + 1)]);
    expect(path.delayBased.drainPhase).toBe('drain');
    const first = path.delayBased.estimate;
    // The queue grows on, for all that only a third arrives: somebody else fills it.
    for (let i = 0; i < 4; i++) path.feed([60 + i, 61 + i], fed(START / 3));
    const steps = Math.log(path.delayBased.estimate / first) / Math.log(0.92);
    expect(steps).toBeLessThan(2.2);
    expect(path.delayBased.estimate).toBeLessThanOrEqual(first);
  });

  it('goes down to what arrives once the queue is long, by half at a time', () => {
    const path = new Path().settle();
    for (let i = 0; i < 6; i++) path.feed([60 * i, 60 * (i + 1)], fed(200_000));
    expect(path.delayBased.estimate).toBeLessThan(0.51 * START);
    for (let i = 0; i < 6; i++) path.feed([360 + 10 * i, 370 + 10 * i], fed(200_000));
    expect(path.delayBased.estimate).toBeLessThan(200_000);
  });

  it('takes off little while the application sends little, unless it fills a long queue', () => {
    const short = new Path().settle();
    for (let i = 0; i < 3; i++) short.feed([20 * i, 20 * (i + 1)], fed(100_000, true));
    expect(short.delayBased.usage).toBe('overuse');
    expect(short.delayBased.estimate).toBeGreaterThan(0.84 * START);
    const long = new Path().settle();
    for (let i = 0; i < 6; i++) long.feed([60 * i, 60 * (i + 1)], fed(100_000, true));
    expect(long.delayBased.estimate).toBeLessThan(0.51 * START);
  });

  it('takes the result of a probe for what it is, not the queue that the probe made', () => {
    const path = new Path().settle();
    const before = path.delayBased.estimate;
    path.feed([0, 40], fed(START), {});
    expect(path.feed([40, 60], fed(START), { bitrate: 1_300_000 })).toBe(1_300_000);
    expect(path.delayBased.usage).toBe('overuse');
    const unprobed = new Path().settle();
    unprobed.feed([0, 40]);
    expect(unprobed.feed([40, 60])).toBeLessThan(before);
  });

  it('grows on while the rest of a queue is drained, and not before', () => {
    const path = new Path().settle();
    for (let i = 0; i < 3; i++) path.feed([20 * i, 20 * (i + 1)]);
    const lowered = path.delayBased.estimate;
    expect(path.feed([60, 51])).toBeLessThanOrEqual(lowered);
    for (let i = 0; i < 8; i++) path.feed([48 - i, 47 - i]);
    expect(path.delayBased.drainPhase).toBe('drain');
    expect(path.delayBased.estimate).toBeGreaterThan(lowered);
  });
});
