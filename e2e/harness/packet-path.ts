// Encoded frames on their way through RTP packets and back: packetizer, send stream, a network that loses and reorders,
// receive stream, NACK and retransmission, assembler. In virtual time, from a seed.

import {
  type AssembledFrame,
  FrameAssembler,
  type PacketizerOptions,
  payloadFormatOf,
  type ReceivedPacket,
  type RtpFields,
  RtpPacket,
  RtpReceiveStream,
  RtpSendStream,
  seededRandom,
  serializeRtp,
} from '@sluice/rtp';
import { type EncodedFrame, FRAME_RATE } from './encoded-frames.ts';

/** What happens to packets on the way. */
export interface PathConditions {
  readonly seed: number;
  /** The share of packets that are lost, retransmissions included. */
  readonly loss: number;
  /** The share of packets that arrive 12 ms late, behind those sent after them. */
  readonly reordering: number;
  readonly packetizer?: PacketizerOptions;
}

/** What came out at the other end, and what it took. */
export interface PathResult {
  /** In the order in which a receiver gets them that does not wait longer than it has to: a whole key frame ends a wait. */
  readonly frames: AssembledFrame[];
  /** Of all packets there are in the end, put in order. */
  readonly repaired: AssembledFrame[];
  readonly packetsSent: number;
  readonly packetsLost: number;
  readonly packetsRetransmitted: number;
}

const MEDIA_SSRC = 0x1111;
const RTX_SSRC = 0x2222;
const CLOCK_RATE = 90_000;
const MAX_PAYLOAD_SIZE = 1150;
const DELAY = 20;
const LATE = 12;

/** Sends all frames and waits for all packets of them; what never comes is missing. */
export function sendThroughPackets(
  codec: string,
  frames: readonly EncodedFrame[],
  conditions: PathConditions,
): PathResult {
  const format = payloadFormatOf(codec);
  if (format === undefined) throw new Error(`No payload format ${codec}.`);
  const random = seededRandom(conditions.seed);
  const packetizer = format.createPacketizer(random.fork('packetizer'), conditions.packetizer);
  const rtx = { ssrc: RTX_SSRC, payloadType: 97, firstSequenceNumber: 7 };
  const sender = new RtpSendStream({ ssrc: MEDIA_SSRC, payloadType: 96, rtx });
  const receiver = new RtpReceiveStream({
    ssrc: MEDIA_SSRC,
    clockRate: CLOCK_RATE,
    nack: { reorderingTolerance: LATE },
  });
  const assembler = new FrameAssembler(format);
  const onTheWay: { at: number; bytes: Uint8Array }[] = [];
  const requests: { at: number; sequenceNumbers: readonly number[] }[] = [];
  const assembled: AssembledFrame[] = [];
  const arrived: ReceivedPacket[] = [];
  let lost = 0;
  let sent = 0;
  // Close to the end of the numbers, so that they wrap.
  let sequenceNumber = 0xfff0;

  const put = (fields: RtpFields, now: number, spared = false): void => {
    sent += 1;
    if (!spared && random.next() < conditions.loss) lost += 1;
    else
      onTheWay.push({
        at: now + DELAY + (random.next() < conditions.reordering ? LATE : 0),
        bytes: serializeRtp(fields),
      });
  };

  const end = (frames.length * 1000) / FRAME_RATE + 2000;
  let next = 0;
  for (let now = 0; now < end; now += 0.5) {
    while (next < frames.length && (next * 1000) / FRAME_RATE <= now) {
      const frame = frames[next++];
      if (frame === undefined) break;
      if (frame.description !== undefined) packetizer.describe?.(frame.description);
      const payloads = packetizer.packetize(frame.data, MAX_PAYLOAD_SIZE, frame.temporalLayer);
      const timestamp = Math.round((frame.timestamp * CLOCK_RATE) / 1_000_000);
      payloads.forEach((payload, i) => {
        // A stream of which nothing has come has nothing to ask for.
        put(sender.send(sequenceNumber, timestamp, i === payloads.length - 1, payload, now), now, sent === 0);
        sequenceNumber = (sequenceNumber + 1) & 0xffff;
      });
      // Nobody misses the end of a stream behind which nothing comes.
      if (next === frames.length) put(sender.filler(sequenceNumber, timestamp, now), now, true);
    }
    for (const { bytes } of takeDue(onTheWay, now)) {
      const packet = RtpPacket.parse(bytes);
      if (packet === undefined) throw new Error('A packet of ours cannot be read.');
      const received = packet.ssrc === RTX_SSRC ? receiver.receiveRtx(packet, now) : receiver.receive(packet, now);
      if (received === undefined) continue;
      assembled.push(...assembler.push(received));
      arrived.push(received);
    }
    const sequenceNumbers = receiver.dueNacks(now);
    if (sequenceNumbers.length > 0) requests.push({ at: now + DELAY, sequenceNumbers });
    for (const request of takeDue(requests, now)) {
      for (const fields of sender.retransmit(request.sequenceNumbers, now)) put(fields, now);
    }
  }
  const { packetsRetransmitted } = sender;
  const patient = new FrameAssembler(format);
  const repaired = arrived.sort((a, b) => a.sequence - b.sequence).flatMap((packet) => patient.push(packet));
  return { frames: assembled, repaired, packetsSent: sent, packetsLost: lost, packetsRetransmitted };
}

/** Takes what is due out of the queue, in the order in which it is due. */
function takeDue<Item extends { readonly at: number }>(queue: Item[], now: number): Item[] {
  const due = queue.filter(({ at }) => at <= now);
  if (due.length === 0) return due;
  const rest = queue.filter(({ at }) => at > now);
  queue.splice(0, queue.length, ...rest);
  return due.sort((a, b) => a.at - b.at);
}
