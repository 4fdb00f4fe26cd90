import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { GoogleCongestionControl } from '../../src/congestion/google-congestion-control.ts';
import { ArgumentError } from '../../src/errors.ts';

/** Feedback on ten packets of 1000 byte sent every 10 ms, each with this delay. */
function deliver(controller: GoogleCongestionControl, at: number, delay: (i: number) => number | undefined) {
  const packets = Array.from({ length: 10 }, (_, i) => {
    const sentAt = at - 200 + i * 10;
    const after = delay(i);
    return { sequence: at + i, size: 1_000, sentAt, receivedAt: after === undefined ? undefined : sentAt + after };
  });
  for (const packet of packets) controller.onPacketSent(packet);
  controller.onFeedback({ at, packets });
}

describe('Google congestion control', () => {
  it('starts at 300 kbit/s, paced at 2.5 times that until there is feedback and 1.1 times afterwards', () => {
    const controller = new GoogleCongestionControl();
    expect(controller.targetBitrate).toBe(300_000);
    expect(controller.pacingRate).toBe(750_000);
    expect(controller.rtt).toBeUndefined();
    deliver(controller, 1_000, () => 20);
    expect(controller.pacingRate).toBeCloseTo(1.1 * controller.targetBitrate, 6);
    expect(controller.acknowledgedBitrate).toBeCloseTo(800_000, 6);
  });

  it('measures the round trip without the time packets waited for feedback, unless it is told', () => {
    const controller = new GoogleCongestionControl();
    deliver(controller, 1_000, () => 20);
    expect(controller.rtt).toBe(110);
    const told = new GoogleCongestionControl();
    told.onFeedback({ at: 10, packets: [{ sequence: 0, size: 1, sentAt: 0, receivedAt: 5 }], rtt: 77 });
    expect(told.rtt).toBe(77);
  });

  it('hands out each probe once', () => {
    const controller = new GoogleCongestionControl();
    controller.onProcess(0);
    expect(controller.takeProbeRequests()).toHaveLength(1);
    expect(controller.takeProbeRequests()).toEqual([]);
  });

  it('slows down when feedback stops while packets go out, and says why', () => {
    const controller = new GoogleCongestionControl();
    for (let now = 0; now <= 10_000; now += 25) {
      controller.onPacketSent({ sequence: now, size: 1_000, sentAt: now });
      controller.onProcess(now);
    }
    expect(controller.targetBitrate).toBeLessThan(100_000);
    expect(controller.state).toEqual({ direction: 'decrease', cause: 'rtt' });
  });

  it('keeps to a lowered maximum at once', () => {
    const controller = new GoogleCongestionControl();
    controller.setMaxBitrate(100_000, 0);
    expect(controller.targetBitrate).toBe(100_000);
  });

  it.each([{ minBitrate: 0 }, { minBitrate: 400_000 }, { maxBitrate: 200_000 }, { startBitrate: Number.NaN }])(
    'refuses %j',
    (options) => {
      expect(() => new GoogleCongestionControl(options)).toThrow(ArgumentError);
    },
  );

  it('keeps within its bounds whatever feedback claims', () => {
    const wild = fc.record({
      wait: fc.integer({ min: 0, max: 5_000 }),
      packets: fc.array(
        fc.record({
          size: fc.integer({ min: 1, max: 65_535 }),
          sentBefore: fc.integer({ min: -100, max: 10_000 }),
          receivedAt: fc.option(fc.double({ min: -1e12, max: 1e12, noNaN: true }), { nil: undefined }),
          probeCluster: fc.option(fc.integer({ min: 1, max: 6 }), { nil: undefined }),
        }),
        { maxLength: 40 },
      ),
    });
    fc.assert(
      fc.property(fc.array(wild, { maxLength: 30 }), (feedbacks) => {
        const controller = new GoogleCongestionControl({ minBitrate: 10_000, maxBitrate: 2_000_000 });
        let now = 0;
        let sequence = 0;
        for (const { wait, packets } of feedbacks) {
          now += wait;
          controller.onProcess(now);
          const results = packets.map(({ sentBefore, ...packet }) => {
            return { ...packet, sequence: sequence++, sentAt: now - sentBefore };
          });
          for (const packet of results) controller.onPacketSent(packet);
          controller.onFeedback({ at: now, packets: results });
          expect(controller.targetBitrate).toBeGreaterThanOrEqual(10_000);
          expect(controller.targetBitrate).toBeLessThanOrEqual(2_000_000);
          for (const { targetBitrate, minBytes } of controller.takeProbeRequests()) {
            expect(targetBitrate).toBeLessThanOrEqual(2_000_000);
            expect(minBytes).toBeGreaterThan(0);
          }
        }
      }),
    );
  });
});

it('is not lowered by a probe that left late and slowly, as on a busy machine, and arrived as it left', () => {
  const controller = new GoogleCongestionControl({ startBitrate: 600_000 });
  controller.onProcess(0);
  const [probe] = controller.takeProbeRequests();
  const packets = Array.from({ length: Math.ceil(probe!.minBytes / 1000) }, (_, sequence) => ({
    sequence,
    size: 1000,
    sentAt: 25 * sequence,
    probeCluster: probe!.id,
  }));
  for (const packet of packets) controller.onPacketSent(packet);
  const results = packets.map((packet) => ({ ...packet, receivedAt: packet.sentAt + 20 }));
  controller.onFeedback({ at: 25 * packets.length + 40, packets: results });
  expect(controller.targetBitrate).toBeGreaterThanOrEqual(600_000);
});
