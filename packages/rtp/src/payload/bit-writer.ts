// Writes fields of single bits, from high to low.

/** Collects bits; what is missing to a whole byte at the end are zeros. */
export class BitWriter {
  #bytes: Uint8Array;
  #position = 0;

  /** @param capacity - in bytes, of the buffer that grows when it is full */
  constructor(capacity = 64) {
    this.#bytes = new Uint8Array(Math.max(1, capacity));
  }

  /** The bytes so far, a copy. */
  get bytes(): Uint8Array {
    return this.#bytes.slice(0, (this.#position + 7) >> 3);
  }

  /** A flag as one bit. */
  flag(value: boolean): void {
    this.bits(1, value ? 1 : 0);
  }

  /** The lower `count` bits of an unsigned number, at most 32. */
  bits(count: number, value: number): void {
    for (let i = count - 1; i >= 0; i--) {
      const index = this.#position >> 3;
      if (index >= this.#bytes.length) this.#grow();
      if ((value >>> i) & 1) this.#bytes[index] = (this.#bytes[index] ?? 0) | (0x80 >> (this.#position & 7));
      this.#position += 1;
    }
  }

  /** A number in [0, count), in as few bits as that takes: ns(n) of AV1 §4.10.7. */
  nonSymmetric(count: number, value: number): void {
    const width = 32 - Math.clz32(count);
    const short = 2 ** width - count;
    if (value < short) this.bits(width - 1, value);
    else this.bits(width, value + short);
  }

  #grow(): void {
    const bytes = new Uint8Array(2 * this.#bytes.length);
    bytes.set(this.#bytes);
    this.#bytes = bytes;
  }
}
