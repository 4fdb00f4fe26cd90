// How the cost of a call grows with its subscribers: with the packets forwarded, and with nothing else.

import { spreadOf } from '../../../../scripts/bench/measure.ts';
import { Call } from './call.ts';
import { fitLine, type Line, type Point, worstDeviation } from './line-fit.ts';

export const SIZES = [1, 2, 5, 10, 20, 50, 100, 200, 500] as const;

/** Seconds until everybody gets the best layer. */
const WARM_UP = 6;

/** A size is measured for so many packets, and for so many seconds at least and at most. */
const PACKETS = 200_000;
const SECONDS = { least: 8, most: 60 } as const;

/** What a call of one size costs. */
export interface SizeCost {
  readonly subscribers: number;
  /** Put on downlinks, in a second. */
  readonly packets: number;
  /** Real time that the SFU takes for a second of the call, in ms. */
  readonly cost: number;
}

/** Costs by size, and the line through them: x in packets per second, y in ms per second. */
export interface Growth {
  readonly sizes: readonly SizeCost[];
  readonly line: Line;
  readonly worst: number;
}

/** One publisher, so many subscribers. */
export function costOf(subscribers: number): SizeCost {
  const call = new Call({ participants: 1 + subscribers, publishers: 1, switching: false });
  call.run(WARM_UP * 1000);
  call.check();
  call.takeCost();
  const seconds: number[] = [];
  let packets = 0;
  while (seconds.length < SECONDS.least || (packets < PACKETS && seconds.length < SECONDS.most)) {
    call.run(1000);
    const cost = call.takeCost();
    seconds.push(cost.arrivals + cost.timers + cost.feedback);
    packets += cost.packets;
  }
  call.check();
  return { subscribers, packets: packets / seconds.length, cost: spreadOf(seconds).median };
}

/** What the costs have in common. */
export function growthOf(sizes: readonly SizeCost[]): Growth {
  const points = sizes.map(({ packets, cost }): Point => ({ x: packets, y: cost }));
  const line = fitLine(points);
  return { sizes, line, worst: worstDeviation(points, line) };
}
