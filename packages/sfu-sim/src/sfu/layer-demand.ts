// How many of a track's encodings anybody has a use for, so that its publisher makes no others (dynacast).

import type { Milliseconds } from '@sluice/rtp';

/** An encoding that nobody wants goes on for so long: whoever comes back meanwhile finds it. */
const PATIENCE: Milliseconds = 5000;

/** The demand for one track: up at once, down after five seconds. */
export class LayerDemand {
  /** When each layer was wanted last, lowest first; `undefined`: it is sent, and nobody has been asked yet. */
  readonly #wantedAt: (Milliseconds | undefined)[];
  #told: number;

  /**
   * @param layers - of the track
   * @param begins - what its publisher sends before it is told anything. Default `all`
   */
  constructor(layers: number, begins: 'all' | 'none' = 'all') {
    this.#wantedAt = new Array(layers).fill(begins === 'all' ? undefined : Number.NEGATIVE_INFINITY);
    this.#told = begins === 'all' ? layers : 0;
  }

  /** What the publisher was told: so many, from the lowest up; 0 for none. */
  get wanted(): number {
    return this.#told;
  }

  /**
   * Takes what is wanted now, from the lowest up: the most that any subscriber could make use of.
   *
   * @returns what to tell the publisher; `undefined`: nothing new
   */
  update(wanted: number, now: Milliseconds): number | undefined {
    const { length } = this.#wantedAt;
    for (let layer = 0; layer < length; layer++) {
      if (layer < wanted || this.#wantedAt[layer] === undefined) this.#wantedAt[layer] = now;
    }
    const count = this.#wantedAt.filter((at = now) => now - at < PATIENCE).length;
    if (count === this.#told) return undefined;
    this.#told = count;
    return count;
  }
}
