import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ArgumentError } from '../../src/errors.ts';
import { CongestionFeedbackReader } from '../../src/rtcp/congestion-feedback-reader.ts';
import { CongestionFeedbackRecorder } from '../../src/rtcp/congestion-feedback-recorder.ts';
import { type CongestionFeedback, type EcnMark, parseRtcp, serializeRtcp } from '../../src/rtcp/packets.ts';

const SSRC = 7;
/** Half a step of 1/1024 s, and what the report timestamp leaves out. */
const PRECISION = 0.5 * (1000 / 1024) + 1000 / 65_536;

/** A recorder that has seen the given packets of one stream. */
function recorderOf(...packets: [sequence: number, arrival: number, ecn?: EcnMark][]): CongestionFeedbackRecorder {
  const recorder = new CongestionFeedbackRecorder();
  for (const [sequence, arrival, ecn] of packets) recorder.onPacket(SSRC, sequence, arrival, ecn);
  return recorder;
}

/** The feedback after a trip over the wire, which must not change it. */
function overTheWire(feedback: CongestionFeedback[], maxSize = 1000): CongestionFeedback[] {
  for (const packet of feedback) {
    const bytes = serializeRtcp([packet]);
    expect(bytes.length).toBeLessThanOrEqual(maxSize);
    expect(parseRtcp(bytes)).toEqual({ packets: [packet], invalid: 0, unknown: 0 });
  }
  return feedback;
}

type Status = [sequence: number, age: number | undefined] | [sequence: number];

/** What feedback says: a number and how many ms ago it arrived, alone when it was not received. */
function read(feedback: CongestionFeedback[]): Status[] {
  return overTheWire(feedback).flatMap(({ streams }) =>
    streams.flatMap(({ beginSequence, packets }) =>
      packets.map((packet, i): Status => {
        const sequence = (beginSequence + i) & 0xffff;
        return packet === undefined ? [sequence] : [sequence, packet.arrivalOffset];
      }),
    ),
  );
}

const steps = (count: number) => (count * 1000) / 1024;

describe('congestion feedback (RFC 8888 §3.1)', () => {
  it('tells what arrived, how long ago, and what is missing between', () => {
    const recorder = recorderOf([65_535, 1000], [1, 1500, 'ce']);
    expect(overTheWire(recorder.nextFeedback(1, 2000))).toEqual([
      {
        type: 'congestion-feedback',
        senderSsrc: 1,
        // 1900 to 1970 in seconds ends with 0x7e80: two seconds later.
        reportTimestamp: 0x7e820000,
        streams: [
          {
            ssrc: SSRC,
            beginSequence: 65_535,
            packets: [{ ecn: 'not-ect', arrivalOffset: 1000 }, undefined, { ecn: 'ce', arrivalOffset: 500 }],
          },
        ],
      },
    ]);
  });

  it('is none when nothing arrived, or nothing new', () => {
    const recorder = new CongestionFeedbackRecorder();
    expect(recorder.nextFeedback(1, 0)).toEqual([]);
    recorder.onPacket(SSRC, 1, 0);
    expect(recorder.nextFeedback(1, 10).length).toBe(1);
    recorder.onPacket(SSRC, 1, 15);
    expect(recorder.nextFeedback(1, 20)).toEqual([]);
  });

  it('knows no packet without a time', () => {
    const recorder = recorderOf([1, Number.NaN], [2, Number.POSITIVE_INFINITY]);
    expect(recorder.nextFeedback(1, 10)).toEqual([]);
  });

  it('goes on where the last report on the stream ended, with the losses between', () => {
    const recorder = recorderOf([10, 0]);
    recorder.nextFeedback(1, 0);
    recorder.onPacket(SSRC, 13, 0);
    expect(read(recorder.nextFeedback(1, 0))).toEqual([[11], [12], [13, 0]]);
  });

  it('reports on each stream of which something arrived, and on no other (erratum 7894)', () => {
    const recorder = new CongestionFeedbackRecorder();
    recorder.onPacket(1, 100, 0);
    recorder.onPacket(2, 200, 0);
    recorder.nextFeedback(9, 0);
    recorder.onPacket(2, 201, 0);
    recorder.onPacket(3, 300, 0);
    const [feedback] = overTheWire(recorder.nextFeedback(9, 0));
    expect(feedback?.streams.map(({ ssrc, beginSequence }) => [ssrc, beginSequence])).toEqual([
      [2, 201],
      [3, 300],
    ]);
  });

  it('says that it cannot tell when a packet arrived more than 8189/1024 s before the report', () => {
    const recorder = recorderOf([1, 10_000 - steps(8189) - 0.01], [2, 10_000 - steps(8189)]);
    expect(read(recorder.nextFeedback(1, 10_000))).toEqual([
      [1, Number.POSITIVE_INFINITY],
      [2, steps(8189)],
    ]);
  });

  it('says that it does not know when a packet arrived that did so after the report', () => {
    const recorder = recorderOf([1, 1000], [2, 1000.01]);
    expect(read(recorder.nextFeedback(1, 1000))).toEqual([
      [1, 0],
      [2, undefined],
    ]);
  });
});

