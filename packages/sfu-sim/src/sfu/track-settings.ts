// How a subscriber wants one of its tracks to be dealt with.

import type { Resolution, TrackPriority, TrackSource } from '@sluice/rtp';

/** What is absent has not been said. */
export interface TrackSettings {
  /** Whether anything is sent of it. Default true. */
  readonly enabled?: boolean | undefined;
  /** Default `high` for a screen, else `low`. */
  readonly priority?: TrackPriority | undefined;
  /** How large it is shown, in device pixels; `null`: not known any more. Default not known. */
  readonly dimensions?: Resolution | null | undefined;
}

const RANKS: Record<TrackPriority, number> = { 'very-low': 0, low: 1, medium: 2, high: 3 };

/** A higher rank is served first. What is shared on a screen is to be read, so it comes before faces. */
export function priorityRank(priority: TrackPriority | undefined, source: TrackSource): number {
  return RANKS[priority ?? (source === 'screen' ? 'high' : 'low')];
}
