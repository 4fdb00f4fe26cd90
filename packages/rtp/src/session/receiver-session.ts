// The receiving end of a transport, all its streams together: the way of each packet to its stream, retransmissions put
// back in place, requests for what is missing, reports and feedback for congestion control. It owns no timer.

import { DATA_PAYLOAD_TYPE } from '../data/data-message.ts';
import type { CongestionFeedbackFormat } from '../rtcp/feedback-types.ts';
import type { RtcpPacket } from '../rtcp/packets.ts';
import { ReceiverRoundTrip } from '../rtcp/reference-time.ts';
import { DEFAULT_HEADER_EXTENSION_IDS } from '../rtp/header-extensions.ts';
import type { RtpPacket } from '../rtp/packet.ts';
import type { ReceivedPacket, RtpReceiveStream } from '../rtp/receive-stream.ts';
import type { Milliseconds } from '../units.ts';
import { FeedbackReporter } from './feedback-reporter.ts';

/** What the packets of an SSRC are to its stream: itself, its retransmissions (RFC 4588), or its repair (RFC 8627). */
export type StreamRole = 'media' | 'rtx' | 'fec';

/** Where the packets of one SSRC go. */
interface Route<Target> {
  readonly target: Target;
  readonly stream: RtpReceiveStream;
  readonly role: StreamRole;
}

/** What a `ReceiverSession` is made of. */
export interface ReceiverSessionOptions<Target> {
  /** Who reports, 32 bit. */
  readonly ssrc: number;
  /** A packet of a stream has arrived for the first time, by itself or by what repairs it. */
  readonly onPacket: (target: Target, packet: ReceivedPacket) => void;
  /**
   * A packet of an unknown SSRC has arrived: `bind` may tell where it belongs (RFC 9143 §9.2), and it is delivered then.
   * Default: it is not delivered.
   */
  readonly onUnknown?: (packet: RtpPacket) => void;
  /** The payload of a packet with data messages has arrived. Default: they are of no stream. */
  readonly onData?: (payload: Uint8Array, arrival: Milliseconds) => void;
  /** Time between receiver reports. Default 1000 ms: RFC 3550 §6.2 allows less, the round trip is wanted sooner. */
  readonly reportInterval?: Milliseconds;
}

/** One end's incoming packets. `Target` is whatever the owner wants to be told with a packet. */
export class ReceiverSession<Target> {
  readonly #options: ReceiverSessionOptions<Target>;
  readonly #reportInterval: Milliseconds;
  readonly #feedback = new FeedbackReporter();
  readonly #roundTrip: ReceiverRoundTrip;
  readonly #routes = new Map<number, Route<Target>>();
  #transportSequenceId: number | undefined = DEFAULT_HEADER_EXTENSION_IDS.transportSequence;
  #lastReport: Milliseconds = Number.NEGATIVE_INFINITY;

  constructor(options: ReceiverSessionOptions<Target>) {
    this.#options = options;
    this.#reportInterval = options.reportInterval ?? 1000;
    this.#roundTrip = new ReceiverRoundTrip(options.ssrc);
  }

  /**
   * Identifier of the transport-wide sequence number, one for all streams (RFC 8843 §9.1); `undefined`: no feedback. Until
   * anything is negotiated, that of `DEFAULT_HEADER_EXTENSION_IDS`, which data messages have.
   */
  set transportSequenceId(id: number | undefined) {
    this.#transportSequenceId = id;
  }

  /** How feedback for congestion control is given. Default `transport-cc`. */
  set congestionFeedback(format: CongestionFeedbackFormat) {
    this.#feedback.format = format;
  }

  /**
   * From now on the packets of `ssrc` belong to the stream. A target has one stream for each role: a newcomer takes the
   * old one's place.
   */
  bind(ssrc: number, target: Target, stream: RtpReceiveStream, role: StreamRole): void {
    for (const [other, route] of this.#routes) {
      if (route.target === target && route.role === role) this.#routes.delete(other);
    }
    this.#routes.set(ssrc, { target, stream, role });
  }

  /** The streams of the target are over. */
  release(target: Target): void {
    for (const [ssrc, route] of this.#routes) if (route.target === target) this.#routes.delete(ssrc);
  }

  /**
   * Takes a packet as it arrives.
   *
   * @returns whether it belongs to a stream, duplicates included
   */
  receive(packet: RtpPacket, arrival: Milliseconds): boolean {
    this.#feedback.onPacket(packet, this.#transportSequenceId, arrival);
    const { onData } = this.#options;
    if (packet.payloadType === DATA_PAYLOAD_TYPE && onData !== undefined) {
      onData(packet.payload, arrival);
      return true;
    }
    if (!this.#routes.has(packet.ssrc)) this.#options.onUnknown?.(packet);
    return this.deliver(packet, arrival);
  }

  /**
   * Takes a packet that was received before, when its stream was not known yet.
   *
   * @returns whether it belongs to a stream now
   */
  deliver(packet: RtpPacket, arrival: Milliseconds): boolean {
    const route = this.#routes.get(packet.ssrc);
    if (route === undefined) return false;
    const { stream, target, role } = route;
    if (role === 'fec') {
      this.#pass(target, stream.receiveRepair(packet, arrival));
      return true;
    }
    const received = role === 'rtx' ? stream.receiveRtx(packet, arrival) : stream.receive(packet, arrival);
    if (received !== undefined) this.#options.onPacket(target, received);
    // A retransmission is not what was protected: its header extensions differ.
    if (role === 'media') this.#pass(target, stream.recoverWith(packet, arrival));
    return true;
  }

  /** Takes one of the sender's RTCP packets; what is not for a receiver is ignored. */
  onRtcp(packet: RtcpPacket, arrival: Milliseconds): void {
    if (packet.type === 'sender-report') {
      const route = this.#routes.get(packet.ssrc);
      if (route?.role === 'media') route.stream.onSenderReport(packet, arrival);
    } else if (packet.type === 'extended-report') {
      this.#roundTrip.onExtendedReport(packet, arrival);
    }
  }

  /** To the sender and back, by its answer to a report of ours (RFC 3611 §4.5); `undefined` before there is one. */
  get roundTrip(): Milliseconds | undefined {
    return this.#roundTrip.roundTrip;
  }

  /** What to send now: reports, feedback and requests, to be sent as one compound. To be called every few milliseconds. */
  due(now: Milliseconds): RtcpPacket[] {
    const { ssrc } = this.#options;
    const packets: RtcpPacket[] = [];
    if (now - this.#lastReport >= this.#reportInterval) this.#report(packets, now);
    packets.push(...this.#feedback.due(now, ssrc));
    for (const { stream, role } of this.#routes.values()) {
      const sequenceNumbers = role === 'media' ? stream.dueNacks(now, this.#roundTrip.roundTrip) : NONE;
      if (sequenceNumbers.length === 0) continue;
      packets.push({ type: 'nack', senderSsrc: ssrc, mediaSsrc: stream.ssrc, sequenceNumbers });
    }
    return packets;
  }

  #pass(target: Target, packets: readonly ReceivedPacket[]): void {
    for (const packet of packets) this.#options.onPacket(target, packet);
  }

  #report(packets: RtcpPacket[], now: Milliseconds): void {
    const reports = [...this.#routes.values()].flatMap(({ stream, role }) =>
      role === 'media' ? [stream.reportBlock(now)] : [],
    );
    if (reports.length === 0) return;
    this.#lastReport = now;
    packets.push({ type: 'receiver-report', ssrc: this.#options.ssrc, reports }, this.#roundTrip.report(now));
  }
}

const NONE: readonly number[] = [];
