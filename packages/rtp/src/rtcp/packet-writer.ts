// Writes RTCP packets one behind the other into a buffer that grows: header first, length filled in at the end
// (RFC 3550 §6.4.1). A value that its field cannot hold is a mistake of the caller's and is refused.

import { checkInteger } from '../arguments.ts';

const VERSION = 2;
const PADDING_BIT = 0x20;
const MAX_LENGTH_WORDS = 0xffff;
const INITIAL_SIZE = 256;

/** A buffer of RTCP packets, big-endian, aligned to 32 bits. */
export class PacketWriter {
  #bytes = new Uint8Array(INITIAL_SIZE);
  #length = 0;
  #start = 0;

  /** Starts a packet: its count, subtype or feedback format (5 bit) and its payload type. */
  begin(count: number, payloadType: number): void {
    checkInteger(count, 0, 31, 'count');
    this.#start = this.#length;
    this.uint8((VERSION << 6) | count, 'first octet');
    this.uint8(payloadType, 'payload type');
    this.uint16(0, 'length');
  }

  /**
   * Ends the packet: fills it with zeros up to a whole number of 32-bit words and writes its length.
   *
   * @param declarePadding - whether such a fill is declared by the padding bit and a count in its last byte
   */
  end(declarePadding = false): void {
    const fill = -this.#length & 3;
    this.align();
    if (declarePadding && fill > 0) {
      this.#bytes[this.#start] = (this.#bytes[this.#start] ?? 0) | PADDING_BIT;
      this.#bytes[this.#length - 1] = fill;
    }
    const words = (this.#length - this.#start) / 4 - 1;
    checkInteger(words, 0, MAX_LENGTH_WORDS, 'packet length in words');
    this.#put16(this.#start + 2, words);
  }

  /** Appends zeros up to the next 32-bit boundary. */
  align(): void {
    this.#reserve(-this.#length & 3);
  }

  /** Appends 8 bits. */
  uint8(value: number, name: string): void {
    checkInteger(value, 0, 0xff, name);
    const offset = this.#reserve(1);
    this.#bytes[offset] = value;
  }

  /** Appends 16 bits. */
  uint16(value: number, name: string): void {
    checkInteger(value, 0, 0xffff, name);
    this.#put16(this.#reserve(2), value);
  }

  /** Appends 24 bits, two's complement. */
  int24(value: number, name: string): void {
    checkInteger(value, -0x800000, 0x7fffff, name);
    const offset = this.#reserve(3);
    this.#bytes[offset] = value >> 16;
    this.#put16(offset + 1, value);
  }

  /** Appends 32 bits. */
  uint32(value: number, name: string): void {
    checkInteger(value, 0, 0xffffffff, name);
    const offset = this.#reserve(4);
    this.#put16(offset, value >>> 16);
    this.#put16(offset + 2, value);
  }

  /** Appends bytes. */
  bytes(value: Uint8Array): void {
    const offset = this.#reserve(value.length);
    this.#bytes.set(value, offset);
  }

  /** Everything written so far, in bytes of its own. */
  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }

  /** Writes the low 16 bits of `value`. */
  #put16(offset: number, value: number): void {
    this.#bytes[offset] = value >> 8;
    this.#bytes[offset + 1] = value;
  }

  /** Makes room for `size` zeros at the end, possibly in a new buffer, and returns where they begin. */
  #reserve(size: number): number {
    const offset = this.#length;
    this.#length += size;
    if (this.#length > this.#bytes.length) {
      const grown = new Uint8Array(2 * this.#length);
      grown.set(this.#bytes);
      this.#bytes = grown;
    }
    return offset;
  }
}
