// Which layer of each track a subscriber's estimate pays for: down at once, up only after it has fitted for a while.

import type { BitsPerSecond, Milliseconds } from '@sluice/rtp';

/** How a `LayerAllocator` decides. */
export interface LayerAllocatorOptions {
  /** Least time between two evaluations. Default 100 ms. */
  readonly interval?: Milliseconds;
  /** Evaluations in a row that have to call for more before a track goes up, or comes back. Default 3. */
  readonly upgradeStreak?: number;
  /** Evaluations in a row that have to call for none of a track before it is paused. Default 2: one alone says nothing. */
  readonly pauseStreak?: number;
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
  /** A higher one comes first. Default 0. */
  readonly priority?: number;
  /** How large it is shown, in pixels: of equal priorities the larger comes first. Default 0. */
  readonly area?: number;
}

/** What a track gets, and why. */
export interface LayerDecision {
  /** Index into `rates`; `PAUSED` for none. */
  readonly layer: number;
  /** What was there for this track, when the others have got theirs. */
  readonly share: BitsPerSecond;
}

/** In place of a layer: nothing of the track is paid for. */
export const PAUSED = -1;

interface TrackState {
  layer: number;
  /** Evaluations in a row that called for more. */
  rises: number;
  /** Evaluations in a row that called for none of it. */
  pauses: number;
}

/**
 * Shares one subscriber's estimate among its tracks. First each gets its lowest layer, the most important first; those for
 * which nothing is left are paused. What remains goes to the tracks of the highest priority, layer by layer, the largest
 * first, until they have what they want, then to those of the next. The most important track is never paused.
 */
export class LayerAllocator {
  readonly #interval: Milliseconds;
  readonly #upgradeStreak: number;
  readonly #pauseStreak: number;
  readonly #upgradeHeadroom: number;
  readonly #keepHeadroom: number;
  readonly #tracks = new Map<string, TrackState>();
  #evaluatedAt: Milliseconds = Number.NEGATIVE_INFINITY;

  constructor(options: LayerAllocatorOptions = {}) {
    this.#interval = options.interval ?? 100;
    this.#upgradeStreak = options.upgradeStreak ?? 3;
    this.#pauseStreak = options.pauseStreak ?? 2;
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
   *
   * @param mayPause - whether the budget is known well enough for sending nothing of a track. Default true
   */
  evaluate(
    budget: BitsPerSecond,
    requests: readonly LayerRequest[],
    now: Milliseconds,
    mayPause = true,
  ): LayerDecision[] {
    this.#evaluatedAt = now;
    this.#forgetOthers(requests);
    const order = inOrder(requests);
    const needed = new Set(mayPause ? order.slice(0, 1) : order);
    const keeping = this.#share(budget, requests, order, needed, 1);
    const rising = this.#share(budget, requests, order, needed, this.#upgradeHeadroom);
    const layers = requests.map((request, i) => this.#follow(request, keeping[i] ?? PAUSED, rising[i] ?? PAUSED));
    const spent = layers.reduce((sum, layer, i) => sum + costOf(requests[i], layer), 0);
    return layers.map((layer, i) => ({ layer, share: budget - spent + costOf(requests[i], layer) }));
  }

  /** One step of a track towards what can be kept, and what there is room for. */
  #follow({ id, wanted }: LayerRequest, affordable: number, comfortable: number): number {
    const known = this.#tracks.get(id);
    if (known === undefined) {
      this.#tracks.set(id, { layer: affordable, rises: 0, pauses: 0 });
      return affordable;
    }
    known.rises = comfortable > known.layer ? known.rises + 1 : 0;
    known.pauses = affordable === PAUSED ? known.pauses + 1 : 0;
    if (affordable === PAUSED && known.layer !== PAUSED) {
      known.layer = known.pauses >= this.#pauseStreak ? PAUSED : 0;
    } else if (affordable < known.layer || known.layer > wanted) {
      known.layer = affordable;
    } else if (known.rises >= this.#upgradeStreak) {
      known.layer = comfortable;
      known.rises = 0;
    }
    return known.layer;
  }

  #share(
    budget: BitsPerSecond,
    requests: readonly LayerRequest[],
    order: readonly number[],
    needed: ReadonlySet<number>,
    headroom: number,
  ): number[] {
    const layers = requests.map(() => PAUSED);
    let left = budget;
    const raise = (i: number): boolean => {
      const request = requests[i];
      const next = (layers[i] ?? PAUSED) + 1;
      const rate = request?.rates[next] ?? (next === 0 ? 0 : undefined);
      if (request === undefined || rate === undefined || next > Math.max(0, request.wanted)) return false;
      const before = costOf(request, next - 1);
      const kept = next <= (this.#tracks.get(request.id)?.layer ?? PAUSED);
      const isNeeded = next === 0 && needed.has(i);
      if (!isNeeded && (kept ? this.#keepHeadroom : headroom) * rate - before > left) return false;
      left -= rate - before;
      layers[i] = next;
      return true;
    };
    for (const i of order) raise(i);
    for (const group of byPriority(requests, order)) {
      const running = group.filter((i) => layers[i] !== PAUSED);
      for (let raised = true; raised; ) {
        raised = false;
        for (const i of running) if (raise(i)) raised = true;
      }
    }
    return layers;
  }

  #forgetOthers(requests: readonly LayerRequest[]): void {
    if (this.#tracks.size === 0) return;
    const ids = new Set(requests.map(({ id }) => id));
    for (const id of this.#tracks.keys()) if (!ids.has(id)) this.#tracks.delete(id);
  }
}

/** Indices of the requests, the most important first. */
function inOrder(requests: readonly LayerRequest[]): number[] {
  const order = requests.map((_, i) => i);
  if (order.length < 2) return order;
  const by = (i: number, of: 'priority' | 'area') => requests[i]?.[of] ?? 0;
  return order.sort((a, b) => by(b, 'priority') - by(a, 'priority') || by(b, 'area') - by(a, 'area') || a - b);
}

/** The order in groups of equal priority. */
function byPriority(requests: readonly LayerRequest[], order: readonly number[]): number[][] {
  const groups: number[][] = [];
  let priority: number | undefined;
  for (const i of order) {
    const its = requests[i]?.priority ?? 0;
    if (its !== priority) groups.push([]);
    priority = its;
    groups.at(-1)?.push(i);
  }
  return groups;
}

function costOf(request: LayerRequest | undefined, layer: number): BitsPerSecond {
  return layer === PAUSED ? 0 : (request?.rates[layer] ?? 0);
}
