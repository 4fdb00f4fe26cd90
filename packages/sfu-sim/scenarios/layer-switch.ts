// A subscriber changes its mind about the layer it wants: up and down, without a freeze.

import type { Scenario } from '@sluice/sfu-sim/bench';

export const scenario: Scenario = {
  name: 'layer-switch',
  description: 'Bob asks for the lowest layer, the highest, the middle one, and a third of the pictures.',
  seed: 7,
  duration: 25_000,
  participants: {
    ada: { publish: ['camera'], uplink: { delay: 15 }, downlink: { delay: 15 } },
    bob: {
      uplink: { delay: 15 },
      downlink: { rate: 6e6, delay: 15 },
      preferredLayers: [
        [0, { rid: 'q' }],
        [5000, { rid: 'f' }],
        [12_000, { rid: 'h' }],
        [18_000, { rid: 'h', temporalLayer: 0 }],
        [22_000, {}],
      ],
    },
  },
  expect: [
    { participant: 'bob', layer: 'q', at: 4500 },
    { participant: 'bob', layer: 'f', at: 11_000, realTime: 'skip' },
    { participant: 'bob', layer: 'h', at: 17_000 },
    { participant: 'bob', figure: 'layerSwitches', atLeast: 2, atMost: 6 },
    { participant: 'bob', figure: 'freezeMs', equals: 0, realTime: 'skip' },
    { participant: 'bob', atLeastFrames: 25, from: 18_500, to: 22_000, realTime: 10 },
    { check: 'noCorruption' },
    { check: 'inOrder' },
    { check: 'noErrors' },
    { check: 'everyFrameClosed' },
  ],
};
