import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { congestionSignal, warpedDelay } from '../../src/congestion/nada/congestion-signal.ts';
import { LossIntervals } from '../../src/congestion/nada/loss-intervals.ts';
import { NadaCongestionControl } from '../../src/congestion/nada/nada.ts';
import { NADA_DEFAULTS } from '../../src/congestion/nada/nada-options.ts';
import { QueuingDelay } from '../../src/congestion/nada/queuing-delay.ts';
import { gradualUpdate, rampUp, rampUpFactor } from '../../src/congestion/nada/reference-rate.ts';
import { ArgumentError } from '../../src/errors.ts';

/** Feedback on ten packets of 1000 byte sent every 10 ms, each with this delay: 800 kbit/s. */
function deliver(controller: NadaCongestionControl, at: number, delay: (i: number) => number | undefined) {
  const packets = Array.from({ length: 10 }, (_, i) => {
    const sentAt = at - 200 + i * 10;
    const after = delay(i);
    return { sequence: at + i, size: 1_000, sentAt, receivedAt: after === undefined ? undefined : sentAt + after };
  });
  for (const packet of packets) controller.onPacketSent(packet);
  controller.onFeedback({ at, packets });
}

describe('the formulas of RFC 8698', () => {
  it('leaves delays below 50 ms as they are, and lets longer ones count for less (equation 1)', () => {
    expect(warpedDelay(49, NADA_DEFAULTS)).toBe(49);
    expect(warpedDelay(50, NADA_DEFAULTS)).toBe(50);
    expect(warpedDelay(100, NADA_DEFAULTS)).toBeCloseTo(30.3265, 3); // 50 e^-0.5
    expect(warpedDelay(250, NADA_DEFAULTS)).toBeCloseTo(6.7668, 3); // 50 e^-2
  });

  it('adds 10 ms for 1 % of loss and 2 ms for 1 % of marks, each with its square (equation 2)', () => {
    expect(congestionSignal(7, 0.01, 0, NADA_DEFAULTS)).toBeCloseTo(17, 9);
    expect(congestionSignal(0, 0.03, 0, NADA_DEFAULTS)).toBeCloseTo(90, 9);
    expect(congestionSignal(0, 0, 0.02, NADA_DEFAULTS)).toBeCloseTo(8, 9);
    expect(congestionSignal(0, 0.5, 0, NADA_DEFAULTS)).toBe(500);
  });

  it('ramps up so that the queue stays below 50 ms (equations 3 and 4)', () => {
    expect(rampUpFactor(0, NADA_DEFAULTS)).toBeCloseTo(50 / 220, 9);
    expect(rampUpFactor(280, NADA_DEFAULTS)).toBeCloseTo(0.1, 9);
    expect(rampUpFactor(0, { ...NADA_DEFAULTS, filterDelay: 1, updateInterval: 1 })).toBe(0.5);
    expect(rampUp(300_000, 400_000, 280, NADA_DEFAULTS)).toBeCloseTo(440_000, 6);
    expect(rampUp(500_000, 400_000, 280, NADA_DEFAULTS)).toBe(500_000);
  });

  it('moves gradually by the value of the signal and by its change (equations 5 to 7)', () => {
    const rest = { signal: 10, previousSignal: 10, elapsed: 100 };
    expect(gradualUpdate(1_500_000, rest, NADA_DEFAULTS)).toBe(1_500_000);
    // The offset is 10 - 10 * 1.5 M / 0.75 M = -10 ms: 0.5 * 0.2 * 0.02 more.
    expect(gradualUpdate(750_000, rest, NADA_DEFAULTS)).toBeCloseTo(750_000 * 1.002, 6);
    // An offset of 20 ms takes 0.004, a change by 20 ms 0.5 * 2 * 0.04.
    const rise = { signal: 30, previousSignal: 10, elapsed: 100 };
    expect(gradualUpdate(1_500_000, rise, NADA_DEFAULTS)).toBeCloseTo(1_500_000 * (1 - 0.004 - 0.04), 6);
    expect(gradualUpdate(1_500_000, { ...rest, signal: 10 }, { ...NADA_DEFAULTS, weight: 2 })).toBeGreaterThan(
      1_500_000,
    );
  });
});

