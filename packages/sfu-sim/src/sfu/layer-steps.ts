// The steps from the least to the most that can be forwarded of a track: its encodings, and between them their temporal
// layers.

import type { BitsPerSecond, Milliseconds } from '@sluice/rtp';
import type { ProducerLayer } from './producer-layer.ts';
import { TEMPORAL_LAYERS } from './temporal-shares.ts';

/** What is forwarded at a step. */
export interface LayerStep {
  /** Index into the producer's layers. */
  readonly layer: number;
  /** The highest temporal layer; infinite: all. */
  readonly temporalLayer: number;
}

/** The index of the highest step that is wanted. */
export function stepOf({ layer, temporalLayer }: LayerStep): number {
  return layer * TEMPORAL_LAYERS + Math.min(temporalLayer, TEMPORAL_LAYERS - 1);
}

/**
 * What each step takes, lowest first; `undefined` for those of an encoding that nothing is known of yet. Every encoding has
 * `TEMPORAL_LAYERS` steps, so that a step means the same from one call to the next; where two are the same they cost the
 * same. Only the lowest encoding goes down to its lowest temporal layer: of the others half the pictures have to be left.
 */
export function stepRates(layers: readonly ProducerLayer[], now: Milliseconds): (BitsPerSecond | undefined)[] {
  const rates: (BitsPerSecond | undefined)[] = [];
  let highest: BitsPerSecond = 0;
  for (const [index, layer] of layers.entries()) {
    const rate = layer.rate(now);
    for (let temporalLayer = 0; temporalLayer < TEMPORAL_LAYERS; temporalLayer++) {
      const least = index === 0 ? temporalLayer : Math.max(temporalLayer, TEMPORAL_LAYERS - 2);
      const step = rate === undefined ? undefined : Math.max(highest, rate * layer.temporalShare(least, now));
      highest = step ?? highest;
      rates.push(step);
    }
  }
  return rates;
}

/** What is forwarded at a step: of those that cost the same, the best of its encoding. */
export function layerStep(step: number, rates: readonly (BitsPerSecond | undefined)[]): LayerStep {
  const layer = Math.floor(step / TEMPORAL_LAYERS);
  const end = (layer + 1) * TEMPORAL_LAYERS - 1;
  let best = step;
  while (best < end && rates[best + 1] === rates[step]) best += 1;
  return { layer, temporalLayer: best === end ? Number.POSITIVE_INFINITY : best % TEMPORAL_LAYERS };
}

/** A step for people, e.g. `h`, or `h at T1` where the temporal layers above are left out. */
export function nameStep(
  step: number,
  names: readonly (string | undefined)[],
  rates: readonly (BitsPerSecond | undefined)[],
): string {
  const { layer, temporalLayer } = layerStep(step, rates);
  const name = names[layer] ?? `layer ${layer}`;
  return Number.isFinite(temporalLayer) ? `${name} at T${temporalLayer}` : name;
}
