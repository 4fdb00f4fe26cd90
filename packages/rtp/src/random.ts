// The only place that touches the platform's randomness. Everything else is handed a `Random`, so that a seed repeats a
// run exactly.

import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';

/** A stream of pseudo-random numbers. */
export interface Random {
  /** A float, uniform in [0, 1). */
  next(): number;
  /** An integer, uniform in [min, max], both included. */
  integer(min: number, max: number): number;
  /**
   * A stream of its own for one purpose. The same seed and labels give the same stream, whatever else was drawn: one
   * consumer more never changes what the others see.
   */
  fork(label: string): Random;
}

/** A stream (xoroshiro128+) that depends on nothing but `seed`, which is taken modulo 2^32. */
export function seededRandom(seed: number): Random {
  const generator = xoroshiro128plus(seed | 0);
  return {
    next: () => uniformFloat64(generator),
    integer: (min, max) => uniformInt(generator, min, max),
    fork: (label) => seededRandom(hash(label, seed)),
  };
}

/** A stream that differs every time: its seed comes from the platform's cryptographic source. */
export function systemRandom(): Random {
  const { crypto } = globalThis as unknown as { crypto: { getRandomValues(array: Uint32Array): Uint32Array } };
  return seededRandom(crypto.getRandomValues(new Uint32Array(1))[0] ?? 0);
}

/** FNV-1a over the label, started from the spread seed and finished with MurmurHash3's mixer. */
function hash(label: string, seed: number): number {
  let h = 0x811c9dc5 ^ Math.imul(seed, 0x9e3779b1);
  for (let i = 0; i < label.length; i++) h = Math.imul(h ^ label.charCodeAt(i), 0x01000193);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
