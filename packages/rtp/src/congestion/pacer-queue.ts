// The packets that wait for the pacer: first in, first out within a priority, the most urgent priority first.

import type { Bytes, Milliseconds } from '../units.ts';

/** From the most to the least urgent. Audio is never held back, but it counts. */
export type PacerPriority = 'audio' | 'audio-rtx' | 'data' | 'video-rtx' | 'video' | 'fec' | 'padding';

/** A packet that waits, and the one behind it. */
interface Entry<Packet> {
  readonly packet: Packet;
  readonly size: Bytes;
  readonly enqueuedAt: Milliseconds;
  next: Entry<Packet> | undefined;
}

interface Lane<Packet> {
  head: Entry<Packet> | undefined;
  tail: Entry<Packet> | undefined;
}

const RANK: Record<PacerPriority, number> = {
  audio: 0,
  'audio-rtx': 1,
  data: 2,
  'video-rtx': 3,
  video: 4,
  fec: 5,
  padding: 6,
};

export class PacerQueue<Packet> {
  readonly #lanes: readonly Lane<Packet>[] = Object.values(RANK).map(() => ({ head: undefined, tail: undefined }));
  #length = 0;
  #bytes: Bytes = 0;
  /** Sum of `enqueuedAt`. */
  #enqueuedAtSum = 0;

  get length(): number {
    return this.#length;
  }

  get bytes(): Bytes {
    return this.#bytes;
  }

  get hasAudio(): boolean {
    return this.#lanes[RANK.audio]?.head !== undefined;
  }

  /** Size of the packet that `shift` would return. */
  get headSize(): Bytes | undefined {
    return this.#firstLane()?.head?.size;
  }

  /** How long the packets have waited on average. */
  averageAge(now: Milliseconds): Milliseconds {
    return this.#length === 0 ? 0 : now - this.#enqueuedAtSum / this.#length;
  }

  push(packet: Packet, size: Bytes, priority: PacerPriority, enqueuedAt: Milliseconds): void {
    const lane = this.#lanes[RANK[priority]];
    if (lane === undefined) return;
    append(lane, { packet, size, enqueuedAt, next: undefined });
    this.#count(1, size, enqueuedAt);
  }

  shift(): { readonly packet: Packet; readonly size: Bytes } | undefined {
    const lane = this.#firstLane();
    const entry = lane?.head;
    if (lane === undefined || entry === undefined) return undefined;
    lane.head = entry.next;
    if (lane.head === undefined) lane.tail = undefined;
    this.#count(-1, -entry.size, -entry.enqueuedAt);
    return entry;
  }

  /** Takes out the packets for which `predicate` holds, in any order; how many there were. */
  remove(predicate: (packet: Packet) => boolean): number {
    const before = this.#length;
    for (const lane of this.#lanes) {
      let entry = lane.head;
      lane.head = undefined;
      lane.tail = undefined;
      while (entry !== undefined) {
        const next: Entry<Packet> | undefined = entry.next;
        entry.next = undefined;
        if (predicate(entry.packet)) this.#count(-1, -entry.size, -entry.enqueuedAt);
        else append(lane, entry);
        entry = next;
      }
    }
    return before - this.#length;
  }

  #firstLane(): Lane<Packet> | undefined {
    if (this.#length === 0) return undefined;
    for (const lane of this.#lanes) if (lane.head !== undefined) return lane;
    return undefined;
  }

  #count(packets: number, bytes: Bytes, enqueuedAt: number): void {
    this.#length += packets;
    this.#bytes += bytes;
    this.#enqueuedAtSum = this.#length === 0 ? 0 : this.#enqueuedAtSum + enqueuedAt;
  }
}

function append<Packet>(lane: Lane<Packet>, entry: Entry<Packet>): void {
  if (lane.tail === undefined) lane.head = entry;
  else lane.tail.next = entry;
  lane.tail = entry;
}
