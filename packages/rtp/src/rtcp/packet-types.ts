// The RTCP packets Sluice speaks, as plain data: reports and membership (RFC 3550 §6), feedback (RFC 4585, RFC 5104) and
// the two bandwidth messages of WebRTC. Numbers are unsigned integers of the stated width unless said otherwise.

import type { BitsPerSecond, Bytes, Milliseconds, RtpTicks } from '../units.ts';

/** What a receiver says about one stream (RFC 3550 §6.4.1). */
export interface ReportBlock {
  /** The stream reported on, 32 bit. */
  readonly ssrc: number;
  /** Share of packets lost since the previous report, in 1/256: 0–255. */
  readonly fractionLost: number;
  /** Packets lost since the beginning, signed 24 bit; below zero with duplicates. Clamped, never wrapped, by its sender. */
  readonly cumulativeLost: number;
  /** Highest sequence number received (low 16 bit) and how often it wrapped (high 16 bit). */
  readonly extendedHighestSequence: number;
  /** Interarrival jitter, 32 bit. */
  readonly jitter: RtpTicks;
  /** Middle 32 bit of the NTP timestamp in the last sender report, 0 when there was none. */
  readonly lastSenderReport: number;
  /** Time from receiving that report to sending this block, 32 bit, in 1/65536 s; 0 when there was none. */
  readonly delaySinceLastSenderReport: number;
}

/** A sender's counters and the relation of its clocks, with what it received itself (RFC 3550 §6.4.1). */
export interface RtcpSenderReport {
  readonly type: 'sender-report';
  /** The sender, 32 bit. */
  readonly ssrc: number;
  /** NTP time of the report, whole seconds, 32 bit. */
  readonly ntpSeconds: number;
  /** NTP time of the report, the rest in 2^-32 s, 32 bit. */
  readonly ntpFraction: number;
  /** The same instant on the stream's RTP clock, 32 bit. */
  readonly rtpTimestamp: RtpTicks;
  /** Packets sent since the beginning, 32 bit. */
  readonly packetCount: number;
  /** Payload bytes sent since the beginning, 32 bit. */
  readonly octetCount: Bytes;
  /** At most 31 fit: serialising moves the rest to receiver reports behind it. */
  readonly reports: readonly ReportBlock[];
}

/** What a participant that does not send has received (RFC 3550 §6.4.2). */
export interface RtcpReceiverReport {
  readonly type: 'receiver-report';
  /** Who reports, 32 bit. */
  readonly ssrc: number;
  /** At most 31 fit: serialising writes several packets for more. */
  readonly reports: readonly ReportBlock[];
}

/** The items of a source description: RFC 3550 §6.5, RFC 8852 §3 (stream ids) and RFC 9143 §15.1 (mid). */
export type SourceDescriptionItemType =
  | 'cname'
  | 'name'
  | 'email'
  | 'phone'
  | 'location'
  | 'tool'
  | 'note'
  | 'rtp-stream-id'
  | 'repaired-rtp-stream-id'
  | 'mid';

/** One item that describes a source (RFC 3550 §6.5). */
export interface SourceDescriptionItem {
  readonly type: SourceDescriptionItemType;
  /** At most 255 bytes of UTF-8. */
  readonly text: string;
}

/** All items of one source (RFC 3550 §6.5). */
export interface SourceDescriptionChunk {
  /** The source, 32 bit. */
  readonly ssrc: number;
  /** Items of types not listed above, PRIV among them, are left out when parsing. */
  readonly items: readonly SourceDescriptionItem[];
}

/** Who is behind the sources (RFC 3550 §6.5). */
export interface RtcpSourceDescription {
  readonly type: 'source-description';
  /** At most 31 fit: serialising writes several packets for more. */
  readonly chunks: readonly SourceDescriptionChunk[];
}

/** Sources that leave (RFC 3550 §6.6). */
export interface RtcpBye {
  readonly type: 'bye';
  /** 32 bit each. At most 31 fit: serialising writes several packets for more. */
  readonly ssrcs: readonly number[];
  /** At most 255 bytes of UTF-8. Default none. */
  readonly reason?: string;
}

