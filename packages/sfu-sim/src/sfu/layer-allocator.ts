// Which layer of each track a subscriber's estimate pays for: down at once, up only after it has fitted for a while.

import type { BitsPerSecond, Milliseconds } from '@sluice/rtp';

/** How a `LayerAllocator` decides. */
export interface LayerAllocatorOptions {
  /** Least time between two evaluations. Default 100 ms. */
  readonly interval?: Milliseconds;
  /** Evaluations in a row that have to call for more before a track goes up. Default 3. */
  readonly upgradeStreak?: number;
  /** Going up needs an estimate of this many times the layer's rate. Default 1.15. */
  readonly upgradeHeadroom?: number;
  /** Staying needs this many times: less than 1, as measured rates jitter and a little too much is soon told by delay. Default 0.9. */
  readonly keepHeadroom?: number;
}

/** One track a subscriber gets. */
export interface LayerRequest {
  /** Stable from one evaluation to the next. */
  readonly id: string;
  /** Rates of its layers, lowest first; `undefined` for one that nothing is known of yet. */
  readonly rates: readonly (BitsPerSecond | undefined)[];
  /** The highest layer wanted, an index into `rates`. */
  readonly wanted: number;
}

/** What a track gets, and why. */
export interface LayerDecision {
  /** Index into `rates`. */
  readonly layer: number;
  /** For people, e.g. "estimate 310 kbit/s below 342 kbit/s for layer 1". */
  readonly reason: string;
}

interface TrackState {
  layer: number;
  streak: number;
}

/** Shares one subscriber's estimate among its tracks. Each gets its lowest layer whatever the estimate says. */
export class LayerAllocator {
  readonly #interval: Milliseconds;
  readonly #upgradeStreak: number;
  readonly #upgradeHeadroom: number;
  readonly #keepHeadroom: number;
  readonly #tracks = new Map<string, TrackState>();
  #evaluatedAt: Milliseconds = Number.NEGATIVE_INFINITY;

  constructor(options: LayerAllocatorOptions = {}) {
    this.#interval = options.interval ?? 100;
    this.#upgradeStreak = options.upgradeStreak ?? 3;
    this.#upgradeHeadroom = options.upgradeHeadroom ?? 1.15;
    this.#keepHeadroom = options.keepHeadroom ?? 0.9;
  }

  /** Whether it is time for another evaluation. */
  isDue(now: Milliseconds): boolean {
    return now - this.#evaluatedAt >= this.#interval;
  }

  /**
   * The layers that `budget` pays for, in the order of `requests`. Tracks that are new get theirs at once; known ones go
   * down at once and up after the streak.
   */
  evaluate(budget: BitsPerSecond, requests: readonly LayerRequest[], now: Milliseconds): LayerDecision[] {
    this.#evaluatedAt = now;
    this.#forgetOthers(requests);
    const keeping = this.#share(budget, requests, 1);
    const rising = this.#share(budget, requests, this.#upgradeHeadroom);
    return requests.map((request, i) => {
      const affordable = keeping[i] ?? 0;
      const comfortable = rising[i] ?? 0;
      const known = this.#tracks.get(request.id);
      if (known === undefined) {
        this.#tracks.set(request.id, { layer: affordable, streak: 0 });
        return { layer: affordable, reason: explain(budget, request, affordable) };
      }
      known.streak = comfortable > known.layer ? known.streak + 1 : 0;
      if (affordable < known.layer || known.layer > request.wanted) known.layer = affordable;
      else if (known.streak >= this.#upgradeStreak) {
        known.layer = comfortable;
        known.streak = 0;
      }
      return { layer: known.layer, reason: explain(budget, request, known.layer) };
    });
  }

  /** The lowest layer for each, then one layer more in turn for as long as the budget lasts. */
  #share(budget: BitsPerSecond, requests: readonly LayerRequest[], headroom: number): number[] {
    const layers = requests.map(() => 0);
    let left = budget - requests.reduce((sum, { rates }) => sum + (rates[0] ?? 0), 0);
    for (let raised = true; raised; ) {
      raised = false;
      requests.forEach(({ id, rates, wanted }, i) => {
        const layer = layers[i] ?? 0;
        const rate = rates[layer + 1];
        if (layer >= wanted || rate === undefined) return;
        const kept = layer + 1 <= (this.#tracks.get(id)?.layer ?? -1);
        const factor = kept ? this.#keepHeadroom : headroom;
        const cost = factor * rate - (rates[layer] ?? 0);
        if (cost > left) return;
        left -= rate - (rates[layer] ?? 0);
        layers[i] = layer + 1;
        raised = true;
      });
    }
    return layers;
  }

  #forgetOthers(requests: readonly LayerRequest[]): void {
    if (this.#tracks.size === 0) return;
    const ids = new Set(requests.map(({ id }) => id));
    for (const id of this.#tracks.keys()) if (!ids.has(id)) this.#tracks.delete(id);
  }
}

function explain(budget: BitsPerSecond, { rates, wanted }: LayerRequest, layer: number): string {
  const kilobits = (rate: BitsPerSecond) => `${Math.round(rate / 1000)} kbit/s`;
  const next = rates[layer + 1];
  if (layer >= wanted) return `estimate ${kilobits(budget)} pays for the layer wanted`;
  if (next === undefined) return 'not-measured';
  return `estimate ${kilobits(budget)} below ${kilobits(next)} measured for the layer above`;
}
