// Clocks that disagree: the publisher's is an hour ahead and 200 ppm fast, the viewer's 100 ppm slow.

import type { Scenario } from '@sluice/sfu-sim/bench';

export const scenario: Scenario = {
  name: 'clock-drift',
  description:
    'A minute between clocks that are an hour and 300 ppm apart: the picture neither stutters nor falls behind.',
  seed: 7,
  duration: 60_000,
  participants: {
    ada: { publish: ['microphone', 'camera'], uplink: { delay: 20 }, downlink: { delay: 20 } },
    // When the layers are all there: it is about clocks, not about how a call begins.
    bob: { joinAt: 2000, uplink: { delay: 20 }, downlink: { rate: 4e6, delay: 30 } },
  },
  faults: [
    { type: 'clock', at: 0, participant: 'ada', skew: 3_600_000, drift: 200 },
    { type: 'clock', at: 0, participant: 'bob', drift: -100 },
  ],
  expect: [
    { participant: 'bob', layer: 'f', at: 55_000, realTime: 'skip' },
    { participant: 'bob', atLeastFrames: 1725, realTime: 150 },
    { participant: 'bob', figure: 'frameDelayP99Ms', above: 50, below: 250, realTime: 'skip' },
    { participant: 'bob', figure: 'freezeCount', equals: 0, realTime: 'skip' },
    { check: 'noCorruption' },
    { check: 'inOrder' },
    { check: 'noErrors' },
    { check: 'everyFrameClosed' },
  ],
};
