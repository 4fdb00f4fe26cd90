// Five percent of all packets lost both ways: retransmissions carry the call.

import type { Scenario } from '@sluice/sfu-sim/bench';

export const scenario: Scenario = {
  name: 'loss-5',
  description: '5 % loss on every link at a round trip of 50 ms, for 20 seconds.',
  seed: 7,
  duration: 22_000,
  participants: {
    ada: { publish: ['microphone', 'camera'], uplink: { delay: 25, loss: 0.05 }, downlink: { delay: 25 } },
    // When the publisher has found its rate.
    bob: { joinAt: 2000, uplink: { delay: 25 }, downlink: { delay: 25, loss: 0.05 } },
  },
  expect: [
    { figure: 'lossRatio', above: 0.02, below: 0.06 },
    { participant: 'bob', atLeastFrames: 500, realTime: 50 },
    { figure: 'keyframesRequested', atMost: 10, realTime: 'skip' },
    { check: 'noCorruption' },
    { check: 'inOrder' },
    { check: 'noErrors' },
    { check: 'everyFrameClosed' },
  ],
};
