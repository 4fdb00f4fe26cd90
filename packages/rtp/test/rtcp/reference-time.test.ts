import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseRtcp, type RtcpExtendedReport, serializeRtcp } from '../../src/rtcp/packets.ts';
import { ReceiverRoundTrip, ReferenceTimeEcho } from '../../src/rtcp/reference-time.ts';

const RECEIVER = 1;
const SENDER = 2;

function overTheWire(report: RtcpExtendedReport): RtcpExtendedReport {
  const [parsed] = parseRtcp(serializeRtcp([report])).packets;
  return parsed as RtcpExtendedReport;
}

describe('the round trip of a receiver (RFC 3611 §4.4, §4.5)', () => {
  it('is the time from reference time to answer without the delay at the sender', () => {
    const time = fc.double({ min: 0, max: 4e12, noNaN: true });
    const pause = fc.double({ min: 0, max: 10_000, noNaN: true });
    fc.assert(
      fc.property(time, pause, pause, pause, (start, there, held, back) => {
        const receiver = new ReceiverRoundTrip(RECEIVER);
        const sender = new ReferenceTimeEcho();
        const senderClock = 12_345.678;
        const question = overTheWire(receiver.report(start));
        sender.onExtendedReport(question, senderClock);
        const answer = sender.report(SENDER, senderClock + held);
        receiver.onExtendedReport(overTheWire(answer!), start + there + held + back);
        const difference = (receiver.roundTrip ?? Number.NaN) - (there + back);
        expect(Math.abs(difference)).toBeLessThanOrEqual(0.5 / 65.536 + start * 2 ** -50 + 1e-6);
      }),
    );
  });

  it('is unknown before the first answer, and never negative', () => {
    const receiver = new ReceiverRoundTrip(RECEIVER);
    const sender = new ReferenceTimeEcho();
    sender.onExtendedReport(receiver.report(1000), 0);
    expect(receiver.roundTrip).toBeUndefined();
    receiver.onExtendedReport(sender.report(SENDER, 500)!, 1400);
    expect(receiver.roundTrip).toBe(0);
  });

  it('comes from the latest answer', () => {
    const receiver = new ReceiverRoundTrip(RECEIVER);
    const sender = new ReferenceTimeEcho();
    for (const [at, roundTrip] of [
      [1000, 80],
      [2000, 30],
    ] as const) {
      sender.onExtendedReport(receiver.report(at), 0);
      receiver.onExtendedReport(sender.report(SENDER, 0)!, at + roundTrip);
    }
    expect(receiver.roundTrip).toBe(30);
  });

  it('takes no answer to another receiver, to nothing, or to a reference time long past', () => {
    const receiver = new ReceiverRoundTrip(RECEIVER);
    const echoOf = (report: RtcpExtendedReport) => {
      const sender = new ReferenceTimeEcho();
      sender.onExtendedReport(report, 0);
      return sender.report(SENDER, 0)!;
    };
    const first = echoOf(receiver.report(1000));
    receiver.onExtendedReport(echoOf({ ...receiver.report(1500), ssrc: 3 }), 1600);
    const answers = [{ ssrc: RECEIVER, lastReceiverReport: 0, delaySinceLastReceiverReport: 0 }];
    receiver.onExtendedReport(
      { type: 'extended-report', ssrc: SENDER, blocks: [{ type: 'delay-since-last-receiver-report', answers }] },
      1700,
    );
    for (let i = 0; i < 8; i++) receiver.report(2000 + i * 1000);
    receiver.onExtendedReport(first, 10_000);
    expect(receiver.roundTrip).toBeUndefined();
  });
});

describe('the answer of a sender', () => {
  it('goes to every receiver that asked since the last one, for its latest reference time', () => {
    const sender = new ReferenceTimeEcho();
    expect(sender.report(SENDER, 0)).toBeUndefined();
    sender.onExtendedReport(new ReceiverRoundTrip(5).report(1000), 100);
    sender.onExtendedReport(new ReceiverRoundTrip(6).report(2000), 100);
    sender.onExtendedReport(new ReceiverRoundTrip(5).report(3000), 600);
    expect(sender.report(SENDER, 1100)).toEqual({
      type: 'extended-report',
      ssrc: SENDER,
      blocks: [
        {
          type: 'delay-since-last-receiver-report',
          answers: [
            { ssrc: 6, lastReceiverReport: 0x7e820000, delaySinceLastReceiverReport: 65_536 },
            { ssrc: 5, lastReceiverReport: 0x7e830000, delaySinceLastReceiverReport: 32_768 },
          ],
        },
      ],
    });
    expect(sender.report(SENDER, 1200)).toBeUndefined();
  });

  it('goes to the latest 32 of them', () => {
    const sender = new ReferenceTimeEcho();
    for (let ssrc = 0; ssrc < 100; ssrc++) sender.onExtendedReport(new ReceiverRoundTrip(ssrc).report(ssrc), 0);
    const [block] = sender.report(SENDER, 0)?.blocks ?? [];
    const answers = block?.type === 'delay-since-last-receiver-report' ? block.answers : [];
    expect(answers.map(({ ssrc }) => ssrc)).toEqual(Array.from({ length: 32 }, (_, i) => 68 + i));
  });
});
