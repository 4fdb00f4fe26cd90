// Expectations that do not hold, and in which words that is said.

import { type Expectation, type Run, type Scenario, simulate } from '@sluice/sfu-sim/bench';
import { beforeAll, describe, expect, test } from 'vitest';
import { judge } from '../../src/bench/scenario/judge.ts';

const plan: Scenario = {
  name: 'short',
  seed: 7,
  duration: 6000,
  participants: {
    ada: { publish: ['microphone', 'camera'] },
    bob: { downlink: { rate: 5e6, delay: 20 } },
    viewer: { count: 2, joinAt: 2000, downlink: { rate: 5e6, delay: 20 } },
  },
};

let run: Run;
beforeAll(async () => {
  run = await simulate(plan);
});

const judged = (expectation: Expectation, changes: Partial<Run> = {}) =>
  judge({
    ...run,
    figures: run.figures,
    congestion: run.congestion,
    ...changes,
    scenario: { ...plan, expect: [expectation] },
  } as unknown as Run);

describe('what holds is passed over', () => {
  test.each<Expectation>([
    { figure: 'keyframesRequested', atMost: 5 },
    { participant: 'bob', figure: 'timeToFirstFrameMs', above: 0, below: 500 },
    { participant: 'viewer', figure: 'framesShown', atLeast: 100 },
    { participant: 'bob', figure: 'throughput', above: 1e6 },
    { participant: 'ada', figure: 'throughput', link: 'uplink', above: 1e6 },
    { participant: 'viewer-2', atLeastFrames: 100, publisher: 'ada' },
    { participant: 'bob', layer: 'f', at: 5900 },
    { participant: 'bob', figure: 'concealedMs', equals: 0 },
    { flow: 'bob/downlink', figure: 'throughput', from: 2000, to: 5000, above: 5e5 },
    { bottleneck: 'bob/downlink', figure: 'utilisation', above: 0.1, below: 1.01 },
    { figure: 'queueDelayP95Ms', below: 300 },
    { check: 'noCorruption' },
    { check: 'everyFrameClosed' },
    { expectation: 'two viewers', holds: ({ participants }) => participants.length === 4 },
  ])('%j', (expectation) => {
    expect(judged(expectation)).toEqual([]);
  });
});

describe('what does not hold is told with the participant, the value and the bound', () => {
  test.each<[Expectation, RegExp]>([
    [{ figure: 'freezeMs', above: 1e6 }, /^freezeMs is [\d.]+: it must be above 1000000$/],
    [{ figure: 'convergeUpMs', below: 1 }, /^convergeUpMs: never came about$/],
    [
      { flow: 'bob/downlink', figure: 'throughput', from: 2000, to: 5000, below: 1 },
      /^throughput of bob\/downlink from 2000 ms to 5000 ms is [\d.]+: it must be below 1$/,
    ],
    [
      { bottleneck: 'bob/downlink', figure: 'utilisation', from: 3000, above: 2 },
      /^utilisation of bob\/downlink from 3000 ms is [\d.]+: it must be above 2$/,
    ],
    [{ flow: 'eve/uplink', figure: 'throughput', above: 0 }, /^throughput of eve\/uplink: never came about$/],
    [{ participant: 'bob', figure: 'framesShown', equals: 3 }, /^framesShown of bob from ada is \d+: it must be 3$/],
    [{ participant: 'bob', figure: 'framesShown', below: 3 }, /it must be below 3$/],
    [{ participant: 'bob', figure: 'framesShown', atMost: 3 }, /it must be at most 3$/],
    [{ participant: 'bob', figure: 'framesShown', atLeast: 3e6 }, /it must be at least 3000000$/],
    [{ participant: 'ada', figure: 'framesShown', above: 0 }, /^framesShown of ada: it never got any video$/],
    [{ participant: 'bob', figure: 'packetsDropped', above: 1e6 }, /^packetsDropped of bob\/downlink is 0/],
    [
      { participant: 'bob', atLeastFrames: 200, from: 5000 },
      /^bob was shown \d+ pictures from 5000 to 6000 ms: at least 200$/,
    ],
    [{ participant: 'bob', layer: 'q', at: 5900 }, /^bob got layer f of ada at 5900 ms: it must be q$/],
    [{ participant: 'viewer-1', layer: 'f', at: 1000 }, /^viewer-1 got no video at 1000 ms/],
    [{ expectation: 'the moon is full', holds: () => false }, /^not so: the moon is full$/],
    [{ expectation: 'the moon', holds: () => 'it is new' }, /^the moon: it is new$/],
  ])('%j', (expectation, failure) => {
    expect(judged(expectation)).toEqual([expect.stringMatching(failure)]);
  });

  test('pictures that are damaged, repeated or out of order', () => {
    const bob = run.participant('bob');
    const [first, second] = bob.shown;
    if (first === undefined || second === undefined) throw new Error('Nothing was shown.');
    const changed = { participants: [{ ...bob, shown: [second, { ...first, corrupt: true }, second] }] };
    expect(judged({ check: 'noCorruption' }, changed)).toEqual([
      expect.stringMatching(/^bob was shown 1 pictures damaged/),
    ]);
    expect(judged({ check: 'inOrder' }, changed)).toEqual([
      expect.stringMatching(/^bob was shown 2 pictures repeated/),
    ]);
  });

  test('frames left open, and errors', () => {
    const leaks = { open: 1, closedTwice: 0, usedAfterClose: 0 };
    expect(judged({ check: 'everyFrameClosed' }, { leaks })).toEqual([expect.stringMatching(/^frames: 1 left open/)]);
    const bob = { ...run.participant('bob'), errors: [{ at: 5, message: 'MediaError: no' }] };
    expect(judged({ check: 'noErrors' }, { participants: [bob] })).toEqual(['bob at 5 ms: MediaError: no']);
  });

  test('each of a group, and no more than a few of many', () => {
    expect(judged({ participant: 'viewer', atLeastFrames: 1e6 })).toHaveLength(2);
    const errors = Array.from({ length: 20 }, (_, at) => ({ at, message: 'x' }));
    const failures = judged({ check: 'noErrors' }, { participants: [{ ...run.participant('bob'), errors }] });
    expect(failures).toHaveLength(6);
    expect(failures.at(-1)).toBe('… and the same of 15 others');
  });
});

test('in real time the limits for real time count, and what is skipped is not looked at', () => {
  const realTime = { realTime: true };
  const figure = { participant: 'bob', figure: 'framesShown', atLeast: 1e6 } as const;
  expect(judged({ ...figure, realTime: { atLeast: 10 } }, realTime)).toEqual([]);
  expect(judged({ ...figure, realTime: { atLeast: 2e6 } }, realTime)).toEqual([expect.stringMatching(/2000000$/)]);
  expect(judged({ ...figure, realTime: 'skip' }, realTime)).toEqual([]);
  expect(judged({ ...figure, realTime: { atLeast: 10 } })).toEqual([expect.stringMatching(/1000000$/)]);
  expect(judged({ participant: 'bob', atLeastFrames: 1e6, realTime: 10 }, realTime)).toEqual([]);
  expect(judged({ participant: 'bob', layer: 'q', at: 5900, realTime: 'skip' }, realTime)).toEqual([]);
  const flow = { flow: 'bob/downlink', figure: 'throughput', below: 1 } as const;
  expect(judged({ ...flow, realTime: 'skip' }, realTime)).toEqual([]);
  expect(judged({ ...flow, realTime: { above: 0 } }, realTime)).toEqual([]);
});
