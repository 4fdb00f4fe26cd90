// Thirty newcomers within a second and a half: everybody sees a picture, and the publisher hardly notices.

import type { Scenario } from '@sluice/sfu-sim/bench';

export const scenario: Scenario = {
  name: 'join-storm',
  description: 'Thirty viewers join one after the other, 50 ms apart, while ada is on air.',
  seed: 7,
  duration: 12_000,
  participants: {
    ada: { publish: [{ source: 'camera', keyframeInterval: 4000 }], uplink: { delay: 20 }, downlink: { delay: 20 } },
    viewer: { count: 30, joinAt: 5000, joinEvery: 50, uplink: { delay: 20 }, downlink: { rate: 8e6, delay: 20 } },
  },
  expect: [
    { participant: 'viewer', figure: 'timeToFirstFrameMs', below: 300, realTime: { below: 5000 } },
    { participant: 'viewer', atLeastFrames: 140, realTime: 'skip' },
    { figure: 'keyframesRequested', atMost: 3, realTime: 'skip' },
    { check: 'noCorruption' },
    { check: 'inOrder' },
    { check: 'noErrors' },
    { check: 'everyFrameClosed' },
  ],
};
