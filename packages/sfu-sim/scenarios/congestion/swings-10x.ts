// Capacity that falls to a tenth and rises tenfold, without warning.

import type { Expectation, Scenario } from '@sluice/sfu-sim/bench';
import { hungryFlow } from '../parts/hungry-flow.ts';
import { intact } from '../parts/intact.ts';
import { viewerOf } from '../parts/media-flow.ts';

const SWING = 10_000;
const SWINGS = 6;

/** A picture is late when it is shown more than that after its capture. */
const LATE = 400;

/** A second of pictures at 30 Hz. */
const MOST_LATE = 30;

const fewLatePictures: Expectation = {
  expectation: `fewer than ${MOST_LATE} pictures are more than ${LATE} ms late after each swing`,
  holds: (run) => {
    const late = run.participant('viewer').shown.filter(({ delay = 0 }) => delay > LATE);
    const counts = Array.from(
      { length: SWINGS - 1 },
      (_, i) => late.filter(({ at }) => at >= (i + 1) * SWING && at < (i + 2) * SWING).length,
    );
    return counts.every((count) => count < MOST_LATE) || `there are ${counts.join(', ')}`;
  },
  realTime: 'skip',
};

export const scenario: Scenario = {
  name: 'congestion/swings-10x',
  description: '3 and 0.3 Mbit/s in turn, ten seconds each.',
  seed: 1,
  duration: SWINGS * SWING,
  participants: {
    flow: hungryFlow({ rate: Array.from({ length: SWINGS }, (_, i) => [i * SWING, i % 2 === 0 ? 3e6 : 300_000]) }),
    viewer: viewerOf('flow'),
  },
  measure: { flows: ['flow/uplink'], from: 2000 },
  expect: [
    fewLatePictures,
    { figure: 'utilisation', atLeast: 0.6, realTime: 'skip' },
    { figure: 'queueDelayP95Ms', atMost: 150, realTime: 'skip' },
    ...intact,
  ],
};
