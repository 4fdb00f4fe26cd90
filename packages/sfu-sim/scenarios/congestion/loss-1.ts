// A little loss that has nothing to do with congestion, beside the same link without.

import type { Scenario } from '@sluice/sfu-sim/bench';
import { hungryFlow } from '../parts/hungry-flow.ts';
import { intact } from '../parts/intact.ts';
import { viewerOf } from '../parts/media-flow.ts';

export const scenario: Scenario = {
  name: 'congestion/loss-1',
  description: 'Two links of 2 Mbit/s, one with 1 % random loss: it costs less than 5 % of what the other one carries.',
  seed: 1,
  duration: 60_000,
  participants: {
    lossy: hungryFlow({ rate: 2e6, loss: 0.01 }),
    lossless: hungryFlow({ rate: 2e6 }),
    viewer: viewerOf('lossy'),
  },
  measure: { flows: ['lossy/uplink', 'lossless/uplink'], from: 10_000 },
  expect: [
    {
      expectation: '1 % loss costs less than 5 %',
      holds: ({ congestion }) => {
        const [lossy, lossless] = ['lossy/uplink', 'lossless/uplink'].map(
          (flow) => congestion.flow(flow)?.throughput ?? 0,
        );
        const kept = (lossy ?? 0) / (lossless ?? 0);
        return kept > 0.95 || `${(kept * 100).toFixed(1)} % is left`;
      },
      realTime: 'skip',
    },
    { figure: 'utilisation', atLeast: 0.6, realTime: 'skip' },
    { figure: 'queueDelayP95Ms', atMost: 150, realTime: 'skip' },
    ...intact,
  ],
};
