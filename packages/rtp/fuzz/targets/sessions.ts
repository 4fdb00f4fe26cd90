// Both ends of a transport with all that belongs to them, told anything in RTCP while media goes from one to the other.

import { check, type FuzzTarget } from '../../../../scripts/fuzz/target.ts';
import { GoogleCongestionControl } from '../../src/congestion/google-congestion-control.ts';
import { isRtcp, parseRtcp, type RtcpPacket } from '../../src/rtcp/packets.ts';
import type { HeaderExtensionIds } from '../../src/rtp/header-extensions.ts';
import { RtpPacket } from '../../src/rtp/packet.ts';
import { RtpReceiveStream } from '../../src/rtp/receive-stream.ts';
import { RtpSendStream } from '../../src/rtp/send-stream.ts';
import { ReceiverSession } from '../../src/session/receiver-session.ts';
import { SenderSession, type SendingStream } from '../../src/session/sender-session.ts';
import { hostileSequence, partsOf } from '../inputs.ts';
import { rtcpCorpus } from './rtcp.ts';

const EXTENSION_IDS: HeaderExtensionIds = { absSendTime: 4, transportSequence: 5 };
const RTX = { ssrc: 3, payloadType: 97, firstSequenceNumber: 65_000, history: { capacity: 64 } } as const;
/** Most of what the corpus asks for is about this stream, and about these sequence numbers. */
const SSRC = 2;
const FIRST_SEQUENCE = 65_500;

export const sessionTargets: readonly FuzzTarget[] = [
  {
    name: 'sessions',
    weight: 1,
    generate: (random) => hostileSequence(random, rtcpCorpus, random.integer(1, 6)),
    run: (input) => new Call().run(input),
  },
];

class Call {
  readonly #stream = new RtpSendStream({ ssrc: SSRC, payloadType: 96, rtx: RTX });
  readonly #sender = new SenderSession({
    send: (bytes) => this.#wire.push(bytes),
    congestion: new GoogleCongestionControl(),
  });
  readonly #receiver = new ReceiverSession<string>({ ssrc: 1, onPacket: () => {} });
  #wire: Uint8Array[] = [];
  #now = 1000;
  #sequence = FIRST_SEQUENCE;
  #keyFrameRequests = 0;
  #asked = 0;

  constructor() {
    const outgoing: SendingStream = {
      kind: 'video',
      stream: this.#stream,
      extensionIds: EXTENSION_IDS,
      cname: 'ada',
      onKeyFrameRequest: () => {
        this.#keyFrameRequests += 1;
      },
      dueSenderReport: (now) => this.#stream.senderReport(now, 90_000),
    };
    this.#sender.add(outgoing);
    const incoming = new RtpReceiveStream({ ssrc: SSRC, clockRate: 90_000, nack: {} });
    this.#receiver.transportSequenceId = 5;
    this.#receiver.bind(SSRC, 'camera', incoming, 'media');
    this.#receiver.bind(RTX.ssrc, 'camera', incoming, 'rtx');
  }

  run(input: Uint8Array): void {
    for (const { tag, bytes } of partsOf(input)) {
      for (let i = tag & 0x07; i > 0; i--) this.#sendMedia(100 * i);
      this.#now += tag >> 2;
      this.#sender.tick(this.#now);
      this.#deliver(tag);
      for (const packet of parseRtcp(bytes).packets) this.#tell(packet);
      this.#answer();
    }
    check(this.#stream.packetsRetransmitted <= this.#asked, 'More packets were sent again than were asked for.');
    const { congestion } = this.#sender;
    check(Number.isFinite(congestion?.targetBitrate), `The target is ${congestion?.targetBitrate} bit/s.`);
  }

  #sendMedia(size: number): void {
    const sequence = this.#sequence++ & 0xffff;
    const fields = this.#stream.send(sequence, this.#now * 90, true, new Uint8Array(size), this.#now);
    this.#sender.send(fields, EXTENSION_IDS, 'video', this.#now);
  }

  /** What is on the wire arrives, but for some of it. */
  #deliver(tag: number): void {
    for (const [i, bytes] of this.#wire.entries()) {
      if (isRtcp(bytes)) {
        const { packets, invalid, unknown } = parseRtcp(bytes);
        check(invalid === 0 && unknown === 0, 'A session sent RTCP that cannot be read.');
        for (const packet of packets) this.#receiver.onRtcp(packet, this.#now);
        continue;
      }
      const packet = RtpPacket.parse(bytes);
      check(packet !== undefined, 'A session sent RTP that cannot be read.');
      if ((tag + i) % 5 > 0) this.#receiver.receive(packet, this.#now);
    }
    this.#wire = [];
  }

  /** One packet, to both ends: each has to know what is not for it. */
  #tell(packet: RtcpPacket): void {
    const before = this.#keyFrameRequests;
    if (packet.type === 'nack') this.#asked += packet.sequenceNumbers.length;
    this.#sender.onRtcp(packet, this.#now);
    this.#receiver.onRtcp(packet, this.#now);
    const limit = packet.type === 'pli' ? 1 : packet.type === 'fir' ? packet.entries.length : 0;
    check(this.#keyFrameRequests - before <= limit, `A ${packet.type} asked for too many key frames.`);
  }

  /** What the receiver has to say by now. */
  #answer(): void {
    const packets = this.#receiver.due(this.#now);
    for (const packet of packets) {
      if (packet.type === 'nack') this.#asked += packet.sequenceNumbers.length;
      this.#sender.onRtcp(packet, this.#now);
    }
    this.#sender.process(this.#now);
  }
}
