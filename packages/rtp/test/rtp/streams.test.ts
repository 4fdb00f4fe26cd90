import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { clockToNtp, compactDuration, compactNtp } from '../../src/rtcp/ntp.ts';
import { type RtpFields, RtpPacket, serializeRtp } from '../../src/rtp/packet.ts';
import { type ReceivedPacket, RtpReceiveStream } from '../../src/rtp/receive-stream.ts';
import { RtpSendStream } from '../../src/rtp/send-stream.ts';

const wire = (fields: RtpFields) => RtpPacket.parse(serializeRtp(fields))!;
const packet = (sequenceNumber: number, timestamp = 0, payload = Uint8Array.of(1, 2)) =>
  wire({ payloadType: 96, ssrc: 7, marker: false, sequenceNumber: sequenceNumber & 0xffff, timestamp, payload });
const receiver = () => new RtpReceiveStream({ ssrc: 7, clockRate: 90_000, nack: {} });
const sender = () =>
  new RtpSendStream({
    ssrc: 7,
    payloadType: 96,
    rtx: { ssrc: 8, payloadType: 97, firstSequenceNumber: 65_534, history: { capacity: 256, maxAge: 1e9 } },
  });

describe('what a receiving stream counts', () => {
  const arrivals = fc.tuple(
    fc.nat(65_535),
    fc.array(fc.record({ step: fc.integer({ min: -20, max: 30 }), size: fc.nat(50) }), { maxLength: 150 }),
  );

  test('duplicates are told, losses are what is missing between first and highest, across the wrap of the numbers', () => {
    fc.assert(
      fc.property(arrivals, ([first, steps]) => {
        const stream = receiver();
        const seen = new Set<number>();
        let highest = first;
        let duplicates = 0;
        let bytes = 0;
        let offset: number | undefined;
        for (const { step, size } of [{ step: 0, size: 1 }, ...steps]) {
          const sequence = highest + step;
          highest = Math.max(highest, sequence);
          const received = stream.receive(packet(sequence, 0, new Uint8Array(size)), 0);
          expect(received === undefined).toBe(seen.has(sequence));
          if (received === undefined) {
            duplicates += 1;
            continue;
          }
          seen.add(sequence);
          bytes += size;
          offset ??= received.sequence - sequence;
          expect(received.sequence).toBe(sequence + offset);
          expect(received.sequence).toBeGreaterThanOrEqual(0);
        }
        const expected = highest - Math.min(...seen) + 1;
        expect(stream).toMatchObject({
          packetsReceived: seen.size,
          packetsDuplicated: duplicates,
          packetsLost: expected - seen.size,
          bytesReceived: bytes,
        });
        const report = stream.reportBlock(0);
        expect(report.cumulativeLost).toBe(expected - seen.size);
        expect(report.extendedHighestSequence).toBe(highest);
        expect(report.fractionLost).toBe(Math.min(255, Math.floor((256 * (expected - seen.size)) / expected)));
      }),
    );
  });

  test('a packet too old to tell from a duplicate is refused', () => {
    const stream = receiver();
    stream.receive(packet(5000), 0);
    stream.receive(packet(5000 - 2047), 0);
    expect(stream.packetsReceived).toBe(2);
    expect(stream.receive(packet(5000 - 2048), 0)).toBeUndefined();
    expect(stream.packetsDuplicated).toBe(1);
  });
});

