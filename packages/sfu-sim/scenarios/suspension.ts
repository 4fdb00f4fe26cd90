// A downlink on which hardly anything gets through: video is suspended, audio goes on, and both are back with the link.

import type { Scenario } from '@sluice/sfu-sim/bench';

const STRANGLED = 10_000;
const FREED = 30_000;

export const scenario: Scenario = {
  name: 'suspension',
  description: 'Bob has 2 Mbit/s, 9 kbit/s from 10 to 30 s, then 2 Mbit/s again.',
  seed: 7,
  duration: 50_000,
  participants: {
    ada: { publish: ['microphone', 'camera'] },
    bob: {
      downlink: {
        rate: [
          [0, 2e6],
          [STRANGLED, 9000],
          [FREED, 2e6],
        ],
        delay: 30,
      },
    },
  },
  expect: [
    {
      expectation: 'video is suspended once, within 4 s, and is back within 8 s of the link',
      holds: (run) => {
        const suspensions = run.participant('bob').suspensions;
        const [first] = suspensions;
        const once = suspensions.length === 1 && first !== undefined;
        if (once && first.from < STRANGLED + 4000 && first.to > FREED && first.to < FREED + 8000) return true;
        return `there are ${JSON.stringify(suspensions)}`;
      },
      realTime: 'skip',
    },
    { participant: 'bob', layer: 'f', at: 49_000, realTime: 'skip' },
    { check: 'noCorruption' },
    { check: 'inOrder' },
    { check: 'noErrors' },
    { check: 'everyFrameClosed' },
  ],
};
