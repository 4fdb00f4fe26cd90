// One subscriber on a link that carries next to nothing costs the others nothing.

import type { Scenario } from '@sluice/sfu-sim/bench';

export const scenario: Scenario = {
  name: 'slow-subscriber',
  description: 'Bob has 9 kbit/s from the sixth second on; carol, on a wide link, gets the best layer all the while.',
  seed: 7,
  duration: 25_000,
  participants: {
    ada: { publish: ['microphone', 'camera'], uplink: { delay: 20 }, downlink: { delay: 20 } },
    bob: {
      downlink: {
        rate: [
          [0, 2e6],
          [6000, 9000],
        ],
        delay: 20,
      },
    },
    carol: { downlink: { rate: 5e6, delay: 20 } },
  },
  expect: [
    { participant: 'carol', layer: 'f', at: 24_000, realTime: 'skip' },
    { participant: 'carol', atLeastFrames: 720, realTime: 40 },
    { participant: 'carol', figure: 'freezeCount', equals: 0, realTime: 'skip' },
    { participant: 'carol', figure: 'concealedMs', equals: 0, realTime: 'skip' },
    { figure: 'keyframesRequested', atMost: 15, realTime: 'skip' },
    { check: 'noCorruption' },
    { check: 'inOrder' },
    { check: 'noErrors' },
    { check: 'everyFrameClosed' },
  ],
};
