// A late joiner with the key frame cache: the picture is there at once, and nobody asks the publisher for anything.

import type { Scenario } from '@sluice/sfu-sim/bench';

export const scenario: Scenario = {
  name: 'late-join',
  description: 'Bob joins in the middle of a GOP of four seconds and is served from the key frame cache.',
  seed: 7,
  duration: 9000,
  participants: {
    ada: {
      publish: [{ source: 'camera', keyframeInterval: 4000 }],
      uplink: { delay: 20 },
      downlink: { delay: 20 },
    },
    // The layer that he begins with is enough: going up takes another key frame.
    bob: { joinAt: 5500, uplink: { delay: 20 }, downlink: { delay: 20 }, preferredLayers: { rid: 'h' } },
  },
  expect: [
    { participant: 'bob', figure: 'timeToFirstFrameMs', below: 200, realTime: { below: 1000 } },
    { participant: 'bob', figure: 'timeToLiveEdgeMs', below: 700, realTime: 'skip' },
    { participant: 'bob', atLeastFrames: 95, realTime: 8 },
    { figure: 'keyframesRequested', equals: 0 },
    { participant: 'bob', figure: 'freezeMs', below: 200, realTime: 'skip' },
    { check: 'noCorruption' },
    { check: 'inOrder' },
    { check: 'noErrors' },
    { check: 'everyFrameClosed' },
  ],
};
