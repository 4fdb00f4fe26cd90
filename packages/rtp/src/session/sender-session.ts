// The sending end of a transport, all its streams together: pacing at the rate congestion control allows, the extensions
// that depend on the moment of departure, answers to NACK and key frame requests, sender reports. It owns no timer.

import type { CongestionController, FeedbackReport } from '../congestion/controller.ts';
import { Pacer } from '../congestion/pacer.ts';
import type { PacerPriority } from '../congestion/pacer-queue.ts';
import { SendHistory } from '../congestion/send-history.ts';
import { StreamHistory } from '../congestion/stream-history.ts';
import { RetransmissionBudget } from '../recovery/retransmission-budget.ts';
import type { CongestionFeedbackFormat } from '../rtcp/feedback-types.ts';
import {
  type CongestionFeedback,
  type FirEntry,
  type ReportBlock,
  type RtcpPacket,
  type RtcpSenderReport,
  serializeRtcp,
  type TransportFeedback,
} from '../rtcp/packets.ts';
import { ReferenceTimeEcho } from '../rtcp/reference-time.ts';
import { absSendTimeAt, type HeaderExtensionIds } from '../rtp/header-extensions.ts';
import { type RtpFields, serializeRtp } from '../rtp/packet.ts';
import { PacketAllocator } from '../rtp/packet-allocator.ts';
import type { RtpSendStream } from '../rtp/send-stream.ts';
import type { TrackKind } from '../signalling/messages.ts';
import type { Bytes, Milliseconds } from '../units.ts';

/** One outgoing stream, and what the session has to know of it. */
export interface SendingStream {
  readonly kind: TrackKind;
  readonly stream: RtpSendStream;
  /** The extensions that were negotiated for it. */
  readonly extensionIds: HeaderExtensionIds;
  /** The name of its source in reports (RFC 3550 §6.5.1). */
  readonly cname: string;
  /** The receiver needs a key frame. */
  onKeyFrameRequest(cause: 'pli' | 'fir'): void;
  /** The sender report that is due; `undefined` while none is. */
  dueSenderReport(now: Milliseconds): RtcpSenderReport | undefined;
}

/** What a `SenderSession` is made of. */
export interface SenderSessionOptions {
  /** Puts bytes on the wire. */
  readonly send: (packet: Uint8Array) => void;
  /** Decides how fast packets leave. Default: they leave at once. */
  readonly congestion?: CongestionController | undefined;
}

/** Who wants to know what becomes of one packet. */
export interface PacketWatcher {
  /** It has left. */
  onDeparted(now: Milliseconds): void;
  /** Congestion feedback says that it has arrived, or that it is lost; `undefined`: of no interest. */
  readonly onReported: ((received: boolean, now: Milliseconds) => void) | undefined;
}

/** An RTP packet that is ready but for its departure. */
interface DepartingPacket {
  readonly fields: RtpFields;
  readonly extensionIds: HeaderExtensionIds;
  readonly watcher?: PacketWatcher | undefined;
}

/** Congestion control and what it needs, together or not at all. */
interface Pacing {
  readonly congestion: CongestionController;
  readonly pacer: Pacer<DepartingPacket>;
  readonly history: SendHistory;
  readonly streams: StreamHistory;
  readonly retransmissions: RetransmissionBudget;
}

interface Entry {
  readonly outgoing: SendingStream;
  /** Of the last full intra request: the same number again repeats that request (RFC 5104 §4.3.1.1). */
  firSequence: number | undefined;
}

/**
 * Without a stream that can fill probes, e.g. with audio alone, congestion control is told of time only this long after
 * the first packet: a camera often follows a microphone at once, and the first probes should not be wasted.
 */
const PATIENCE_FOR_PADDING: Milliseconds = 1000;

/** Packets that are watched at once: feedback on older ones does not come any more. */
const MAX_WATCHED = 4096;

/** Fixed header, and room for the extensions that Sluice negotiates. */
const HEADER_SIZE: Bytes = 40;

/**
 * One for all sessions: where a packet goes to many, a buffer is full as soon as it is begun, and is let go of with its
 * packets. Buffers that each session fills slowly would all have grown old by then, and the garbage collector with them.
 */
const ALLOCATOR = new PacketAllocator();

