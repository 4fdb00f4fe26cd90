// Reads fields of single bits, as codec headers are made of (the descriptors of H.264 §7.2, AV1 §4.10).

/** The most bits that a variable-length code may have ahead of its first 1. */
const MAX_LEADING_ZEROS = 31;

/**
 * Reads bits from high to low. Behind the end it answers zeros and says so in `overrun`, so that a parser checks once,
 * after all its fields.
 */
export class BitReader {
  readonly #bytes: Uint8Array;
  readonly #end: number;
  #position: number;

  /** @param offset - of the first byte to read */
  constructor(bytes: Uint8Array, offset = 0) {
    this.#bytes = bytes;
    this.#end = 8 * bytes.length;
    this.#position = 8 * offset;
  }

  /** Whether more was read than there is, or a code was longer than it may be. */
  get overrun(): boolean {
    return this.#position > this.#end;
  }

  /** One bit as a flag. */
  flag(): boolean {
    return this.bit() === 1;
  }

  /** One bit, 0 or 1. */
  bit(): number {
    const position = this.#position;
    this.#position += 1;
    return ((this.#bytes[position >> 3] ?? 0) >> (7 - (position & 7))) & 1;
  }

  /** An unsigned number of `count` bits, at most 32: f(n) and u(n). */
  bits(count: number): number {
    let value = 0;
    for (let i = 0; i < count; i++) value = value * 2 + this.bit();
    return value;
  }

  /** Leaves out `count` bits. */
  skip(count: number): void {
    this.#position += count;
  }

  /** An unsigned Exp-Golomb number, ue(v) of H.264 §9.1: below 2^32 - 1. */
  exponentialGolomb(): number {
    const zeros = this.#leadingZeros();
    return 2 ** zeros - 1 + this.bits(zeros);
  }

  /** A signed Exp-Golomb number, se(v) of H.264 §9.1.1. */
  signedExponentialGolomb(): number {
    const code = this.exponentialGolomb();
    return code % 2 === 1 ? (code + 1) / 2 : -code / 2;
  }

  /** An unsigned number in [0, count), in as few bits as that takes: ns(n) of AV1 §4.10.7. */
  nonSymmetric(count: number): number {
    const width = 32 - Math.clz32(count);
    const short = 2 ** width - count;
    const value = this.bits(width - 1);
    return value < short ? value : value * 2 - short + this.bit();
  }

  #leadingZeros(): number {
    for (let zeros = 0; zeros <= MAX_LEADING_ZEROS; zeros++) {
      if (this.#position >= this.#end) break;
      if (this.bit() === 1) return zeros;
    }
    this.#position = this.#end + 1;
    return 0;
  }
}
