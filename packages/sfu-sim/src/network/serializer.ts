// A sender that puts one item after the other on the wire, through a capacity that may change at any time.
//
// The time at which the head is done is computed from the last moment something changed, never from the last time
// someone looked: how often it is asked makes no difference to the result, not even in the last bit.

import type { Milliseconds } from '@sluice/rtp';
import type { Capacity } from './capacity.ts';
import { Fifo } from './fifo.ts';
import type { Service } from './service.ts';

/** A FIFO that drains through a `Service`. Time is handed in and must not go back; `run` it up to then before adding. */
export class Serializer<Item extends { readonly bits: number }> {
  readonly #queue = new Fifo<Item>();
  #service: Service;
  /** The service's as of `#mark`, until `#changeAt`; `#mark` is out of date while the queue is empty. */
  #capacity: Capacity;
  /** `-Infinity`: the service has not been asked yet. */
  #changeAt: Milliseconds = Number.NEGATIVE_INFINITY;
  /** Bits of the head that were still to be sent at `#mark`. */
  #remaining = 0;
  #mark = 0;
  /** When the last bit of the head is on the wire if the capacity stays; kept, because it is asked for so often. */
  #departure: Milliseconds = Number.POSITIVE_INFINITY;
  /** Bits behind the head. */
  #waiting = 0;

  constructor(service: Service) {
    this.#service = service;
    this.#capacity = service.at(0);
  }

  get length(): number {
    return this.#queue.length;
  }

  /** What is being sent. */
  get head(): Item | undefined {
    return this.#queue.first;
  }

  /** Bits behind the head. */
  get waiting(): number {
    return this.#waiting;
  }

  /** When to `run`: the head's last bit is sent, or the capacity changes before that. `Infinity`: nothing to do. */
  get due(): Milliseconds {
    if (this.#queue.length === 0) return Number.POSITIVE_INFINITY;
    return Math.min(this.#departure, this.#changeAt);
  }

  /** When the last bit of the head is on the wire if the capacity stays; `Infinity` when there is none or never. */
  get departure(): Milliseconds {
    return this.#departure;
  }

  push(now: Milliseconds, item: Item): void {
    if (this.#queue.length === 0) {
      this.#remaining = item.bits;
      if (now < this.#changeAt) this.#begin(this.#capacity.mark(now));
      else this.#follow(now);
    } else {
      this.#waiting += item.bits;
    }
    this.#queue.push(item);
  }

  /** Does what is `due`. Returns the item whose last bit was sent then, or `undefined` if only the capacity changed. */
  run(): Item | undefined {
    if (this.#changeAt < this.#departure) {
      const now = this.#changeAt;
      this.#remaining = this.#unsent(now);
      this.#follow(now);
      return undefined;
    }
    this.#mark = this.#capacity.advance(this.#mark, this.#remaining);
    return this.#shift();
  }

  /** Takes out the head, of which nothing has been sent yet. */
  discard(): Item | undefined {
    return this.#shift();
  }

  /** What is queued drains through `service` from `now` on. */
  setService(now: Milliseconds, service: Service): void {
    if (service === this.#service) return;
    this.#service = service;
    this.#changeAt = Number.NEGATIVE_INFINITY;
    if (this.#queue.length === 0) return;
    this.#remaining = this.#unsent(now);
    this.#follow(now);
  }

  /** Bits that are still to be sent at `now`. */
  backlog(now: Milliseconds): number {
    return this.#queue.length === 0 ? 0 : this.#unsent(now) + this.#waiting;
  }

  clear(): void {
    this.#queue.clear();
    this.#remaining = 0;
    this.#waiting = 0;
    this.#departure = Number.POSITIVE_INFINITY;
  }

  #shift(): Item | undefined {
    const head = this.#queue.shift();
    const next = this.#queue.first;
    this.#remaining = next?.bits ?? 0;
    this.#waiting -= this.#remaining;
    if (next === undefined) this.#departure = Number.POSITIVE_INFINITY;
    else this.#begin(this.#mark);
    return head;
  }

  #follow(now: Milliseconds): void {
    this.#capacity = this.#service.at(now);
    this.#changeAt = this.#service.nextChange(now);
    this.#begin(this.#capacity.mark(now));
  }

  /** `#remaining` is to be sent from `mark` on. */
  #begin(mark: number): void {
    this.#mark = mark;
    this.#departure = this.#capacity.time(this.#capacity.advance(mark, this.#remaining));
  }

  #unsent(now: Milliseconds): number {
    return Math.max(0, this.#remaining - this.#capacity.sent(this.#mark, now));
  }
}