describe('loss intervals', () => {
  const after = (...fates: boolean[]) => {
    const intervals = new LossIntervals();
    for (const lost of fates) intervals.onPacket(lost);
    return intervals;
  };
  const run = (length: number) => new Array<boolean>(length).fill(false);

  it('averages the last eight, the older ones with less weight, and takes losses in a row for one', () => {
    expect(after(...run(20)).average).toBeUndefined();
    expect(after(...run(20), true, true, true).average).toBe(20);
    expect(after(...run(20), true, ...run(9), true).average).toBe(15);
  });

  it('lets losses count for seven average intervals, and then less and less for one more', () => {
    const lossAfter = (count: number) => after(...run(10), true, ...run(count - 1)).presence(7);
    expect(after(...run(100)).presence(7)).toBe(0);
    expect(lossAfter(1)).toBe(1);
    expect(lossAfter(70)).toBe(1);
    expect(lossAfter(75)).toBeCloseTo(0.5, 9);
    expect(lossAfter(80)).toBe(0);
  });
});

describe('the queuing delay', () => {
  const ORIGIN = -5e8;
  /** A packet every 20 ms, with feedback 50 ms after its arrival. */
  function measure(delays: readonly number[], options: Partial<typeof NADA_DEFAULTS> = {}) {
    const delay = new QueuingDelay({ ...NADA_DEFAULTS, ...options });
    const samples = delays.map((each, i) => {
      const sentAt = 20 * i;
      return delay.onPacket({ sentAt, receivedAt: sentAt + each + ORIGIN, acknowledgedAt: sentAt + 30 + 50 });
    });
    return { delay, samples };
  }

  it('is what exceeds the least delay there was', () => {
    expect(measure([30, 42, 30, 25, 26]).samples).toEqual([0, 12, 0, 0, 1]);
  });

  it('is filtered by the least of the last fifteen', () => {
    const { delay } = measure([10, ...new Array(14).fill(40)]);
    expect(delay.filtered).toBe(0);
    expect(measure([10, ...new Array(15).fill(40)]).delay.filtered).toBe(30);
    expect(measure([10, ...new Array(15).fill(40), 15]).delay.filtered).toBe(5);
  });

  it('forgets a baseline after its window', () => {
    const { samples } = measure([10, ...new Array(100).fill(30)], { baselineWindow: 1_000 });
    expect(samples[40]).toBe(20);
    expect(samples[100]).toBe(0);
  });

  it.each([30_000, -30_000])('keeps what it was when the clock jumps by %d ms', (jump) => {
    const { samples, delay } = measure([10, 25, 25, 25 + jump, 28 + jump, 10 + jump]);
    expect(samples).toEqual([0, 15, 15, 15, 18, 0]);
    expect(delay.filtered).toBe(0);
  });
});