describe('RFC 3550 §A.3: report blocks', () => {
  test('the fraction lost is that of the interval, in 1/256, the number lost that of the whole', () => {
    const stream = receiver();
    for (const sequence of [65_534, 65_535, 0, 3]) stream.receive(packet(sequence), 0);
    expect(stream.reportBlock(0)).toMatchObject({
      fractionLost: Math.floor((2 * 256) / 6),
      cumulativeLost: 2,
      extendedHighestSequence: 0x10003,
    });
    for (const sequence of [4, 5, 6, 7]) stream.receive(packet(sequence), 0);
    expect(stream.reportBlock(0)).toMatchObject({
      fractionLost: 0,
      cumulativeLost: 2,
      extendedHighestSequence: 0x10007,
    });
    expect(stream.reportBlock(0)).toMatchObject({ fractionLost: 0, cumulativeLost: 2 });
    for (const sequence of [8, 9, 11]) stream.receive(packet(sequence), 0);
    expect(stream.reportBlock(0)).toMatchObject({ fractionLost: 64, cumulativeLost: 3 });
  });

  test('late packets of the last interval never make the fraction negative', () => {
    const stream = receiver();
    for (const sequence of [1, 5]) stream.receive(packet(sequence), 0);
    stream.reportBlock(0);
    for (const sequence of [2, 3, 4]) stream.receive(packet(sequence), 0);
    expect(stream.reportBlock(0)).toMatchObject({ fractionLost: 0, cumulativeLost: 0 });
  });

  test('§6.4.1: the last sender report and the delay since it; zero before the first', () => {
    const stream = receiver();
    stream.receive(packet(1), 0);
    expect(stream.reportBlock(50)).toMatchObject({ lastSenderReport: 0, delaySinceLastSenderReport: 0 });
    const ntp = { ntpSeconds: 0xb44db705, ntpFraction: 0x20000000 };
    stream.onSenderReport(
      { type: 'sender-report', ssrc: 7, ...ntp, rtpTimestamp: 0, packetCount: 1, octetCount: 1, reports: [] },
      1000,
    );
    // The example of figure 2: 0xb705:2000, and 5.25 s later.
    expect(stream.reportBlock(6250)).toMatchObject({
      lastSenderReport: 0xb7052000,
      delaySinceLastSenderReport: 0x00054000,
    });
  });

  test('§A.8: jitter follows the differences of transit times by a sixteenth', () => {
    const stream = receiver();
    stream.receive(packet(1, 0xffffff00), 1000);
    stream.receive(packet(2, 0xffffff00 + 900 - 2 ** 32), 1010);
    expect(stream.jitter).toBe(0);
    stream.receive(packet(3, 0xffffff00 + 1800 - 2 ** 32), 1036);
    expect(stream.jitter).toBeCloseTo(1, 6);
    stream.receive(packet(4, 0xffffff00 + 2700 - 2 ** 32), 1046);
    expect(stream.jitter).toBeCloseTo(1 - 1 / 16, 6);
  });
});

describe('RFC 4588: retransmission', () => {
  test('whatever is lost comes back as it was, once, with the numbers of a stream of its own', () => {
    fc.assert(
      fc.property(
        fc.nat(65_535),
        fc.array(fc.record({ lost: fc.boolean(), payload: fc.uint8Array({ maxLength: 20 }), marker: fc.boolean() }), {
          minLength: 2,
          maxLength: 100,
        }),
        (first, sent) => {
          const from = sender();
          const to = receiver();
          const received: ReceivedPacket[] = [];
          const take = (one: ReceivedPacket | undefined) => one && received.push(one);
          sent.forEach(({ lost, payload, marker }, i) => {
            const bytes = wire(from.send((first + i) & 0xffff, 3000 * i, marker, payload, i));
            const ends = i === 0 || i === sent.length - 1;
            if (!lost || ends) take(to.receive(bytes, i));
          });
          const asked = to.dueNacks(1000);
          const retransmissions = from.retransmit(asked, 1000);
          expect(retransmissions.map((fields) => fields.sequenceNumber)).toEqual(
            asked.map((_, i) => (65_535 + i) & 0xffff),
          );
          for (const fields of retransmissions) {
            expect(fields).toMatchObject({ ssrc: 8, payloadType: 97 });
            take(to.receiveRtx(wire(fields), 1050));
            expect(to.receiveRtx(wire(fields), 1051)).toBeUndefined();
          }
          received.sort((a, b) => a.sequence - b.sequence);
          expect(
            received.map(({ timestamp, marker, payload }) => ({ timestamp, marker, payload: [...payload] })),
          ).toEqual(sent.map(({ payload, marker }, i) => ({ timestamp: 3000 * i, marker, payload: [...payload] })));
          expect(to.packetsRecovered).toBe(asked.length);
          expect(to.packetsLost).toBe(0);
          expect(to.dueNacks(5000)).toEqual([]);
          expect(from).toMatchObject({ packetsRetransmitted: asked.length, nacksReceived: asked.length });
          if (asked.length > 0) expect(to.roundTrip).toBe(50);
        },
      ),
    );
  });

  test('padding, junk and retransmissions before the first packet are nothing', () => {
    const to = receiver();
    const rtx = { payloadType: 97, ssrc: 8, sequenceNumber: 1, timestamp: 0, marker: false };
    expect(to.receiveRtx(wire({ ...rtx, payload: Uint8Array.of(0, 5, 1) }), 0)).toBeUndefined();
    to.receive(packet(5), 0);
    expect(to.receiveRtx(wire({ ...rtx, payload: new Uint8Array(0), paddingSize: 20 }), 0)).toBeUndefined();
    expect(to.receiveRtx(wire({ ...rtx, payload: Uint8Array.of(0) }), 0)).toBeUndefined();
    expect(to.receiveRtx(wire({ ...rtx, payload: Uint8Array.of(0, 5, 1) }), 0)).toBeUndefined();
    expect(to.packetsReceived).toBe(1);
  });

  test('what is sent again has the head it was sent with', () => {
    const from = new RtpSendStream({
      ssrc: 7,
      payloadType: 96,
      rtx: { ssrc: 8, payloadType: 97, firstSequenceNumber: 0 },
    });
    const shared = Uint8Array.of(1, 2, 3);
    from.send(1, 0, true, shared, 0, [], Uint8Array.of(9));
    const [again] = from.retransmit([1], 10);
    expect(again?.payload).toEqual(Uint8Array.of(0, 1, 9, 2, 3));
    expect(shared).toEqual(Uint8Array.of(1, 2, 3));
  });

  test('a stream without retransmission answers nothing', () => {
    const from = new RtpSendStream({ ssrc: 7, payloadType: 96 });
    from.send(1, 0, true, Uint8Array.of(1), 0);
    expect(from.retransmit([1], 10)).toEqual([]);
    expect(from.nacksReceived).toBe(1);
    expect(from.rtxSsrc).toBeUndefined();
  });

  test('a filler holds its place in the sequence with nothing in it', () => {
    const from = sender();
    const to = receiver();
    to.receive(wire(from.send(1, 0, true, Uint8Array.of(1), 0)), 0);
    const filler = wire(from.filler(2, 3000, 10));
    expect(filler).toMatchObject({ sequenceNumber: 2, paddingSize: 1 });
    expect(to.receive(filler, 10)).toMatchObject({ payload: new Uint8Array(0), marker: false });
    expect(to.packetsLost).toBe(0);
  });
});

