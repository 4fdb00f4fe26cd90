// Packets that may overtake each other, by time of arrival; of those that arrive together the one that came first.

import type { Milliseconds } from '@sluice/rtp';

interface Entry<Item> {
  readonly item: Item;
  readonly arrival: Milliseconds;
  readonly order: number;
}

/** A binary heap. */
export class ArrivalHeap<Item extends { readonly arrival: Milliseconds }> {
  readonly #heap: Entry<Item>[] = [];
  #added = 0;

  get length(): number {
    return this.#heap.length;
  }

  /** The one that arrives first, which stays. */
  get first(): Item | undefined {
    return this.#heap[0]?.item;
  }

  push(item: Item): void {
    const heap = this.#heap;
    const entry = { item, arrival: item.arrival, order: this.#added++ };
    let at = heap.push(entry) - 1;
    while (at > 0) {
      const above = (at - 1) >> 1;
      const parent = heap[above];
      if (parent === undefined || !isBefore(entry, parent)) break;
      heap[at] = parent;
      at = above;
    }
    heap[at] = entry;
  }

  /** Takes out the one that arrives first. */
  shift(): Item | undefined {
    const first = this.#heap[0];
    const last = this.#heap.pop();
    if (first !== undefined && last !== undefined && last !== first) this.#sink(last);
    return first?.item;
  }

  clear(): void {
    this.#heap.length = 0;
  }

  /** Puts `entry` in the place of the first, or where it belongs below. */
  #sink(entry: Entry<Item>): void {
    const heap = this.#heap;
    let at = 0;
    for (;;) {
      let below = 2 * at + 1;
      let child = heap[below];
      const right = heap[below + 1];
      if (child !== undefined && right !== undefined && isBefore(right, child)) {
        child = right;
        below += 1;
      }
      if (child === undefined || isBefore(entry, child)) break;
      heap[at] = child;
      at = below;
    }
    heap[at] = entry;
  }
}

function isBefore(a: Entry<unknown>, b: Entry<unknown>): boolean {
  return a.arrival < b.arrival || (a.arrival === b.arrival && a.order < b.order);
}
