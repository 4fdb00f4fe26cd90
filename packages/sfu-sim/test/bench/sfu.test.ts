// The parts of `npm run bench -- sfu` that do not measure: that both sides forward the same packets, and the line.

import { DEFAULT_HEADER_EXTENSION_IDS, RtpPacket } from '@sluice/rtp';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Call } from '../../bench/sfu/call.ts';
import { BEST_LAYER } from '../../bench/sfu/camera.ts';
import { Recording } from '../../bench/sfu/fan-out-call.ts';
import { fitLine, worstDeviation } from '../../bench/sfu/line-fit.ts';
import { growthSvg } from '../../bench/sfu/plot.ts';
import { WeriftFanOut } from '../../bench/sfu/werift-fan-out.ts';

/** Twelve seconds of a call between a publisher and a subscriber who changes layers, as both sides forward it. */
function forwardedByBoth() {
  const record = new Recording();
  const call = new Call({ participants: 2, publishers: 1, switching: true, record });
  const [publisher, subscriber] = call.participants;
  const ours: Uint8Array[] = [];
  const onPacket = subscriber!.onPacket.bind(subscriber);
  subscriber!.onPacket = (bytes, sentAt) => {
    const packet = RtpPacket.parse(bytes);
    if (packet !== undefined && subscriber!.tracks.has(packet.ssrc)) ours.push(bytes.slice());
    return onPacket(bytes, sentAt);
  };
  call.run(12_000);
  call.check();

  const theirs: Uint8Array[] = [];
  const first = RtpPacket.parse(ours[0]!)!;
  const fanOut = new WeriftFanOut(publisher!.camera!.ssrcs);
  const stream = {
    ssrc: first.ssrc,
    payloadType: first.payloadType,
    firstSequenceNumber: first.sequenceNumber,
    absSendTimeId: DEFAULT_HEADER_EXTENSION_IDS.absSendTime,
    transportSequenceId: DEFAULT_HEADER_EXTENSION_IDS.transportSequence,
  };
  const transport = { transportSequence: 0, send: (bytes: Uint8Array) => theirs.push(bytes) };
  fanOut.subscribe(1, stream, transport, BEST_LAYER);
  for (const step of record.take()) {
    if ('packet' in step) fanOut.receive(step.packet.bytes, step.packet.at);
    else if (step.subscriber === 1) fanOut.prefer(1, step.layer);
  }
  return { ours, theirs };
}

/** The packet without what depends on when it left. */
function lasting(bytes: Uint8Array): string {
  const packet = RtpPacket.parse(bytes)!;
  const copy = Buffer.from(bytes);
  for (const id of [DEFAULT_HEADER_EXTENSION_IDS.absSendTime, DEFAULT_HEADER_EXTENSION_IDS.transportSequence]) {
    const value = packet.extension(id)!;
    copy.fill(0, value.byteOffset - bytes.byteOffset, value.byteOffset - bytes.byteOffset + value.length);
  }
  return copy.toString('hex');
}

describe('the fan-out with werift', () => {
  const { ours, theirs } = forwardedByBoth();

  test('forwards the same bytes as ours but for the time of departure, across changes of layer', () => {
    expect(ours.length).toBeGreaterThan(1500);
    // What the pacer still holds at the end is missing.
    expect(theirs.length - ours.length).toBeGreaterThanOrEqual(0);
    expect(theirs.length - ours.length).toBeLessThan(10);
    expect(ours.map(lasting)).toEqual(theirs.slice(0, ours.length).map(lasting));
  });

  test('layers did change', () => {
    const packetsOfFrames = new Map<number, number>();
    for (const bytes of ours) {
      const { timestamp } = RtpPacket.parse(bytes)!;
      packetsOfFrames.set(timestamp, (packetsOfFrames.get(timestamp) ?? 0) + 1);
    }
    expect(new Set(packetsOfFrames.values()).size).toBeGreaterThan(2);
  });
});

test('a call that loses a packet is not measured', () => {
  const call = new Call({ participants: 2, publishers: 1, switching: false });
  const subscriber = call.participants[1]!;
  const onPacket = subscriber.onPacket.bind(subscriber);
  let packets = 0;
  subscriber.onPacket = (bytes, sentAt) => {
    packets += 1;
    return packets === 300 ? undefined : onPacket(bytes, sentAt);
  };
  expect(() => call.run(12_000)).toThrow(/sequence number \d+ instead of \d+/);
});

test('the cost of a call has packets in it, and begins anew when it was taken', () => {
  const call = new Call({ participants: 4, publishers: 4, switching: false });
  call.run(3000);
  expect(call.takeCost().packets).toBeGreaterThan(12 * 30);
  expect(call.takeCost()).toEqual({ arrivals: 0, timers: 0, feedback: 0, packets: 0 });
});

describe('the line', () => {
  test('goes through points that are on a line', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0.001, max: 100, noNaN: true }),
        fc.double({ min: 0.001, max: 100, noNaN: true }),
        fc.uniqueArray(fc.integer({ min: 1, max: 100_000 }), { minLength: 2, maxLength: 12 }),
        (slope, intercept, xs) => {
          const points = xs.map((x) => ({ x, y: intercept + slope * x }));
          const line = fitLine(points);
          expect(line.slope).toBeCloseTo(slope, 5);
          expect(worstDeviation(points, line)).toBeLessThan(1e-6);
        },
      ),
    );
  });

  test('takes a small point as seriously as a large one', () => {
    const points = [1, 10, 100, 1000].map((x) => ({ x, y: x }));
    const off = (at: number) => points.map(({ x, y }) => ({ x, y: x === at ? 1.2 * y : y }));
    const small = worstDeviation(off(1), fitLine(off(1)));
    expect(small).toBeLessThan(0.2);
    expect(fitLine(off(1)).slope).toBeCloseTo(1, 1);
  });

  test('tells what does not grow linearly', () => {
    const squares = [1, 2, 5, 10, 20, 50].map((x) => ({ x, y: x ** 2 }));
    expect(worstDeviation(squares, fitLine(squares))).toBeGreaterThan(0.3);
  });

  test('is drawn with its points, twice: all of them, and the small ones', () => {
    const sizes = [1, 50, 500].map((subscribers) => ({
      subscribers,
      packets: 180 * subscribers,
      cost: 2 * subscribers,
    }));
    const svg = growthSvg({ sizes, line: { slope: 2 / 180, intercept: 0 }, worst: 0.01 });
    expect(svg.match(/<circle/g)).toHaveLength(5);
    expect(svg).toContain('11.11 µs per packet');
    expect(svg).not.toContain('NaN');
  });
});
