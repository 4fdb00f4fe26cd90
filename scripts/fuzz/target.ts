// What is fuzzed: a piece of code, the inputs it gets, and what must hold whatever they are.

import type { Random } from '@sluice/rtp';

/** A piece of code and its inputs. */
export interface FuzzTarget {
  /** As `--target` names it. */
  readonly name: string;
  /** How many of the inputs it gets, relative to the other targets. */
  readonly weight: number;
  /** The next input, the same for the same draws. Valid until the next call. */
  readonly generate: (random: Random) => Uint8Array;
  /**
   * Handles one input. What happens depends on the input alone, and, where there is a `restart`, on the inputs since.
   *
   * @throws Error, of any kind, where something is not as it should be
   */
  readonly run: (input: Uint8Array) => void;
  /** Forgets all inputs so far, for a target that keeps state from one to the next. Default: it keeps none. */
  readonly restart?: () => void;
}

/** Something does not hold. */
export class Violation extends Error {
  override readonly name = 'Violation';
}

/** @throws Violation unless `holds` */
export function check(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Violation(what);
}
