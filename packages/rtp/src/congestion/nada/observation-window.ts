// What became of the packets of the last moments: how fast they arrived, and how many were lost or marked
// (RFC 8698 §5.1.2, §5.1.3).

import type { BitsPerSecond, Bytes, Milliseconds } from '../../units.ts';
import type { PacketResult } from '../controller.ts';

/** With fewer packets there is no rate. */
const MIN_PACKETS = 5;

interface Observation {
  readonly sequence: number;
  readonly size: Bytes;
  readonly sentAt: Milliseconds;
  receivedAt: Milliseconds | undefined;
  queuingDelay: Milliseconds;
  marked: boolean;
}

/** What there is to say of a while. */
export interface WindowSummary {
  /** p_inst for losses, in [0, 1]. */
  readonly lossRatio: number;
  /** p_inst for marks, in [0, 1]. */
  readonly markingRatio: number;
  /** Of the packets that arrived; 0 when none did. */
  readonly longestQueuingDelay: Milliseconds;
  /** r_recv: what arrived in a second; `undefined` while too little has. */
  readonly receivingRate: BitsPerSecond | undefined;
}

export class ObservationWindow {
  readonly #length: Milliseconds;
  readonly #minSpan: Milliseconds;
  /** In order of report. */
  readonly #packets: Observation[] = [];
  #latestSent = Number.NEGATIVE_INFINITY;

  /**
   * @param length - how long packets stay, by when they were sent
   * @param minSpan - the least time that a rate is taken over
   */
  constructor(length: Milliseconds, minSpan: Milliseconds) {
    this.#length = length;
    this.#minSpan = minSpan;
  }

  /** Takes what feedback says of a packet; `queuingDelay` is 0 for a lost one. */
  onPacket(packet: PacketResult, queuingDelay: Milliseconds): void {
    const { sequence, size, sentAt, receivedAt } = packet;
    const marked = packet.ecn === 'ce';
    const known = packet.previouslyLost ? this.#packets.findLast((other) => other.sequence === sequence) : undefined;
    if (known !== undefined) {
      known.receivedAt = receivedAt;
      known.queuingDelay = queuingDelay;
      known.marked = marked;
      return;
    }
    this.#packets.push({ sequence, size, sentAt, receivedAt, queuingDelay, marked });
    this.#latestSent = Math.max(this.#latestSent, sentAt);
    let outdated = 0;
    while ((this.#packets[outdated]?.sentAt ?? this.#latestSent) < this.#latestSent - this.#length) outdated += 1;
    if (outdated > 0) this.#packets.splice(0, outdated);
  }

  /** The window as it is now. */
  summarise(): WindowSummary {
    let lost = 0;
    let marked = 0;
    let longestQueuingDelay: Milliseconds = 0;
    for (const packet of this.#packets) {
      if (packet.receivedAt === undefined) lost += 1;
      if (packet.marked) marked += 1;
      longestQueuingDelay = Math.max(longestQueuingDelay, packet.queuingDelay);
    }
    const count = Math.max(1, this.#packets.length);
    return {
      lossRatio: lost / count,
      markingRatio: marked / count,
      longestQueuingDelay,
      receivingRate: this.#receivingRate(),
    };
  }

  /** Over the longer of the times in which they left and arrived: what was held up arrives faster than it can go on. */
  #receivingRate(): BitsPerSecond | undefined {
    let count = 0;
    let bytes: Bytes = 0;
    let firstSize: Bytes = 0;
    const sent = new Extent();
    const received = new Extent();
    for (const { size, sentAt, receivedAt } of this.#packets) {
      if (receivedAt === undefined) continue;
      if (count === 0) firstSize = size;
      count += 1;
      bytes += size;
      sent.add(sentAt);
      received.add(receivedAt);
    }
    if (count < MIN_PACKETS) return undefined;
    // N packets span N - 1 intervals.
    return ((bytes - firstSize) * 8_000) / Math.max(sent.length, received.length, this.#minSpan);
  }
}

/** The time from the first to the last. */
class Extent {
  #first = Number.POSITIVE_INFINITY;
  #last = Number.NEGATIVE_INFINITY;

  get length(): Milliseconds {
    return this.#last - this.#first;
  }

  add(time: Milliseconds): void {
    this.#first = Math.min(this.#first, time);
    this.#last = Math.max(this.#last, time);
  }
}
