// How long the flows through a bottleneck take to follow its capacity, together.

import type { BitsPerSecond, Milliseconds } from '@sluice/rtp';
import { type BottleneckHistory, capacityAt, possibleRate } from './flow-history.ts';
import type { Span } from './run-record.ts';

/** The estimates have come up when together they are this share of what the flows could send. */
export const UP_SHARE = 0.9;

/** Over how long the rate that is sent is taken (RFC 8868 §3.1 measures every 200 ms). */
const RATE_WINDOW: Milliseconds = 200;

/** Flows that begin within that time of the first one begin with it. */
const BEGINNING: Milliseconds = 1000;

/** How often it is looked whether they are there. */
const STEP: Milliseconds = 20;

/** One time that it became another. */
export interface CapacityChange {
  readonly at: Milliseconds;
  readonly direction: 'up' | 'down';
  /** What the flows could send before and after: 0 at their beginning. */
  readonly from: BitsPerSecond;
  readonly to: BitsPerSecond;
  /**
   * Up: until the estimates together are `UP_SHARE` of it. Down: until the estimates, and what was sent in the last
   * 200 ms, both are no more than it. `undefined`: not before the next change, or the end.
   */
  readonly ms: Milliseconds | undefined;
}

/**
 * The beginning, and each change of the capacity, that lie in the span. An outage is no change of the capacity.
 *
 * @param maxRate - the most that each flow can send
 */
export function capacityChanges(
  bottleneck: BottleneckHistory,
  maxRate: BitsPerSecond | undefined,
  { from, to }: Span,
): CapacityChange[] {
  const { capacity, flows } = bottleneck;
  const start = Math.min(...flows.flatMap((flow) => flow.start ?? []));
  if (!Number.isFinite(start)) return [];
  const changes = [start, ...capacity.flatMap(({ at, rate }) => (at > start && rate !== 0 ? at : []))];
  let before = 0;
  return changes.flatMap((at, i): CapacityChange[] => {
    const begun = i === 0 ? at + BEGINNING : at;
    const possible = possibleRate(capacityAt(capacity, at), flows, maxRate, begun);
    const last = before;
    before = possible;
    if (possible === last || !Number.isFinite(possible) || at < from || at >= to) return [];
    const until = Math.min(changes[i + 1] ?? to, to);
    const direction = possible > last ? 'up' : 'down';
    const ms = timeUntil(at, until, (now) => {
      const estimate = estimateOf(bottleneck, now);
      if (estimate === undefined) return false;
      if (direction === 'up') return estimate >= UP_SHARE * possible;
      const sent = flows.reduce((sum, flow) => sum + flow.sent.rate(now - RATE_WINDOW, now), 0);
      return estimate <= possible && sent <= possible;
    });
    return [{ at, direction, from: last, to: possible, ms }];
  });
}

function timeUntil(from: Milliseconds, to: Milliseconds, there: (now: Milliseconds) => boolean) {
  for (let now = from; now <= to; now += STEP) if (there(now)) return now - from;
  return undefined;
}

/** Of all flows together, as far as there is one. */
function estimateOf({ flows }: BottleneckHistory, now: Milliseconds): BitsPerSecond | undefined {
  let total: BitsPerSecond | undefined;
  for (const { link } of flows) {
    const newest = newestBefore(link.estimates, now);
    if (newest !== undefined) total = (total ?? 0) + newest.target;
  }
  return total;
}

function newestBefore<Step extends { readonly at: Milliseconds }>(steps: readonly Step[], now: Milliseconds) {
  let low = 0;
  let high = steps.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((steps[middle]?.at ?? 0) <= now) low = middle + 1;
    else high = middle;
  }
  return steps[low - 1];
}
