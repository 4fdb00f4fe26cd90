// What a run tells, and that each fault does what it says.

import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Fault, type Run, type Scenario, simulate, type TcpCrossTraffic } from '@sluice/sfu-sim/bench';
import { expect, test } from 'vitest';

const call: Scenario = {
  name: 'call',
  seed: 7,
  duration: 10_000,
  participants: {
    ada: { publish: ['microphone', 'camera'], uplink: { delay: 20 }, downlink: { delay: 20 } },
    bob: { uplink: { delay: 20 }, downlink: { rate: 5e6, delay: 20 } },
  },
};

const withFault = (fault: Fault) => simulate({ ...call, faults: [fault] });
const between = (shown: readonly { at: number }[], from: number, to: number) =>
  shown.filter(({ at }) => at >= from && at < to).length;

test('a run has what everybody saw and heard, the rooms, the trace and the figures', async () => {
  const run = await simulate(call);
  const bob = run.participant('bob');
  expect(run).toMatchObject({ seed: 7, realTime: false, duration: 10_000, passed: true, failures: [] });
  expect(bob.shown.length).toBeGreaterThan(280);
  expect(bob.shown.at(-1)).toMatchObject({ publisher: 'ada', source: 'camera', width: 1280, corrupt: false });
  expect(bob.heard.length).toBeGreaterThan(480);
  expect(bob.rooms).toHaveLength(1);
  expect(bob.subscriptions.map(({ kind }) => kind)).toEqual(['audio', 'video']);
  expect(run.trace.length).toBeGreaterThan(1000);
  expect(run.trace.every(({ at }) => at <= 10_000)).toBe(true);
  expect(run.figures.summary['timeToFirstFrameMs']).toBeGreaterThan(0);
  expect(run.leaks).toEqual({ open: 0, closedTwice: 0, usedAfterClose: 0 });
  expect(() => run.participant('eve')).toThrow(/No participant "eve" takes part: there is ada, bob/);
});

test('without a trace nothing is recorded, and the call is the same', async () => {
  const [traced, plain] = [await simulate(call), await simulate(call, { trace: false })];
  expect(plain.trace).toEqual([]);
  expect(plain.participant('bob').shown).toEqual(traced.participant('bob').shown);
});

