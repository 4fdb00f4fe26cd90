// Which packets are lost before they get to the queue.

import type { Random } from '@sluice/rtp';
import { GilbertElliott, type GilbertElliottOptions } from './gilbert-elliott.ts';
import { checkCount, checkObject, checkRatio, refuse } from './option-checks.ts';

/** Of every `every` packets, the last `burst` are lost. Whole numbers, `burst` 1 or more and below `every`. */
export interface BurstLossOptions {
  readonly burst: number;
  readonly every: number;
}

/** Exactly these are lost, by their number: 0 is the first packet that the link was ever handed. */
export interface ListedLossOptions {
  readonly packets: readonly number[];
}

/** Loss: a ratio from 0 to 1, each packet independently of the others (Bernoulli), or one of the models. */
export type LossOption = number | GilbertElliottOptions | BurstLossOptions | ListedLossOptions;

const FORM = 'a ratio from 0 to 1, { p, r, h, k }, { burst, every } or { packets }';

/** @throws ArgumentError when `value` is not a `LossOption` */
export function checkLoss(field: string, value: unknown): void {
  if (typeof value !== 'object' || value === null) return checkRatio(field, value);
  if ('packets' in value) {
    checkObject(field, value, ['packets'], FORM);
    if (!Array.isArray(value.packets)) refuse(`${field}.packets`, value.packets, 'a list of packet numbers');
    for (const [index, number] of value.packets.entries()) checkCount(`${field}.packets[${index}]`, number, 0);
  } else if ('burst' in value || 'every' in value) {
    checkObject(field, value, ['burst', 'every'], FORM);
    const { burst, every } = value as Partial<BurstLossOptions>;
    checkCount(`${field}.burst`, burst, 1);
    checkCount(`${field}.every`, every, Number(burst) + 1);
  } else {
    checkObject(field, value, ['p', 'r', 'h', 'k'], FORM);
    const { p, r, h, k } = value as Partial<GilbertElliottOptions>;
    checkRatio(`${field}.p`, p);
    checkRatio(`${field}.r`, r);
    if (h !== undefined) checkRatio(`${field}.h`, h);
    if (k !== undefined) checkRatio(`${field}.k`, k);
  }
}

/** Says of each packet whether it is lost. */
export class LossModel {
  readonly #random: Random;
  readonly #bernoulli: Random;
  #number = 0;
  #ratio = 0;
  #lost: (() => boolean) | undefined;

  constructor(random: Random, option: LossOption) {
    this.#random = random;
    this.#bernoulli = random.fork('packet loss');
    this.set(option);
  }

  /** Share of the packets that is lost in the long run; 0 for a list. */
  get ratio(): number {
    return this.#ratio;
  }

  /** A Gilbert–Elliott chain begins anew in its good state; packets are counted on. */
  set(option: LossOption): void {
    this.#lost = undefined;
    if (typeof option === 'number') {
      this.#ratio = option;
    } else if ('packets' in option) {
      const packets = new Set(option.packets);
      this.#ratio = 0;
      this.#lost = () => packets.has(this.#number);
    } else if ('burst' in option) {
      const { burst, every } = option;
      this.#ratio = burst / every;
      this.#lost = () => this.#number % every >= every - burst;
    } else {
      const chain = new GilbertElliott(option, this.#random.fork('gilbert-elliott'));
      this.#ratio = chain.ratio;
      this.#lost = () => chain.next();
    }
  }

  /** Whether the next packet is lost. */
  next(): boolean {
    // One Bernoulli draw per packet whatever the model: which packets are lost depends on nothing but their number.
    const drawn = this.#bernoulli.next();
    const lost = this.#lost === undefined ? drawn < this.#ratio : this.#lost();
    this.#number += 1;
    return lost;
  }
}
