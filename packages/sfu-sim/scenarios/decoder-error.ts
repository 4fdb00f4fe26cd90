// A viewer's decoder gives up: it is replaced, and goes on at a key frame that is asked for.

import type { Scenario } from '@sluice/sfu-sim/bench';

export const scenario: Scenario = {
  name: 'decoder-error',
  description: "Bob's decoders fail after six seconds; key frames come on request only.",
  seed: 7,
  duration: 12_000,
  participants: {
    ada: {
      publish: ['microphone', { source: 'camera', keyframeInterval: 60_000 }],
      uplink: { delay: 20 },
      downlink: { delay: 20 },
    },
    bob: { uplink: { delay: 20 }, downlink: { delay: 20 } },
  },
  faults: [{ type: 'decoder-error', at: 6000, participant: 'bob' }],
  expect: [
    {
      expectation: 'the app is told once',
      holds: (run) =>
        run
          .participant('bob')
          .errors.map(({ message }) => message.split(':')[0])
          .join() === 'MediaError',
    },
    { participant: 'bob', atLeastFrames: 150, from: 6500, realTime: 8 },
    { participant: 'bob', figure: 'freezeMs', below: 700, realTime: { below: 6000 } },
    { check: 'noCorruption' },
    { check: 'inOrder' },
    { check: 'noErrors', participant: 'ada' },
    { check: 'everyFrameClosed' },
  ],
};
