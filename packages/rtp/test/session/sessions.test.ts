// A sender's and a receiver's session, wired to each other by hand: what one says, the other acts upon.

import {
  type CongestionController,
  type FeedbackReport,
  GoogleCongestionControl,
  parseRtcp,
  type ReceivedPacket,
  ReceiverSession,
  type RtcpPacket,
  RtpPacket,
  RtpReceiveStream,
  RtpSendStream,
  SenderSession,
  type SendingStream,
  serializeRtcp,
} from '@sluice/rtp';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

const IDS = { absSendTime: 4, transportSequence: 5 };
const SSRC = 7;
const RTX_SSRC = 8;
const FEC_SSRC = 9;

/** Both ends, and a wire that carries nothing by itself. */
class Pair {
  readonly keyFrameRequests: string[] = [];
  readonly received: ReceivedPacket[] = [];
  readonly wire: Uint8Array[] = [];
  readonly outgoing: SendingStream;
  readonly sender: SenderSession;
  readonly receiver: ReceiverSession<string>;
  readonly stream: RtpReceiveStream;
  #sequence = 0xfff0;

  constructor({ congestion, fec = 0 }: { congestion?: CongestionController; fec?: number } = {}) {
    this.stream = new RtpReceiveStream({
      ssrc: SSRC,
      clockRate: 90_000,
      nack: fec === 0 ? {} : false,
      forwardErrorCorrection: fec > 0,
    });
    this.sender = new SenderSession({ send: (bytes) => this.wire.push(bytes), congestion });
    const stream = new RtpSendStream({
      ssrc: SSRC,
      payloadType: 96,
      rtx: { ssrc: RTX_SSRC, payloadType: 97, firstSequenceNumber: 3 },
      ...(fec > 0 && {
        fec: { ssrc: FEC_SSRC, payloadType: 118, firstSequenceNumber: 0xffff, protection: { ratio: fec } },
      }),
    });
    this.outgoing = {
      kind: 'video',
      stream,
      extensionIds: IDS,
      cname: 'ada',
      onKeyFrameRequest: (cause) => this.keyFrameRequests.push(cause),
      dueSenderReport: (now) => (now % 1000 === 0 ? stream.senderReport(now, 90_000) : undefined),
    };
    this.sender.add(this.outgoing);
    this.receiver = new ReceiverSession({ ssrc: 1, onPacket: (_, packet) => this.received.push(packet) });
    this.receiver.transportSequenceId = IDS.transportSequence;
    this.receiver.bind(SSRC, 'video', this.stream, 'media');
    this.receiver.bind(RTX_SSRC, 'video', this.stream, 'rtx');
    if (fec > 0) this.receiver.bind(FEC_SSRC, 'video', this.stream, 'fec');
  }

