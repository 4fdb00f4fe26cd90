// A long round trip and loss: repair packets spare most retransmissions and what they cost in time.

import type { Scenario } from '@sluice/sfu-sim/bench';

export const scenario: Scenario = {
  name: 'forward-error-correction',
  description: '2 % loss at a round trip of 300 ms, with one repair packet for every four, on both legs.',
  seed: 7,
  duration: 20_000,
  participants: {
    ada: {
      publish: [{ source: 'camera', width: 640, height: 360, forwardErrorCorrection: { ratio: 0.25 } }],
      uplink: { delay: 150, loss: 0.02 },
      downlink: { delay: 150 },
    },
    bob: { uplink: { delay: 150 }, downlink: { delay: 150, loss: 0.02 } },
  },
  sfu: { forwardErrorCorrection: { ratio: 0.25 } },
  // Without repair it is about 350 pictures, 9 s of freezes, and a frame delay of 600 ms at the 95th percentile.
  expect: [
    { participant: 'bob', atLeastFrames: 450, realTime: 200 },
    { participant: 'bob', figure: 'freezeMs', below: 5000, realTime: { below: 6000 } },
    { participant: 'bob', figure: 'frameDelayP95Ms', below: 400, realTime: 'skip' },
    { figure: 'keyframesRequested', atMost: 5, realTime: 'skip' },
    { check: 'noCorruption' },
    { check: 'inOrder' },
    { check: 'noErrors' },
    { check: 'everyFrameClosed' },
  ],
};