/** One end's outgoing packets. */
export class SenderSession {
  readonly #send: (packet: Uint8Array) => void;
  readonly #pacing: Pacing | undefined;
  readonly #streams = new Map<number, Entry>();
  /** By their transport-wide numbers, unwrapped; ascending. */
  readonly #watched = new Map<number, NonNullable<PacketWatcher['onReported']>>();
  readonly #echo = new ReferenceTimeEcho();
  /** Written anew for each packet. */
  readonly #stamp = { absSendTimeId: 0, absSendTime: 0, transportSequenceId: 0, transportSequence: 0 };
  #now: Milliseconds = 0;
  #congestionFeedback: CongestionFeedbackFormat = 'transport-cc';
  #transportSequence = 0;
  #firstSentAt: Milliseconds | undefined;
  #probing = false;
  #packets = 0;
  #bytes = 0;

  constructor({ send, congestion }: SenderSessionOptions) {
    this.#send = send;
    if (congestion === undefined) return;
    const pacer = new Pacer<DepartingPacket>({ pacingRate: congestion.pacingRate }, (bytes) => this.#pad(bytes));
    const history = new SendHistory();
    this.#pacing = {
      congestion,
      pacer,
      history,
      streams: new StreamHistory(history),
      retransmissions: new RetransmissionBudget(),
    };
  }

  /**
   * Which feedback the receiver has promised: with `ccfb`, packets carry no transport-wide sequence number. Either is
   * understood at any time. Default `transport-cc`.
   */
  set congestionFeedback(format: CongestionFeedbackFormat) {
    this.#congestionFeedback = format;
  }

  /** RTP packets sent. */
  get packetsSent(): number {
    return this.#packets;
  }

  /** Bytes of RTP packets sent, headers included. */
  get bytesSent(): number {
    return this.#bytes;
  }

  /** The congestion controller, where there is one. */
  get congestion(): CongestionController | undefined {
    return this.#pacing?.congestion;
  }

  /** Bytes that wait for the pacer. */
  get queueSize(): Bytes {
    return this.#pacing?.pacer.queueSize ?? 0;
  }

  /** From now on the stream is reported on, and the receiver's requests for it are answered. */
  add(outgoing: SendingStream): void {
    this.#streams.set(outgoing.stream.ssrc, { outgoing, firSequence: undefined });
  }

  /** The stream is over: what still waits of it is thrown away. */
  remove(outgoing: SendingStream): void {
    const { ssrc, rtxSsrc, fecSsrc } = outgoing.stream;
    this.#streams.delete(ssrc);
    for (const each of [ssrc, rtxSsrc, fecSsrc]) if (each !== undefined) this.#pacing?.streams.forget(each);
    this.#pacing?.pacer.flush(({ fields }) => [ssrc, rtxSsrc, fecSsrc].includes(fields.ssrc));
  }