  send(now: number, payload = Uint8Array.of(this.#sequence & 0xff, 1, 2), marker = true): void {
    const fields = this.outgoing.stream.send(this.#sequence & 0xffff, now * 90, marker, payload, now);
    this.#sequence += 1;
    this.sender.send(fields, IDS, 'video', now);
  }

  /** Hands what is on the wire to the receiver, but for media that is lost, and what the receiver says to the sender. */
  exchange(now: number, mediaLost = false): RtcpPacket[] {
    for (const bytes of this.wire.splice(0)) {
      const packet = RtpPacket.parse(bytes);
      if (bytes[1] === 200) for (const rtcp of parseRtcp(bytes).packets) this.receiver.onRtcp(rtcp, now);
      else if (packet !== undefined && !(mediaLost && packet.ssrc === SSRC)) this.receiver.receive(packet, now);
    }
    const due = this.receiver.due(now);
    for (const packet of due.length > 0 ? parseRtcp(serializeRtcp(due)).packets : []) this.sender.onRtcp(packet, now);
    return due;
  }
}

describe('congestion control feedback by RTP sequence numbers', () => {
  function ccfbPair() {
    const reports: FeedbackReport[] = [];
    const controller = new GoogleCongestionControl();
    const congestion: CongestionController = new Proxy(controller, {
      get(target, name) {
        if (name === 'onFeedback') {
          return (report: FeedbackReport) => {
            reports.push(report);
            target.onFeedback(report);
          };
        }
        const value: unknown = Reflect.get(target, name);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
    const pair = new Pair({ congestion });
    pair.sender.congestionFeedback = 'ccfb';
    pair.receiver.congestionFeedback = 'ccfb';
    return { pair, reports };
  }

  test('tells the controller what arrived when, what was lost, and what came late, without numbers of the transport', () => {
    const { pair, reports } = ccfbPair();
    pair.send(0);
    expect(RtpPacket.parse(pair.wire[0]!)!.extension(IDS.transportSequence)).toBeUndefined();
    pair.exchange(20);
    pair.send(40);
    pair.exchange(60, true);
    pair.send(80);
    pair.exchange(100);
    const told = reports.flatMap(({ packets }) => packets);
    expect(told.slice(0, 3).map(({ sentAt, receivedAt }) => [sentAt, receivedAt && Math.round(receivedAt)])).toEqual([
      [0, 20],
      [40, undefined],
      [80, 100],
    ]);
    for (let now = 120; now < 400; now += 20) pair.exchange(now);
    // The retransmission is a packet of its own.
    expect(reports.flatMap(({ packets }) => packets).length).toBeGreaterThan(3);
    expect(reports.flatMap(({ packets }) => packets).filter(({ receivedAt }) => receivedAt === undefined)).toHaveLength(
      1,
    );
    expect(pair.sender.congestion!.rtt).toBeDefined();
  });

  test('comes when a frame is complete, or 25 ms after its first packet, and at most every 25 ms', () => {
    const { pair } = ccfbPair();
    const isFeedback = ({ type }: RtcpPacket) => type === 'congestion-feedback';
    pair.send(0);
    expect(pair.exchange(5).some(isFeedback)).toBe(true);
    pair.send(10);
    expect(pair.exchange(10).some(isFeedback)).toBe(false);
    expect(pair.exchange(30).some(isFeedback)).toBe(true);
    pair.send(60, undefined, false);
    expect(pair.exchange(60).some(isFeedback)).toBe(false);
    expect(pair.exchange(85).some(isFeedback)).toBe(true);
    expect(pair.exchange(300).some(isFeedback)).toBe(false);
  });
});

test('any packets may be lost: retransmissions bring each of them, once, unchanged', () => {
  const losses = fc.array(fc.boolean(), { minLength: 40, maxLength: 40 });
  fc.assert(
    fc.property(
      losses,
      fc.array(fc.uint8Array({ maxLength: 30, minLength: 1 }), { minLength: 42, maxLength: 42 }),
      (lost, payloads) => {
        const pair = new Pair();
        payloads.forEach((payload, i) => {
          pair.send(10 * i, payload);
          // The first and the last come: a hole has two ends.
          pair.exchange(10 * i, lost[i - 1]);
        });
        for (let now = 420; now < 3000; now += 10) pair.exchange(now);
        const inOrder = pair.received.toSorted((a, b) => a.sequence - b.sequence);
        expect(inOrder.map(({ payload }) => [...payload])).toEqual(payloads.map((payload) => [...payload]));
        expect(pair.stream.packetsLost).toBe(0);
        expect(pair.stream.packetsDuplicated).toBe(0);
      },
    ),
    { numRuns: 50 },
  );
});

describe('forward error correction', () => {
  /** Ten frames of five packets, of each of which the network loses one. */
  function play(pair: Pair): Uint8Array[] {
    const payloads: Uint8Array[] = [];
    for (let frame = 0; frame < 10; frame++) {
      for (let part = 0; part < 5; part++) {
        const payload = Uint8Array.from({ length: 100 + 10 * part + frame }, (_, i) => frame + part + i);
        payloads.push(payload);
        pair.send(33 * frame, payload, part === 4);
      }
      const media = pair.wire.filter((bytes) => RtpPacket.parse(bytes)?.ssrc === SSRC);
      pair.wire.splice(pair.wire.indexOf(media[frame % 5]!), 1);
      pair.exchange(33 * frame);
    }
    return payloads;
  }

  test('brings back a lost packet of each frame without a request', () => {
    const pair = new Pair({ fec: 0.2 });
    const payloads = play(pair);
    expect(pair.outgoing.stream.repairPacketsSent).toBe(10);
    const inOrder = pair.received.toSorted((a, b) => a.sequence - b.sequence);
    expect(inOrder.map(({ payload }) => [...payload])).toEqual(payloads.map((payload) => [...payload]));
    expect(pair.received.filter(({ recovered }) => recovered)).toHaveLength(10);
    expect(pair.stream.packetsLost).toBe(0);
  });

  test('what it brings back counts as lost in reports', () => {
    const pair = new Pair({ fec: 0.2 });
    play(pair);
    // The first packet of the first frame was lost and recovered before anything could be missed.
    expect(pair.stream.reportBlock(1000).cumulativeLost).toBe(10);
  });

  test('repair packets have their place in transport-wide feedback, and leave behind the media', () => {
    const pair = new Pair({ fec: 1 });
    pair.send(0);
    const packets = pair.wire.map((bytes) => RtpPacket.parse(bytes)!);
    expect(packets.map(({ ssrc }) => ssrc)).toEqual([SSRC, FEC_SSRC]);
    expect(packets.map((packet) => packet.extension(IDS.transportSequence)?.[1])).toEqual([0, 1]);
    expect(packets[1]).toMatchObject({ payloadType: 118, sequenceNumber: 0, csrcs: [SSRC] });
  });
});

describe('requests for key frames', () => {
  const request = (packet: RtcpPacket) => (pair: Pair) => pair.sender.onRtcp(packet, 0);
  const fir = (commandSequence: number) =>
    request({ type: 'fir', senderSsrc: 1, entries: [{ ssrc: SSRC, commandSequence }] });

  test('reach the stream they name', () => {
    const pair = new Pair();
    request({ type: 'pli', senderSsrc: 1, mediaSsrc: SSRC })(pair);
    request({ type: 'pli', senderSsrc: 1, mediaSsrc: 999 })(pair);
    fir(0)(pair);
    expect(pair.keyFrameRequests).toEqual(['pli', 'fir']);
  });

  test('RFC 5104 §4.3.1.1: a full intra request with the same number is the same request', () => {
    const pair = new Pair();
    for (const number of [255, 255, 0, 0, 1]) fir(number)(pair);
    expect(pair.keyFrameRequests).toEqual(['fir', 'fir', 'fir']);
  });

  test('of a stream that is over reach nobody', () => {
    const pair = new Pair();
    pair.sender.remove(pair.outgoing);
    fir(0)(pair);
    expect(pair.keyFrameRequests).toEqual([]);
  });
});

describe('reports', () => {
  test('a compound begins with the sender report and names the source (RFC 3550 §6.1)', () => {
    const pair = new Pair();
    pair.send(0);
    pair.wire.length = 0;
    pair.sender.tick(0);
    expect(pair.wire).toHaveLength(1);
    const { packets } = parseRtcp(pair.wire[0]!);
    expect(packets.map(({ type }) => type)).toEqual(['sender-report', 'source-description']);
    expect(packets[1]).toEqual({
      type: 'source-description',
      chunks: [{ ssrc: SSRC, items: [{ type: 'cname', text: 'ada' }] }],
    });
  });

  test("the receiver's answer gives the round trip (RFC 3550 §6.4.1)", () => {
    const pair = new Pair();
    pair.send(1000);
    pair.sender.tick(1000);
    // It travels 30 ms, waits 1000 ms, and travels back 30 ms.
    pair.exchange(1030);
    const late = pair.receiver.due(2030);
    expect(late.map(({ type }) => type)).toContain('receiver-report');
    for (const packet of late) pair.sender.onRtcp(packet, 2060);
    expect(pair.outgoing.stream.roundTrip).toBeCloseTo(60, 0);
  });

  test('a receiver learns the round trip from the answer to its own (RFC 3611 §4.5)', () => {
    const pair = new Pair();
    pair.send(0);
    pair.exchange(0);
    expect(pair.receiver.roundTrip).toBeUndefined();
    // The question took no time; the answer leaves 1000 ms later and takes 80 ms.
    pair.sender.tick(1000);
    pair.exchange(1080);
    expect(pair.receiver.roundTrip).toBeCloseTo(80, 0);
  });

  test('come once in the interval, first in their compound', () => {
    const pair = new Pair();
    pair.send(0);
    const types: string[][] = [];
    for (let now = 0; now <= 2000; now += 100) types.push(pair.exchange(now).map(({ type }) => type));
    const reporting = types.filter((compound) => compound.includes('receiver-report'));
    expect(reporting).toHaveLength(3);
    for (const compound of reporting) expect(compound[0]).toBe('receiver-report');
  });
});

describe('the way of a packet', () => {
  test('of an unknown SSRC may be found when it comes, or later', () => {
    const received: string[] = [];
    const stream = new RtpReceiveStream({ ssrc: SSRC, clockRate: 90_000, nack: false });
    const session: ReceiverSession<string> = new ReceiverSession<string>({
      ssrc: 1,
      onPacket: (target) => received.push(target),
      onUnknown: (packet) => {
        if (packet.payloadType === 96) session.bind(packet.ssrc, 'found', stream, 'media');
      },
    });
    const pair = new Pair();
    pair.send(0);
    const packet = RtpPacket.parse(pair.wire[0]!)!;
    const other = RtpPacket.parse(Uint8Array.from(pair.wire[0]!, (byte, i) => (i === 1 ? 100 : i === 11 ? 9 : byte)))!;
    expect(session.receive(packet, 0)).toBe(true);
    expect(session.receive(other, 0)).toBe(false);
    session.bind(other.ssrc, 'late', new RtpReceiveStream({ ssrc: 9, clockRate: 90_000, nack: false }), 'media');
    expect(session.deliver(other, 0)).toBe(true);
    expect(received).toEqual(['found', 'late']);
  });

  test('a newcomer takes the place of the stream before, and `release` ends both ways', () => {
    const pair = new Pair();
    const packet = (ssrc: number) => {
      const bytes = new Uint8Array(14);
      bytes.set([0x80, 96, 0, 1]);
      bytes[11] = ssrc;
      return RtpPacket.parse(bytes)!;
    };
    const next = new RtpReceiveStream({ ssrc: 20, clockRate: 90_000, nack: false });
    pair.receiver.bind(20, 'video', next, 'media');
    expect(pair.receiver.deliver(packet(SSRC), 0)).toBe(false);
    expect(pair.receiver.deliver(packet(20), 0)).toBe(true);
    expect(pair.receiver.deliver(packet(RTX_SSRC), 0)).toBe(true);
    pair.receiver.release('video');
    expect(pair.receiver.deliver(packet(20), 0)).toBe(false);
    expect(pair.receiver.deliver(packet(RTX_SSRC), 0)).toBe(false);
  });
});

test('without a timer of its own: what the pacer holds back leaves when it is processed at the time it says', () => {
  const pair = new Pair({ congestion: new GoogleCongestionControl({ startBitrate: 400_000 }) });
  for (let i = 0; i < 30; i++) pair.send(0, new Uint8Array(1000));
  expect(pair.wire.length).toBeLessThan(30);
  let now = 0;
  let steps = 0;
  while (pair.sender.queueSize > 0) {
    const next = pair.sender.nextProcessTime(now);
    expect(next).toBeGreaterThanOrEqual(now);
    now = Math.max(next!, now + 0.001);
    pair.sender.process(now);
    steps += 1;
    expect(steps).toBeLessThan(1000);
  }
  expect(pair.wire).toHaveLength(30);
  // 30 kB at 1.1 times 400 kbit/s, less what a start-up probe sends at once.
  expect(now).toBeGreaterThan(50);
  expect(now).toBeLessThan(600);
});
