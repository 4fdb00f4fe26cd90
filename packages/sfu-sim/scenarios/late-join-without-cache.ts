// The control of late-join: without the cache it takes a key frame of the publisher, and a round trip more.

import type { Scenario } from '@sluice/sfu-sim/bench';

export const scenario: Scenario = {
  name: 'late-join-without-cache',
  description: 'Bob joins in the middle of a GOP of four seconds and is shown no cached key frame.',
  seed: 7,
  duration: 9000,
  participants: {
    ada: {
      publish: [{ source: 'camera', keyframeInterval: 4000 }],
      uplink: { delay: 20 },
      downlink: { delay: 20 },
    },
    // The layer that he begins with is enough: going up takes another key frame.
    bob: {
      joinAt: 5500,
      uplink: { delay: 20 },
      downlink: { delay: 20 },
      keyframeCache: false,
      preferredLayers: { rid: 'h' },
    },
  },
  expect: [
    { figure: 'keyframesRequested', equals: 1, realTime: { atLeast: 1 } },
    { participant: 'bob', figure: 'timeToFirstFrameMs', above: 60, below: 400, realTime: { below: 3000 } },
    { check: 'noCorruption' },
    { check: 'inOrder' },
    { check: 'noErrors' },
    { check: 'everyFrameClosed' },
  ],
};
