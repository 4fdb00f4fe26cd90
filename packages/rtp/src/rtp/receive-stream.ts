// The receiving end of one RTP stream: order, duplicates, loss, jitter, retransmissions (RFC 3550 §6.4.1, §A.1, §A.8).

import { FlexFecDecoder } from '../recovery/flexfec-decoder.ts';
import { NackGenerator, type NackOptions } from '../recovery/nack-generator.ts';
import { readRtxSequence } from '../recovery/retransmission-history.ts';
import { compactDuration, compactNtp } from '../rtcp/ntp.ts';
import type { ReportBlock, RtcpSenderReport } from '../rtcp/packets.ts';
import { Unwrapper } from '../sequence.ts';
import type { Bytes, Milliseconds } from '../units.ts';
import { RtpPacket } from './packet.ts';

/** A packet of one stream, in the stream's own terms. */
export interface ReceivedPacket {
  /** Unwrapped. */
  readonly sequence: number;
  /** 32 bit. */
  readonly timestamp: number;
  readonly marker: boolean;
  /** Empty for a packet of padding alone. */
  readonly payload: Uint8Array;
  readonly arrival: Milliseconds;
  /** Of the RTP packet it came in, headers included. */
  readonly size: Bytes;
  /** It came as a retransmission, or was made of repair packets. */
  readonly recovered: boolean;
  /** The bytes of its `colorSpace` element, where it has one. */
  readonly colorSpace?: Uint8Array | undefined;
  /** The bytes of its `captureLag` element, where it has one. */
  readonly captureLag?: Uint8Array | undefined;
  /** The bytes of its `audioLevel` element, where it has one. */
  readonly audioLevel?: Uint8Array | undefined;
}

/** What one receiving stream is made of. */
export interface ReceiveStreamOptions {
  readonly ssrc: number;
  readonly clockRate: number;
  /** Ask for lost packets (RFC 4585 generic NACK): limits, or `false`. */
  readonly nack: NackOptions | false;
  /**
   * Repair packets come as well (RFC 8627); lost packets are asked for a little later then, as repair may be on its way.
   * Default false.
   */
  readonly forwardErrorCorrection?: boolean | undefined;
  /** Identifier of the `colorSpace` extension, where it was negotiated. */
  readonly colorSpaceId?: number | undefined;
  /** Identifier of the `audioLevel` extension, where it was negotiated. */
  readonly audioLevelId?: number | undefined;
  /** Identifier of the `captureLag` extension, where it was negotiated. */
  readonly captureLagId?: number | undefined;
}

/** Added to unwrapped sequence numbers, so that stragglers from before the first packet stay positive. */
const EARLIER_CYCLE = 0x10000;

/** How long after a loss is noticed repair may still come by itself: what a frame's last packets take to leave. */
const REPAIR_PATIENCE: Milliseconds = 20;

/** How many sequence numbers back a packet is still recognised as new or as a duplicate. */
const WINDOW = 2048;

/** The relation between a stream's RTP clock and the sender's wall clock, from a sender report (RFC 3550 §6.4.1). */
export interface SenderClock {
  readonly ntpSeconds: number;
  readonly ntpFraction: number;
  readonly rtpTimestamp: number;
}

const NONE: readonly ReceivedPacket[] = [];
const NO_NUMBERS: readonly number[] = [];

/** One incoming stream. */
export class RtpReceiveStream {
  readonly ssrc: number;
  readonly #clockRate: number;
  readonly #colorSpaceId: number | undefined;
  readonly #audioLevelId: number | undefined;
  readonly #captureLagId: number | undefined;
  readonly #nack: NackGenerator | undefined;
  readonly #fec: FlexFecDecoder | undefined;
  readonly #sequences = new Unwrapper(16);
  readonly #seen = new Int32Array(WINDOW).fill(-1);
  #firstSequence: number | undefined;
  #highest = -1;
  #received = 0;
  #duplicates = 0;
  #recovered = 0;
  #bytes = 0;
  #jitter = 0;
  #transit: number | undefined;
  #expectedAtReport = 0;
  #receivedAtReport = 0;
  #senderClock: SenderClock | undefined;
  #senderReportArrival: Milliseconds = 0;