describe('copies of a packet', () => {
  it('count by the first arrival and its mark', () => {
    const recorder = recorderOf([1, 100, 'ect-1'], [1, 150, 'ect-0']);
    const [feedback] = recorder.nextFeedback(1, 200);
    expect(feedback?.streams[0]?.packets).toEqual([{ ecn: 'ect-1', arrivalOffset: steps(102) }]);
  });

  it('are reported as marked when any of them was', () => {
    const recorder = recorderOf([1, 1000, 'ect-1'], [1, 1400, 'ce'], [1, 1450, 'ect-1']);
    const [feedback] = recorder.nextFeedback(1, 1500);
    expect(feedback?.streams[0]?.packets).toEqual([{ ecn: 'ce', arrivalOffset: 500 }]);
  });

  it('are reported again when a later one is marked, once', () => {
    const recorder = recorderOf([1, 0, 'ect-1'], [2, 0, 'ect-1']);
    recorder.nextFeedback(1, 0);
    recorder.onPacket(SSRC, 1, 10, 'ce');
    const [feedback] = recorder.nextFeedback(1, 500);
    expect(feedback?.streams[0]?.packets).toEqual([
      { ecn: 'ce', arrivalOffset: 500 },
      { ecn: 'ect-1', arrivalOffset: 500 },
    ]);
    recorder.onPacket(SSRC, 1, 500, 'ce');
    expect(recorder.nextFeedback(1, 500)).toEqual([]);
  });
});

describe('a late packet', () => {
  it('is reported together with everything behind it', () => {
    const recorder = recorderOf([1, 0], [3, 0], [4, 0]);
    recorder.nextFeedback(1, 0);
    recorder.onPacket(SSRC, 2, 0);
    recorder.onPacket(SSRC, 5, 0);
    expect(read(recorder.nextFeedback(1, 0))).toEqual([
      [2, 0],
      [3, 0],
      [4, 0],
      [5, 0],
    ]);
  });

  it('may come from before the first one', () => {
    const recorder = recorderOf([0, 0]);
    recorder.nextFeedback(1, 0);
    recorder.onPacket(SSRC, 65_535, 0);
    expect(read(recorder.nextFeedback(1, 0))).toEqual([
      [65_535, 0],
      [0, 0],
    ]);
  });

  it('is left out when what came behind it is forgotten, after 500 ms', () => {
    const recorder = recorderOf([1, 0], [3, 100]);
    recorder.nextFeedback(1, 100);
    recorder.onPacket(SSRC, 4, 601);
    recorder.onPacket(SSRC, 2, 602);
    expect(read(recorder.nextFeedback(1, 602)).map(([sequence]) => sequence)).toEqual([4]);
  });

  it('never makes a report take back that a packet was received', () => {
    const step = fc.record({
      advance: fc.oneof(
        { weight: 10, arbitrary: fc.integer({ min: -6, max: 6 }) },
        { weight: 1, arbitrary: fc.integer({ min: -2000, max: 6000 }) },
      ),
      pause: fc.oneof(
        { weight: 10, arbitrary: fc.integer({ min: 0, max: 60 }) },
        { weight: 1, arbitrary: fc.integer({ min: 0, max: 1000 }) },
      ),
      report: fc.boolean(),
    });
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 0xffff }),
        fc.array(step, { minLength: 1, maxLength: 80 }),
        (first, run) => {
          const recorder = new CongestionFeedbackRecorder();
          const reported = new Set<number>();
          const sequences = { next: first, highest: first };
          let now = 0;
          for (const { advance, pause, report } of run) {
            now += pause;
            // Less far behind than what would be taken for a new start.
            sequences.next = Math.max(sequences.next + advance, sequences.highest - 3000);
            sequences.highest = Math.max(sequences.highest, sequences.next);
            recorder.onPacket(SSRC, sequences.next & 0xffff, now);
            if (!report) continue;
            for (const { streams } of overTheWire(recorder.nextFeedback(1, now))) {
              for (const { beginSequence, packets } of streams) {
                const begin = sequences.highest - ((sequences.highest - beginSequence) & 0xffff);
                packets.forEach((packet, i) => {
                  if (packet !== undefined) reported.add(begin + i);
                  else expect(reported.has(begin + i)).toBe(false);
                });
              }
            }
          }
        },
      ),
      { numRuns: 120 },
    );
  });
});

