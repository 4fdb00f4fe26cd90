// Camera, microphone and screen, wide links and narrow ones, who comes late and who leaves early.

import type { Scenario } from '@sluice/sfu-sim/bench';

export const scenario: Scenario = {
  name: 'mixed-room',
  description: 'Five people in a room; two of them share one access link with a TCP download.',
  seed: 7,
  duration: 30_000,
  bottlenecks: { access: { rate: 14e6, queue: 200 } },
  crossTraffic: [{ type: 'tcp', via: 'access', from: 12_000, to: 20_000, delay: 30 }],
  participants: {
    ada: { publish: ['microphone', 'camera'], uplink: { rate: 8e6, delay: 20 }, downlink: { rate: 20e6, delay: 20 } },
    ben: {
      publish: ['screen', { source: 'microphone', audioBitrate: 48_000 }],
      subscribe: ['ada'],
      uplink: { rate: 10e6, delay: 10 },
      downlink: { delay: 10 },
    },
    cleo: { joinAt: 4000, downlink: { via: 'access', delay: 15 } },
    dan: { joinAt: 5000, leaveAt: 24_000, downlink: { via: 'access', delay: 15 } },
    eve: { subscribe: ['ada'], joinAt: 8000, downlink: { rate: 500_000, delay: 40, loss: { p: 0.005, r: 0.5 } } },
  },
  expect: [
    { participant: 'ben', publisher: 'ada', atLeastFrames: 800, realTime: 8 },
    { participant: 'ada', publisher: 'ben', atLeastFrames: 250, realTime: 6 },
    // During the download the camera gives way to the screen, for which alone there is not enough; about it, half of its
    // pictures have to do.
    { participant: 'cleo', publisher: 'ada', atLeastFrames: 450, realTime: 1 },
    { participant: 'dan', publisher: 'ada', atLeastFrames: 280, realTime: 'skip' },
    { participant: 'eve', publisher: 'ada', atLeastFrames: 100, realTime: 6 },
    {
      expectation: 'who wants only ada gets only her',
      holds: (run) => run.participant('ben').shown.every(({ publisher }) => publisher === 'ada'),
    },
    { check: 'noCorruption' },
    { check: 'inOrder' },
    { check: 'noErrors' },
    { check: 'everyFrameClosed' },
  ],
};
