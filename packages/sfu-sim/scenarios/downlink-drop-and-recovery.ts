// The downlink narrows and widens again: the layer follows, and nothing damaged is shown.

import type { Scenario } from '@sluice/sfu-sim/bench';

export const scenario: Scenario = {
  name: 'downlink-drop-and-recovery',
  description: 'Bob has 4 Mbit/s, then 1 Mbit/s, then 300 kbit/s, then 4 Mbit/s again.',
  seed: 7,
  duration: 45_000,
  participants: {
    ada: { publish: ['microphone', 'camera'] },
    bob: {
      downlink: {
        rate: [
          [0, 4e6],
          [10_000, 1e6],
          [20_000, 300_000],
          [30_000, 4e6],
        ],
        delay: 25,
      },
    },
  },
  expect: [
    { participant: 'bob', layer: 'f', at: 9900, realTime: 'skip' },
    { participant: 'bob', layer: 'h', at: 19_000, realTime: 'skip' },
    { participant: 'bob', layer: 'q', at: 29_500, realTime: 'skip' },
    { participant: 'bob', layer: 'f', at: 44_500, realTime: 'skip' },
    { participant: 'bob', atLeastFrames: 1100, realTime: 100 },
    { check: 'noCorruption' },
    { check: 'inOrder' },
    { check: 'noErrors' },
    { check: 'everyFrameClosed' },
  ],
};
