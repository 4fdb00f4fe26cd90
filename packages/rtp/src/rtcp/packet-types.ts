// The RTCP packets Sluice speaks, as plain data: reports and membership (RFC 3550 §6), extended reports (RFC 3611); what
// receivers feed back is in feedback-types.ts. Numbers are unsigned integers of the stated width unless said otherwise.

import type { Bytes, RtpTicks } from '../units.ts';
import type {
  CongestionFeedback,
  RtcpFir,
  RtcpNack,
  RtcpPli,
  RtcpRemb,
  RtcpTmmbn,
  RtcpTmmbr,
  TransportFeedback,
} from './feedback-types.ts';

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

/** When a receiver sent an extended report, by its own clock (RFC 3611 §4.4): a sender answers it. */
export interface ReceiverReferenceTime {
  readonly type: 'receiver-reference-time';
  /** NTP time of the report, whole seconds, 32 bit. */
  readonly ntpSeconds: number;
  /** NTP time of the report, the rest in 2^-32 s, 32 bit. */
  readonly ntpFraction: number;
}

/** A sender's answer to one receiver's reference time (RFC 3611 §4.5). */
export interface ReferenceTimeAnswer {
  /** The receiver, 32 bit. */
  readonly ssrc: number;
  /** Middle 32 bit of the NTP timestamp in its last reference time, 0 when there was none. */
  readonly lastReceiverReport: number;
  /** Time from receiving that to sending this answer, 32 bit, in 1/65536 s; 0 when there was none. */
  readonly delaySinceLastReceiverReport: number;
}

/** A sender's answers to reference times, from which receivers know their round trips: DLRR (RFC 3611 §4.5). */
export interface DelaySinceLastReceiverReport {
  readonly type: 'delay-since-last-receiver-report';
  /** At most 21 845. */
  readonly answers: readonly ReferenceTimeAnswer[];
}

/** What does not fit reports (RFC 3611 §2). */
export interface RtcpExtendedReport {
  readonly type: 'extended-report';
  /** Who reports, 32 bit. */
  readonly ssrc: number;
  /** Blocks of other types are left out when parsing, as are blocks of a length that their type cannot have. */
  readonly blocks: readonly (ReceiverReferenceTime | DelaySinceLastReceiverReport)[];
}

/** Any RTCP packet known here, told apart by `type`. */
export type RtcpPacket =
  | RtcpSenderReport
  | RtcpReceiverReport
  | RtcpSourceDescription
  | RtcpBye
  | RtcpApplication
  | RtcpExtendedReport
  | RtcpNack
  | RtcpPli
  | RtcpFir
  | RtcpRemb
  | RtcpTmmbr
  | RtcpTmmbn
  | TransportFeedback
  | CongestionFeedback;
