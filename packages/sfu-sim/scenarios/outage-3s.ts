// Nothing at all passes for three seconds: afterwards the picture comes back by itself.

import type { Scenario } from '@sluice/sfu-sim/bench';

export const scenario: Scenario = {
  name: 'outage-3s',
  description: "Bob's links are down from 8 to 11 seconds.",
  seed: 7,
  duration: 20_000,
  participants: {
    ada: { publish: ['microphone', 'camera'], uplink: { delay: 20 }, downlink: { delay: 20 } },
    bob: { uplink: { delay: 20 }, downlink: { rate: 5e6, delay: 20 } },
  },
  faults: [{ type: 'link-down', at: 8000, duration: 3000, participant: 'bob' }],
  expect: [
    { participant: 'bob', atLeastFrames: 200, to: 8000, realTime: 15 },
    { participant: 'bob', atLeastFrames: 150, from: 13_000, realTime: 10 },
    { participant: 'bob', figure: 'freezeCount', atLeast: 1, realTime: { atLeast: 1 } },
    { participant: 'bob', figure: 'freezeMs', below: 6500, realTime: { below: 14_000 } },
    { check: 'noCorruption' },
    { check: 'inOrder' },
    { check: 'noErrors' },
    { check: 'everyFrameClosed' },
  ],
};