describe('bounds', () => {
  it.each([24, 25, 28, 100, 1000, 1200, 65_535])('keep packets within %i bytes and lose nothing', (maxPacketSize) => {
    const recorder = new CongestionFeedbackRecorder({ maxPacketSize });
    for (let i = 0; i < 900; i++) recorder.onPacket(i % 3, i, 0);
    const feedback = overTheWire(recorder.nextFeedback(1, 0), maxPacketSize);
    for (const ssrc of [0, 1, 2]) {
      const reports = feedback.flatMap(({ streams }) => streams.filter((stream) => stream.ssrc === ssrc));
      let next = ssrc;
      for (const { beginSequence, packets } of reports) {
        expect(beginSequence).toBe(next);
        next += packets.length;
      }
      expect(next).toBe(898 + ssrc);
      const received = reports.flatMap(({ packets }) => packets).filter((packet) => packet !== undefined);
      expect(received.length).toBe(300);
    }
    expect(recorder.nextFeedback(1, 0)).toEqual([]);
  });

  it('fill packets before they start another', () => {
    const recorder = new CongestionFeedbackRecorder({ maxPacketSize: 100 });
    for (let i = 0; i < 80; i++) recorder.onPacket(SSRC, i, 0);
    const sizes = recorder.nextFeedback(1, 0).map((packet) => serializeRtcp([packet]).length);
    expect(sizes).toEqual([100, 100]);
  });

  it('report a quarter of all sequence numbers at most, in one report and after a jump', () => {
    const recorder = new CongestionFeedbackRecorder({ maxPacketSize: 65_535 });
    for (let i = 0; i < 40_000; i++) recorder.onPacket(SSRC, i, 0);
    const [feedback, ...others] = overTheWire(recorder.nextFeedback(1, 0), 65_535);
    expect(others).toEqual([]);
    expect(feedback?.streams.map(({ beginSequence, packets }) => [beginSequence, packets.length])).toEqual([
      [40_000 - 16_384, 16_384],
    ]);
    recorder.onPacket(SSRC, 40_000 + 30_000, 0);
    expect(recorder.nextFeedback(1, 0)[0]?.streams[0]?.packets.length).toBe(16_384);
  });

  it('hold a limited number of streams: the one silent for longest makes way', () => {
    const recorder = new CongestionFeedbackRecorder({ maxStreams: 2 });
    recorder.onPacket(1, 10, 0);
    recorder.onPacket(2, 20, 5);
    recorder.onPacket(1, 11, 10);
    recorder.onPacket(3, 30, 15);
    const [feedback] = recorder.nextFeedback(9, 15);
    expect(feedback?.streams.map(({ ssrc }) => ssrc)).toEqual([1, 3]);
  });

  it.each([{ maxPacketSize: 23 }, { maxPacketSize: 65_536 }, { maxPacketSize: Number.NaN }, { maxStreams: 0 }])(
    'are refused when they leave no room: %o',
    (options) => {
      expect(() => new CongestionFeedbackRecorder(options)).toThrow(ArgumentError);
    },
  );
});

