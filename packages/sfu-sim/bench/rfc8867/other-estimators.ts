// How others' estimators did on one of our cases: the same link with the same delay and queue, between real peers.

import type { Run } from '@sluice/sfu-sim/bench';

/** The case. */
export const STEP_CASE = 'congestion/step-3-0.8-2';

/** When the estimates were read, in ms. */
export const STEP_TIMES = [14_000, 17_000, 29_000, 44_000] as const;

const RISE = 30_000;

/** Estimates at these times, and how long it took to get above 1.8 Mbit/s after the rise to 2. */
export interface StepFigures {
  /** In bit/s. */
  readonly estimates: readonly (number | undefined)[];
  /** In ms; `undefined`: it did not. */
  readonly back: number | undefined;
}

/** One of the others. */
export interface OtherEstimator {
  readonly name: string;
  /** In bit/s. */
  readonly estimates: readonly number[];
  /** In seconds, in words where it is no number. */
  readonly back: string;
}

/** Measured with their own implementations, live. */
export const OTHER_ESTIMATORS: readonly OtherEstimator[] = [
  { name: 'Chromium 156', estimates: [2.596e6, 674e3, 792e3, 2.058e6], back: '13' },
  { name: 'str0m', estimates: [2.376e6, 1.128e6, 709e3, 1.739e6], back: '6, then swings 1.7–2.1 M' },
  { name: 'pion', estimates: [930e3, 730e3, 709e3, 1.75e6], back: '12' },
  { name: 'libwebrtc M77, no probing', estimates: [873e3, 729e3, 785e3, 1.707e6], back: 'more than 14' },
];

/** Ours, of a run of the case; `undefined` of another one. */
export function stepFigures({ scenario, congestion }: Run): StepFigures | undefined {
  if (scenario.name !== STEP_CASE) return undefined;
  return {
    estimates: STEP_TIMES.map((to) => congestion.flow('flow/uplink', { from: 0, to })?.estimate),
    back: congestion.bottleneck('flow/uplink', { from: RISE })?.convergeUpMs,
  };
}
