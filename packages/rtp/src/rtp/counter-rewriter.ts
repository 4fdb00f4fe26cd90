// Renumbers a stream for one receiver: sequence numbers and picture ids stay continuous while sources change and frames
// are left out.

import { Unwrapper } from '../sequence.ts';

/** How many left-out values are remembered one by one, for stragglers that arrive out of order. */
const REMEMBERED_DROPS = 1024;

/**
 * Maps the values of a wrapping counter so that the output has no holes of our making: left-out values close up, a new
 * source continues where the old one ended. Values that are missing from the input stay missing, so that a receiver can
 * ask for them.
 */
export class CounterRewriter {
  readonly #bits: number;
  readonly #mask: number;
  #source: Unwrapper;
  /** The lowest input that can still be mapped. */
  #floor = Number.POSITIVE_INFINITY;
  #highestInput = Number.NEGATIVE_INFINITY;
  #highestOutput: number;
  /** Output = input + offset - (remembered drops below the input). */
  #offset = 0;
  /** Left-out inputs above the floor, ascending. */
  #drops: number[] = [];

  /**
   * @param bits - width of the counter, at most 16
   * @param firstOutput - what the first spliced value becomes
   */
  constructor(bits: number, firstOutput = 0) {
    this.#bits = bits;
    this.#mask = 2 ** bits - 1;
    this.#source = new Unwrapper(bits);
    this.#highestOutput = firstOutput - 1;
  }

  /** The highest value put out so far, modulo 2^bits. */
  get highestOutput(): number {
    return this.#highestOutput & this.#mask;
  }

  /** From here on the input is another source, whose value `first` follows the highest output. Older ones are refused. */
  splice(first: number): void {
    this.#source = new Unwrapper(this.#bits);
    const input = this.#source.unwrap(first);
    this.#floor = input;
    this.#highestInput = input - 1;
    this.#offset = this.#highestOutput + 1 - input;
    this.#drops = [];
  }

  /** The last `count` outputs were not put to use: the next source takes their place. Until then nothing is mapped. */
  rewind(count: number): void {
    this.#highestOutput -= count;
    this.#floor = Number.POSITIVE_INFINITY;
  }

  /**
   * Leaves `value` out: what follows closes up.
   *
   * @returns whether that was possible. A straggler behind the highest input has a hole waiting for it already, which the
   * caller has to fill.
   */
  drop(value: number): boolean {
    const input = this.#source.unwrap(value);
    if (input < this.#floor) return false;
    if (input <= this.#highestInput) return this.#drops.includes(input);
    this.#highestInput = input;
    this.#drops.push(input);
    if (this.#drops.length > REMEMBERED_DROPS) {
      this.#floor = (this.#drops.shift() ?? this.#floor) + 1;
      this.#offset -= 1;
    }
    return true;
  }

  /** The output for `value`; `undefined` for one that was left out or is older than the source. */
  map(value: number): number | undefined {
    const input = this.#source.unwrap(value);
    if (input < this.#floor) return undefined;
    let below = this.#drops.length;
    while (below > 0 && (this.#drops[below - 1] ?? 0) >= input) {
      below -= 1;
      if (this.#drops[below] === input) return undefined;
    }
    if (input > this.#highestInput) this.#highestInput = input;
    const output = input + this.#offset - below;
    if (output > this.#highestOutput) this.#highestOutput = output;
    return output & this.#mask;
  }
}
