// Same seed, same trace, byte for byte; whatever else goes on.

import { type Scenario, simulate } from '@sluice/sfu-sim/bench';
import { expect, test } from 'vitest';
import { scenario as mixedRoom } from '../../scenarios/mixed-room.ts';
import { scenario as tabHidden } from '../../scenarios/tab-hidden.ts';

/** Every fault there is, in one call. */
const troubled: Scenario = {
  seed: 3,
  duration: 12_000,
  participants: {
    ada: { publish: ['camera', 'microphone'], uplink: { delay: 10, jitter: 'rfc8868', loss: 0.02 } },
    bob: { downlink: { rate: 3e6, delay: 20, loss: 0.02 } },
  },
  faults: [
    { type: 'clock', at: 500, participant: 'ada', skew: 5000, drift: 300 },
    { type: 'link-down', at: 1500, duration: 300, participant: 'bob' },
    { type: 'decoder-error', at: 2500, participant: 'bob' },
    { type: 'encoder-stall', at: 3000, duration: 500, participant: 'ada' },
    { type: 'tab-hidden', at: 4000, duration: 1500, participant: 'bob' },
    { type: 'link-change', at: 5500, participant: 'bob', direction: 'downlink', options: { rate: 1e6 } },
    { type: 'publisher-crash', at: 6000, participant: 'ada', rejoinAfter: 1000 },
    { type: 'sfu-restart', at: 8500 },
  ],
};

test.each([
  ['a room with cross traffic', { ...mixedRoom, duration: 14_000, participants: { ...mixedRoom.participants } }],
  ['timers of a hidden page', { ...tabHidden, duration: 9000 }],
  ['every fault there is', troubled],
] as const)('%s: twice the same trace, and another one with another seed', async (_, scenario) => {
  const { expect: __, ...plan } = withoutLateFaults(scenario);
  const first = await simulate(plan);
  const second = await simulate(plan);
  const other = await simulate(plan, { seed: 99 });
  expect(first.trace.length).toBeGreaterThan(1000);
  expect(first.traceSha256).toMatch(/^[0-9a-f]{64}$/);
  expect(second.traceSha256).toBe(first.traceSha256);
  expect(other.seed).toBe(99);
  expect(other.traceSha256).not.toBe(first.traceSha256);
});

test('two runs at the same time do not disturb each other', async () => {
  const alone = await simulate(troubled);
  const together = await Promise.all([simulate(troubled), simulate({ ...troubled, seed: 4 })]);
  expect(together[0]?.traceSha256).toBe(alone.traceSha256);
});

test('who looks on changes nothing: progress, and what is expected', async () => {
  const told: number[] = [];
  const plain = await simulate(troubled);
  const watched = await simulate(
    { ...troubled, expect: [{ check: 'noCorruption' }] },
    { onProgress: (now) => told.push(now), capture: true },
  );
  expect(watched.traceSha256).toBe(plain.traceSha256);
  expect(told).toEqual(Array.from({ length: 12 }, (_, i) => (i + 1) * 1000));
});

/** The scenario as far as its own end. */
function withoutLateFaults(scenario: Scenario): Scenario {
  const within = Object.entries(scenario.participants).map(([name, { leaveAt, ...plan }]) => [
    name,
    leaveAt === undefined || leaveAt > scenario.duration ? plan : { ...plan, leaveAt },
  ]);
  return { ...scenario, participants: Object.fromEntries(within) };
}
