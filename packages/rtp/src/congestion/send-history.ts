// Remembers what was sent, and says what feedback means for it: transport-wide feedback
// (draft-holmer-rmcat-transport-wide-cc-extensions-01), or any other by way of `StreamHistory`.

import type { EcnMark } from '../rtcp/feedback-types.ts';
import { sequenceDistance } from '../sequence.ts';
import type { Bytes, Milliseconds } from '../units.ts';
import type { FeedbackReport, PacketResult, SentPacket } from './controller.ts';

/** A transport-wide feedback packet, parsed. */
export interface TransportFeedback {
  /** Sequence number of the first status, 16 bit. */
  readonly baseSequence: number;
  /** Counts feedback packets, 8 bit. */
  readonly feedbackCount: number;
  /**
   * One entry per status: when the packet arrived on the receiver's clock, reference time included, or undefined when it
   * had not. May wrap with the 24-bit reference time (every 2^24 · 64 ms ≈ 12.4 days) or not: it is unwrapped here.
   */
  readonly arrivals: readonly (Milliseconds | undefined)[];
}

export interface SendHistoryOptions {
  /** Packets sent longer ago are forgotten. Default 60 000 ms (libwebrtc). */
  readonly maxAge: Milliseconds;
  /** How many packets are remembered at most, a power of two. Default 32 768: more could not be told apart in 16 bits. */
  readonly maxPackets: number;
}

export const SEND_HISTORY_DEFAULTS: SendHistoryOptions = { maxAge: 60_000, maxPackets: 32_768 };

/** A feedback, matched. */
export interface MatchedFeedback extends FeedbackReport {
  /** How many feedback packets were lost just before this one, told by the gap in their count. */
  readonly lostFeedback: number;
}

/** What feedback says about one packet. */
export interface ReportedPacket {
  /** Unwrapped transport-wide sequence number. */
  readonly sequence: number;
  readonly isReceived: boolean;
  /** On the receiver's clock, never wrapping; `undefined` where it did not arrive or nobody knows when. */
  readonly receivedAt: Milliseconds | undefined;
  /** Default: not known. */
  readonly ecn?: EcnMark | undefined;
}

type Fate = 'pending' | 'lost' | 'received';

/** A slot of the ring, written anew for each packet. */
interface Slot {
  sequence: number;
  size: Bytes;
  sentAt: Milliseconds;
  probeCluster: number | undefined;
  fate: Fate;
}

const INITIAL_SLOTS = 256;
/** Period of the arrival times on the wire: 24 bits of 64 ms. */
const ARRIVAL_PERIOD: Milliseconds = 2 ** 24 * 64;

/**
 * The packets of one transport by transport-wide sequence number: a ring that grows with the traffic up to its bound.
 *
 * A packet is reported at most once as lost and at most once as received, in that order, however often feedback repeats
 * itself. It counts as lost only when the same feedback acknowledges a later one: packets whose feedback went missing
 * stay unknown, since lost feedback says nothing about media.
 */
export class SendHistory {
  readonly #options: SendHistoryOptions;
  #slots: (Slot | undefined)[] = new Array<Slot | undefined>(INITIAL_SLOTS);
  #highestSent: number | undefined;
  #lastFeedbackCount: number | undefined;
  #lastArrival: Milliseconds | undefined;

  constructor(options: Partial<SendHistoryOptions> = {}) {
    this.#options = { ...SEND_HISTORY_DEFAULTS, ...options };
  }

  /** Remembers a packet; sequences must rise. */
  onPacketSent(packet: SentPacket): void {
    let slot = this.#slot(packet.sequence);
    while (slot !== undefined && packet.sentAt - slot.sentAt < this.#options.maxAge && this.#grow()) {
      slot = this.#slot(packet.sequence);
    }
    if (slot === undefined) {
      slot = { sequence: 0, size: 0, sentAt: 0, probeCluster: undefined, fate: 'pending' };
      this.#slots[this.#index(packet.sequence)] = slot;
    }
    slot.sequence = packet.sequence;
    slot.size = packet.size;
    slot.sentAt = packet.sentAt;
    slot.probeCluster = packet.probeCluster;
    slot.fate = 'pending';
    this.#highestSent = packet.sequence;
  }

