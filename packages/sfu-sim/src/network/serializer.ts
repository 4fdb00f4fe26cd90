// A sender that puts one item after the other on the wire at a rate that may change at any time.
//
// The time at which the head is done is computed from the last moment something changed, never from the last time
// someone looked: how often it is asked makes no difference to the result, not even in the last bit.

import type { BitsPerSecond, Milliseconds } from '@sluice/rtp';
import { Fifo } from './fifo.ts';

interface Queued<Item> {
  readonly item: Item;
  readonly bits: number;
}

/** A FIFO that drains at `rate`. Time is handed in and must not go back; take departures before adding later items. */
export class Serializer<Item> {
  readonly #queue = new Fifo<Queued<Item>>();
  #rate: BitsPerSecond;
  /** Bits of the head that were still to be sent at `#since`. */
  #remaining = 0;
  #since: Milliseconds = 0;
  /** Bits behind the head. */
  #waiting = 0;

  constructor(rate: BitsPerSecond) {
    this.#rate = rate;
  }

  get length(): number {
    return this.#queue.length;
  }

  /** When the last bit of the head is on the wire; `Infinity` when there is none or the rate is 0. */
  get departure(): Milliseconds {
    if (this.#queue.length === 0) return Number.POSITIVE_INFINITY;
    return this.#remaining === 0 ? this.#since : this.#since + (this.#remaining / this.#rate) * 1000;
  }

  push(now: Milliseconds, item: Item, bits: number): void {
    if (this.#queue.length === 0) {
      this.#since = now;
      this.#remaining = bits;
    } else {
      this.#waiting += bits;
    }
    this.#queue.push({ item, bits });
  }

  /** Takes out the head as of its `departure`. */
  shift(): Item | undefined {
    this.#since = this.departure;
    const head = this.#queue.shift();
    this.#remaining = this.#queue.first?.bits ?? 0;
    this.#waiting -= this.#remaining;
    return head?.item;
  }

  /** What is queued drains at the new rate from `now` on. */
  setRate(now: Milliseconds, rate: BitsPerSecond): void {
    if (rate === this.#rate) return;
    if (this.#queue.length > 0) {
      this.#remaining = this.#unsent(now);
      this.#since = now;
    }
    this.#rate = rate;
  }

  /** Bits that are still to be sent at `now`. */
  backlog(now: Milliseconds): number {
    return this.#queue.length === 0 ? 0 : this.#unsent(now) + this.#waiting;
  }

  clear(): void {
    this.#queue.clear();
    this.#remaining = 0;
    this.#waiting = 0;
  }

  #unsent(now: Milliseconds): number {
    const elapsed = now - this.#since;
    return elapsed > 0 ? Math.max(0, this.#remaining - (elapsed * this.#rate) / 1000) : this.#remaining;
  }
}
