import { describe, expect, it } from 'vitest';
import { InterArrival } from '../../src/congestion/inter-arrival.ts';
import { type BandwidthUsage, Trendline } from '../../src/congestion/trendline.ts';

const INTERVAL = 20;

/** Groups sent every 20 ms whose delay grows by `ramp` ms each; the usages after each. */
function feed(trendline: Trendline, groups: number, ramp: (group: number) => number, from = 0): BandwidthUsage[] {
  let arrival = from;
  return Array.from({ length: groups }, (_, group) => {
    const arrivalDelta = INTERVAL + ramp(group);
    arrival += arrivalDelta;
    trendline.update(INTERVAL, arrivalDelta, arrival);
    return trendline.usage;
  });
}

describe('trendline', () => {
  it('stays normal on constant delay', () => {
    expect(feed(new Trendline(), 200, () => 0).every((usage) => usage === 'normal')).toBe(true);
  });

  it('says nothing before its window is full', () => {
    const usages = feed(new Trendline(), 19, () => 5);
    expect(usages.every((usage) => usage === 'normal')).toBe(true);
  });

  it('sees overuse when the delay grows steadily', () => {
    const trendline = new Trendline();
    const usages = feed(trendline, 60, () => 4);
    expect(usages.at(-1)).toBe('overuse');
    // The slope tends to the growth of delay per time of arrival: 4 ms in 24 ms.
    expect(trendline.trend).toBeCloseTo(4 / 24, 2);
  });

  it('sees underuse when it shrinks, and normal again when it has settled', () => {
    const trendline = new Trendline();
    feed(trendline, 60, () => 4);
    expect(feed(trendline, 40, () => -4, 10_000)).toContain('underuse');
    expect(feed(trendline, 60, () => 0, 20_000).at(-1)).toBe('normal');
  });

  it('does not take jitter without trend for overuse', () => {
    const usages = feed(new Trendline(), 500, (group) => (group % 2 === 0 ? 5 : -5));
    expect(usages.filter((usage) => usage === 'overuse')).toEqual([]);
  });

  it('becomes less sensitive under a trend a little beyond its threshold, and sinks back to 6 ms', () => {
    const trendline = new Trendline();
    feed(trendline, 20, () => 0);
    const before = trendline.threshold;
    feed(trendline, 100, () => 1.5, 400);
    expect(trendline.threshold).toBeGreaterThan(before);
    feed(trendline, 2_000, () => 0, 10_000);
    expect(trendline.threshold).toBe(6);
  });
});

describe('inter-arrival', () => {
  it('measures the spacing of groups by their last packets', () => {
    const interArrival = new InterArrival();
    const packets = [
      [0, 100],
      [3, 106],
      [20, 125],
      [24, 131],
      [40, 150],
    ] as const;
    const deltas = packets.map(([sent, received]) => interArrival.onPacket(sent, received, received));
    expect(deltas.filter((delta) => delta !== undefined)).toEqual([{ sendDelta: 21, arrivalDelta: 25 }]);
  });

  it('keeps a burst together that arrives closer than it was sent', () => {
    const interArrival = new InterArrival();
    const burst = [0, 8, 16, 24].map((sent, i) => interArrival.onPacket(sent, 100 + i, 100));
    expect(burst).toEqual([undefined, undefined, undefined, undefined]);
    expect(interArrival.onPacket(60, 160, 160)).toBeUndefined();
    expect(interArrival.onPacket(100, 200, 200)).toEqual({ sendDelta: 36, arrivalDelta: 57 });
  });

  it('passes over packets sent before the group', () => {
    const interArrival = new InterArrival();
    interArrival.onPacket(20, 100, 100);
    expect(interArrival.onPacket(10, 130, 130)).toBeUndefined();
    interArrival.onPacket(40, 140, 140);
    expect(interArrival.onPacket(60, 160, 160)).toEqual({ sendDelta: 20, arrivalDelta: 40 });
  });

  it('starts anew when the receiver’s clock jumps', () => {
    const interArrival = new InterArrival();
    interArrival.onPacket(0, 100, 100);
    interArrival.onPacket(20, 120, 120);
    interArrival.onPacket(40, 10_000, 140);
    expect(interArrival.onPacket(60, 10_020, 160)).toBeUndefined();
    expect(interArrival.onPacket(80, 10_040, 180)).toBeUndefined();
    expect(interArrival.onPacket(100, 10_060, 200)).toBeUndefined();
    expect(interArrival.onPacket(120, 10_080, 220)).toEqual({ sendDelta: 20, arrivalDelta: 20 });
  });
});
