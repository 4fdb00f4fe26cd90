// Writes RTCP packets one behind the other into a buffer that grows: header first, length filled in at the end
// (RFC 3550 §6.4.1). A value that its field cannot hold is a mistake of the caller's and is refused.

import { ArgumentError } from '../errors.ts';

const VERSION = 2;
const PADDING_BIT = 0x20;
const MAX_LENGTH_WORDS = 0xffff;

/** Throws an `ArgumentError` unless `value` is an integer in [min, max]. */
export function checkInteger(value: number, min: number, max: number, name: string): void {
  if (!Number.isInteger(value) || value < min || value > max) {
    throw new ArgumentError(`RTCP ${name} is ${value}: give an integer from ${min} to ${max}.`);
  }
}

/** A buffer of RTCP packets, big-endian, aligned to 32 bits. */
export class PacketWriter {
  #bytes = new Uint8Array(256);
  #view = new DataView(this.#bytes.buffer);
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
      this.#view.setUint8(this.#start, this.#view.getUint8(this.#start) | PADDING_BIT);
      this.#view.setUint8(this.#length - 1, fill);
    }
    const words = (this.#length - this.#start) / 4 - 1;
    checkInteger(words, 0, MAX_LENGTH_WORDS, 'packet length in words');
    this.#view.setUint16(this.#start + 2, words);
  }

  /** Appends zeros up to the next 32-bit boundary. */
  align(): void {
    this.#reserve(-this.#length & 3);
  }

  /** Appends 8 bits. */
  uint8(value: number, name: string): void {
    checkInteger(value, 0, 0xff, name);
    const offset = this.#reserve(1);
    this.#view.setUint8(offset, value);
  }

  /** Appends 16 bits. */
  uint16(value: number, name: string): void {
    checkInteger(value, 0, 0xffff, name);
    const offset = this.#reserve(2);
    this.#view.setUint16(offset, value);
  }

  /** Appends 16 bits, two's complement. */
  int16(value: number, name: string): void {
    checkInteger(value, -0x8000, 0x7fff, name);
    const offset = this.#reserve(2);
    this.#view.setInt16(offset, value);
  }

  /** Appends 24 bits, two's complement. */
  int24(value: number, name: string): void {
    checkInteger(value, -0x800000, 0x7fffff, name);
    const offset = this.#reserve(3);
    this.#view.setInt8(offset, value >> 16);
    this.#view.setUint16(offset + 1, value & 0xffff);
  }

  /** Appends 32 bits. */
  uint32(value: number, name: string): void {
    checkInteger(value, 0, 0xffffffff, name);
    const offset = this.#reserve(4);
    this.#view.setUint32(offset, value);
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

  /** Makes room for `size` zeros at the end, possibly in a new buffer, and returns where they begin. */
  #reserve(size: number): number {
    const offset = this.#length;
    this.#length += size;
    if (this.#length > this.#bytes.length) {
      const grown = new Uint8Array(2 * this.#length);
      grown.set(this.#bytes);
      this.#bytes = grown;
      this.#view = new DataView(grown.buffer);
    }
    return offset;
  }
}
