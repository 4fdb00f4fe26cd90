// A counter that only grows, as a rate per second over the last second.

const WINDOW = 1000;

/** The rate at which a counter grows. */
export class RateMeter {
  #samples: { at: number; total: number }[] = [];

  /** Takes the counter's value; answers its growth per second, or `undefined` while too little is known. */
  update(at: number, total: number): number | undefined {
    const newest = this.#samples.at(-1);
    // A counter that fell is another one: a new track.
    if (newest !== undefined && total < newest.total) this.#samples = [];
    this.#samples.push({ at, total });
    while (this.#samples.length > 2 && (this.#samples[1]?.at ?? at) <= at - WINDOW) this.#samples.shift();
    const oldest = this.#samples[0];
    if (oldest === undefined || at - oldest.at < WINDOW / 4) return undefined;
    return ((total - oldest.total) * 1000) / (at - oldest.at);
  }
}
