// A publisher vanishes without a word and comes back under the same name.

import type { Scenario } from '@sluice/sfu-sim/bench';

export const scenario: Scenario = {
  name: 'publisher-crash',
  description: 'Ada crashes after six seconds and is back four seconds later; carla goes on all the while.',
  seed: 7,
  duration: 20_000,
  participants: {
    ada: { publish: ['microphone', 'camera'], uplink: { delay: 20 }, downlink: { delay: 20 } },
    carla: { publish: [{ source: 'camera', width: 640, height: 360 }], subscribe: false },
    bob: { downlink: { rate: 8e6, delay: 20 } },
  },
  faults: [{ type: 'publisher-crash', at: 6000, participant: 'ada', rejoinAfter: 4000 }],
  expect: [
    { participant: 'bob', publisher: 'ada', atLeastFrames: 160, to: 6500, realTime: 5 },
    { participant: 'bob', publisher: 'ada', atLeastFrames: 250, from: 10_500, realTime: 10 },
    { participant: 'bob', publisher: 'carla', atLeastFrames: 570, realTime: 100 },
    {
      expectation: 'nobody sees ada while she is away',
      holds: (run) =>
        !run.participant('bob').shown.some(({ publisher, at }) => publisher === 'ada' && at > 6500 && at < 10_000),
    },
    { participant: 'bob', figure: 'timeToFirstFrameMs', publisher: 'ada', below: 1000, realTime: { below: 3000 } },
    { check: 'noCorruption' },
    { check: 'noErrors' },
    { check: 'everyFrameClosed' },
  ],
};