describe('a sender that starts anew with other sequence numbers', () => {
  it('is followed from the second packet in sequence (RFC 3550 §A.1)', () => {
    const recorder = recorderOf([50_000, 0], [50_001, 0]);
    recorder.nextFeedback(1, 0);
    recorder.onPacket(SSRC, 45_000, 1000);
    recorder.onPacket(SSRC, 45_001, 1000);
    recorder.onPacket(SSRC, 45_002, 1000);
    expect(read(recorder.nextFeedback(1, 1000))).toEqual([
      [45_001, 0],
      [45_002, 0],
    ]);
  });

  it('is not taken for one because of a straggler, nor because of its first packet', () => {
    const recorder = recorderOf([50_000, 0]);
    recorder.onPacket(SSRC, 45_000, 0);
    recorder.onPacket(SSRC, 50_001, 0);
    recorder.onPacket(SSRC, 45_001, 0);
    recorder.onPacket(SSRC, 50_002, 0);
    const statuses = read(recorder.nextFeedback(1, 0));
    expect(statuses.length).toBe(5003);
    expect(statuses.at(-1)).toEqual([50_002, 0]);
    expect(read(recorderOf([40_000, 0], [40_001, 0]).nextFeedback(1, 0))).toEqual([
      [40_000, 0],
      [40_001, 0],
    ]);
  });
});

describe('any arrivals', () => {
  it('end in feedback that parses, whatever comes', () => {
    const step = fc.record({
      ssrc: fc.integer({ min: 0, max: 5 }),
      sequence: fc.integer({ min: 0, max: 0xffff }),
      arrival: fc.double({ noDefaultInfinity: false, min: -1e6, max: 1e13 }),
      ecn: fc.constantFrom<EcnMark[]>('not-ect', 'ect-1', 'ect-0', 'ce'),
      report: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 20 }), (run) => {
        const recorder = new CongestionFeedbackRecorder({ maxStreams: 3 });
        for (const { ssrc, sequence, arrival, ecn, report } of run) {
          recorder.onPacket(ssrc, sequence, arrival, ecn);
          if (report) overTheWire(recorder.nextFeedback(1, Math.max(0, arrival || 0)));
        }
        overTheWire(recorder.nextFeedback(1, 0));
        expect(recorder.nextFeedback(1, 0)).toEqual([]);
      }),
      { numRuns: 20 },
    );
  });

  it('reach the sender, as far apart as they were, within half a millisecond', () => {
    const step = fc.record({
      ssrc: fc.constantFrom(1, 2),
      skip: fc.oneof(
        { weight: 9, arbitrary: fc.constant(0) },
        { weight: 1, arbitrary: fc.integer({ min: 1, max: 9 }) },
      ),
      pause: fc.double({ min: 0, max: 30, noNaN: true }),
      report: fc.integer({ min: 0, max: 9 }).map((choice) => choice === 0),
    });
    const offset = fc.oneof(fc.double({ min: 0, max: 1e6, noNaN: true }), fc.constant(65_536_000 - 500));
    fc.assert(
      fc.property(offset, fc.array(step, { minLength: 2, maxLength: 200 }), (start, run) => {
        const recorder = new CongestionFeedbackRecorder();
        const reader = new CongestionFeedbackReader();
        const sent = new Map([
          [1, 65_500],
          [2, 0],
        ]);
        const arrivals = new Map<string, number>();
        const read = new Map<string, number | undefined>();
        let now = start;
        run.forEach(({ ssrc, skip, pause, report }, i) => {
          now += pause;
          const sequence = ((sent.get(ssrc) ?? 0) + 1 + skip) & 0xffff;
          sent.set(ssrc, sequence);
          recorder.onPacket(ssrc, sequence, now);
          arrivals.set(`${ssrc}/${sequence}`, now);
          if (!report && i < run.length - 1) return;
          for (const feedback of recorder.nextFeedback(9, now)) {
            const [parsed] = parseRtcp(serializeRtcp([feedback])).packets as CongestionFeedback[];
            for (const fate of reader.read(parsed!, now - start + 1e9)) {
              const name = `${fate.ssrc}/${fate.sequenceNumber}`;
              expect(fate.isReceived).toBe(arrivals.has(name));
              if (fate.isReceived) read.set(name, fate.arrival);
            }
          }
        });
        expect([...read.keys()].sort()).toEqual([...arrivals.keys()].sort());
        const shift = 1e9 - start;
        for (const [name, arrival] of arrivals) {
          expect(Math.abs((read.get(name) ?? Number.NaN) - arrival - shift)).toBeLessThanOrEqual(2 * PRECISION);
        }
      }),
      { numRuns: 200 },
    );
  });
});
