// A viewer's page is in the background for a while, where timers fire once a second.

import type { Scenario } from '@sluice/sfu-sim/bench';

export const scenario: Scenario = {
  name: 'tab-hidden',
  description: "Bob's page is hidden from 6 to 16 seconds, on a link that loses one packet in a hundred.",
  seed: 7,
  duration: 25_000,
  participants: {
    ada: { publish: ['microphone', 'camera'], uplink: { delay: 20 }, downlink: { delay: 20 } },
    bob: { uplink: { delay: 20 }, downlink: { rate: 5e6, delay: 20, loss: 0.01 } },
  },
  faults: [{ type: 'tab-hidden', at: 6000, duration: 10_000, participant: 'bob' }],
  expect: [
    { participant: 'bob', atLeastFrames: 150, to: 6000, realTime: 10 },
    { participant: 'bob', atLeastFrames: 200, from: 18_000, realTime: 5 },
    { check: 'noCorruption' },
    { check: 'inOrder' },
    { check: 'noErrors' },
    { check: 'everyFrameClosed' },
  ],
};
