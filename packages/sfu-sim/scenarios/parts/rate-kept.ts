// How much of the rate before an event there is after it.

import type { Expectation } from '@sluice/sfu-sim/bench';

/** In the second from `at` on, at least that share of what arrived in the five seconds before `before`. */
export function rateKept(flow: string, before: number, at: number, share: number): Expectation {
  return {
    expectation: `from ${at} ms on ${flow} has ${share} of its rate before ${before} ms`,
    holds: ({ congestion }) => {
      const was = congestion.flow(flow, { from: before - 5000, to: before })?.throughput ?? 0;
      const is = congestion.flow(flow, { from: at, to: at + 1000 })?.throughput ?? 0;
      return is >= share * was || `${Math.round(is / 1000)} of ${Math.round(was / 1000)} kbit/s`;
    },
    realTime: 'skip',
  };
}
