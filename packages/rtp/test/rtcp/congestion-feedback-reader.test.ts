import { describe, expect, it } from 'vitest';
import { CongestionFeedbackReader } from '../../src/rtcp/congestion-feedback-reader.ts';
import type { CongestionFeedback, CongestionFeedbackStream } from '../../src/rtcp/packets.ts';

const SECOND = 0x10000;

/** Feedback on one stream from packet 10 on, or on the given streams. */
function feedbackAt(
  reportTimestamp: number,
  packets: CongestionFeedbackStream['packets'],
  ssrc = 1,
  beginSequence = 10,
): CongestionFeedback {
  const streams = [{ ssrc, beginSequence, packets }];
  return { type: 'congestion-feedback', senderSsrc: 9, reportTimestamp, streams };
}

const arrived = (arrivalOffset: number | undefined) => ({ ecn: 'ect-1' as const, arrivalOffset });

describe('reading congestion feedback', () => {
  it('tells the fate of every packet, stream by stream', () => {
    const reader = new CongestionFeedbackReader();
    const feedback: CongestionFeedback = {
      ...feedbackAt(5 * SECOND, []),
      streams: [
        { ssrc: 1, beginSequence: 65_535, packets: [arrived(500), undefined] },
        { ssrc: 2, beginSequence: 7, packets: [{ ecn: 'ce', arrivalOffset: 0 }] },
      ],
    };
    expect(reader.read(feedback, 3000)).toEqual([
      { ssrc: 1, sequenceNumber: 65_535, isReceived: true, arrival: 2500, ecn: 'ect-1' },
      { ssrc: 1, sequenceNumber: 0, isReceived: false, arrival: undefined, ecn: 'not-ect' },
      { ssrc: 2, sequenceNumber: 7, isReceived: true, arrival: 3000, ecn: 'ce' },
    ]);
  });

  it('knows no time where the receiver could not tell it', () => {
    const fates = new CongestionFeedbackReader().read(
      feedbackAt(SECOND, [arrived(undefined), arrived(Number.POSITIVE_INFINITY)]),
      1000,
    );
    expect(fates.map(({ isReceived, arrival }) => [isReceived, arrival])).toEqual([
      [true, undefined],
      [true, undefined],
    ]);
  });

  it('goes by the clock of the receiver from one report to the next, however long they were on the way', () => {
    const reader = new CongestionFeedbackReader();
    reader.read(feedbackAt(10 * SECOND, []), 1000);
    const [fate] = reader.read(feedbackAt(12 * SECOND, [arrived(500)]), 9999);
    expect(fate?.arrival).toBe(2500);
  });

  it('puts up with reports out of order', () => {
    const reader = new CongestionFeedbackReader();
    reader.read(feedbackAt(10 * SECOND, []), 1000);
    expect(reader.read(feedbackAt(9 * SECOND, [arrived(0)]), 1001)[0]?.arrival).toBe(0);
    expect(reader.read(feedbackAt(11 * SECOND, [arrived(0)]), 1002)[0]?.arrival).toBe(2000);
  });

  it('goes on over the wrap of the timestamp after 18.2 hours', () => {
    const reader = new CongestionFeedbackReader();
    reader.read(feedbackAt(0xffff8000, []), 1000);
    expect(reader.read(feedbackAt(0x00008000, [arrived(0)]), 1001)[0]?.arrival).toBe(2000);
  });
});
