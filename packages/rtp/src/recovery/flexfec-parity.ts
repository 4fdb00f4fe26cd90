// The exclusive or of RTP packets, by 32-bit words (RFC 8627 §6.2). Typed arrays give words only where they are
// aligned, so packets are copied to aligned places first, which costs a tenth of what going through them does.

import type { Bytes } from '../units.ts';

const RTP_HEADER_SIZE = 12;
const RECOVERY_SIZE = 8;

/**
 * Packets at aligned places, their sizes where their sequence numbers were: in the form in which parities are taken.
 */
export class AlignedPackets {
  #words = new Int32Array(512);
  #bytes = new Uint8Array(this.#words.buffer);
  #used = 0;

  /** The words of all packets. They move when a packet is added. */
  get words(): Int32Array {
    return this.#words;
  }

  /** Forgets all packets. Their room is kept for the next. */
  clear(): void {
    this.#used = 0;
  }

  /** Adds a packet of at least 12 bytes and answers at which word it begins. It ends before the next one's. */
  add(packet: Uint8Array): number {
    const first = this.#used;
    const end = first + wordsOf(packet.length);
    if (end > this.#words.length) this.#grow(end);
    // Zeros behind the packet's end, before it covers the rest of the last words.
    for (let i = end - 4; i < end; i++) this.#words[i] = 0;
    const bytes = this.#bytes;
    const offset = 4 * first;
    bytes.set(packet, offset);
    const size = packet.length - RTP_HEADER_SIZE;
    bytes[offset + 2] = size >> 8;
    bytes[offset + 3] = size;
    this.#used = end;
    return first;
  }

  #grow(words: number): void {
    const grown = new Int32Array(Math.max(words, 2 * this.#words.length));
    grown.set(this.#words.subarray(0, this.#used));
    this.#words = grown;
    this.#bytes = new Uint8Array(grown.buffer);
  }
}

/** The exclusive or of packets in the form that `AlignedPackets` gives them. */
export class Parity {
  #words = new Int32Array(512);
  #bytes = new Uint8Array(this.#words.buffer);
  #size = 0;

  /** Starts anew, from nothing. */
  clear(): void {
    this.#words.fill(0, 0, wordsOf(this.#size));
    this.#size = 0;
  }

  /** Adds `size` bytes of a packet that begins at the word `first`. */
  add(words: Int32Array, first: number, size: Bytes): void {
    this.#reach(size);
    const own = this.#words;
    const count = wordsOf(size);
    // Four at a time: a third faster.
    for (let i = 0, j = first; i < count; i += 4, j += 4) {
      own[i] = (own[i] ?? 0) ^ (words[j] ?? 0);
      own[i + 1] = (own[i + 1] ?? 0) ^ (words[j + 1] ?? 0);
      own[i + 2] = (own[i + 2] ?? 0) ^ (words[j + 2] ?? 0);
      own[i + 3] = (own[i + 3] ?? 0) ^ (words[j + 3] ?? 0);
    }
  }

  /** Starts anew, from what a repair packet carries. */
  start(recovery: Uint8Array, payload: Uint8Array): void {
    this.clear();
    this.#reach(RTP_HEADER_SIZE + payload.length);
    this.#bytes.set(recovery);
    this.#bytes.set(payload, RTP_HEADER_SIZE);
  }

  /** A view of the recovery bytes of a repair packet, until the next change. */
  get recovery(): Uint8Array {
    return this.#bytes.subarray(0, RECOVERY_SIZE);
  }

  /** A view of the payload of a repair packet, until the next change. */
  get payload(): Uint8Array {
    return this.#bytes.subarray(RTP_HEADER_SIZE, this.#size);
  }

  /**
   * What is left of a repair packet when all the packets it protects but one were added: that one (RFC 8627 §6.3.2).
   * `undefined` where the size does not fit, or something is left behind the packet's end: then the repair packet, or
   * one of the packets, is not what was sent.
   */
  packet(sequenceNumber: number, ssrc: number): Uint8Array | undefined {
    const bytes = this.#bytes;
    const size = RTP_HEADER_SIZE + (((bytes[2] ?? 0) << 8) | (bytes[3] ?? 0));
    if (size > this.#size) return undefined;
    for (let i = size; i < this.#size; i++) if (bytes[i] !== 0) return undefined;
    const packet = bytes.slice(0, size);
    packet[0] = 0x80 | ((packet[0] ?? 0) & 0x3f);
    packet[2] = sequenceNumber >> 8;
    packet[3] = sequenceNumber;
    for (let i = 0; i < 4; i++) packet[RECOVERY_SIZE + i] = ssrc >>> (24 - 8 * i);
    return packet;
  }

  #reach(size: Bytes): void {
    if (size <= this.#size) return;
    this.#size = size;
    const words = wordsOf(size);
    if (words <= this.#words.length) return;
    const grown = new Int32Array(Math.max(words, 2 * this.#words.length));
    grown.set(this.#words);
    this.#words = grown;
    this.#bytes = new Uint8Array(grown.buffer);
  }
}

/** Words for so many bytes, in fours. */
function wordsOf(size: Bytes): number {
  return ((size + 15) >> 4) << 2;
}
