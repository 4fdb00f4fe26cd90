// The publisher's encoders stand still for two seconds, and go on.

import type { Scenario } from '@sluice/sfu-sim/bench';

export const scenario: Scenario = {
  name: 'encoder-stall',
  description: "Ada's encoders stall from 6 to 8 seconds.",
  seed: 7,
  duration: 15_000,
  participants: {
    ada: { publish: ['microphone', 'camera'], uplink: { delay: 20 }, downlink: { delay: 20 } },
    bob: { uplink: { delay: 20 }, downlink: { delay: 20 } },
  },
  faults: [{ type: 'encoder-stall', at: 6000, duration: 2000, participant: 'ada' }],
  expect: [
    {
      expectation: 'the picture stands still while the encoders do',
      holds: (run) => run.participant('bob').shown.filter(({ at }) => at > 6300 && at < 8000).length === 0,
      realTime: 'skip',
    },
    { participant: 'bob', figure: 'freezeMs', atLeast: 1900, below: 2500, realTime: { atLeast: 1500 } },
    { participant: 'bob', atLeastFrames: 190, from: 8300, realTime: 20 },
    { participant: 'bob', figure: 'concealedMs', equals: 0, realTime: 'skip' },
    { check: 'noCorruption' },
    { check: 'inOrder' },
    { check: 'noErrors' },
    { check: 'everyFrameClosed' },
  ],
};
