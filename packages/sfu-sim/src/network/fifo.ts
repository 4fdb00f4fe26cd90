// A queue whose both ends cost the same however long it is (an array's `shift` does not): a ring that doubles when full.

const MIN_CAPACITY = 8;
/** A ring longer than this is given back once it is empty. */
const MAX_IDLE_CAPACITY = 4096;

export class Fifo<Item> {
  /** As long as a power of two, so that a place wraps by a mask. */
  #ring: (Item | undefined)[] = new Array<Item | undefined>(MIN_CAPACITY).fill(undefined);
  #head = 0;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** The oldest item, which stays. */
  get first(): Item | undefined {
    return this.#length === 0 ? undefined : this.#ring[this.#head];
  }

  push(item: Item): void {
    if (this.#length === this.#ring.length) this.#grow();
    this.#ring[(this.#head + this.#length) & (this.#ring.length - 1)] = item;
    this.#length += 1;
  }

  /** Takes the oldest item out. */
  shift(): Item | undefined {
    if (this.#length === 0) return undefined;
    const item = this.#ring[this.#head];
    this.#ring[this.#head] = undefined;
    this.#head = (this.#head + 1) & (this.#ring.length - 1);
    this.#length -= 1;
    if (this.#length === 0 && this.#ring.length > MAX_IDLE_CAPACITY) this.clear();
    return item;
  }

  clear(): void {
    this.#ring = new Array<Item | undefined>(MIN_CAPACITY).fill(undefined);
    this.#head = 0;
    this.#length = 0;
  }

  #grow(): void {
    const ring = this.#ring;
    const longer = new Array<Item | undefined>(2 * ring.length).fill(undefined);
    for (let i = 0; i < ring.length; i++) longer[i] = ring[(this.#head + i) & (ring.length - 1)];
    this.#ring = longer;
    this.#head = 0;
  }
}
