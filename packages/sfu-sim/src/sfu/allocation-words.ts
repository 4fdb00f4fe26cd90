// Why a track was given another layer, for people.

import type { BitsPerSecond } from '@sluice/rtp';
import type { LayerRequest } from './layer-allocator.ts';

/** A decision of the allocator, with what it went by. */
export interface Allocation {
  /** What all video tracks of the subscriber share. */
  readonly budget: BitsPerSecond;
  /** How many share it. */
  readonly tracks: number;
  readonly request: LayerRequest;
  /** The names of the layers, lowest first. */
  readonly rids: readonly (string | undefined)[];
  /** Indices into `rids`; `before` is `undefined` for a new track. */
  readonly before: number | undefined;
  readonly layer: number;
}

/** E.g. `h -> q: estimate 310 kbit/s < 342 kbit/s measured for h`. */
export function describeAllocation({ budget, tracks, request, rids, before, layer }: Allocation): string {
  const name = (index: number) => rids[index] ?? `layer ${index}`;
  const way = before === undefined ? name(layer) : `${name(before)} -> ${name(layer)}`;
  if (before !== undefined && before > request.wanted) return `${way}: no more than ${name(request.wanted)} is wanted`;
  const shared = tracks > 1 ? ` shared by ${tracks} tracks` : '';
  // Down: what could not be kept. Up, or to begin with: what can be had.
  const measured = before !== undefined && layer < before ? layer + 1 : layer;
  const rate = request.rates[measured];
  const estimate = `estimate ${kilobits(Math.max(0, budget))}${shared}`;
  if (rate === undefined) return `${way}: ${estimate}, nothing measured for ${name(measured)} yet`;
  return `${way}: ${estimate} ${measured > layer || budget < rate ? '<' : '>='} ${kilobits(rate)} measured for ${name(measured)}`;
}

function kilobits(rate: BitsPerSecond): string {
  return `${Math.round(rate / 1000)} kbit/s`;
}