  /**
   * Takes back what waits of the stream, and of what repairs it: nothing of it leaves until more is sent.
   *
   * @returns the sequence numbers of its own packets among them
   */
  withdraw(outgoing: SendingStream): number[] {
    const { ssrc, rtxSsrc, fecSsrc } = outgoing.stream;
    const media: RtpFields[] = [];
    this.#pacing?.pacer.flush(({ fields }) => {
      if (fields.ssrc === ssrc) media.push(fields);
      return fields.ssrc === ssrc || fields.ssrc === rtxSsrc || fields.ssrc === fecSsrc;
    });
    outgoing.stream.withdraw(media);
    return media.map(({ sequenceNumber }) => sequenceNumber);
  }

  /**
   * Sends an RTP packet, or keeps it until the pacer allows it: `process` is to be called at `nextProcessTime`.
   *
   * @param extensionIds - the extensions that were negotiated for it
   * @param watcher - hears what becomes of it. Default: nobody does
   */
  send(
    fields: RtpFields,
    extensionIds: HeaderExtensionIds,
    priority: PacerPriority,
    now: Milliseconds,
    watcher?: PacketWatcher,
  ): void {
    const packet: DepartingPacket =
      watcher === undefined ? { fields, extensionIds } : { fields, extensionIds, watcher };
    if (this.#pacing === undefined) {
      this.#now = now;
      this.#depart(packet, undefined);
      return;
    }
    this.#pacing.pacer.enqueue(packet, sizeOf(fields), priority, now);
    this.process(now);
  }

  /** Sends RTCP packets as one compound, or nothing when there are none; they are not paced. */
  sendRtcp(packets: readonly RtcpPacket[]): void {
    if (packets.length > 0) this.#send(serializeRtcp(packets));
  }

  /** Takes one of the receiver's RTCP packets: reports, requests, feedback. What is not for a sender is ignored. */
  onRtcp(packet: RtcpPacket, now: Milliseconds): void {
    switch (packet.type) {
      case 'nack':
        this.#retransmit(packet.mediaSsrc, packet.sequenceNumbers, now);
        break;
      case 'pli':
        this.#streams.get(packet.mediaSsrc)?.outgoing.onKeyFrameRequest('pli');
        break;
      case 'fir':
        for (const entry of packet.entries) this.#onFullIntraRequest(entry);
        break;
      case 'transport-feedback':
        this.#onTransportFeedback(packet, now);
        break;
      case 'congestion-feedback':
        this.#onCongestionFeedback(packet, now);
        break;
      case 'sender-report':
      case 'receiver-report':
        this.#onReports(packet.reports, now);
        break;
      case 'extended-report':
        this.#echo.onExtendedReport(packet, now);
        break;
    }
  }

  /** Lets congestion control see that time passes, and sends the reports that are due. To be called every 25 ms or so. */
  tick(now: Milliseconds): void {
    this.#now = now;
    for (const { outgoing } of this.#streams.values()) this.#repair(outgoing, outgoing.stream.dueRepairs(now));
    if (this.#pacing !== undefined && this.#canProbe(now)) this.#pacing.congestion.onProcess(now);
    this.process(now);
    const reports: RtcpSenderReport[] = [];
    const chunks: { ssrc: number; items: { type: 'cname'; text: string }[] }[] = [];
    for (const { outgoing } of this.#streams.values()) {
      const report = outgoing.dueSenderReport(now);
      if (report === undefined) continue;
      reports.push(report);
      chunks.push({ ssrc: report.ssrc, items: [{ type: 'cname', text: outgoing.cname }] });
    }
    const [first] = reports;
    if (first === undefined) return;
    const answer = this.#echo.report(first.ssrc, now);
    this.sendRtcp([...reports, { type: 'source-description', chunks }, ...(answer === undefined ? [] : [answer])]);
  }

  /** Sends what the pacer allows now. */
  process(now: Milliseconds): void {
    if (this.#pacing === undefined) return;
    const { congestion, pacer } = this.#pacing;
    this.#now = now;
    for (const request of congestion.takeProbeRequests()) pacer.startProbe(request, now);
    pacer.setPacingRate(congestion.pacingRate, now);
    pacer.process(now, this.#depart);
  }

  /** When `process` has something to do next; `undefined` when only new packets or `tick` can bring that about. */
  nextProcessTime(now: Milliseconds): Milliseconds | undefined {
    return this.#pacing?.pacer.nextProcessTime(now);
  }

  /** Throws away what waits for the pacer. */
  flush(): void {
    this.#pacing?.pacer.flush(() => true);
  }

  /** Whether a first probe would find anything to be made of. */
  #canProbe(now: Milliseconds): boolean {
    if (this.#probing || this.#firstSentAt === undefined) return this.#probing;
    this.#probing = now - this.#firstSentAt >= PATIENCE_FOR_PADDING;
    for (const { outgoing } of this.#streams.values()) this.#probing ||= outgoing.stream.canPad;
    return this.#probing;
  }

  #retransmit(ssrc: number, sequenceNumbers: readonly number[], now: Milliseconds): void {
    const outgoing = this.#streams.get(ssrc)?.outgoing;
    if (outgoing === undefined) return;
    const { kind, stream, extensionIds } = outgoing;
    for (const fields of stream.retransmit(sequenceNumbers, now, this.#retransmissionLimit(now))) {
      this.send(fields, extensionIds, `${kind}-rtx`, now);
    }
  }

  /** What is left out is asked for again, or a key frame in its place. */
  #retransmissionLimit(now: Milliseconds): ((bytes: Bytes) => boolean) | undefined {
    if (this.#pacing === undefined) return undefined;
    const { congestion, retransmissions } = this.#pacing;
    retransmissions.fill(congestion.targetBitrate, now);
    return (bytes) => retransmissions.spend(bytes);
  }

  #onFullIntraRequest({ ssrc, commandSequence }: FirEntry): void {
    const entry = this.#streams.get(ssrc);
    if (entry === undefined || entry.firSequence === commandSequence) return;
    entry.firSequence = commandSequence;
    entry.outgoing.onKeyFrameRequest('fir');
  }

  #onReports(blocks: readonly ReportBlock[], now: Milliseconds): void {
    for (const block of blocks) this.#streams.get(block.ssrc)?.outgoing.stream.onReportBlock(block, now);
  }

  #onTransportFeedback(feedback: TransportFeedback, now: Milliseconds): void {
    if (this.#pacing === undefined || !feedback.hasArrivalTimes) return;
    const { congestion, history } = this.#pacing;
    const { baseSequence, feedbackCount, referenceTime } = feedback;
    const arrivals = feedback.packets.map((arrival) => (arrival === undefined ? undefined : referenceTime + arrival));
    this.#onFeedback(congestion, history.onFeedback({ baseSequence, feedbackCount, arrivals }, now));
    this.process(now);
  }

  #onCongestionFeedback(feedback: CongestionFeedback, now: Milliseconds): void {
    if (this.#pacing === undefined) return;
    this.#onFeedback(this.#pacing.congestion, this.#pacing.streams.onFeedback(feedback, now));
    this.process(now);
  }

  #onFeedback(congestion: CongestionController, report: FeedbackReport): void {
    congestion.onFeedback(report);
    if (this.#watched.size === 0) return;
    for (const { sequence, receivedAt } of report.packets) {
      const onReported = this.#watched.get(sequence);
      if (onReported === undefined) continue;
      this.#watched.delete(sequence);
      onReported(receivedAt !== undefined, report.at);
    }
  }

  /** Padding of about that size, to fill a probe, in the first stream that can carry any. */
  #pad(bytes: Bytes): { packet: DepartingPacket; size: Bytes } | undefined {
    for (const { outgoing } of this.#streams.values()) {
      const fields = outgoing.stream.padding(bytes);
      if (fields === undefined) continue;
      return { packet: { fields, extensionIds: outgoing.extensionIds }, size: sizeOf(fields) };
    }
    return undefined;
  }

  readonly #depart = ({ fields, extensionIds, watcher }: DepartingPacket, probeCluster: number | undefined): void => {
    const stamp = this.#stamp;
    const sequence = this.#transportSequence;
    stamp.absSendTimeId = extensionIds.absSendTime ?? 0;
    stamp.absSendTime = absSendTimeAt(this.#now);
    const isCounted = this.#congestionFeedback === 'ccfb' || extensionIds.transportSequence !== undefined;
    stamp.transportSequenceId = this.#congestionFeedback === 'ccfb' ? 0 : (extensionIds.transportSequence ?? 0);
    stamp.transportSequence = sequence & 0xffff;
    const packet = serializeRtp(fields, stamp, ALLOCATOR);
    this.#packets += 1;
    this.#bytes += packet.length;
    this.#firstSentAt ??= this.#now;
    if (isCounted) {
      this.#transportSequence += 1;
      if (this.#pacing !== undefined) {
        const sent = { sequence, size: packet.length, sentAt: this.#now, probeCluster };
        this.#pacing.history.onPacketSent(sent);
        this.#pacing.streams.onPacketSent(fields.ssrc, fields.sequenceNumber, sequence, this.#now);
        this.#pacing.congestion.onPacketSent(sent);
      }
    }
    this.#send(packet);
    if (watcher !== undefined) this.#watch(watcher, isCounted ? sequence : undefined);
    const outgoing = this.#streams.get(fields.ssrc)?.outgoing;
    if (outgoing !== undefined) this.#repair(outgoing, outgoing.stream.protect(fields, packet, this.#now));
  };

  #watch({ onDeparted, onReported }: PacketWatcher, sequence: number | undefined): void {
    onDeparted(this.#now);
    if (onReported === undefined || sequence === undefined) return;
    this.#watched.set(sequence, onReported);
    if (this.#watched.size <= MAX_WATCHED) return;
    const [oldest = sequence] = this.#watched.keys();
    this.#watched.delete(oldest);
  }

  /** Sends repair packets, when the pacer allows. */
  #repair({ extensionIds }: SendingStream, repairs: readonly RtpFields[]): void {
    for (const fields of repairs) {
      if (this.#pacing === undefined) this.#depart({ fields, extensionIds }, undefined);
      else this.#pacing.pacer.enqueue({ fields, extensionIds }, sizeOf(fields), 'fec', this.#now);
    }
  }
}

function sizeOf(fields: RtpFields): Bytes {
  return HEADER_SIZE + fields.payload.length + (fields.paddingSize ?? 0);
}
