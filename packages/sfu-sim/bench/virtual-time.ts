// How fast virtual time goes: an hour of a call between two, and a room of fifty who watch.

import { type RunOptions, type Scenario, simulate } from '@sluice/sfu-sim/bench';
import { type Figure, reportBenchmark } from '../../../scripts/bench/report.ts';

const HOUR = 3_600_000;

/** How much of the hour is simulated: what follows is like what came before, and the rest is scaled. */
const CALL = 600_000;

const ROOM = 30_000;

const call: Scenario = {
  name: 'call',
  seed: 7,
  duration: CALL,
  participants: {
    ada: { publish: ['microphone', 'camera'], uplink: { rate: 6e6, delay: 20 }, downlink: { rate: 6e6, delay: 20 } },
    bob: {
      publish: ['microphone', 'camera'],
      uplink: { rate: 6e6, delay: 30, loss: 0.005 },
      downlink: { rate: 6e6, delay: 30, loss: 0.005 },
    },
  },
};

const room: Scenario = {
  name: 'room',
  seed: 7,
  duration: ROOM,
  participants: {
    ada: { publish: ['microphone', 'camera'], uplink: { delay: 20 }, downlink: { delay: 20 } },
    viewer: { count: 50, joinEvery: 20, uplink: { delay: 20 }, downlink: { rate: 8e6, delay: 20 } },
  },
};

await reportBenchmark('virtual-time', figures());

async function* figures(): AsyncGenerator<Figure> {
  const minutes = CALL / 60_000;
  const scaled = HOUR / CALL;
  const hour = (await secondsOf(call, { trace: false })) * scaled;
  yield { name: `an hour of 1-to-1, both ways (${minutes} min, scaled)`, value: hour, unit: 's' };
  const recorded = (await secondsOf(call, { trace: true })) * scaled;
  yield { name: 'the same, every event recorded', value: recorded, unit: 's' };
  const watched = await secondsOf(room, { trace: false });
  yield { name: `50 subscribers, ${ROOM / 1000} s`, value: watched, unit: 's' };
  yield { name: '50 subscribers, of real time', value: ROOM / 1000 / watched, unit: 'times as fast' };
}

/** Seconds of real time that a scenario takes, and whether its call took place. */
async function secondsOf(scenario: Scenario, options: RunOptions): Promise<number> {
  const started = performance.now();
  const run = await simulate(scenario, options);
  const seconds = (performance.now() - started) / 1000;
  for (const { name, shown } of run.participants) {
    const expected = name === 'ada' && scenario === room ? 0 : (scenario.duration / 1000) * 25;
    if (shown.length < expected) throw new Error(`${name} was shown ${shown.length} pictures: there was no call.`);
  }
  return seconds;
}
