// What was sent lately, kept to be sent again (RFC 4588).

import type { ExtensionElement } from '../rtp/packet.ts';
import type { Milliseconds } from '../units.ts';

/** A sent packet as it is kept, without what changes at each sending. */
export interface KeptPacket {
  /** 16 bit. */
  readonly sequenceNumber: number;
  readonly timestamp: number;
  readonly marker: boolean;
  readonly payload: Uint8Array;
  /** Elements of this packet alone. */
  readonly extensions: readonly ExtensionElement[];
}

/** Limits of a `RetransmissionHistory`. */
export interface RetransmissionOptions {
  /** Packets kept at most, a power of two. Default 1024. */
  readonly capacity?: number;
  /** Packets older than this are not sent again. Default 2000 ms. */
  readonly maxAge?: Milliseconds;
}

/** A place in the ring, written anew for each packet. */
interface Entry {
  packet: KeptPacket;
  sentAt: Milliseconds;
  resentAt: Milliseconds;
}

const INITIAL_CAPACITY = 32;

/** A ring of the last packets of one stream, by sequence number. It grows while what it would forget is young enough. */
export class RetransmissionHistory {
  readonly #capacity: number;
  readonly #maxAge: Milliseconds;
  #entries: (Entry | undefined)[];

  constructor(options: RetransmissionOptions = {}) {
    this.#capacity = options.capacity ?? 1024;
    this.#maxAge = options.maxAge ?? 2000;
    this.#entries = new Array<Entry | undefined>(Math.min(INITIAL_CAPACITY, this.#capacity)).fill(undefined);
  }

  /** Remembers a packet, in place of an older one. */
  add(packet: KeptPacket, now: Milliseconds): void {
    let entry = this.#at(packet.sequenceNumber);
    while (entry !== undefined && now - entry.sentAt <= this.#maxAge && this.#entries.length < this.#capacity) {
      this.#grow();
      entry = this.#at(packet.sequenceNumber);
    }
    if (entry === undefined) {
      this.#put({ packet, sentAt: now, resentAt: Number.NEGATIVE_INFINITY });
      return;
    }
    entry.packet = packet;
    entry.sentAt = now;
    entry.resentAt = Number.NEGATIVE_INFINITY;
  }

  /**
   * The packet to send again, or `undefined` when it is not kept any more, too old, or was sent again less than a round
   * trip ago (then that one is on its way).
   */
  take(sequenceNumber: number, now: Milliseconds, roundTrip: Milliseconds): KeptPacket | undefined {
    const entry = this.#at(sequenceNumber);
    if (entry === undefined || entry.packet.sequenceNumber !== sequenceNumber) return undefined;
    if (now - entry.sentAt > this.#maxAge || now - entry.resentAt < roundTrip) return undefined;
    entry.resentAt = now;
    return entry.packet;
  }

  /** Forgets everything. */
  clear(): void {
    this.#entries.fill(undefined);
  }

  #at(sequenceNumber: number): Entry | undefined {
    return this.#entries[sequenceNumber & (this.#entries.length - 1)];
  }

  #put(entry: Entry): void {
    this.#entries[entry.packet.sequenceNumber & (this.#entries.length - 1)] = entry;
  }

  #grow(): void {
    const entries = this.#entries;
    this.#entries = new Array<Entry | undefined>(2 * entries.length).fill(undefined);
    for (const entry of entries) if (entry !== undefined) this.#put(entry);
  }
}

/** The payload of a retransmission (RFC 4588 §4): the original sequence number, then the original payload. */
export function writeRtxPayload(sequenceNumber: number, payload: Uint8Array): Uint8Array {
  const rtx = new Uint8Array(payload.length + 2);
  rtx[0] = sequenceNumber >> 8;
  rtx[1] = sequenceNumber;
  rtx.set(payload, 2);
  return rtx;
}

/** The original sequence number of a retransmission, or `undefined` where the payload is cut short. */
export function readRtxSequence(payload: Uint8Array): number | undefined {
  if (payload.length < 2) return undefined;
  return ((payload[0] ?? 0) << 8) | (payload[1] ?? 0);
}
