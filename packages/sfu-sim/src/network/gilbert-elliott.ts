// Bursty loss as a Markov chain of two states (Gilbert 1960, Elliott 1963; notation of Hasslinger and Hohlfeld 2008).

import type { Random } from '@sluice/rtp';

/** Probabilities of the chain, which takes one step per packet; it begins in the good state. */
export interface GilbertElliottOptions {
  /** Of going from good to bad, 0 to 1. */
  readonly p: number;
  /** Of going from bad to good, 0 to 1. */
  readonly r: number;
  /** Of a packet getting through in the bad state, 0 to 1. Default 0. */
  readonly h?: number;
  /** Of a packet getting through in the good state, 0 to 1. Default 1. */
  readonly k?: number;
}

/**
 * What the chain loses in the long run. With π = p / (p + r) the share of packets in the bad state:
 *
 *     ratio       = π (1 − h) + (1 − π) (1 − k)
 *     burstLength = ratio / (ratio − L),  L = the share of packets lost whose successor is lost too
 *
 * which for h = 0, k = 1 is p / (p + r) and 1 / r. A chain that never moves (p = r = 0) stays good. `burstLength` is in
 * packets, 0 when nothing is lost.
 */
export function gilbertElliottLoss({ p, r, h = 0, k = 1 }: GilbertElliottOptions): {
  readonly ratio: number;
  readonly burstLength: number;
} {
  const bad = p === 0 ? 0 : p / (p + r);
  const ratio = bad * (1 - h) + (1 - bad) * (1 - k);
  const afterBad = (1 - r) * (1 - h) + r * (1 - k);
  const afterGood = p * (1 - h) + (1 - p) * (1 - k);
  const twice = bad * (1 - h) * afterBad + (1 - bad) * (1 - k) * afterGood;
  return { ratio, burstLength: ratio === 0 ? 0 : ratio / (ratio - twice) };
}

/** The chain. */
export class GilbertElliott {
  readonly ratio: number;
  readonly #options: Required<GilbertElliottOptions>;
  readonly #random: Random;
  #bad = false;

  constructor(options: GilbertElliottOptions, random: Random) {
    this.#options = { h: 0, k: 1, ...options };
    this.#random = random;
    this.ratio = gilbertElliottLoss(options).ratio;
  }

  /** Whether the next packet is lost. */
  next(): boolean {
    const { p, r, h, k } = this.#options;
    const draw = this.#random.next();
    this.#bad = this.#bad ? draw >= r : draw < p;
    return this.#random.next() >= (this.#bad ? h : k);
  }
}
