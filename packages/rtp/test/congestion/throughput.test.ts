import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AcknowledgedRate } from '../../src/congestion/acknowledged-rate.ts';
import { ApplicationLimited } from '../../src/congestion/application-limited.ts';
import type { PacketResult } from '../../src/congestion/controller.ts';

const SIZE = 1_000;
const OFFSET = 5_000;

/** Packets of 1000 byte every 10 ms: 800 kbit/s. */
function stream(count: number, change: (i: number, packet: PacketResult) => PacketResult = (_, packet) => packet) {
  return Array.from({ length: count }, (_, i) =>
    change(i, { sequence: i, size: SIZE, sentAt: i * 10, receivedAt: OFFSET + i * 10 }),
  );
}

describe('acknowledged rate', () => {
  it('needs ten packets', () => {
    const rate = new AcknowledgedRate();
    rate.onFeedback(stream(9));
    expect(rate.bitrate).toBeUndefined();
    rate.onFeedback(stream(10).slice(9));
    expect(rate.bitrate).toBeCloseTo(800_000, 6);
  });

  it('passes over lost packets: what is lost has not arrived', () => {
    const rate = new AcknowledgedRate();
    rate.onFeedback(stream(100, (i, p) => (i % 2 === 1 ? { ...p, receivedAt: undefined } : p)));
    expect(rate.bitrate).toBeCloseTo(400_000, 6);
  });

  it('is not taken in by a burst of arrivals: the rate of sending bounds it', () => {
    const rate = new AcknowledgedRate();
    rate.onFeedback(stream(100, (i, p) => ({ ...p, receivedAt: OFFSET + i })));
    expect(rate.bitrate).toBeCloseTo(800_000, 6);
  });

  it('is not taken in by one stall on the way', () => {
    const rate = new AcknowledgedRate();
    rate.onFeedback(stream(60, (i, p) => ({ ...p, receivedAt: OFFSET + i * 10 + (i >= 30 ? 400 : 0) })));
    expect(rate.bitrate).toBeCloseTo(800_000, 6);
  });

  it('gives the same whatever the order within a feedback', () => {
    fc.assert(
      fc.property(fc.shuffledSubarray(stream(60), { minLength: 20 }), (packets) => {
        const shuffled = new AcknowledgedRate();
        shuffled.onFeedback(packets);
        const sorted = new AcknowledgedRate();
        sorted.onFeedback(packets.toSorted((a, b) => a.sequence - b.sequence));
        expect(shuffled.bitrate).toBeCloseTo(sorted.bitrate ?? Number.NaN, 6);
      }),
    );
  });

  it('forgets everything when arrivals jump back by more than a second', () => {
    const rate = new AcknowledgedRate();
    rate.onFeedback(stream(100));
    rate.onFeedback([{ sequence: 100, size: SIZE, sentAt: 1_000, receivedAt: 10 }]);
    expect(rate.bitrate).toBeUndefined();
  });

  it('knows the last moments apart from the last second', () => {
    const rate = new AcknowledgedRate();
    // From packet 60 on the link carries half: each takes 20 ms.
    rate.onFeedback(stream(90, (i, p) => ({ ...p, receivedAt: OFFSET + i * 10 + Math.max(0, i - 60) * 10 })));
    expect(rate.recentBitrate).toBeCloseTo(400_000, 6);
    expect(rate.bitrate).toBeGreaterThan(500_000);
  });
});

describe('application-limited region', () => {
  /** Sends at `bitrate` for so long in packets of 10 ms; the time afterwards. */
  function sendAt(limited: ApplicationLimited, bitrate: number, from: number, duration: number): number {
    let now = from;
    for (; now < from + duration; now += 10) limited.onPacketSent((bitrate * 10) / 8_000, now);
    return now;
  }

  it('starts when much less is sent than estimated, and ends when it is used again', () => {
    const limited = new ApplicationLimited(1_000_000);
    let now = sendAt(limited, 900_000, 0, 5_000);
    expect(limited.since).toBeUndefined();
    now = sendAt(limited, 100_000, now, 2_000);
    expect(limited.since).toBeGreaterThan(5_000);
    sendAt(limited, 900_000, now, 2_000);
    expect(limited.since).toBeUndefined();
  });

  it('begins at 65 % of the estimate', () => {
    const below = new ApplicationLimited(1_000_000);
    sendAt(below, 600_000, 0, 20_000);
    expect(below.since).toBeDefined();
    const above = new ApplicationLimited(1_000_000);
    sendAt(above, 700_000, 0, 20_000);
    expect(above.since).toBeUndefined();
  });
});
