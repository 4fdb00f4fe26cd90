// The round trip of one who only receives, whom no report block reaches (RFC 3611 §4.4, §4.5): it sends its own time,
// a sender sends that back with the delay.

import type { Milliseconds } from '../units.ts';
import { clockToNtp, compactDuration, compactNtp, compactToMilliseconds } from './ntp.ts';
import type { RtcpExtendedReport } from './packet-types.ts';

/** Reference times remembered, and receivers answered, at most. */
const MAX_SENT = 8;
const MAX_RECEIVERS = 32;

/** A reference time: as in answers, and when it was sent or received. */
interface ReferenceTime {
  readonly compact: number;
  readonly at: Milliseconds;
}

/** The receiving end: sends reference times and measures by the answers. */
export class ReceiverRoundTrip {
  readonly #ssrc: number;
  readonly #sent: ReferenceTime[] = [];
  #roundTrip: Milliseconds | undefined;

  /** @param ssrc - of the receiver, under which it reports; 32 bit */
  constructor(ssrc: number) {
    this.#ssrc = ssrc;
  }

  /** From the last answer; `undefined` before the first. */
  get roundTrip(): Milliseconds | undefined {
    return this.#roundTrip;
  }

  /** The report to send now, e.g. beside each receiver report. */
  report(now: Milliseconds): RtcpExtendedReport {
    const { ntpSeconds, ntpFraction } = clockToNtp(now);
    this.#sent.push({ compact: compactNtp(ntpSeconds, ntpFraction), at: now });
    if (this.#sent.length > MAX_SENT) this.#sent.shift();
    return {
      type: 'extended-report',
      ssrc: this.#ssrc,
      blocks: [{ type: 'receiver-reference-time', ntpSeconds, ntpFraction }],
    };
  }

  /** A sender's report has arrived. Answers to others, or to none of the last eight questions, are passed over. */
  onExtendedReport(packet: RtcpExtendedReport, now: Milliseconds): void {
    for (const block of packet.blocks) {
      if (block.type !== 'delay-since-last-receiver-report') continue;
      for (const { ssrc, lastReceiverReport, delaySinceLastReceiverReport } of block.answers) {
        if (ssrc !== this.#ssrc) continue;
        const sent = this.#sent.find(({ compact }) => compact === lastReceiverReport);
        if (sent === undefined) continue;
        this.#roundTrip = Math.max(0, now - sent.at - compactToMilliseconds(delaySinceLastReceiverReport));
      }
    }
  }
}

/** The sending end: answers the reference times of at most 32 receivers, the latest of each. */
export class ReferenceTimeEcho {
  readonly #received = new Map<number, ReferenceTime>();

  /** A receiver's report has arrived. */
  onExtendedReport(packet: RtcpExtendedReport, now: Milliseconds): void {
    for (const block of packet.blocks) {
      if (block.type !== 'receiver-reference-time') continue;
      this.#received.delete(packet.ssrc);
      this.#received.set(packet.ssrc, { compact: compactNtp(block.ntpSeconds, block.ntpFraction), at: now });
      const [oldest] = this.#received.keys();
      if (this.#received.size > MAX_RECEIVERS && oldest !== undefined) this.#received.delete(oldest);
    }
  }

  /**
   * The report that answers all reference times since the last one; `undefined` when there were none.
   *
   * @param ssrc - of the sender, 32 bit
   */
  report(ssrc: number, now: Milliseconds): RtcpExtendedReport | undefined {
    if (this.#received.size === 0) return undefined;
    const answers = Array.from(this.#received, ([receiver, { compact, at }]) => ({
      ssrc: receiver,
      lastReceiverReport: compact,
      delaySinceLastReceiverReport: compactDuration(now - at),
    }));
    this.#received.clear();
    return { type: 'extended-report', ssrc, blocks: [{ type: 'delay-since-last-receiver-report', answers }] };
  }
}
