// The main job: one publishes camera and microphone, one watches, over ordinary links.

import type { Scenario } from '@sluice/sfu-sim/bench';

export const scenario: Scenario = {
  name: 'main-job',
  description: 'One publishes camera and microphone, one watches over a link with a little loss, for a minute.',
  seed: 7,
  duration: 60_000,
  participants: {
    ada: { publish: ['microphone', 'camera'], uplink: { rate: 4e6, delay: 20 } },
    bob: { downlink: { rate: 4e6, delay: 30, loss: 0.01 } },
  },
  expect: [
    { participant: 'bob', figure: 'timeToFirstFrameMs', below: 500, realTime: { below: 3000 } },
    { participant: 'bob', atLeastFrames: 1700, realTime: 60 },
    { participant: 'bob', layer: 'f', at: 50_000, realTime: 'skip' },
    { participant: 'bob', figure: 'frameDelayP95Ms', below: 250, realTime: 'skip' },
    { participant: 'bob', figure: 'concealedMs', atMost: 1000, realTime: 'skip' },
    { figure: 'keyframesRequested', atMost: 3, realTime: 'skip' },
    { check: 'noCorruption' },
    { check: 'inOrder' },
    { check: 'noErrors' },
    { check: 'everyFrameClosed' },
  ],
};
