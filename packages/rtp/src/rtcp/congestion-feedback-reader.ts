// The sending end of congestion control by RFC 8888: what a feedback packet says, packet by packet and on one clock.

import type { Milliseconds } from '../units.ts';
import type { CongestionFeedback, EcnMark } from './feedback-types.ts';
import { compactToMilliseconds } from './ntp.ts';

/** What feedback says about one packet. */
export interface PacketFate {
  /** The stream, 32 bit. */
  readonly ssrc: number;
  /** RTP sequence number, 16 bit. */
  readonly sequenceNumber: number;
  readonly isReceived: boolean;
  /** When it arrived, if it did and the receiver could tell. */
  readonly arrival: Milliseconds | undefined;
  /** `not-ect` where it was not received. */
  readonly ecn: EcnMark;
}

/**
 * Turns feedback into fates with arrivals on the sender's clock, up to a constant: the first report counts as made when
 * it arrived. What a delay-based estimator needs are differences, and these are the receiver's own.
 *
 * The receiver's clock is unwrapped from the last report, so it may be silent for 9 hours at most. Feedback may repeat
 * itself: what it says of a packet later holds.
 */
export class CongestionFeedbackReader {
  #lastTimestamp: number | undefined;
  #lastReport: Milliseconds = 0;

  /** The fates of the packets in `feedback`, which arrived at `now`: stream by stream, in sequence. */
  read(feedback: CongestionFeedback, now: Milliseconds): PacketFate[] {
    const report = this.#reportTime(feedback.reportTimestamp, now);
    const fates: PacketFate[] = [];
    for (const { ssrc, beginSequence, packets } of feedback.streams) {
      for (let i = 0; i < packets.length; i++) {
        const packet = packets[i];
        const offset = packet?.arrivalOffset;
        fates.push({
          ssrc,
          sequenceNumber: (beginSequence + i) & 0xffff,
          isReceived: packet !== undefined,
          arrival: offset !== undefined && Number.isFinite(offset) ? report - offset : undefined,
          ecn: packet?.ecn ?? 'not-ect',
        });
      }
    }
    return fates;
  }

  /** When a report was made, on the sender's clock. */
  #reportTime(timestamp: number, now: Milliseconds): Milliseconds {
    const isFirst = this.#lastTimestamp === undefined;
    const elapsed = compactToMilliseconds((timestamp - (this.#lastTimestamp ?? 0)) | 0);
    this.#lastReport = isFirst ? now : this.#lastReport + elapsed;
    this.#lastTimestamp = timestamp;
    return this.#lastReport;
  }
}
