// The packets that wait for the pacer: the most urgent priority first, streams of the same priority in turn, so that a large
// frame of one does not hold up the others (as in libwebrtc's round_robin_packet_queue), and within a stream first in,
// first out.

import type { Bytes, Milliseconds } from '../units.ts';

/** From the most to the least urgent. Audio is never held back, but it counts. */
export type PacerPriority = 'audio' | 'audio-rtx' | 'video-rtx' | 'video' | 'fec' | 'padding';

/** A packet that waits, and the one behind it. */
interface Entry<Packet> {
  readonly packet: Packet;
  readonly size: Bytes;
  readonly enqueuedAt: Milliseconds;
  next: Entry<Packet> | undefined;
}

/** A stream that has packets waiting, and the one whose turn is after it. */
interface Stream<Packet> {
  readonly id: number;
  head: Entry<Packet>;
  tail: Entry<Packet>;
  next: Stream<Packet> | undefined;
}

/** The streams of a priority in the order of their turns. */
interface Lane<Packet> {
  readonly streams: Map<number, Stream<Packet>>;
  head: Stream<Packet> | undefined;
  tail: Stream<Packet> | undefined;
}

const RANK: Record<PacerPriority, number> = { audio: 0, 'audio-rtx': 1, 'video-rtx': 2, video: 3, fec: 4, padding: 5 };

export class PacerQueue<Packet> {
  readonly #lanes: readonly Lane<Packet>[] = Object.values(RANK).map(() => emptyLane());
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
    return this.#firstLane()?.head?.head.size;
  }

  /** How long the packets have waited on average. */
  averageAge(now: Milliseconds): Milliseconds {
    return this.#length === 0 ? 0 : now - this.#enqueuedAtSum / this.#length;
  }

  push(packet: Packet, size: Bytes, priority: PacerPriority, enqueuedAt: Milliseconds, stream = 0): void {
    const lane = this.#lanes[RANK[priority]];
    if (lane === undefined) return;
    append(lane, stream, { packet, size, enqueuedAt, next: undefined });
    this.#count(1, size, enqueuedAt);
  }

  shift(): { readonly packet: Packet; readonly size: Bytes } | undefined {
    const lane = this.#firstLane();
    const stream = lane?.head;
    if (lane === undefined || stream === undefined) return undefined;
    const entry = stream.head;
    lane.head = stream.next;
    if (lane.head === undefined) lane.tail = undefined;
    stream.next = undefined;
    if (entry.next === undefined) {
      lane.streams.delete(stream.id);
    } else {
      stream.head = entry.next;
      takeTurn(lane, stream);
    }
    this.#count(-1, -entry.size, -entry.enqueuedAt);
    return entry;
  }

  /** Takes out the packets for which `predicate` holds, in any order; how many there were. */
  remove(predicate: (packet: Packet) => boolean): number {
    const before = this.#length;
    for (const lane of this.#lanes) {
      const streams = [...lane.streams.values()];
      lane.streams.clear();
      lane.head = undefined;
      lane.tail = undefined;
      for (const { id, head } of streams) {
        let entry: Entry<Packet> | undefined = head;
        while (entry !== undefined) {
          const { next }: Entry<Packet> = entry;
          entry.next = undefined;
          if (predicate(entry.packet)) this.#count(-1, -entry.size, -entry.enqueuedAt);
          else append(lane, id, entry);
          entry = next;
        }
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

function emptyLane<Packet>(): Lane<Packet> {
  return { streams: new Map(), head: undefined, tail: undefined };
}

function append<Packet>(lane: Lane<Packet>, id: number, entry: Entry<Packet>): void {
  const stream = lane.streams.get(id);
  if (stream !== undefined) {
    stream.tail.next = entry;
    stream.tail = entry;
    return;
  }
  const begun: Stream<Packet> = { id, head: entry, tail: entry, next: undefined };
  lane.streams.set(id, begun);
  takeTurn(lane, begun);
}

/** Puts a stream behind all the others. */
function takeTurn<Packet>(lane: Lane<Packet>, stream: Stream<Packet>): void {
  if (lane.tail === undefined) lane.head = stream;
  else lane.tail.next = stream;
  lane.tail = stream;
}
