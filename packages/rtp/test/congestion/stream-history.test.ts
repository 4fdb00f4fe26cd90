import { describe, expect, it } from 'vitest';
import { SendHistory } from '../../src/congestion/send-history.ts';
import { StreamHistory } from '../../src/congestion/stream-history.ts';
import type { CongestionFeedback, CongestionFeedbackArrival } from '../../src/rtcp/feedback-types.ts';
import { clockToNtp, compactNtp } from '../../src/rtcp/ntp.ts';

const CAMERA = 7;
const MICROPHONE = 8;

/** How long before the report packets arrived, or `-` for those that did not; each marked so. */
type Status = number | '-' | CongestionFeedbackArrival;

class Path {
  readonly history = new SendHistory();
  readonly streams = new StreamHistory(this.history);
  #sequence = 1_000;

  send(ssrc: number, sequenceNumber: number, sentAt: number): this {
    const sequence = this.#sequence++;
    this.history.onPacketSent({ sequence, size: 100, sentAt });
    this.streams.onPacketSent(ssrc, sequenceNumber & 0xffff, sequence, sentAt);
    return this;
  }

  /** A camera's packets, one per millisecond. */
  sendRun(first: number, count: number): this {
    for (let i = 0; i < count; i++) this.send(CAMERA, first + i, i);
    return this;
  }

  tell(now: number, ...streams: (readonly [ssrc: number, begin: number, ...statuses: Status[]])[]) {
    return this.streams.onFeedback(feedback(now, streams), now);
  }
}

function feedback(now: number, streams: Parameters<Path['tell']>[1][]): CongestionFeedback {
  const { ntpSeconds, ntpFraction } = clockToNtp(now);
  return {
    type: 'congestion-feedback',
    senderSsrc: 1,
    reportTimestamp: compactNtp(ntpSeconds, ntpFraction),
    streams: streams.map(([ssrc, beginSequence, ...statuses]) => ({
      ssrc,
      beginSequence,
      packets: statuses.map((status) => {
        if (status === '-') return undefined;
        return typeof status === 'number' ? { ecn: 'not-ect' as const, arrivalOffset: status } : status;
      }),
    })),
  };
}

/** Sequences with `+` for received, `-` for lost. */
const fates = ({ packets }: ReturnType<StreamHistory['onFeedback']>) =>
  packets.map(({ sequence, receivedAt }) => `${sequence}${receivedAt === undefined ? '-' : '+'}`);

describe('stream history', () => {
  it('finds the packets of each stream, in the order in which they left', () => {
    const path = new Path().send(CAMERA, 65_535, 10).send(MICROPHONE, 3, 20).send(CAMERA, 65_536, 30);
    const { at, packets } = path.tell(100, [CAMERA, 65_535, 50, 0], [MICROPHONE, 3, 25]);
    expect(at).toBe(100);
    expect(packets).toEqual([
      { sequence: 1_000, size: 100, sentAt: 10, receivedAt: 50, previouslyLost: false, ecn: 'not-ect' },
      { sequence: 1_001, size: 100, sentAt: 20, receivedAt: 75, previouslyLost: false, ecn: 'not-ect' },
      { sequence: 1_002, size: 100, sentAt: 30, receivedAt: 100, previouslyLost: false, ecn: 'not-ect' },
    ]);
  });

  it('takes a gap for a loss only below a packet of the same stream that was received', () => {
    const path = new Path().sendRun(0, 4).send(MICROPHONE, 9, 50);
    expect(fates(path.tell(100, [CAMERA, 0, 10, '-', 5, '-'], [MICROPHONE, 9, 1]))).toEqual([
      '1000+',
      '1001-',
      '1002+',
      '1004+',
    ]);
  });

  it('does not take lost feedback for lost packets', () => {
    const path = new Path().sendRun(0, 6);
    path.tell(100, [CAMERA, 0, 5, 5]);
    expect(fates(path.tell(200, [CAMERA, 4, 5, 5]))).toEqual(['1004+', '1005+']);
  });

  it('reports a packet once as lost and once as received, however often feedback repeats itself', () => {
    const path = new Path().sendRun(0, 3);
    expect(fates(path.tell(100, [CAMERA, 0, 5, '-', 5]))).toEqual(['1000+', '1001-', '1002+']);
    expect(path.tell(120, [CAMERA, 0, 25, '-', 25]).packets).toEqual([]);
    const late = path.tell(140, [CAMERA, 0, 45, 10, 45]).packets;
    expect(late).toMatchObject([{ sequence: 1_001, previouslyLost: true }]);
    expect(late[0]!.receivedAt).toBeCloseTo(130, 1);
    expect(path.tell(160, [CAMERA, 1, 30, 65]).packets).toEqual([]);
  });

  it('keeps the marks', () => {
    const path = new Path().sendRun(0, 2);
    const { packets } = path.tell(100, [
      CAMERA,
      0,
      { ecn: 'ce', arrivalOffset: 5 },
      { ecn: 'ect-1', arrivalOffset: 5 },
    ]);
    expect(packets.map(({ ecn }) => ecn)).toEqual(['ce', 'ect-1']);
  });

  it('takes a packet that arrived nobody knows when for neither lost nor received', () => {
    const path = new Path().sendRun(0, 3);
    const unknown = { ecn: 'not-ect', arrivalOffset: undefined } as const;
    const longAgo = { ecn: 'not-ect', arrivalOffset: Number.POSITIVE_INFINITY } as const;
    expect(fates(path.tell(100, [CAMERA, 0, unknown, longAgo, 5]))).toEqual(['1002+']);
    expect(path.tell(120, [CAMERA, 0, 5, '-', 5]).packets).toEqual([]);
  });

  it('passes over packets and streams that were never sent, or are over', () => {
    const path = new Path().sendRun(10, 3);
    expect(fates(path.tell(100, [CAMERA, 9, 5, 5, 5, 5, 5], [99, 0, 5]))).toEqual(['1000+', '1001+', '1002+']);
    path.send(CAMERA, 13, 110).streams.forget(CAMERA);
    expect(path.tell(200, [CAMERA, 13, 5]).packets).toEqual([]);
  });

  it('tells arrivals on one clock over the wrap of the report timestamp', () => {
    const wrap = 65_536_000 - (clockToNtp(0).ntpSeconds % 65_536) * 1_000;
    const path = new Path().send(CAMERA, 0, wrap - 100).send(CAMERA, 1, wrap + 50);
    const [first] = path.tell(wrap - 20, [CAMERA, 0, 0]).packets;
    const [second] = path.tell(wrap + 80, [CAMERA, 1, 0]).packets;
    expect((second!.receivedAt ?? 0) - (first!.receivedAt ?? 0)).toBeCloseTo(100, 1);
  });

  it('remembers thousands of packets of a stream', () => {
    const path = new Path().sendRun(0, 5_000);
    expect(fates(path.tell(6_000, [CAMERA, 0, 900]))).toEqual(['1000+']);
    expect(fates(path.tell(6_000, [CAMERA, 4_999, 900]))).toEqual(['5999+']);
  });
});
