// How much of an encoding its temporal layers take.

import { type Bytes, type Milliseconds, RateMeter } from '@sluice/rtp';

/** Long enough for a key frame, which is of the lowest layer, not to turn everything over. */
const WINDOW: Milliseconds = 4000;

/** Temporal layers that are told apart: L1T3 has three. */
export const TEMPORAL_LAYERS = 3;

/** Measures the shares of the temporal layers in the bytes of the last 4 s. */
export class TemporalShares {
  readonly #layers = Array.from({ length: TEMPORAL_LAYERS }, () => new RateMeter(WINDOW));

  /** A packet has come. */
  add(bytes: Bytes, temporalLayer: number, now: Milliseconds): void {
    this.#layers[Math.min(temporalLayer, TEMPORAL_LAYERS - 1)]?.add(bytes, now);
  }

  /** What the layers up to that one take of all, 0 to 1; 1 while there is only one, or nothing has come. */
  upTo(temporalLayer: number, now: Milliseconds): number {
    let all: Bytes = 0;
    let some: Bytes = 0;
    for (const [layer, meter] of this.#layers.entries()) {
      const bytes = meter.bytes(now);
      all += bytes;
      if (layer <= temporalLayer) some += bytes;
    }
    return all === 0 ? 1 : some / all;
  }

  /** Another stream follows. */
  reset(): void {
    for (const meter of this.#layers) meter.reset();
  }
}