/** A packet defined by an application (RFC 3550 §6.7). */
export interface RtcpApplication {
  readonly type: 'application';
  /** 5 bit. */
  readonly subtype: number;
  /** Who sends it, 32 bit. */
  readonly ssrc: number;
  /** Four ASCII characters. */
  readonly name: string;
  /** A multiple of 4 bytes. Parsed: a view into the received bytes. */
  readonly data: Uint8Array;
}

/** A request to send packets again: generic NACK (RFC 4585 §6.2.1). */
export interface RtcpNack {
  readonly type: 'nack';
  /** Who asks, 32 bit. */
  readonly senderSsrc: number;
  /** The stream that has the holes, 32 bit. */
  readonly mediaSsrc: number;
  /** 16 bit each, at least one. Serialising sorts them along the circle from the first and drops duplicates. */
  readonly sequenceNumbers: readonly number[];
}

/** A request for a key frame because pictures were lost: picture loss indication (RFC 4585 §6.3.1). */
export interface RtcpPli {
  readonly type: 'pli';
  /** Who asks, 32 bit. */
  readonly senderSsrc: number;
  /** The stream to send one, 32 bit. */
  readonly mediaSsrc: number;
}

/** One stream that a full intra request asks (RFC 5104 §4.3.1.1). */
export interface FirEntry {
  /** The stream to send a key frame, 32 bit. */
  readonly ssrc: number;
  /** 8 bit; the same number again is a repetition of the same request. */
  readonly commandSequence: number;
}

/** A request for key frames for a newcomer or a switch: full intra request (RFC 5104 §4.3.1). */
export interface RtcpFir {
  readonly type: 'fir';
  /** Who asks, 32 bit. */
  readonly senderSsrc: number;
  /** At least one. */
  readonly entries: readonly FirEntry[];
}

/** A receiver's estimate of the bandwidth (draft-alvestrand-rmcat-remb-03 §2.2). */
export interface RtcpRemb {
  readonly type: 'remb';
  /** Who estimates, 32 bit. */
  readonly senderSsrc: number;
  /** 0 to 2^53 − 1. On the wire 18 significant bits remain: serialising rounds down. */
  readonly bitrate: BitsPerSecond;
  /** The streams that share it, 32 bit each, at most 255. */
  readonly ssrcs: readonly number[];
}

/**
 * Which packets of a transport arrived, and when: one status for each transport-wide sequence number from `baseSequence`
 * on (draft-holmer-rmcat-transport-wide-cc-extensions-01 §3.1).
 */
export interface TransportFeedback {
  readonly type: 'transport-feedback';
  /** Who received, 32 bit. */
  readonly senderSsrc: number;
  /** Any stream of the transport, 32 bit. */
  readonly mediaSsrc: number;
  /** Transport-wide sequence number of the first status, 16 bit. */
  readonly baseSequence: number;
  /** Counts the feedback packets, 8 bit: a gap is lost feedback. */
  readonly feedbackCount: number;
  /**
   * On the receiver's clock, a multiple of 64 ms from −2^29 to 2^29 − 64. It wraps every 2^30 ms (12.4 days):
   * `circularDistance(a / 64, b / 64, 24) * 64` is how far one is ahead of another.
   */
  readonly referenceTime: Milliseconds;
  /**
   * False when the packet says only what arrived: the entries of received packets are then 0 and mean nothing more. It
   * is true when nothing arrived.
   */
  readonly hasArrivalTimes: boolean;
  /**
   * The status of each packet, 1 to 65 535 of them: `undefined` when it was not received, otherwise its arrival after
   * `referenceTime` in steps of 0.25 ms, below zero when it overtook many. Between one received packet and the next in
   * sequence lie at most −8192 to 8191.75 ms, and as much between `referenceTime` and the first: what does not fit is
   * for another packet.
   */
  readonly packets: readonly (Milliseconds | undefined)[];
}

/** Any RTCP packet known here, told apart by `type`. */
export type RtcpPacket =
  | RtcpSenderReport
  | RtcpReceiverReport
  | RtcpSourceDescription
  | RtcpBye
  | RtcpApplication
  | RtcpNack
  | RtcpPli
  | RtcpFir
  | RtcpRemb
  | TransportFeedback;
