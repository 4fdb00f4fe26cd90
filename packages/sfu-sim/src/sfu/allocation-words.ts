// Why a track was given another layer, for people.

import type { BitsPerSecond } from '@sluice/rtp';
import { type LayerDecision, type LayerRequest, PAUSED } from './layer-allocator.ts';

/** A decision of the allocator, with what it went by. */
export interface Allocation {
  readonly request: LayerRequest;
  readonly decision: LayerDecision;
  /** The names of the layers, lowest first. */
  readonly names: readonly (string | undefined)[];
  /** An index into `names`, or `PAUSED`; `undefined` for a new track. */
  readonly before: number | undefined;
}

/** E.g. `h→q: share 310 kbit/s < 342 kbit/s measured for h`. */
export function describeAllocation({ request, decision, names, before }: Allocation): string {
  const { layer, share } = decision;
  const name = (index: number) => (index === PAUSED ? 'paused' : (names[index] ?? `layer ${index}`));
  const way = before === undefined ? name(layer) : `${name(before)}→${name(layer)}`;
  if (before !== undefined && before > request.wanted) return `${way}: no more than ${name(request.wanted)} is wanted`;
  // Down: what could not be kept. Up, or to begin with: what can be had.
  const measured = layer === PAUSED || (before !== undefined && layer < before) ? layer + 1 : layer;
  const rate = request.rates[measured];
  const there = `share ${kilobits(Math.max(0, share))}`;
  if (rate === undefined) return `${way}: ${there}, nothing measured for ${name(measured)} yet`;
  return `${way}: ${there} ${measured > layer || share < rate ? '<' : '≥'} ${kilobits(rate)} measured for ${name(measured)}`;
}

function kilobits(rate: BitsPerSecond): string {
  return `${Math.round(rate / 1000)} kbit/s`;
}