describe('NADA', () => {
  it('starts at the minimum, paced at 1.25 times that, and asks for no probes', () => {
    const controller = new NadaCongestionControl();
    expect(controller.targetBitrate).toBe(150_000);
    expect(controller.pacingRate).toBe(187_500);
    expect(controller.state).toEqual({ direction: 'hold', cause: 'start' });
    expect(controller.rtt).toBeUndefined();
    controller.onProcess(0);
    expect(controller.takeProbeRequests()).toEqual([]);
  });

  it('ramps up to more than what arrives while there is neither queue nor loss', () => {
    const controller = new NadaCongestionControl({ maxBitrate: 5_000_000 });
    deliver(controller, 1_000, () => 20);
    expect(controller.acknowledgedBitrate).toBe(720_000); // 9 packets in 100 ms
    expect(controller.rtt).toBe(110);
    expect(controller.targetBitrate).toBeCloseTo(720_000 * (1 + 50 / (110 + 220)), 6);
    expect(controller.state).toEqual({ direction: 'increase', cause: 'delay' });
  });

  it('updates once in 100 ms', () => {
    const controller = new NadaCongestionControl({ maxBitrate: 5_000_000 });
    deliver(controller, 1_000, () => 20);
    const { targetBitrate } = controller;
    deliver(controller, 1_050, () => 20);
    expect(controller.targetBitrate).toBe(targetBitrate);
    deliver(controller, 1_100, () => 20);
    expect(controller.targetBitrate).toBeGreaterThan(targetBitrate);
  });

  it('slows down when the queue grows, and says so', () => {
    const controller = new NadaCongestionControl({ startBitrate: 1_000_000 });
    deliver(controller, 1_000, () => 20);
    deliver(controller, 1_100, () => 20);
    // Fifteen samples have to be late before they count.
    deliver(controller, 1_200, () => 80);
    expect(controller.congestionSignal).toBe(0);
    const before = controller.targetBitrate;
    deliver(controller, 1_300, () => 80);
    expect(controller.congestionSignal).toBe(60);
    // Equation 7 by hand: offset 60 - 15 M / before, change 60.
    const offset = 60 - 15_000_000 / before;
    expect(controller.targetBitrate).toBeCloseTo(before * (1 - 0.5 * 0.2 * (offset / 500) - 0.5 * 2 * (60 / 500)), 3);
    expect(controller.state).toEqual({ direction: 'decrease', cause: 'delay' });
  });

  it('smoothes losses by a tenth, and names them as the cause', () => {
    const controller = new NadaCongestionControl({ startBitrate: 1_000_000 });
    deliver(controller, 1_000, () => 20);
    deliver(controller, 1_100, (i) => (i < 2 ? undefined : 20));
    expect(controller.lossRatio).toBeCloseTo(0.1, 9);
    expect(controller.congestionSignal).toBeCloseTo(10, 6); // 0.1 * 0.1 smoothed: PLRREF
    deliver(controller, 1_200, () => undefined);
    expect(controller.state).toEqual({ direction: 'decrease', cause: 'loss' });
  });

  it('lets a long queue count for less while there are losses', () => {
    const signalAfter = (first: number | undefined) => {
      const controller = new NadaCongestionControl({ startBitrate: 1_000_000 });
      deliver(controller, 1_000, () => 20);
      deliver(controller, 1_100, (i) => (i === 5 ? first : 20));
      deliver(controller, 1_200, () => 120);
      deliver(controller, 1_300, () => 120);
      return controller.congestionSignal;
    };
    expect(signalAfter(20)).toBe(100);
    // One of 20, of 30 and of 40 packets, each by a tenth.
    const smoothed = [1 / 20, 1 / 30, 1 / 40].reduce((ratio, each) => ratio + 0.1 * (each - ratio), 0);
    expect(signalAfter(undefined)).toBeCloseTo(50 * Math.exp(-0.5) + 10 * (smoothed / 0.01) ** 2, 6);
  });

  it('takes a packet that was reported lost and arrived after all for received', () => {
    const controller = new NadaCongestionControl();
    const packets = Array.from({ length: 10 }, (_, i) => ({ sequence: i, size: 100, sentAt: i * 10 }));
    const arrived = packets.map((packet) => ({ ...packet, receivedAt: packet.sentAt + 20 }));
    controller.onFeedback({ at: 150, packets: arrived.map((each, i) => (i === 3 ? packets[3]! : each)) as never });
    expect(controller.lossRatio).toBeCloseTo(0.1, 9);
    controller.onFeedback({ at: 260, packets: [{ ...arrived[3]!, previouslyLost: true }] });
    expect(controller.lossRatio).toBe(0);
  });

  it('counts marks', () => {
    const controller = new NadaCongestionControl();
    const packets = Array.from({ length: 10 }, (_, i) => {
      return { sequence: i, size: 100, sentAt: i * 10, receivedAt: i * 10 + 20, ecn: i < 5 ? 'ce' : 'ect-0' } as const;
    });
    controller.onFeedback({ at: 150, packets });
    expect(controller.congestionSignal).toBeCloseTo(2 * 5 ** 2, 6); // 0.1 * 0.5 smoothed
  });

  it('slows down when feedback stops while packets go out, and says why', () => {
    const controller = new NadaCongestionControl({ startBitrate: 1_000_000, minBitrate: 10_000 });
    for (let now = 0; now <= 5_000; now += 25) {
      controller.onPacketSent({ sequence: now, size: 1_000, sentAt: now });
      controller.onProcess(now);
    }
    expect(controller.targetBitrate).toBeCloseTo(1_000_000 * 0.8 ** 10, 3);
    expect(controller.state).toEqual({ direction: 'decrease', cause: 'rtt' });
  });

  it('keeps its rate while there is nothing to send', () => {
    const controller = new NadaCongestionControl({ startBitrate: 1_000_000 });
    deliver(controller, 1_000, () => 20);
    const { targetBitrate } = controller;
    for (let now = 1_000; now <= 9_000; now += 25) controller.onProcess(now);
    controller.onPacketSent({ sequence: 9_000, size: 100, sentAt: 9_000 });
    controller.onProcess(9_025);
    expect(controller.targetBitrate).toBe(targetBitrate);
  });

  it('grows to no more than twice what is desired', () => {
    const controller = new NadaCongestionControl({ maxBitrate: 5_000_000 });
    controller.setDesiredBitrate(200_000);
    deliver(controller, 1_000, () => 20);
    expect(controller.targetBitrate).toBe(400_000);
  });

  it('keeps to a lowered maximum at once', () => {
    const controller = new NadaCongestionControl({ startBitrate: 1_000_000 });
    controller.setMaxBitrate(600_000);
    expect(controller.targetBitrate).toBe(600_000);
    expect(controller.state).toEqual({ direction: 'decrease', cause: 'max' });
  });

  it.each([
    { minBitrate: 0 },
    { minBitrate: 2_000_000 },
    { startBitrate: 100_000 },
    { startBitrate: Number.NaN },
    { ratioWeight: 1.1 },
    { slowdownFactor: 1 },
    { timeScale: 0 },
    { delayFilterSize: 1.5 },
    { slowdownInterval: 30_000 },
  ])('refuses %j', (options) => {
    expect(() => new NadaCongestionControl(options)).toThrow(ArgumentError);
  });

  it('keeps within its bounds whatever feedback claims', () => {
    const wild = fc.record({
      wait: fc.integer({ min: 0, max: 5_000 }),
      packets: fc.array(
        fc.record({
          size: fc.integer({ min: 1, max: 65_535 }),
          sentBefore: fc.integer({ min: -100, max: 10_000 }),
          receivedAt: fc.option(fc.double({ min: -1e12, max: 1e12, noNaN: true }), { nil: undefined }),
          previouslyLost: fc.boolean(),
          ecn: fc.constantFrom('ce', 'ect-0', undefined),
        }),
        { maxLength: 40 },
      ),
    });
    fc.assert(
      fc.property(fc.array(wild, { maxLength: 30 }), (feedbacks) => {
        const controller = new NadaCongestionControl({ minBitrate: 10_000, maxBitrate: 2_000_000 });
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
          expect(controller.pacingRate).toBeGreaterThan(0);
          expect(controller.congestionSignal).toBeGreaterThanOrEqual(0);
          expect(controller.congestionSignal).toBeLessThanOrEqual(500);
        }
      }),
    );
  });
});
