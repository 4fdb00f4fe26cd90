// The last step before the wire, shared by everything that one end of a transport sends: pacing at the rate congestion
// control allows, the extensions that depend on the moment of departure, one transport-wide counter.

import type { Clock, TimerHandle } from '../clock.ts';
import type { CongestionController } from '../congestion/controller.ts';
import { Pacer } from '../congestion/pacer.ts';
import type { PacerPriority } from '../congestion/pacer-queue.ts';
import { SendHistory } from '../congestion/send-history.ts';
import { type RtcpPacket, serializeRtcp, type TransportFeedback } from '../rtcp/packets.ts';
import { type HeaderExtensionIds, writeAbsSendTime, writeTransportSequence } from '../rtp/header-extensions.ts';
import { type ExtensionElement, type RtpFields, serializeRtp } from '../rtp/packet.ts';
import type { Bytes, Milliseconds } from '../units.ts';

/** An RTP packet that is ready but for its departure. */
export interface DepartingPacket {
  readonly fields: RtpFields;
  /** The extensions that were negotiated for it. */
  readonly ids: HeaderExtensionIds;
}

/** What a `PacketSender` is made of. */
export interface PacketSenderOptions {
  readonly clock: Clock;
  /** Puts bytes on the wire. */
  readonly send: (packet: Uint8Array) => void;
  /** Decides how fast packets leave. Default: they leave at once. */
  readonly congestion?: CongestionController;
  /** Makes padding of about that many bytes, for probes; `undefined` while there is no stream to put it in. */
  readonly padding?: (bytes: Bytes) => DepartingPacket | undefined;
}

/** Congestion control and what it needs, together or not at all. */
interface Pacing {
  readonly congestion: CongestionController;
  readonly pacer: Pacer<DepartingPacket>;
  readonly history: SendHistory;
}

/** Fixed header, and room for the extensions that Sluice negotiates. */
const HEADER_SIZE: Bytes = 40;

/** One end's outgoing packets. */
export class PacketSender {
  readonly #clock: Clock;
  readonly #send: (packet: Uint8Array) => void;
  readonly #pacing: Pacing | undefined;
  #timer: TimerHandle;
  #timerDue: Milliseconds = Number.POSITIVE_INFINITY;
  #transportSequence = 0;
  #packets = 0;
  #bytes = 0;

  constructor(options: PacketSenderOptions) {
    this.#clock = options.clock;
    this.#send = options.send;
    const { congestion, padding } = options;
    if (congestion === undefined) return;
    const pad = (bytes: Bytes) => {
      const packet = padding?.(bytes);
      return packet && { packet, size: sizeOf(packet.fields) };
    };
    const pacer = new Pacer<DepartingPacket>({ pacingRate: congestion.pacingRate }, pad);
    this.#pacing = { congestion, pacer, history: new SendHistory() };
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

  /** Sends an RTP packet as soon as the pacer allows. */
  send(fields: RtpFields, ids: HeaderExtensionIds, priority: PacerPriority): void {
    if (this.#pacing === undefined) {
      this.#depart({ fields, ids }, undefined);
      return;
    }
    this.#pacing.pacer.enqueue({ fields, ids }, sizeOf(fields), priority, this.#clock.now());
    this.#process();
  }

  /** Sends RTCP packets as one compound, or nothing when there are none; they are not paced. */
  sendRtcp(packets: readonly RtcpPacket[]): void {
    if (packets.length > 0) this.#send(serializeRtcp(packets));
  }

  /** Takes the receiver's feedback on what arrived when. */
  onTransportFeedback(feedback: TransportFeedback): void {
    if (this.#pacing === undefined || !feedback.hasArrivalTimes) return;
    const { congestion, history } = this.#pacing;
    const { baseSequence, feedbackCount, referenceTime } = feedback;
    const arrivals = feedback.packets.map((arrival) => (arrival === undefined ? undefined : referenceTime + arrival));
    congestion.onFeedback(history.onFeedback({ baseSequence, feedbackCount, arrivals }, this.#clock.now()));
    this.#process();
  }

  /** Lets congestion control see that time passes. To be called every 25 ms or so. */
  tick(now: Milliseconds): void {
    if (this.#pacing === undefined) return;
    this.#pacing.congestion.onProcess(now);
    this.#process();
  }

  /** Ends; what still waits for the pacer is thrown away. */
  close(): void {
    this.#clock.clearTimeout(this.#timer);
    this.#pacing?.pacer.flush(() => true);
  }

  #process(): void {
    if (this.#pacing === undefined) return;
    const { congestion, pacer } = this.#pacing;
    const now = this.#clock.now();
    for (const request of congestion.takeProbeRequests()) pacer.startProbe(request, now);
    pacer.setPacingRate(congestion.pacingRate, now);
    pacer.process(now, (packet, probeCluster) => this.#depart(packet, probeCluster));
    const next = pacer.nextProcessTime(now) ?? Number.POSITIVE_INFINITY;
    if (next === this.#timerDue) return;
    this.#clock.clearTimeout(this.#timer);
    this.#timerDue = next;
    if (next === Number.POSITIVE_INFINITY) return;
    this.#timer = this.#clock.setTimeout(() => {
      this.#timerDue = Number.POSITIVE_INFINITY;
      this.#process();
    }, next - now);
  }

  #depart({ fields, ids }: DepartingPacket, probeCluster: number | undefined): void {
    const now = this.#clock.now();
    const extensions: ExtensionElement[] = [...(fields.extensions ?? [])];
    if (ids.absSendTime !== undefined) extensions.push({ id: ids.absSendTime, value: writeAbsSendTime(now) });
    const counted = ids.transportSequence !== undefined;
    const sequence = this.#transportSequence;
    if (ids.transportSequence !== undefined) {
      extensions.push({ id: ids.transportSequence, value: writeTransportSequence(sequence & 0xffff) });
      this.#transportSequence += 1;
    }
    const packet = serializeRtp({ ...fields, extensions });
    this.#packets += 1;
    this.#bytes += packet.length;
    if (counted && this.#pacing !== undefined) {
      const sent = { sequence, size: packet.length, sentAt: now, probeCluster };
      this.#pacing.history.onPacketSent(sent);
      this.#pacing.congestion.onPacketSent(sent);
    }
    this.#send(packet);
  }
}

function sizeOf(fields: RtpFields): Bytes {
  return HEADER_SIZE + fields.payload.length + (fields.paddingSize ?? 0);
}
