// RFC 8867 §5.8: media pause and resume. Where its prose and its table differ, this is the table: the second flow pauses.

import type { Scenario } from '@sluice/sfu-sim/bench';
import { intact } from '../parts/intact.ts';
import { MAX_RATE, mediaFlow, viewerOf } from '../parts/media-flow.ts';

export const scenario: Scenario = {
  name: 'rfc8867/5.8',
  description: 'Three flows through 3.5 Mbit/s; the second one pauses from 40 to 60 s.',
  seed: 1,
  duration: 120_000,
  bottlenecks: { path: { rate: 3.5e6 } },
  participants: {
    'flow-1': mediaFlow({ via: 'path' }),
    'flow-2': mediaFlow({ via: 'path' }),
    'flow-3': mediaFlow({ via: 'path' }),
    viewer: viewerOf('flow-2'),
  },
  faults: [{ type: 'mute', at: 40_000, duration: 20_000, participant: 'flow-2' }],
  measure: {
    flows: ['flow-1/uplink', 'flow-2/uplink', 'flow-3/uplink'],
    from: 10_000,
    fairFrom: 80_000,
    maxRate: MAX_RATE,
  },
  expect: [
    { figure: 'jain', atLeast: 0.93, realTime: 'skip' },
    { figure: 'utilisation', atLeast: 0.85, realTime: 'skip' },
    { figure: 'queueDelayP95Ms', atMost: 100, realTime: 'skip' },
    { figure: 'lossRatio', atMost: 0.02, realTime: 'skip' },
    { flow: 'flow-2/uplink', figure: 'throughput', from: 41_000, to: 60_000, below: 100_000, realTime: 'skip' },
    // While it pauses the others take its share, as far as they can; ten seconds after, it has it again.
    { bottleneck: 'path', figure: 'utilisation', from: 50_000, to: 60_000, atLeast: 0.88, realTime: 'skip' },
    { flow: 'flow-2/uplink', figure: 'throughput', from: 70_000, to: 80_000, atLeast: 700_000, realTime: 'skip' },
    ...intact,
  ],
};
