// The SFU restarts: every room hears of it, comes back, and the picture with it.

import type { Scenario } from '@sluice/sfu-sim/bench';

export const scenario: Scenario = {
  name: 'sfu-restart',
  description: 'The SFU is gone after eight seconds and back after one.',
  seed: 7,
  duration: 20_000,
  participants: {
    ada: { publish: ['microphone', 'camera'], uplink: { delay: 20 }, downlink: { delay: 20 } },
    bob: { uplink: { delay: 20 }, downlink: { delay: 20 } },
  },
  faults: [{ type: 'sfu-restart', at: 8000, downtime: 1000 }],
  expect: [
    {
      expectation: 'every room hears that the SFU is gone',
      holds: ({ participants }) =>
        participants.every(
          ({ disconnections }) => disconnections.length === 1 && disconnections[0]?.reason === 'sfu-restart',
        ),
    },
    { participant: 'bob', atLeastFrames: 220, to: 8500, realTime: 15 },
    { participant: 'bob', atLeastFrames: 300, from: 9000, realTime: 25 },
    { participant: 'bob', figure: 'timeToFirstFrameMs', below: 600, realTime: { below: 3000 } },
    { check: 'noCorruption' },
    { check: 'inOrder' },
    { check: 'noErrors' },
    { check: 'everyFrameClosed' },
  ],
};
