// Which of a track's layers one subscriber is to get: what it wants, what its estimate pays for, what the publisher sends.

import type { Milliseconds } from '@sluice/rtp';
import type { ProducerLayer } from './producer-layer.ts';

/**
 * How long a switch waits for a key frame that comes by itself before one is asked for: not at all when the estimate no
 * longer pays for the old layer or the publisher stopped it, a little when the subscriber wants another one, long when it
 * is only for a better picture.
 */
const PATIENCE = { estimateFell: 0, stopped: 0, changed: 500, estimateRose: 3000 } as const;

/** How long, after the first layer of a track, the others are waited for: they begin together, one after the other. */
const BEGIN_TOGETHER: Milliseconds = 200;

/** Keeps the layer that is forwarded and the one that shall be, until a key frame makes them the same. */
export class LayerSelector {
  readonly #layers: readonly ProducerLayer[];
  #preferredRid: string | undefined;
  /** The highest layer the estimate pays for, an index. */
  #affordable = Number.POSITIVE_INFINITY;
  #current: ProducerLayer | undefined;
  #target: ProducerLayer | undefined;
  #since: Milliseconds = 0;
  #patience: Milliseconds = PATIENCE.changed;
  #reason = 'start';

  /** @param layers - of the producer, lowest first */
  constructor(layers: readonly ProducerLayer[]) {
    this.#layers = layers;
  }

  /** The layer that is forwarded now. */
  get current(): ProducerLayer | undefined {
    return this.#current;
  }

  /** The layer that is to be forwarded from its next key frame on. */
  get target(): ProducerLayer | undefined {
    return this.#target;
  }

  /** The highest layer the subscriber wants, an index. */
  get wanted(): number {
    const wanted = this.#layers.findIndex((layer) => layer.rid === this.#preferredRid);
    return wanted < 0 ? this.#layers.length - 1 : wanted;
  }

  /** The layers up to the target, highest first. */
  get upToTarget(): ProducerLayer[] {
    const target = this.#target;
    return target === undefined ? [] : this.#layers.slice(0, this.#layers.indexOf(target) + 1).reverse();
  }

  /** The subscriber wants no more than that encoding; `undefined`: the best there is. */
  prefer(rid: string | undefined, now: Milliseconds): void {
    this.#preferredRid = rid;
    this.#choose('preferred-layers', now);
  }

  /** The estimate pays for no more than that layer, an index. */
  afford(layer: number, reason: string, now: Milliseconds): void {
    this.#affordable = layer;
    // The key frame that was asked for first is waited for: a better layer follows it.
    if (this.#current === undefined && this.#target?.isActive(now)) return;
    this.#choose(reason, now, true);
  }

  /** Follows the publisher, whose layers may have come or gone. */
  follow(now: Milliseconds): void {
    this.#choose('publisher', now);
  }

  /** A key frame of the layer has come: it is forwarded from now on. Answers why. */
  switchTo(layer: ProducerLayer): string {
    const reason = this.#current === undefined ? 'start' : this.#reason;
    this.#current = layer;
    if (layer !== this.#target) this.#patience = PATIENCE.estimateRose;
    return reason;
  }

  /** The forwarded layer has another stream: it goes on at that one's next key frame. */
  restart(layer: ProducerLayer, now: Milliseconds): void {
    this.#current = undefined;
    this.#target = layer;
    this.#since = now;
  }

  /** Nothing is forwarded, nor waited for, until the next call of `afford` or `follow`. */
  pause(): void {
    this.#current = undefined;
    this.#target = undefined;
  }

  /** The layer for which a key frame has been waited for long enough. */
  overdue(now: Milliseconds): ProducerLayer | undefined {
    if (this.#target === this.#current || now - this.#since < this.#patience) return undefined;
    return this.#target;
  }

  #choose(reason: string, now: Milliseconds, byEstimate = false): void {
    const layers = this.#layers;
    const active = layers.filter((layer) => layer.isActive(now));
    const settled = active.some(({ beganAt = now }) => now - beganAt >= BEGIN_TOGETHER);
    const candidates = settled ? active : layers;
    const limit = Math.min(this.wanted, this.#affordable);
    // The best layer within the limit, else the lowest there is.
    const target = candidates.findLast((layer) => layers.indexOf(layer) <= limit) ?? candidates[0];
    if (target === undefined || target === this.#target) return;
    const falls = this.#current !== undefined && layers.indexOf(target) < layers.indexOf(this.#current);
    const stopped = this.#current !== undefined && !this.#current.isActive(now);
    this.#patience = stopped
      ? PATIENCE.stopped
      : !byEstimate
        ? PATIENCE.changed
        : falls
          ? PATIENCE.estimateFell
          : PATIENCE.estimateRose;
    this.#target = target;
    this.#since = now;
    this.#reason = reason;
  }
}
