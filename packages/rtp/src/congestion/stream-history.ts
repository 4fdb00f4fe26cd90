// Which packet of the transport a packet of a stream was, so that feedback by RTP sequence numbers (RFC 8888) can be
// matched with `SendHistory`.

import { CongestionFeedbackReader } from '../rtcp/congestion-feedback-reader.ts';
import type { CongestionFeedback } from '../rtcp/feedback-types.ts';
import type { Milliseconds } from '../units.ts';
import type { FeedbackReport } from './controller.ts';
import type { ReportedPacket, SendHistory } from './send-history.ts';

/** Packets sent longer ago may be forgotten: feedback on them does not come any more. */
const MAX_AGE: Milliseconds = 10_000;
const INITIAL_SLOTS = 128;
/** More could not be told apart in 16 bits. */
const MAX_SLOTS = 32_768;

/** A packet, in a slot that is written anew. */
interface Slot {
  sequenceNumber: number;
  sequence: number;
  sentAt: Milliseconds;
}

/** The packets of all streams of a transport. */
export class StreamHistory {
  readonly #history: SendHistory;
  readonly #reader = new CongestionFeedbackReader();
  readonly #streams = new Map<number, StreamPackets>();

  /** @param history - what is known of the packets beside their streams */
  constructor(history: SendHistory) {
    this.#history = history;
  }

  /**
   * Remembers a packet.
   *
   * @param sequenceNumber - RTP sequence number, 16 bit
   * @param sequence - the same packet's in `SendHistory`
   */
  onPacketSent(ssrc: number, sequenceNumber: number, sequence: number, sentAt: Milliseconds): void {
    let packets = this.#streams.get(ssrc);
    if (packets === undefined) {
      packets = new StreamPackets();
      this.#streams.set(ssrc, packets);
    }
    packets.add(sequenceNumber, sequence, sentAt);
  }

  /** A stream is over. */
  forget(ssrc: number): void {
    this.#streams.delete(ssrc);
  }

  /**
   * What `feedback`, received at `now`, tells that was not known before. As with transport-wide feedback, a packet counts
   * as lost only when the same feedback acknowledges a later one of its stream.
   */
  onFeedback(feedback: CongestionFeedback, now: Milliseconds): FeedbackReport {
    const reported: ReportedPacket[] = [];
    let pending: ReportedPacket[] = [];
    let stream: number | undefined;
    for (const { ssrc, sequenceNumber, isReceived, arrival, ecn } of this.#reader.read(feedback, now)) {
      if (ssrc !== stream) pending = [];
      stream = ssrc;
      const sequence = this.#streams.get(ssrc)?.sequenceOf(sequenceNumber);
      if (sequence === undefined) continue;
      pending.push({ sequence, isReceived, receivedAt: arrival, ecn: isReceived ? ecn : undefined });
      if (!isReceived) continue;
      reported.push(...pending);
      pending = [];
    }
    return this.#history.onReport(reported, now);
  }
}

/** The packets of one stream by RTP sequence number: a ring that grows with the traffic up to its bound. */
class StreamPackets {
  #slots: (Slot | undefined)[] = new Array<Slot | undefined>(INITIAL_SLOTS);

  add(sequenceNumber: number, sequence: number, sentAt: Milliseconds): void {
    let slot = this.#slot(sequenceNumber);
    while (slot !== undefined && sentAt - slot.sentAt < MAX_AGE && this.#grow()) slot = this.#slot(sequenceNumber);
    if (slot === undefined) this.#slots[this.#index(sequenceNumber)] = { sequenceNumber, sequence, sentAt };
    else {
      slot.sequenceNumber = sequenceNumber;
      slot.sequence = sequence;
      slot.sentAt = sentAt;
    }
  }

  sequenceOf(sequenceNumber: number): number | undefined {
    const slot = this.#slot(sequenceNumber);
    return slot?.sequenceNumber === sequenceNumber ? slot.sequence : undefined;
  }

  #index(sequenceNumber: number): number {
    return sequenceNumber & (this.#slots.length - 1);
  }

  #slot(sequenceNumber: number): Slot | undefined {
    return this.#slots[this.#index(sequenceNumber)];
  }

  /** Doubles the ring; false when it is at its bound. */
  #grow(): boolean {
    if (this.#slots.length >= MAX_SLOTS) return false;
    const old = this.#slots;
    this.#slots = new Array<Slot | undefined>(old.length * 2);
    for (const slot of old) if (slot !== undefined) this.#slots[this.#index(slot.sequenceNumber)] = slot;
    return true;
  }
}
