// What a queue drains through: how much can be sent between two moments.
//
// A queue says where in the service it stands by a `mark`, whose meaning is the capacity's own: a time where bits flow
// evenly, a count of bits where they come in slots.

import type { BitsPerSecond, Milliseconds } from '@sluice/rtp';

/** A way to drain a queue. Has no state: the queue keeps the mark. */
export interface Capacity {
  /** Bit/s, the mean where it is not even. */
  readonly rate: BitsPerSecond;
  /** Where a queue stands that has had nothing to send up to and including `now`. */
  mark(now: Milliseconds): number;
  /** Where it stands `bits` later. */
  advance(mark: number, bits: number): number;
  /** When it gets to `mark`; `Infinity`: never. */
  time(mark: number): Milliseconds;
  /** Bits sent between `mark` and `now`. */
  sent(mark: number, now: Milliseconds): number;
  /** How long `bits`, begun at `now`, take. */
  duration(now: Milliseconds, bits: number): Milliseconds;
}

/** Bits flow evenly; marks are times. */
export class ConstantCapacity implements Capacity {
  /** 0 or more, `Infinity` included. */
  readonly rate: BitsPerSecond;

  constructor(rate: BitsPerSecond) {
    this.rate = rate;
  }

  mark(now: Milliseconds): number {
    return now;
  }

  advance(mark: number, bits: number): number {
    return bits === 0 ? mark : mark + (bits / this.rate) * 1000;
  }

  time(mark: number): Milliseconds {
    return mark;
  }

  sent(mark: number, now: Milliseconds): number {
    const elapsed = now - mark;
    return elapsed > 0 ? (elapsed * this.rate) / 1000 : 0;
  }

  duration(_now: Milliseconds, bits: number): Milliseconds {
    return bits === 0 ? 0 : (bits / this.rate) * 1000;
  }
}

/** Nothing passes. */
export const NO_CAPACITY: Capacity = new ConstantCapacity(0);
