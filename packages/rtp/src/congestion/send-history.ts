// Remembers what was sent, and says what feedback means for it: transport-wide feedback
// (draft-holmer-rmcat-transport-wide-cc-extensions-01), or any other by way of `StreamHistory`.

import type { EcnMark } from '../rtcp/feedback-types.ts';
import { sequenceDistance } from '../sequence.ts';
import type { Milliseconds } from '../units.ts';
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

/** What became of a packet. */
const FATE = { pending: 0, lost: 1, received: 2 } as const;

const NO_CLUSTER = -1;
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
  #ring = new Ring(INITIAL_SLOTS);
  #highestSent: number | undefined;
  #lastFeedbackCount: number | undefined;
  #lastArrival: Milliseconds | undefined;

  constructor(options: Partial<SendHistoryOptions> = {}) {
    this.#options = { ...SEND_HISTORY_DEFAULTS, ...options };
  }

  /** Remembers a packet; sequences must rise. */
  onPacketSent(packet: SentPacket): void {
    const { maxAge, maxPackets } = this.#options;
    while (this.#ring.length < maxPackets && packet.sentAt - this.#ring.overwritten(packet.sequence) < maxAge) {
      this.#ring = new Ring(2 * this.#ring.length, this.#ring);
    }
    this.#ring.write(packet);
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
      if (!this.#isNews(sequence, arrival !== undefined, now)) continue;
      const receivedAt = arrival === undefined ? undefined : this.#unwrapArrival(arrival);
      packets.push(this.#ring.settle(sequence, receivedAt));
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
      if (!this.#isNews(sequence, isReceived, now)) continue;
      const packet = this.#ring.settle(sequence, receivedAt, isReceived);
      if (!isReceived || receivedAt !== undefined) packets.push(ecn === undefined ? packet : { ...packet, ecn });
    }
    packets.sort((a, b) => a.sequence - b.sequence);
    return { at: now, packets };
  }

  /** Whether the packet is remembered and this was not known of it. */
  #isNews(sequence: number, isReceived: boolean, now: Milliseconds): boolean {
    const fate = this.#ring.fate(sequence, now - this.#options.maxAge);
    return isReceived ? fate === FATE.pending || fate === FATE.lost : fate === FATE.pending;
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

/** Packets by sequence number, a column for each of their fields: a minute of a call is too much for objects. */
class Ring {
  readonly length: number;
  /** Not a number where there is no packet. */
  readonly #sequences: Float64Array;
  readonly #sizes: Float64Array;
  readonly #sentAt: Float64Array;
  readonly #probeClusters: Int32Array;
  readonly #fates: Uint8Array;

  /** @param length - a power of two, more than that of the ring whose packets it takes over */
  constructor(length: number, smaller?: Ring) {
    this.length = length;
    this.#sequences = new Float64Array(length).fill(Number.NaN);
    this.#sizes = new Float64Array(length);
    this.#sentAt = new Float64Array(length).fill(Number.NEGATIVE_INFINITY);
    this.#probeClusters = new Int32Array(length);
    this.#fates = new Uint8Array(length);
    if (smaller === undefined) return;
    for (const [from, sequence] of smaller.#sequences.entries()) {
      if (Number.isNaN(sequence)) continue;
      const to = this.#index(sequence);
      this.#sequences[to] = sequence;
      this.#sizes[to] = smaller.#sizes[from] ?? 0;
      this.#sentAt[to] = smaller.#sentAt[from] ?? 0;
      this.#probeClusters[to] = smaller.#probeClusters[from] ?? NO_CLUSTER;
      this.#fates[to] = smaller.#fates[from] ?? FATE.pending;
    }
  }

  /** When the packet was sent whose place a packet takes; `-Infinity` where there is none. */
  overwritten(sequence: number): Milliseconds {
    return this.#sentAt[this.#index(sequence)] ?? Number.NEGATIVE_INFINITY;
  }

  write({ sequence, size, sentAt, probeCluster = NO_CLUSTER }: SentPacket): void {
    const index = this.#index(sequence);
    this.#sequences[index] = sequence;
    this.#sizes[index] = size;
    this.#sentAt[index] = sentAt;
    this.#probeClusters[index] = probeCluster;
    this.#fates[index] = FATE.pending;
  }

  /** What became of a packet, as far as is known; `undefined` for one that is not here or was sent before `since`. */
  fate(sequence: number, since: Milliseconds): number | undefined {
    const index = this.#index(sequence);
    if (this.#sequences[index] !== sequence || (this.#sentAt[index] ?? 0) < since) return undefined;
    return this.#fates[index];
  }

  /** Notes what became of a packet that is here, and answers all that is known of it. */
  settle(sequence: number, receivedAt: Milliseconds | undefined, isReceived = receivedAt !== undefined): PacketResult {
    const index = this.#index(sequence);
    const previouslyLost = this.#fates[index] === FATE.lost;
    this.#fates[index] = isReceived ? FATE.received : FATE.lost;
    const cluster = this.#probeClusters[index];
    return {
      sequence,
      size: this.#sizes[index] ?? 0,
      sentAt: this.#sentAt[index] ?? 0,
      probeCluster: cluster === NO_CLUSTER ? undefined : cluster,
      receivedAt,
      previouslyLost,
    };
  }

  #index(sequence: number): number {
    return sequence & (this.length - 1);
  }
}
