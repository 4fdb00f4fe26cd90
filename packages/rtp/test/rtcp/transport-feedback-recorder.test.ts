import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseRtcp, serializeRtcp, type TransportFeedback } from '../../src/rtcp/packets.ts';
import { feedbackInterval, TransportFeedbackRecorder } from '../../src/rtcp/transport-feedback-recorder.ts';
import { circularDistance, Unwrapper } from '../../src/sequence.ts';

const REFERENCE_PERIOD = 2 ** 30;

/** A recorder that has seen the given packets, as pairs of sequence number and arrival. */
function recorderOf(...packets: [sequence: number, arrival: number][]): TransportFeedbackRecorder {
  const recorder = new TransportFeedbackRecorder();
  for (const [sequence, arrival] of packets) recorder.onPacket(sequence, arrival);
  return recorder;
}

/** What feedback says, after a trip over the wire: pairs of sequence number and arrival, `undefined` when lost. */
function read(feedback: TransportFeedback[]): [sequence: number, arrival: number | undefined][] {
  return feedback.flatMap((packet) => {
    const bytes = serializeRtcp([packet]);
    expect(bytes.length).toBeLessThanOrEqual(1000);
    expect(parseRtcp(bytes)).toEqual({ packets: [packet], invalid: 0, unknown: 0 });
    return packet.packets.map((arrival, i): [number, number | undefined] => [
      (packet.baseSequence + i) & 0xffff,
      arrival === undefined ? undefined : packet.referenceTime + arrival,
    ]);
  });
}

describe('feedback', () => {
  it('tells what arrived, when, and what is missing between', () => {
    const recorder = recorderOf([100, 1000], [101, 1010.25], [104, 1020.5]);
    expect(recorder.nextFeedback(1, 2)).toEqual([
      {
        type: 'transport-feedback',
        senderSsrc: 1,
        mediaSsrc: 2,
        baseSequence: 100,
        feedbackCount: 0,
        referenceTime: 960,
        hasArrivalTimes: true,
        packets: [40, 50.25, undefined, undefined, 60.5],
      },
    ]);
  });

  it('is none when nothing arrived', () => {
    const recorder = new TransportFeedbackRecorder();
    expect(recorder.nextFeedback(1, 2)).toEqual([]);
    recorder.onPacket(5, 0);
    recorder.nextFeedback(1, 2);
    expect(recorder.nextFeedback(1, 2)).toEqual([]);
  });

  it('knows no packet without a time', () => {
    expect(recorderOf([1, Number.NaN], [2, Number.POSITIVE_INFINITY]).nextFeedback(1, 2)).toEqual([]);
  });

  it('goes on where the last one ended, with the losses between', () => {
    const recorder = recorderOf([10, 0]);
    recorder.nextFeedback(1, 2);
    recorder.onPacket(13, 20);
    expect(read(recorder.nextFeedback(1, 2))).toEqual([
      [11, undefined],
      [12, undefined],
      [13, 20],
    ]);
  });

  it('is counted modulo 256', () => {
    const recorder = new TransportFeedbackRecorder();
    const counts: (number | undefined)[] = [];
    for (let i = 0; i < 300; i++) {
      recorder.onPacket(i, i);
      counts.push(recorder.nextFeedback(1, 2)[0]?.feedbackCount);
    }
    expect(counts).toEqual(Array.from({ length: 300 }, (_, i) => i & 0xff));
  });

  it('counts only the first arrival of a packet', () => {
    const recorder = recorderOf([1, 0], [2, 10], [2, 50]);
    expect(read(recorder.nextFeedback(1, 2))).toEqual([
      [1, 0],
      [2, 10],
    ]);
    recorder.onPacket(2, 60);
    recorder.onPacket(1, 60);
    expect(recorder.nextFeedback(1, 2)).toEqual([]);
  });

  it('goes on over the wrap of the sequence number', () => {
    const recorder = recorderOf([65_534, 0], [65_535, 1], [1, 3]);
    expect(read(recorder.nextFeedback(1, 2))).toEqual([
      [65_534, 0],
      [65_535, 1],
      [0, undefined],
      [1, 3],
    ]);
  });

  it('goes on over the wrap of the reference time', () => {
    const wrap = REFERENCE_PERIOD / 2;
    const recorder = recorderOf([1, wrap - 1]);
    const [before] = recorder.nextFeedback(1, 2);
    recorder.onPacket(2, wrap + 1);
    const [after] = recorder.nextFeedback(1, 2);
    expect(before?.referenceTime).toBe(wrap - 64);
    expect(before?.packets).toEqual([63]);
    expect(after?.referenceTime).toBe(-wrap);
    expect(after?.packets).toEqual([1]);
    expect(circularDistance(after!.referenceTime / 64, before!.referenceTime / 64, 24) * 64).toBe(64);
  });

  it('holds packets that overtook others', () => {
    const recorder = recorderOf([3, 100], [2, 8000], [1, 8191]);
    expect(read(recorder.nextFeedback(1, 2))).toEqual([
      [1, 8191],
      [2, 8000],
      [3, 100],
    ]);
  });

  it.each([
    ['later', 100, 100 + 8192 + 64],
    ['earlier', 9000, 9000 - 8192.25],
  ])('starts another packet when the next one came more than 8 s %s', (_, first, second) => {
    const recorder = recorderOf([1, first], [3, second]);
    const feedback = recorder.nextFeedback(1, 2);
    expect(feedback.map((packet) => [packet.baseSequence, packet.packets.length, packet.feedbackCount])).toEqual([
      [1, 1, 0],
      [2, 2, 1],
    ]);
    expect(read(feedback)).toEqual([
      [1, first],
      [2, undefined],
      [3, second],
    ]);
  });

  it('starts another packet when one would not fit a datagram', () => {
    const recorder = new TransportFeedbackRecorder();
    for (let i = 0; i < 5000; i++) recorder.onPacket(i, i * 100);
    const feedback = recorder.nextFeedback(1, 2);
    expect(feedback.length).toBeGreaterThan(5);
    expect(read(feedback)).toEqual(Array.from({ length: 5000 }, (_, i) => [i, i * 100]));
  });
});

