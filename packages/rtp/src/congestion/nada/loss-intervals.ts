// How many packets go through between losses, on average (RFC 5348 §5.4), and whether losses are a thing of the past
// (RFC 8698 §4.2).

/** How much each interval counts, the latest one first. */
const WEIGHTS = [1, 1, 1, 1, 0.8, 0.6, 0.4, 0.2];

export class LossIntervals {
  /** In packets, those that have ended, the latest one first. The first of all began with the first packet. */
  readonly #ended: number[] = [];
  /** Packets since the last loss, that one included. */
  #current = 0;
  #wasLost = false;

  /** To be told of every packet in order of sequence. Losses in a row are one event. */
  onPacket(lost: boolean): void {
    if (lost && !this.#wasLost) {
      this.#ended.unshift(this.#current);
      if (this.#ended.length > WEIGHTS.length) this.#ended.pop();
      this.#current = 0;
    }
    this.#wasLost = lost;
    this.#current += 1;
  }

  /**
   * Packets between two losses, loss_int; `undefined` before the first one. Unlike in RFC 5348, the interval that goes
   * on never counts: it would make the average longer as it grows, and no loss would ever be over.
   */
  get average(): number | undefined {
    if (this.#ended.length === 0) return undefined;
    let sum = 0;
    let weights = 0;
    for (const [i, interval] of this.#ended.entries()) {
      const weight = WEIGHTS[i] ?? 0;
      sum += weight * interval;
      weights += weight;
    }
    return sum / weights;
  }

  /**
   * How much losses count still: 1 until `expiry` average intervals have passed since the last one, loss_exp; 0 after
   * one more, and in between as much as is left of that, as in the authors' ns-3 model.
   */
  presence(expiry: number): number {
    const { average } = this;
    if (average === undefined) return 0;
    return Math.min(1, Math.max(0, expiry + 1 - this.#current / Math.max(average, 1)));
  }
}