  constructor(options: ReceiveStreamOptions) {
    this.ssrc = options.ssrc;
    this.#clockRate = options.clockRate;
    this.#colorSpaceId = options.colorSpaceId;
    this.#audioLevelId = options.audioLevelId;
    this.#captureLagId = options.captureLagId;
    const { ssrc, nack, forwardErrorCorrection = false } = options;
    this.#fec = forwardErrorCorrection ? new FlexFecDecoder({ ssrc }) : undefined;
    this.#nack = nack ? new NackGenerator({ reorderingTolerance: this.#fec && REPAIR_PATIENCE, ...nack }) : undefined;
  }

  /** Packets received, recovered ones included, duplicates not. */
  get packetsReceived(): number {
    return this.#received;
  }

  /** Payload bytes received, duplicates not counted. */
  get bytesReceived(): number {
    return this.#bytes;
  }

  /** Packets expected but not received so far; never negative here. */
  get packetsLost(): number {
    return Math.max(0, this.#expected() - this.#received);
  }

  /** Packets that came as retransmissions, or were made of repair packets. */
  get packetsRecovered(): number {
    return this.#recovered;
  }

  /** Packets that came more than once. */
  get packetsDuplicated(): number {
    return this.#duplicates;
  }

  /** Interarrival jitter (RFC 3550 §A.8) in milliseconds. */
  get jitter(): Milliseconds {
    return (this.#jitter * 1000) / this.#clockRate;
  }

  /** Time from a NACK to its answer; `undefined` until one was measured. */
  get roundTrip(): Milliseconds | undefined {
    return this.#nack?.roundTrip;
  }

  /** Packets that were asked for in vain, and are not any more: only a key frame helps. */
  get packetsAbandoned(): number {
    return this.#nack?.abandoned ?? 0;
  }

  /** The last sender report's relation of clocks. */
  get senderClock(): SenderClock | undefined {
    return this.#senderClock;
  }

  /** A packet of this stream; `undefined` for a duplicate or one too old to tell. */
  receive(packet: RtpPacket, arrival: Milliseconds): ReceivedPacket | undefined {
    this.#updateJitter(packet.timestamp, arrival);
    return this.#accept(packet, packet.sequenceNumber, packet.payload, arrival, false);
  }

  /** A packet of this stream's retransmission stream (RFC 4588); `undefined` for padding, duplicates and junk. */
  receiveRtx(packet: RtpPacket, arrival: Milliseconds): ReceivedPacket | undefined {
    const sequenceNumber = readRtxSequence(packet.payload);
    if (sequenceNumber === undefined || this.#firstSequence === undefined) return undefined;
    return this.#accept(packet, sequenceNumber, packet.payload.subarray(2), arrival, true);
  }

  /**
   * Packets that can be made of repair packets now that this one of the stream has come, mostly none; to be asked after
   * `receive`.
   */
  recoverWith(packet: RtpPacket, arrival: Milliseconds): readonly ReceivedPacket[] {
    return this.#acceptRecovered(this.#fec?.onMedia(packet.bytes, arrival), arrival);
  }

  /** A packet of this stream's repair stream (RFC 8627): the packets that it recovers. */
  receiveRepair(packet: RtpPacket, arrival: Milliseconds): readonly ReceivedPacket[] {
    return this.#acceptRecovered(this.#fec?.onRepair(packet, arrival), arrival);
  }

  /** Nothing before `sequence` needs to be asked for: a key frame starts there. */
  forgetBefore(sequence: number): void {
    this.#nack?.forgetBefore(sequence);
  }

  /**
   * The 16-bit sequence numbers to ask for now.
   *
   * @param roundTrip - as measured elsewhere, for as long as no request was answered
   */
  dueNacks(now: Milliseconds, roundTrip?: Milliseconds): readonly number[] {
    if (this.#nack === undefined || this.#nack.missing === 0) return NO_NUMBERS;
    return this.#nack.due(now, roundTrip).map((sequence) => sequence & 0xffff);
  }

  /** Takes note of the sender's report on this stream. */
  onSenderReport(report: RtcpSenderReport, arrival: Milliseconds): void {
    this.#senderClock = {
      ntpSeconds: report.ntpSeconds,
      ntpFraction: report.ntpFraction,
      rtpTimestamp: report.rtpTimestamp,
    };
    this.#senderReportArrival = arrival;
  }

  /**
   * What to report to the sender, and the start of the next interval (RFC 3550 §A.3). What was recovered counts as lost:
   * the network did lose it.
   */
  reportBlock(now: Milliseconds): ReportBlock {
    const expected = this.#expected();
    const received = this.#received - this.#recovered;
    const expectedInterval = expected - this.#expectedAtReport;
    const lostInterval = expectedInterval - (received - this.#receivedAtReport);
    this.#expectedAtReport = expected;
    this.#receivedAtReport = received;
    const clock = this.#senderClock;
    return {
      ssrc: this.ssrc,
      fractionLost:
        expectedInterval <= 0 || lostInterval <= 0
          ? 0
          : Math.min(255, Math.floor((lostInterval * 256) / expectedInterval)),
      cumulativeLost: Math.max(-0x800000, Math.min(0x7fffff, expected - received)),
      extendedHighestSequence: Math.max(0, this.#highest - EARLIER_CYCLE) >>> 0,
      jitter: Math.min(0xffffffff, Math.round(this.#jitter)),
      lastSenderReport: clock ? compactNtp(clock.ntpSeconds, clock.ntpFraction) : 0,
      delaySinceLastSenderReport: clock ? compactDuration(now - this.#senderReportArrival) : 0,
    };
  }

  #acceptRecovered(recovered: readonly Uint8Array[] | undefined, arrival: Milliseconds): readonly ReceivedPacket[] {
    if (recovered === undefined || recovered.length === 0) return NONE;
    return recovered.flatMap((bytes) => {
      const packet = RtpPacket.parse(bytes);
      return (packet && this.#accept(packet, packet.sequenceNumber, packet.payload, arrival, true)) ?? [];
    });
  }

  #accept(
    packet: RtpPacket,
    sequenceNumber: number,
    payload: Uint8Array,
    arrival: Milliseconds,
    recovered: boolean,
  ): ReceivedPacket | undefined {
    const sequence = this.#sequences.unwrap(sequenceNumber) + EARLIER_CYCLE;
    const slot = sequence % WINDOW;
    if (sequence <= this.#highest - WINDOW || this.#seen[slot] === sequence) {
      this.#duplicates += 1;
      return undefined;
    }
    this.#seen[slot] = sequence;
    if (this.#firstSequence === undefined || sequence < this.#firstSequence) this.#firstSequence = sequence;
    if (sequence > this.#highest) this.#highest = sequence;
    this.#received += 1;
    this.#bytes += payload.length;
    if (recovered) this.#recovered += 1;
    this.#nack?.onPacket(sequence, arrival);
    const { timestamp, marker, size } = packet;
    const colorSpace = this.#colorSpaceId === undefined ? undefined : packet.extension(this.#colorSpaceId);
    const captureLag = this.#captureLagId === undefined ? undefined : packet.extension(this.#captureLagId);
    const audioLevel = this.#audioLevelId === undefined ? undefined : packet.extension(this.#audioLevelId);
    return { sequence, timestamp, marker, payload, arrival, size, recovered, colorSpace, captureLag, audioLevel };
  }

  #expected(): number {
    return this.#firstSequence === undefined ? 0 : this.#highest - this.#firstSequence + 1;
  }

  #updateJitter(timestamp: number, arrival: Milliseconds): void {
    const transit = Math.round((arrival * this.#clockRate) / 1000) - timestamp;
    if (this.#transit !== undefined) {
      const difference = Math.abs((transit - this.#transit) | 0);
      this.#jitter += (difference - this.#jitter) / 16;
    }
    this.#transit = transit;
  }
}
