// Arithmetic on counters that wrap: RTP sequence numbers (16 bit), RTP timestamps (32 bit) and their like.

/** How far `a` is ahead of `b` on a circle of 2^bits: negative when it is behind, in [-2^(bits-1), 2^(bits-1)). */
export function circularDistance(a: number, b: number, bits: number): number {
  if (bits === 32) return (a - b) | 0;
  const shift = 32 - bits;
  return ((a - b) << shift) >> shift;
}

/** How far the 16-bit sequence number `a` is ahead of `b`. */
export function sequenceDistance(a: number, b: number): number {
  return ((a - b) << 16) >> 16;
}

/**
 * Turns a counter of 2^bits values into one that never wraps. Each value is taken for the nearest one to the highest seen
 * so far (RFC 3550 §A.1 calls the multiple of 2^bits "cycles"); the first value stands for itself.
 */
export class Unwrapper {
  readonly #bits: number;
  readonly #modulus: number;
  #highest: number | undefined;

  constructor(bits: number) {
    this.#bits = bits;
    this.#modulus = 2 ** bits;
  }

  /** The unwrapped value; remembered when it is the highest so far. */
  unwrap(value: number): number {
    const unwrapped = this.peek(value);
    if (this.#highest === undefined || unwrapped > this.#highest) this.#highest = unwrapped;
    return unwrapped;
  }

  /** The unwrapped value, without remembering it. */
  peek(value: number): number {
    if (this.#highest === undefined) return value;
    const wrapped = this.#highest % this.#modulus;
    const behind = this.#highest + circularDistance(value, wrapped < 0 ? wrapped + this.#modulus : wrapped, this.#bits);
    return behind;
  }
}
