// The sending end of one RTP stream: counters for sender reports, and retransmissions on request (RFC 4588).

import { FlexFecEncoder, type FlexFecProtection, type RepairPayload } from '../recovery/flexfec-encoder.ts';
import { flexFecTimestamp } from '../recovery/flexfec-packet.ts';
import {
  RetransmissionHistory,
  type RetransmissionOptions,
  writeRtxPayload,
} from '../recovery/retransmission-history.ts';
import { clockToNtp, compactNtp, compactToMilliseconds } from '../rtcp/ntp.ts';
import type { ReportBlock, RtcpSenderReport } from '../rtcp/packets.ts';
import type { Bytes, Milliseconds } from '../units.ts';
import type { ExtensionElement, RtpFields } from './packet.ts';
import type { SenderClock } from './receive-stream.ts';

/** What one sending stream is made of. */
export interface SendStreamOptions {
  readonly ssrc: number;
  readonly payloadType: number;
  /** Elements on every packet, e.g. mid and rid. Default none. */
  readonly extensions?: readonly ExtensionElement[];
  /** The retransmission stream, where one was negotiated. */
  readonly rtx?: {
    readonly ssrc: number;
    readonly payloadType: number;
    /** 16 bit; random, as RFC 3550 §5.1 asks. */
    readonly firstSequenceNumber: number;
    /** Elements on every retransmission, e.g. mid and repairedRid. Default none. */
    readonly extensions?: readonly ExtensionElement[];
    readonly history?: RetransmissionOptions;
  };
  /** The repair stream (RFC 8627), where one was negotiated. */
  readonly fec?: {
    readonly ssrc: number;
    readonly payloadType: number;
    /** 16 bit; random, as RFC 3550 §5.1 asks. */
    readonly firstSequenceNumber: number;
    /** Elements on every repair packet, e.g. mid and repairedRid. Default none. */
    readonly extensions?: readonly ExtensionElement[];
    /** How much repair goes beside the media. */
    readonly protection: FlexFecProtection;
  };
}

const NONE: readonly ExtensionElement[] = [];
const NO_PACKETS: readonly RtpFields[] = [];

/** One outgoing stream. */
export class RtpSendStream {
  readonly ssrc: number;
  readonly payloadType: number;
  readonly #extensions: readonly ExtensionElement[];
  readonly #rtx: SendStreamOptions['rtx'];
  readonly #history: RetransmissionHistory | undefined;
  #rtxSequenceNumber: number;
  readonly #fec: SendStreamOptions['fec'];
  readonly #fecEncoder: FlexFecEncoder | undefined;
  #fecSequenceNumber: number;
  /** RTP timestamp of the newest key frame. */
  #keyFrameTimestamp: number | undefined;
  #packets = 0;
  #octets = 0;
  #retransmitted = 0;
  #nacks = 0;
  #lastTimestamp: number | undefined;
  #lastTimestampAt: Milliseconds = 0;
  readonly #reportsSent: { compact: number; at: Milliseconds }[] = [];
  #roundTrip: Milliseconds | undefined;
  #fractionLost = 0;

  constructor(options: SendStreamOptions) {
    this.ssrc = options.ssrc;
    this.payloadType = options.payloadType;
    this.#extensions = options.extensions ?? [];
    this.#rtx = options.rtx;
    this.#history = options.rtx && new RetransmissionHistory(options.rtx.history);
    this.#rtxSequenceNumber = options.rtx?.firstSequenceNumber ?? 0;
    this.#fec = options.fec;
    this.#fecEncoder = options.fec && new FlexFecEncoder({ ssrc: options.ssrc, ...options.fec.protection });
    this.#fecSequenceNumber = options.fec?.firstSequenceNumber ?? 0;
  }

  /** Packets sent, retransmissions not counted. */
  get packetsSent(): number {
    return this.#packets;
  }

  /** Payload bytes sent, retransmissions not counted. */
  get bytesSent(): number {
    return this.#octets;
  }

  /** Packets sent again. */
  get packetsRetransmitted(): number {
    return this.#retransmitted;
  }

  /** Sequence numbers the receiver has asked for. */
  get nacksReceived(): number {
    return this.#nacks;
  }