describe('a late packet', () => {
  it('is reported together with everything behind it', () => {
    const recorder = recorderOf([1, 0], [3, 20], [4, 30]);
    recorder.nextFeedback(1, 2);
    recorder.onPacket(2, 45);
    recorder.onPacket(5, 50);
    expect(read(recorder.nextFeedback(1, 2))).toEqual([
      [2, 45],
      [3, 20],
      [4, 30],
      [5, 50],
    ]);
  });

  it('may come from before the first one', () => {
    const recorder = recorderOf([0, 10]);
    recorder.nextFeedback(1, 2);
    recorder.onPacket(65_535, 15);
    expect(read(recorder.nextFeedback(1, 2))).toEqual([
      [65_535, 15],
      [0, 10],
    ]);
  });

  it('finds what was reported forgotten after 500 ms', () => {
    const recorder = recorderOf([1, 0], [3, 100]);
    recorder.nextFeedback(1, 2);
    recorder.onPacket(4, 550);
    recorder.onPacket(2, 560);
    expect(read(recorder.nextFeedback(1, 2))).toEqual([
      [2, 560],
      [3, 100],
      [4, 550],
    ]);
    recorder.onPacket(5, 1200);
    recorder.onPacket(2, 1210);
    expect(read(recorder.nextFeedback(1, 2))).toEqual([
      [2, 1210],
      [3, undefined],
      [4, undefined],
      [5, 1200],
    ]);
  });
});