  /** What `feedback`, received at `now`, tells that was not known before. */
  onFeedback(feedback: TransportFeedback, now: Milliseconds): MatchedFeedback {
    const lostFeedback = this.#countLostFeedback(feedback.feedbackCount);
    const packets: PacketResult[] = [];
    if (this.#highestSent === undefined) return { at: now, packets, lostFeedback };

    const base = this.#highestSent + sequenceDistance(feedback.baseSequence, this.#highestSent);
    const highest = base + feedback.arrivals.findLastIndex((arrival) => arrival !== undefined);
    for (let sequence = base; sequence <= highest; sequence++) {
      const arrival = feedback.arrivals[sequence - base];
      const slot = this.#unsettled(sequence, arrival !== undefined, now);
      if (slot === undefined) continue;
      const receivedAt = arrival === undefined ? undefined : this.#unwrapArrival(arrival);
      packets.push(settle(slot, receivedAt, undefined));
    }
    return { at: now, packets, lostFeedback };
  }

  /**
   * What feedback of another kind, received at `now`, tells that was not known before. A packet that arrived nobody knows
   * when is settled, but not in the result.
   *
   * @param reported - those that are not received have to be known to be lost
   */
  onReport(reported: readonly ReportedPacket[], now: Milliseconds): FeedbackReport {
    const packets: PacketResult[] = [];
    for (const { sequence, isReceived, receivedAt, ecn } of reported) {
      const slot = this.#unsettled(sequence, isReceived, now);
      if (slot === undefined) continue;
      if (isReceived && receivedAt === undefined) slot.fate = 'received';
      else packets.push(settle(slot, receivedAt, ecn));
    }
    packets.sort((a, b) => a.sequence - b.sequence);
    return { at: now, packets };
  }

  /** The packet, if it is remembered and this is news of it. */
  #unsettled(sequence: number, isReceived: boolean, now: Milliseconds): Slot | undefined {
    const slot = this.#slot(sequence);
    if (slot?.sequence !== sequence || now - slot.sentAt > this.#options.maxAge) return undefined;
    const isNews = isReceived ? slot.fate !== 'received' : slot.fate === 'pending';
    return isNews ? slot : undefined;
  }

  #index(sequence: number): number {
    return sequence & (this.#slots.length - 1);
  }

  #slot(sequence: number): Slot | undefined {
    return this.#slots[this.#index(sequence)];
  }

  /** Doubles the ring; false when it is at its bound. */
  #grow(): boolean {
    if (this.#slots.length >= this.#options.maxPackets) return false;
    const old = this.#slots;
    this.#slots = new Array<Slot | undefined>(old.length * 2);
    for (const slot of old) if (slot !== undefined) this.#slots[this.#index(slot.sequence)] = slot;
    return true;
  }

  /** A count that goes back is feedback out of order, not a loss of more than half the circle. */
  #countLostFeedback(count: number): number {
    const last = this.#lastFeedbackCount;
    const ahead = last === undefined ? 1 : ((count - last) << 24) >> 24;
    if (ahead > 0) this.#lastFeedbackCount = count;
    return Math.max(0, ahead - 1);
  }

  #unwrapArrival(arrival: Milliseconds): Milliseconds {
    const last = this.#lastArrival ?? arrival;
    const unwrapped = arrival + Math.round((last - arrival) / ARRIVAL_PERIOD) * ARRIVAL_PERIOD;
    this.#lastArrival = Math.max(last, unwrapped);
    return unwrapped;
  }
}

function settle(slot: Slot, receivedAt: Milliseconds | undefined, ecn: EcnMark | undefined): PacketResult {
  const { sequence, size, sentAt, probeCluster } = slot;
  const previouslyLost = slot.fate === 'lost';
  slot.fate = receivedAt === undefined ? 'lost' : 'received';
  const result = { sequence, size, sentAt, probeCluster, receivedAt, previouslyLost };
  return ecn === undefined ? result : { ...result, ecn };
}
