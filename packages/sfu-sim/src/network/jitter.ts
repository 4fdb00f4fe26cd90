// How much longer than the propagation delay a packet is under way.

import type { Milliseconds, Random } from '@sluice/rtp';
import { checkNumber, checkObject, checkTime, refuse } from './option-checks.ts';

/** |N(0, deviation)|, drawn again when it is beyond `cutoff` deviations: RFC 8868's with the defaults. */
export interface HalfNormalJitter {
  readonly model: 'half-normal';
  /** Standard deviation in ms, 0 or more. Default 5. */
  readonly deviation?: Milliseconds;
  /** In standard deviations, 1 or more. Default 3. */
  readonly cutoff?: number;
  /** Whether packets may overtake each other. Default false: none arrives before its predecessor. */
  readonly reordering?: boolean;
}

/** Anything from 0 up to `max`, all equally likely. */
export interface UniformJitter {
  readonly model: 'uniform';
  /** In ms, 0 or more. */
  readonly max: Milliseconds;
  /** Whether packets may overtake each other. Default false: none arrives before its predecessor. */
  readonly reordering?: boolean;
}

/** `rfc8868` is `{ model: 'half-normal' }`: 5 ms, cut at 3 deviations, nothing overtakes. */
export type JitterOption = 'none' | 'rfc8868' | HalfNormalJitter | UniformJitter;

const FORM = "'none', 'rfc8868', { model: 'half-normal', … } or { model: 'uniform', … }";

/** @throws ArgumentError when `value` is not a `JitterOption` */
export function checkJitter(field: string, value: unknown): void {
  if (value === 'none' || value === 'rfc8868') return;
  checkObject(field, value, ['model', 'deviation', 'cutoff', 'max', 'reordering'], FORM);
  const jitter = value as Partial<HalfNormalJitter> | Partial<UniformJitter>;
  if (jitter.model === 'half-normal') {
    checkObject(field, value, ['model', 'deviation', 'cutoff', 'reordering'], FORM);
    if (jitter.deviation !== undefined) checkTime(`${field}.deviation`, jitter.deviation);
    if (jitter.cutoff !== undefined) checkNumber(`${field}.cutoff`, jitter.cutoff, 1, 1000, 'from 1 to 1000');
  } else if (jitter.model === 'uniform') {
    checkObject(field, value, ['model', 'max', 'reordering'], FORM);
    checkTime(`${field}.max`, jitter.max);
  } else {
    refuse(`${field}.model`, (value as { model?: unknown }).model, "'half-normal' or 'uniform'");
  }
  if (jitter.reordering !== undefined && typeof jitter.reordering !== 'boolean') {
    refuse(`${field}.reordering`, jitter.reordering, 'true or false');
  }
}

/** Draws the jitter of each packet. */
export class JitterModel {
  readonly #random: Random;
  #option: Exclude<JitterOption, string> | undefined;

  constructor(random: Random, option: JitterOption) {
    this.#random = random;
    this.set(option);
  }

  /** Whether packets may overtake each other. */
  get reordering(): boolean {
    return this.#option?.reordering ?? false;
  }

  set(option: JitterOption): void {
    if (option === 'none') this.#option = undefined;
    else this.#option = option === 'rfc8868' ? { model: 'half-normal' } : option;
  }

  next(): Milliseconds {
    const option = this.#option;
    if (option === undefined) return 0;
    if (option.model === 'uniform') return this.#random.next() * option.max;
    const { deviation = 5, cutoff = 3 } = option;
    for (;;) {
      const value = Math.abs(this.#normal());
      if (value <= cutoff) return value * deviation;
    }
  }

  /** A draw of N(0, 1) by Marsaglia's polar method. */
  #normal(): number {
    for (;;) {
      const x = 2 * this.#random.next() - 1;
      const y = 2 * this.#random.next() - 1;
      const s = x * x + y * y;
      if (s > 0 && s < 1) return x * Math.sqrt((-2 * Math.log(s)) / s);
    }
  }
}