test('a report is written into a folder', async () => {
  const folder = join(mkdtempSync(join(tmpdir(), 'sluice-')), 'made', 'here');
  try {
    const run = await simulate({ ...call, duration: 1500 }, { capture: true });
    await run.report(folder);
    expect(readFileSync(join(folder, 'events.jsonl'), 'utf8').split('\n')).toHaveLength(run.trace.length + 1);
    for (const name of ['report.html', 'capture.pcapng']) expect(existsSync(join(folder, name)), name).toBe(true);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('who leaves is gone, who comes later comes later, and a group is as many as it says', async () => {
  const run = await simulate({
    ...call,
    participants: {
      ada: { publish: ['camera'], leaveAt: 6000 },
      bob: {},
      viewer: { count: 3, joinAt: 2000, joinEvery: 500 },
    },
  });
  expect(between(run.participant('bob').shown, 6200, 10_000)).toBe(0);
  const first = ['viewer-1', 'viewer-2', 'viewer-3'].map((name) => run.participant(name).shown[0]?.at ?? 0);
  first.forEach((at, i) => {
    expect(at).toBeGreaterThan(2000 + 500 * i);
    expect(at).toBeLessThan(2500 + 500 * i);
  });
});

test('who subscribes to some gets them and nobody else; who subscribes to nothing, nothing', async () => {
  const run = await simulate({
    duration: 4000,
    participants: {
      ada: { publish: ['camera'] },
      ben: { publish: ['camera'], joinAt: 1000 },
      early: { subscribe: ['ben'] },
      late: { subscribe: ['ada'], joinAt: 2000 },
      deaf: { subscribe: false },
    },
  });
  const publishers = (name: string) => [...new Set(run.participant(name).shown.map(({ publisher }) => publisher))];
  expect(publishers('early')).toEqual(['ben']);
  expect(publishers('late')).toEqual(['ada']);
  expect(publishers('deaf')).toEqual([]);
  expect(run.participants.flatMap(({ errors }) => errors)).toEqual([]);
});

test('timelines count from the beginning of the scenario, whenever somebody joins', async () => {
  const run = await simulate({
    ...call,
    participants: {
      ada: { publish: ['camera'] },
      bob: {
        joinAt: 4000,
        downlink: {
          rate: [
            [0, 1e6],
            [7000, 2e6],
          ],
          down: [[8000, 9000]],
        },
      },
    },
  });
  const changes = run.trace.filter(({ type, link }) => type === 'link-changed' && link === 'bob/downlink');
  expect(changes.map(({ at, rate }) => [Math.round(at), rate])).toEqual(
    expect.arrayContaining([
      [4000, 1e6],
      [7000, 2e6],
    ]),
  );
  expect(between(run.participant('bob').shown, 8100, 9000)).toBe(0);
  expect(between(run.participant('bob').shown, 5000, 8000)).toBeGreaterThan(60);
});

test('link-down: nothing passes for as long as it lasts', async () => {
  const { shown } = (await withFault({ type: 'link-down', at: 4000, duration: 2000, participant: 'bob' })).participant(
    'bob',
  );
  expect(between(shown, 4100, 6000)).toBe(0);
  expect(between(shown, 9000, 10_000)).toBeGreaterThan(20);
});

test('link-change: the link is another one', async () => {
  const run = await withFault({
    type: 'link-change',
    at: 4000,
    participant: 'bob',
    direction: 'downlink',
    options: { delay: 500 },
  });
  const { shown } = run.participant('bob');
  expect(Math.min(...shown.filter(({ at }) => at > 5000).map(({ delay = 0 }) => delay))).toBeGreaterThan(500);
});

test('sfu-restart: rooms hear of it, come back, and see and hear again', async () => {
  const run = await withFault({ type: 'sfu-restart', at: 4000, downtime: 1000 });
  for (const { disconnections } of run.participants)
    expect(disconnections.map(({ reason }) => reason)).toEqual(['sfu-restart']);
  const { shown, heard, errors } = run.participant('bob');
  expect(between(shown, 4200, 5000)).toBe(0);
  expect(between(shown, 6000, 10_000)).toBeGreaterThan(100);
  expect(heard.filter((at) => at > 6000).length).toBeGreaterThan(180);
  expect(errors).toEqual([]);
});

test('publisher-crash: the SFU is not told, and sends on as if nothing had happened', async () => {
  const run = await withFault({ type: 'publisher-crash', at: 4000, participant: 'ada' });
  const { shown } = run.participant('bob');
  expect(between(shown, 4200, 10_000)).toBe(0);
  expect(run.trace.some(({ type, participant }) => type === 'participant-left' && participant === 'ada')).toBe(false);
});

test('tab-hidden: the page looks at its timers once a second', async () => {
  const run = await withFault({ type: 'tab-hidden', at: 3000, duration: 5000, participant: 'bob' });
  const feedback = run.trace.filter(
    ({ type, link, sequence, at }) =>
      type === 'packet-sent' && link === 'bob/uplink' && sequence === undefined && at > 3100 && at < 7900,
  );
  expect(feedback.length).toBeGreaterThan(0);
  expect(new Set(feedback.map(({ at }) => Math.round(at) % 1000))).toEqual(new Set([0]));
});

test('encoder-stall: no frame is encoded, and audio goes on', async () => {
  const run = await withFault({ type: 'encoder-stall', at: 4000, duration: 1500, participant: 'ada' });
  const encoded = run.trace.filter(({ type, at }) => type === 'frame-encoded' && at > 4100 && at < 5500);
  expect(encoded).toEqual([]);
  expect(run.participant('bob').heard.filter((at) => at > 4100 && at < 5500).length).toBeGreaterThan(60);
  expect(between(run.participant('bob').shown, 6000, 10_000)).toBeGreaterThan(110);
  expect(run.leaks).toEqual({ open: 0, closedTwice: 0, usedAfterClose: 0 });
});

test('decoder-error: the app is told, and the picture comes back', async () => {
  const { shown, errors } = (await withFault({ type: 'decoder-error', at: 4000, participant: 'bob' })).participant(
    'bob',
  );
  expect(errors).toEqual([{ at: 4000, message: expect.stringContaining('MediaError') }]);
  expect(between(shown, 5000, 10_000)).toBeGreaterThan(140);
});

test('clock: frames come as fast as the clock goes, and delays are those of one time', async () => {
  const run = await withFault({ type: 'clock', at: 0, participant: 'ada', skew: 1e6, drift: 50_000 });
  const { shown } = run.participant('bob');
  // A camera at 30 Hz of a clock that is 5 % fast.
  expect(between(shown, 1000, 9000)).toBeGreaterThan(245);
  const delays = shown.map(({ delay = Number.NaN }) => delay);
  expect(Math.min(...delays)).toBeGreaterThan(40);
  expect(Math.max(...delays)).toBeLessThan(1000);
  expect(run.figures.summary['frameDelayP50Ms']).toBeGreaterThan(40);
  expect(run.figures.summary['frameDelayP99Ms']).toBeLessThan(1000);
});

test('mute: nothing of it is sent for as long as it lasts, and of the rest all', async () => {
  const run = await withFault({ type: 'mute', at: 4000, duration: 2000, participant: 'ada', source: 'camera' });
  const { shown, heard } = run.participant('bob');
  expect(between(shown, 4300, 6000)).toBe(0);
  expect(between(shown, 6300, 10_000)).toBeGreaterThan(100);
  expect(heard.filter((at) => at > 4300 && at < 6000).length).toBeGreaterThan(80);
  const all = await withFault({ type: 'mute', at: 4000, duration: 2000, participant: 'ada' });
  expect(all.participant('bob').heard.filter((at) => at > 4300 && at < 6000)).toEqual([]);
});

test('tcp traffic: so many flows, of downloads that begin at once or after a pause', async () => {
  const waits = async (traffic: Partial<TcpCrossTraffic>) => {
    const run = await simulate({
      ...call,
      bottlenecks: { path: { rate: 4e6 } },
      participants: { ada: { publish: ['microphone'], uplink: { via: 'path' } } },
      crossTraffic: [{ type: 'tcp', via: 'path', ...traffic }],
      measure: { flows: ['ada/uplink'] },
    });
    return (to: number) => run.congestion.flow('ada/uplink', { from: 0, to })?.queueDelayMaxMs ?? 0;
  };
  const size = [30_000, 50_000] as const;
  const [one, six] = [await waits({ downloads: { size } }), await waits({ downloads: { size }, count: 6 })];
  expect(one(1500)).toBeGreaterThan(0);
  expect(six(1500)).toBeGreaterThan(2 * one(1500));
  const idle = await waits({ downloads: { size, idle: 1e6, idleFirst: true }, count: 3 });
  expect(idle(10_000)).toBeLessThan(0.001);
});

test('the congestion control of a scenario, or of its options, is that of the client and the SFU', async () => {
  const narrow: Scenario = {
    ...call,
    participants: {
      ada: { publish: ['camera'], uplink: { rate: 1e6, delay: 20 } },
      bob: { downlink: { rate: 1e6, delay: 20 } },
    },
  };
  const estimates = ({ trace }: Run, way: string) =>
    trace
      .filter(({ type, direction }) => type === 'estimate' && direction === way)
      .map(({ at, target }) => [at, target]);
  const gcc = await simulate(narrow);
  const nada = await simulate({ ...narrow, congestionControl: 'nada' });
  for (const way of ['uplink', 'downlink']) {
    expect(estimates(nada, way).length, way).toBeGreaterThan(0);
    expect(estimates(nada, way), way).not.toEqual(estimates(gcc, way));
  }
  expect((await simulate(narrow, { congestionControl: 'nada' })).traceSha256).toBe(nada.traceSha256);
});

test('the congestion options of a participant are those of its uplink', async () => {
  const run = await simulate({
    ...call,
    participants: {
      ada: { ...call.participants['ada'], congestion: { startBitrate: 300_000, maxBitrate: 400_000 } },
      bob: {},
    },
    measure: { flows: ['ada/uplink'], from: 3000 },
  });
  expect(run.congestion.flow('ada/uplink')?.throughput).toBeLessThan(500_000);
  expect(run.congestion.flow('ada/uplink')?.estimate).toBeLessThanOrEqual(400_000);
});
