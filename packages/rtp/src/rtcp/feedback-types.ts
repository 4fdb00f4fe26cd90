// What receivers feed back, as plain data: requests and limits (RFC 4585, RFC 5104, REMB), and what arrived when
// (transport-wide feedback, RFC 8888). Numbers are unsigned integers of the stated width unless said otherwise.

import type { BitsPerSecond, Bytes, Milliseconds } from '../units.ts';

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

/** One limit on the bit rate of a stream (RFC 5104 §4.2.1.1). */
export interface BitrateLimit {
  /** In a request the stream that shall keep to it, in a notification the participant that asked for it; 32 bit. */
  readonly ssrc: number;
  /**
   * The most that may be sent, the headers of all packets included: 0 to 131 071 · 2^63. On the wire 17 significant bits
   * remain: serialising rounds down, so that nothing is permitted that was not meant to be.
   */
  readonly bitrate: BitsPerSecond;
  /** Headers of one packet, from the layer at which `bitrate` is measured up to RTP's own, on average: 0 to 511. */
  readonly overhead: Bytes;
}

/** Limits asked for: temporary maximum media stream bit rate request (RFC 5104 §4.2.1). */
export interface RtcpTmmbr {
  readonly type: 'tmmbr';
  /** Who asks, 32 bit. */
  readonly senderSsrc: number;
  /** At least one. */
  readonly limits: readonly BitrateLimit[];
}

/** The limits that a media sender keeps to: temporary maximum media stream bit rate notification (RFC 5104 §4.2.2). */
export interface RtcpTmmbn {
  readonly type: 'tmmbn';
  /** The media sender, 32 bit. */
  readonly senderSsrc: number;
  /** None when nothing limits it. */
  readonly limits: readonly BitrateLimit[];
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

/**
 * How a receiver tells what arrived when, by the names that SDP has for it: by transport-wide sequence numbers
 * (draft-holmer-rmcat-transport-wide-cc-extensions-01), or stream by stream by RTP sequence numbers (RFC 8888).
 */
export type CongestionFeedbackFormat = 'transport-cc' | 'ccfb';

/** What the IP header said about congestion (RFC 3168 §5): not capable of ECN, capable (two ways), experienced. */
export type EcnMark = 'not-ect' | 'ect-1' | 'ect-0' | 'ce';

/** How a packet arrived (RFC 8888 §3.1). */
export interface CongestionFeedbackArrival {
  readonly ecn: EcnMark;
  /**
   * How long before the report, in steps of 1/1024 s: 0 to 8189/1024 s, to the nearest step when serialising. `Infinity`
   * when it is longer ago, `undefined` when it is not known or was after the report.
   */
  readonly arrivalOffset: Milliseconds | undefined;
}

/** Which packets of one stream arrived, and when (RFC 8888 §3.1). */
export interface CongestionFeedbackStream {
  /** 32 bit. */
  readonly ssrc: number;
  /** RTP sequence number of the first status, 16 bit; the highest one received so far when there is none. */
  readonly beginSequence: number;
  /**
   * The status of each packet from `beginSequence` on, `undefined` when it was not received; at most 16 384. As many are
   * counted on the wire (erratum 8166: the range does not include the number behind them).
   */
  readonly packets: readonly (CongestionFeedbackArrival | undefined)[];
}

/** Which packets arrived, and when, stream by stream: congestion control feedback (RFC 8888 §3.1). */
export interface CongestionFeedback {
  readonly type: 'congestion-feedback';
  /** Who received, 32 bit. */
  readonly senderSsrc: number;
  /** When the report was made: the middle 32 bit of an NTP timestamp, from the clock of the sender reports. */
  readonly reportTimestamp: number;
  readonly streams: readonly CongestionFeedbackStream[];
}
