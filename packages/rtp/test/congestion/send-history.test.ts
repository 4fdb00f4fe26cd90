import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SendHistory, type SendHistoryOptions } from '../../src/congestion/send-history.ts';

/** Packets of 100 byte, one per millisecond from `first` on. */
function sent(first: number, count: number, options?: Partial<SendHistoryOptions>): SendHistory {
  const history = new SendHistory(options);
  for (let i = 0; i < count; i++) history.onPacketSent({ sequence: first + i, size: 100, sentAt: i });
  return history;
}

function feedback(base: number, arrivals: (number | undefined)[], feedbackCount = 0) {
  return { baseSequence: base & 0xffff, feedbackCount, arrivals };
}

/** Sequences with `+` for received, `-` for lost. */
function fates(matched: ReturnType<SendHistory['onFeedback']>): string[] {
  return matched.packets.map(({ sequence, receivedAt }) => `${sequence}${receivedAt === undefined ? '-' : '+'}`);
}

describe('send history', () => {
  it('matches feedback with what was sent', () => {
    const history = new SendHistory();
    history.onPacketSent({ sequence: 7, size: 1_200, sentAt: 50, probeCluster: 3 });
    expect(history.onFeedback(feedback(7, [900]), 100)).toEqual({
      at: 100,
      lostFeedback: 0,
      packets: [{ sequence: 7, size: 1_200, sentAt: 50, probeCluster: 3, receivedAt: 900, previouslyLost: false }],
    });
  });

  it('takes a gap for a loss only below a packet that was received', () => {
    const history = sent(0, 10);
    expect(fates(history.onFeedback(feedback(0, [5, undefined, 6, undefined, undefined]), 20))).toEqual([
      '0+',
      '1-',
      '2+',
    ]);
    expect(history.onFeedback(feedback(3, [undefined, undefined]), 30).packets).toEqual([]);
  });

  it('does not take lost feedback for lost packets, but counts it', () => {
    const history = sent(0, 10);
    history.onFeedback(feedback(0, [5, 6], 254), 20);
    const later = history.onFeedback(feedback(6, [9, 10], 1), 40);
    expect(fates(later)).toEqual(['6+', '7+']);
    expect(later.lostFeedback).toBe(2);
  });

  it('reports a packet once as lost and once as received, however often feedback repeats itself', () => {
    const history = sent(0, 10);
    expect(fates(history.onFeedback(feedback(0, [5, undefined, 6]), 20))).toEqual(['0+', '1-', '2+']);
    expect(history.onFeedback(feedback(0, [5, undefined, 6]), 30).packets).toEqual([]);
    const late = history.onFeedback(feedback(0, [5, 12, 6]), 40).packets;
    expect(late).toMatchObject([{ sequence: 1, receivedAt: 12, previouslyLost: true }]);
    expect(history.onFeedback(feedback(0, [5, 12, 6]), 50).packets).toEqual([]);
  });

  it('passes over packets that were never sent, or are forgotten', () => {
    const history = sent(100, 5);
    expect(fates(history.onFeedback(feedback(98, [1, 2, 3]), 10))).toEqual(['100+']);
    expect(fates(history.onFeedback(feedback(104, [5, 6, 7]), 10))).toEqual(['104+']);
    expect(history.onFeedback(feedback(101, [4]), 61_000).packets).toEqual([]);
    expect(new SendHistory().onFeedback(feedback(0, [1]), 10).packets).toEqual([]);
  });

  it('unwraps sequence numbers', () => {
    const history = sent(65_530, 12);
    expect(fates(history.onFeedback(feedback(65_534, [1, undefined, 3, 4]), 20))).toEqual([
      '65534+',
      '65535-',
      '65536+',
      '65537+',
    ]);
  });

  it('unwraps the reference time', () => {
    const period = 2 ** 24 * 64;
    const history = sent(0, 4);
    history.onFeedback(feedback(0, [period - 10]), 20);
    const { packets } = history.onFeedback(feedback(1, [period - 1, 9, 4]), 40);
    expect(packets.map(({ receivedAt }) => receivedAt)).toEqual([period - 1, period + 9, period + 4]);
  });

  it('keeps what is young as far as its bound allows, and no more', () => {
    const history = sent(0, 5_000, { maxPackets: 1_024 });
    expect(history.onFeedback(feedback(3_975, [1]), 5_000).packets).toEqual([]);
    expect(fates(history.onFeedback(feedback(3_976, [1]), 5_000))).toEqual(['3976+']);
    const roomy = sent(0, 5_000);
    expect(fates(roomy.onFeedback(feedback(0, [1]), 5_000))).toEqual(['0+']);
  });

  it('never reports a fate twice, whatever the feedback', () => {
    const arrival = fc.option(fc.integer({ min: 0, max: 10_000 }), { nil: undefined });
    const anyFeedback = fc.record({
      base: fc.integer({ min: 65_500, max: 65_620 }),
      count: fc.integer({ min: 0, max: 255 }),
      arrivals: fc.array(arrival, { maxLength: 60 }),
    });
    fc.assert(
      fc.property(fc.array(anyFeedback, { maxLength: 20 }), (feedbacks) => {
        const history = sent(65_500, 100);
        const reported = new Map<number, string>();
        for (const { base, count, arrivals } of feedbacks) {
          for (const packet of history.onFeedback(feedback(base, arrivals, count), 200).packets) {
            const before = reported.get(packet.sequence);
            expect(packet.sequence).toBeGreaterThanOrEqual(65_500);
            expect(packet.sequence).toBeLessThan(65_600);
            expect(before).not.toBe('received');
            expect(packet.previouslyLost).toBe(before === 'lost');
            if (packet.receivedAt === undefined) expect(before).toBeUndefined();
            reported.set(packet.sequence, packet.receivedAt === undefined ? 'lost' : 'received');
          }
        }
      }),
    );
  });
});