describe('jumps of the sequence number', () => {
  it('never report more than 32 766 packets missing in a row', () => {
    const recorder = recorderOf([0, 0]);
    recorder.nextFeedback(1, 2);
    recorder.onPacket(32_767, 10);
    const statuses = read(recorder.nextFeedback(1, 2));
    expect(statuses.length).toBe(32_767);
    expect(statuses[0]).toEqual([1, undefined]);
    expect(statuses.at(-1)).toEqual([32_767, 10]);
  });

  it('leave at most 32 768 numbers to report, however many arrive unreported', () => {
    const recorder = new TransportFeedbackRecorder();
    for (let i = 0; i < 100_000; i++) recorder.onPacket(i & 0xffff, i / 100);
    const statuses = read(recorder.nextFeedback(1, 2));
    expect(statuses.length).toBe(32_768);
    expect(statuses.every(([, arrival]) => arrival !== undefined)).toBe(true);
    expect(statuses.at(-1)?.[0]).toBe(99_999 & 0xffff);
  });

  it('end in feedback that parses, whatever the jumps', () => {
    const step = fc.tuple(fc.integer({ min: 0, max: 0xffff }), fc.integer({ min: -9000, max: 9000 }), fc.boolean());
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 40 }), (steps) => {
        const recorder = new TransportFeedbackRecorder();
        for (const [sequence, arrival, report] of steps) {
          recorder.onPacket(sequence, arrival);
          if (report) read(recorder.nextFeedback(1, 2));
        }
        read(recorder.nextFeedback(1, 2));
        expect(recorder.nextFeedback(1, 2)).toEqual([]);
      }),
      { numRuns: 50 },
    );
  });
});

describe('any arrivals', () => {
  it('reach the sender, recorded, serialised and parsed, within 125 µs', () => {
    const step = fc.record({
      advance: fc.oneof(
        { weight: 20, arbitrary: fc.integer({ min: -3, max: 6 }) },
        { weight: 1, arbitrary: fc.integer({ min: 0, max: 150 }) },
      ),
      pause: fc.oneof(
        { weight: 20, arbitrary: fc.double({ min: 0, max: 40, noNaN: true }) },
        { weight: 1, arbitrary: fc.double({ min: 0, max: 20_000, noNaN: true }) },
      ),
      report: fc.integer({ min: 0, max: 9 }).map((choice) => choice === 0),
    });
    const start = fc.record({
      sequence: fc.integer({ min: 0, max: 0xffff }),
      time: fc.oneof(fc.double({ min: 0, max: 1e7, noNaN: true }), fc.double({ min: 5.3e8, max: 5.4e8, noNaN: true })),
    });
    fc.assert(
      fc.property(start, fc.array(step, { minLength: 1, maxLength: 200 }), ({ sequence, time }, steps) => {
        const recorder = new TransportFeedbackRecorder();
        const known = new Map<number, number>();
        const sequences = new Unwrapper(16);
        const referenceTimes = new Unwrapper(24);
        const reported = new Map<number, number>();
        const takeFeedback = () => {
          for (const packet of recorder.nextFeedback(1, 2)) {
            const [parsed] = parseRtcp(serializeRtcp([packet])).packets as TransportFeedback[];
            const reference = referenceTimes.unwrap(parsed!.referenceTime / 64) * 64;
            parsed!.packets.forEach((arrival, i) => {
              if (arrival === undefined) return;
              const number = sequences.unwrap((parsed!.baseSequence + i) & 0xffff);
              if (!reported.has(number)) reported.set(number, reference + arrival);
            });
          }
        };
        let next = sequence;
        let now = time;
        for (const { advance, pause, report } of steps) {
          next += advance;
          now += pause;
          recorder.onPacket(next & 0xffff, now);
          if (!known.has(next)) known.set(next, now);
          if (report) takeFeedback();
        }
        takeFeedback();
        const firstKnown = Math.min(...known.keys());
        const firstReported = Math.min(...reported.keys());
        const offset = firstKnown - firstReported;
        const period = Math.round(
          ((known.get(firstKnown) ?? 0) - (reported.get(firstReported) ?? 0)) / REFERENCE_PERIOD,
        );
        expect(reported.size).toBe(known.size);
        for (const [number, arrival] of reported) {
          const difference = arrival + period * REFERENCE_PERIOD - (known.get(number + offset) ?? Number.NaN);
          expect(Math.abs(difference)).toBeLessThanOrEqual(0.125 + 1e-6);
        }
      }),
      { numRuns: 300 },
    );
  });
});

describe('the time between feedback packets', () => {
  it('lets them take 5 % of the estimate, between 50 and 250 ms', () => {
    expect(feedbackInterval(undefined)).toBe(100);
    expect(feedbackInterval(0)).toBe(250);
    expect(feedbackInterval(30_000)).toBe(250);
    expect(feedbackInterval(108_800)).toBeCloseTo(100, 9);
    expect(feedbackInterval(5_000_000)).toBe(50);
  });
});
