// SHA-256 (FIPS 180-4), piece by piece and at once: WebCrypto's takes everything in one piece, and answers later.

const ROUND_CONSTANTS = primeRoots(64, 3);
const INITIAL = primeRoots(8, 2);
const BLOCK = 64;

/** A digest that is fed. */
export class Sha256 {
  readonly #state = Int32Array.from(INITIAL);
  readonly #schedule = new Int32Array(64);
  readonly #block = new Uint8Array(BLOCK);
  #filled = 0;
  #length = 0;

  update(bytes: Uint8Array): this {
    this.#length += bytes.byteLength;
    for (let at = 0; at < bytes.byteLength; ) {
      const piece = bytes.subarray(at, at + BLOCK - this.#filled);
      this.#block.set(piece, this.#filled);
      this.#filled += piece.byteLength;
      at += piece.byteLength;
      if (this.#filled < BLOCK) break;
      this.#compress();
      this.#filled = 0;
    }
    return this;
  }

  /** Ends it: 64 hexadecimal digits. */
  hex(): string {
    const bits = this.#length * 8;
    const padding = new Uint8Array((this.#filled < 56 ? 56 : 120) - this.#filled + 8);
    padding[0] = 0x80;
    const view = new DataView(padding.buffer);
    view.setUint32(padding.byteLength - 8, Math.floor(bits / 2 ** 32));
    view.setUint32(padding.byteLength - 4, bits % 2 ** 32);
    this.update(padding);
    return [...this.#state].map((word) => (word >>> 0).toString(16).padStart(8, '0')).join('');
  }

  #compress(): void {
    const w = this.#schedule;
    const state = this.#state;
    const block = this.#block;
    for (let i = 0; i < 16; i++) {
      const at = 4 * i;
      w[i] = (at0(block, at) << 24) | (at0(block, at + 1) << 16) | (at0(block, at + 2) << 8) | at0(block, at + 3);
    }
    for (let i = 16; i < 64; i++) {
      const [a, b] = [at0(w, i - 15), at0(w, i - 2)];
      const s0 = rotate(a, 7) ^ rotate(a, 18) ^ (a >>> 3);
      const s1 = rotate(b, 17) ^ rotate(b, 19) ^ (b >>> 10);
      w[i] = (at0(w, i - 16) + s0 + at0(w, i - 7) + s1) | 0;
    }
    let [a, b, c, d, e, f, g, h] = [...state] as [number, number, number, number, number, number, number, number];
    for (let i = 0; i < 64; i++) {
      const s1 = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25);
      const t1 = (h + s1 + ((e & f) ^ (~e & g)) + at0(ROUND_CONSTANTS, i) + at0(w, i)) | 0;
      const s0 = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22);
      const t2 = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
      h = g;
      g = f;
      f = e;
      e = (d + t1) | 0;
      d = c;
      c = b;
      b = a;
      a = (t1 + t2) | 0;
    }
    [a, b, c, d, e, f, g, h].forEach((word, i) => {
      state[i] = (at0(state, i) + word) | 0;
    });
  }
}

function at0(words: ArrayLike<number>, index: number): number {
  return words[index] ?? 0;
}

function rotate(word: number, by: number): number {
  return (word >>> by) | (word << (32 - by));
}

/** The first 32 bits of the fractions of the first primes' `degree`-th roots: FIPS 180-4 §4.2.2, §5.3.3. */
function primeRoots(count: number, degree: 2 | 3): Int32Array {
  const words = new Int32Array(count);
  let found = 0;
  for (let candidate = 2; found < count; candidate++) {
    let isPrime = true;
    for (let divisor = 2; divisor * divisor <= candidate; divisor++) if (candidate % divisor === 0) isPrime = false;
    if (isPrime) words[found++] = rootFraction(candidate, degree);
  }
  return words;
}

/** By bisection on whole numbers: floor(n^(1/degree) · 2^32), of which the low 32 bits are the fraction's. */
function rootFraction(n: number, degree: 2 | 3): number {
  const target = BigInt(n) << BigInt(32 * degree);
  let low = 0n;
  let high = 1n << 40n;
  while (high - low > 1n) {
    const middle = (low + high) >> 1n;
    if (middle ** BigInt(degree) <= target) low = middle;
    else high = middle;
  }
  return Number(BigInt.asIntN(32, low));
}
