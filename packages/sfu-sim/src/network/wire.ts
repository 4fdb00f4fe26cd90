// Propagation: what has left the queue arrives a while later, in order unless it may be overtaken.

import type { Milliseconds } from '@sluice/rtp';
import { ArrivalHeap } from './arrival-heap.ts';
import { Fifo } from './fifo.ts';
import type { Parcel } from './parcel.ts';

/** Packets under way. */
export class Wire {
  readonly #ordered = new Fifo<Parcel>();
  readonly #loose = new ArrivalHeap<Parcel>();
  /** Of the ordered ones. */
  #lastArrival: Milliseconds = Number.NEGATIVE_INFINITY;

  #due: Milliseconds = Number.POSITIVE_INFINITY;

  /** When the next packet arrives; `Infinity` when there is none. */
  get due(): Milliseconds {
    return this.#due;
  }

  /** When a packet that is put here at `at` for `flight` ms arrives: after its predecessor, unless it is loose. */
  arrivalAfter(parcel: Parcel, at: Milliseconds, flight: Milliseconds): Milliseconds {
    return parcel.loose ? at + flight : Math.max(this.#lastArrival, at + flight);
  }

  put(parcel: Parcel, at: Milliseconds, flight: Milliseconds): void {
    parcel.arrival = this.arrivalAfter(parcel, at, flight);
    if (parcel.loose) {
      this.#loose.push(parcel);
    } else {
      this.#lastArrival = parcel.arrival;
      this.#ordered.push(parcel);
    }
    if (parcel.arrival < this.#due) this.#due = parcel.arrival;
  }

  /** Takes out the packet that arrives next. */
  take(): Parcel | undefined {
    const { first } = this.#ordered;
    const loose = this.#loose.first;
    const overtakes = loose !== undefined && (first === undefined || loose.arrival < first.arrival);
    const taken = overtakes ? this.#loose.shift() : this.#ordered.shift();
    this.#due = Math.min(
      this.#ordered.first?.arrival ?? Number.POSITIVE_INFINITY,
      this.#loose.first?.arrival ?? Number.POSITIVE_INFINITY,
    );
    return taken;
  }

  clear(): void {
    this.#ordered.clear();
    this.#loose.clear();
    this.#due = Number.POSITIVE_INFINITY;
  }
}