describe('RFC 3550 §6.4.1: sender reports', () => {
  test('none before the first packet; then the counts and the RTP time of the moment', () => {
    const from = sender();
    expect(from.senderReport(500, 90_000)).toBeUndefined();
    from.send(1, 0xffffff00, false, new Uint8Array(10), 1000);
    from.send(2, 0xffffff00, true, new Uint8Array(20), 1005);
    expect(from.senderReport(1100, 90_000)).toMatchObject({
      ssrc: 7,
      ...clockToNtp(1100),
      rtpTimestamp: 9000 - 0x100,
      packetCount: 2,
      octetCount: 30,
    });
  });

  test('a forwarded stream reports the relation of clocks it was given', () => {
    const from = sender();
    from.send(1, 0, true, new Uint8Array(10), 0);
    const source = { ntpSeconds: 1, ntpFraction: 2, rtpTimestamp: 3 };
    expect(from.senderReport(1100, 90_000, source)).toMatchObject(source);
  });

  test('the round trip is what lies between report and answer without the delay at the receiver', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 1, max: 400 }), fc.nat(3000), fc.boolean()), {
          minLength: 1,
          maxLength: 20,
        }),
        fc.boolean(),
        (trips, forwarded) => {
          const from = sender();
          const to = receiver();
          to.receive(wire(from.send(1, 0, true, new Uint8Array(1), 0)), 0);
          let now = 1000;
          for (const [roundTrip, delay, lost] of trips) {
            const source = forwarded ? { ...clockToNtp(now + 77_777), rtpTimestamp: 5 } : undefined;
            const report = from.senderReport(now, 90_000, source)!;
            if (!lost) {
              to.onSenderReport(report, now + roundTrip / 2);
              const block = to.reportBlock(now + roundTrip / 2 + delay);
              expect(block.lastSenderReport).toBe(compactNtp(report.ntpSeconds, report.ntpFraction));
              expect(block.delaySinceLastSenderReport).toBe(compactDuration(delay));
              from.onReportBlock(block, now + roundTrip + delay);
              expect(from.roundTrip).toBeCloseTo(roundTrip, 1);
            }
            now += roundTrip + delay + 1;
          }
        },
      ),
    );
  });

  test('a report on a sender report that was never sent changes no round trip, but the loss', () => {
    const from = sender();
    from.onReportBlock(
      {
        ssrc: 7,
        fractionLost: 64,
        cumulativeLost: 1,
        extendedHighestSequence: 1,
        jitter: 0,
        lastSenderReport: 12_345,
        delaySinceLastSenderReport: 0,
      },
      0,
    );
    expect(from.roundTrip).toBeUndefined();
    expect(from.fractionLost).toBe(0.25);
  });
});