  /** Round trip from the receiver's last report on this stream (RFC 3550 §6.4.1). */
  get roundTrip(): Milliseconds | undefined {
    return this.#roundTrip;
  }

  /** The share of packets lost in the receiver's last report, 0 to 1. */
  get fractionLost(): number {
    return this.#fractionLost;
  }

  /** The retransmission stream's SSRC, where there is one. */
  get rtxSsrc(): number | undefined {
    return this.#rtx?.ssrc;
  }

  /** The repair stream's SSRC, where there is one. */
  get fecSsrc(): number | undefined {
    return this.#fec?.ssrc;
  }

  /** Repair packets made. */
  get repairPacketsSent(): number {
    return this.#fecEncoder?.repairs ?? 0;
  }

  /**
   * Changes how much repair goes beside the media, from the next packet on. Nothing happens where no repair stream was
   * negotiated.
   *
   * @throws ArgumentError where a ratio is not between 0 and 1
   */
  setProtection(protection: FlexFecProtection): void {
    this.#fecEncoder?.setProtection(protection);
  }

  /** The packets of that RTP timestamp are a key frame's, which may be better protected. */
  markKeyFrame(timestamp: number): void {
    this.#keyFrameTimestamp = timestamp;
  }

  /**
   * The packet to put on the wire.
   *
   * @param now - when the media it carries was due, for sender reports
   * @param extensions - elements of this packet alone
   */
  send(
    sequenceNumber: number,
    timestamp: number,
    marker: boolean,
    payload: Uint8Array,
    now: Milliseconds,
    extensions: readonly ExtensionElement[] = NONE,
  ): RtpFields {
    this.#packets += 1;
    this.#octets += payload.length;
    if (timestamp !== this.#lastTimestamp) {
      this.#lastTimestamp = timestamp;
      this.#lastTimestampAt = now;
    }
    this.#history?.add({ sequenceNumber, timestamp, marker, payload, extensions }, now);
    return {
      payloadType: this.payloadType,
      sequenceNumber,
      timestamp,
      ssrc: this.ssrc,
      marker,
      extensions: extensions.length > 0 ? [...this.#extensions, ...extensions] : this.#extensions,
      payload,
    };
  }

  /** Packets that `send` made did not go out after all. Nothing that went before is sent again either. */
  withdraw(packets: readonly RtpFields[]): void {
    this.#packets -= packets.length;
    for (const { payload } of packets) this.#octets -= payload.length;
    this.#history?.clear();
    this.#fecEncoder?.finish();
  }

  /** A packet of padding alone, to fill a place in the sequence that the receiver would otherwise wait for. */
  filler(sequenceNumber: number, timestamp: number, now: Milliseconds): RtpFields {
    return { ...this.send(sequenceNumber, timestamp, false, new Uint8Array(0), now), paddingSize: 1 };
  }

  /** Whether media has gone out beside which padding attracts no attention. */
  get canPad(): boolean {
    return this.#rtx !== undefined && this.#lastTimestamp !== undefined;
  }

  /**
   * A packet of padding alone in the retransmission stream, to fill a probe; `undefined` where there is none. Media need
   * not have gone out before: video that waits for a better path has to probe for it.
   *
   * @param size - in bytes; a packet holds at most 255
   */
  padding(size: number): RtpFields | undefined {
    if (this.#rtx === undefined) return undefined;
    this.#rtxSequenceNumber = (this.#rtxSequenceNumber + 1) & 0xffff;
    return {
      payloadType: this.#rtx.payloadType,
      sequenceNumber: this.#rtxSequenceNumber,
      timestamp: this.#lastTimestamp ?? 0,
      ssrc: this.#rtx.ssrc,
      marker: false,
      extensions: this.#rtx.extensions ?? [],
      payload: new Uint8Array(0),
      paddingSize: Math.max(1, Math.min(255, Math.ceil(size))),
    };
  }

  /**
   * The retransmissions that answer a NACK; those no longer kept, or sent again just now, are left out.
   *
   * @param allows - whether so many bytes of payload may be sent again; the first that may not ends it. Default: they may
   */
  retransmit(
    sequenceNumbers: readonly number[],
    now: Milliseconds,
    allows: (bytes: Bytes) => boolean = () => true,
  ): RtpFields[] {
    const rtx = this.#rtx;
    this.#nacks += sequenceNumbers.length;
    if (rtx === undefined || this.#history === undefined) return [];
    const answers: RtpFields[] = [];
    for (const sequenceNumber of sequenceNumbers) {
      const packet = this.#history.take(sequenceNumber, now, this.#roundTrip ?? 0);
      if (packet === undefined) continue;
      if (!allows(packet.payload.length)) break;
      this.#retransmitted += 1;
      this.#rtxSequenceNumber = (this.#rtxSequenceNumber + 1) & 0xffff;
      answers.push({
        payloadType: rtx.payloadType,
        sequenceNumber: this.#rtxSequenceNumber,
        timestamp: packet.timestamp,
        ssrc: rtx.ssrc,
        marker: packet.marker,
        extensions: [...(rtx.extensions ?? NONE), ...packet.extensions],
        payload: writeRtxPayload(sequenceNumber, packet.payload),
      });
    }
    return answers;
  }

  /**
   * The repair packets to send behind a packet of this stream, mostly none.
   *
   * @param bytes - the packet as it leaves now
   */
  protect({ timestamp }: RtpFields, bytes: Uint8Array, now: Milliseconds): readonly RtpFields[] {
    if (this.#fecEncoder === undefined) return NO_PACKETS;
    return this.#repairPackets(this.#fecEncoder.add(bytes, now, timestamp === this.#keyFrameTimestamp), now);
  }

  /** The repair packets that are due because nothing more came to be protected with the last packets. */
  dueRepairs(now: Milliseconds): readonly RtpFields[] {
    return this.#fecEncoder === undefined ? NO_PACKETS : this.#repairPackets(this.#fecEncoder.poll(now), now);
  }

  #repairPackets(repairs: readonly RepairPayload[], now: Milliseconds): readonly RtpFields[] {
    const fec = this.#fec;
    if (fec === undefined || repairs.length === 0) return NO_PACKETS;
    return repairs.map(({ csrcs, payload }) => {
      this.#fecSequenceNumber = (this.#fecSequenceNumber + 1) & 0xffff;
      return {
        payloadType: fec.payloadType,
        sequenceNumber: this.#fecSequenceNumber,
        // A clock of its own that begins anywhere, as an SSRC does.
        timestamp: flexFecTimestamp(now, fec.ssrc),
        ssrc: fec.ssrc,
        marker: false,
        csrcs,
        extensions: fec.extensions ?? NONE,
        payload,
      };
    });
  }

  /**
   * The sender report to send now; `undefined` before the first packet.
   *
   * @param clockRate - of the RTP clock, in Hz
   * @param source - the relation of clocks to report, where the stream is forwarded; by default that of its own packets
   */
  senderReport(now: Milliseconds, clockRate: number, source?: SenderClock): RtcpSenderReport | undefined {
    if (this.#lastTimestamp === undefined) return undefined;
    const ntp = source ?? clockToNtp(now);
    const rtpTimestamp =
      source?.rtpTimestamp ??
      (this.#lastTimestamp + Math.round(((now - this.#lastTimestampAt) * clockRate) / 1000)) >>> 0;
    this.#reportsSent.push({ compact: compactNtp(ntp.ntpSeconds, ntp.ntpFraction), at: now });
    if (this.#reportsSent.length > 8) this.#reportsSent.shift();
    return {
      type: 'sender-report',
      ssrc: this.ssrc,
      ntpSeconds: ntp.ntpSeconds,
      ntpFraction: ntp.ntpFraction,
      rtpTimestamp,
      packetCount: this.#packets >>> 0,
      octetCount: this.#octets >>> 0,
      reports: [],
    };
  }

  /** The receiver's report on this stream. */
  onReportBlock(block: ReportBlock, now: Milliseconds): void {
    this.#fractionLost = block.fractionLost / 256;
    const report = this.#reportsSent.find(({ compact }) => compact === block.lastSenderReport);
    if (report === undefined) return;
    this.#roundTrip = Math.max(0, now - report.at - compactToMilliseconds(block.delaySinceLastSenderReport));
  }
}
