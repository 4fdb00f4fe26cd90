import { describe, expect, it } from 'vitest';
import type { PacketResult, ProbeRequest } from '../../src/congestion/controller.ts';
import { ProbeRate } from '../../src/congestion/probe-rate.ts';
import { PROBING_DEFAULTS, ProbeController } from '../../src/congestion/probing.ts';

const START = 300_000;
const MAX = 30_000_000;

function started(max = MAX, desired?: number): ProbeController {
  const controller = new ProbeController(START, max);
  controller.setDesiredBitrate(desired, 0);
  controller.process(0);
  return controller;
}

/** One whose first probes are over without result. */
function settled(desired?: number): ProbeController {
  const controller = started(MAX, desired);
  controller.takeRequests();
  controller.process(1_100);
  return controller;
}

function bitrates(controller: ProbeController): number[] {
  return controller.takeRequests().map(({ targetBitrate }) => targetBitrate);
}

describe('when to probe', () => {
  it('starts with three times the start bitrate, for 100 ms', () => {
    const requests = started().takeRequests();
    expect(requests).toMatchObject([
      { targetBitrate: 900_000, duration: 100, minPackets: 5, minBytes: 11_250, burstInterval: 20 },
    ]);
  });

  it('starts with several probes where it is told to, each with a name of its own', () => {
    const controller = new ProbeController(START, MAX, { ...PROBING_DEFAULTS, initialScales: [3, 6] });
    controller.process(0);
    const requests = controller.takeRequests();
    expect(requests.map(({ targetBitrate }) => targetBitrate)).toEqual([900_000, 1_800_000]);
    expect(new Set(requests.map(({ id }) => id)).size).toBe(2);
  });

  it('goes on at twice the result when that exceeds 0.7 of the last probe', () => {
    const controller = started();
    controller.takeRequests();
    controller.setEstimate(620_000, 'free', 300);
    expect(bitrates(controller)).toEqual([]);
    controller.setEstimate(640_000, 'free', 400);
    expect(bitrates(controller)).toEqual([1_280_000]);
  });

  it('waits a second for the result, no longer', () => {
    const controller = settled();
    controller.setEstimate(1_700_000, 'free', 1_200);
    expect(bitrates(controller)).toEqual([]);
  });

  it('never goes beyond the maximum, nor beyond twice what the application wants', () => {
    expect(bitrates(started(800_000))).toEqual([800_000]);
    expect(bitrates(started(MAX, 400_000))).toEqual([800_000]);
  });

  it('is silent when the application has what it wants', () => {
    const controller = started(MAX, 200_000);
    for (let now = 25; now < 30_000; now += 25) controller.process(now);
    expect(bitrates(controller)).toEqual([]);
  });

  it('probes twice the estimate every 5 s while the application is the limit', () => {
    const controller = settled();
    controller.setApplicationLimited(2_000, 2_000);
    const times: number[] = [];
    for (let now = 2_000; now < 18_000; now += 25) {
      controller.process(now);
      if (bitrates(controller).includes(2 * START)) times.push(now);
    }
    expect(times).toEqual([7_000, 12_000, 17_000]);
  });

  it('probes on stagnation when nothing has decreased for 3 s', () => {
    const controller = settled();
    controller.setEstimate(250_000, 'free', 3_000);
    controller.process(5_975);
    expect(bitrates(controller)).toEqual([]);
    controller.process(6_000);
    expect(bitrates(controller)).toEqual([375_000]);
  });

  it('probes what the path carried before an outage as soon as it is back', () => {
    const controller = settled();
    controller.onReturned(1_000_000, 2_000);
    expect(bitrates(controller)).toEqual([1_000_000]);
    controller.onReturned(START, 3_000);
    expect(bitrates(controller)).toEqual([]);
  });

  it('probes at once when the application wants more and is the limit', () => {
    const controller = settled();
    controller.setApplicationLimited(2_000, 2_000);
    controller.setDesiredBitrate(400_000, 2_500);
    expect(bitrates(controller)).toEqual([400_000, 600_000]);
  });

  it('asks again for 0.85 of what it had when the queue drains soon after a large drop', () => {
    const controller = settled();
    controller.setEstimate(1_000_000, 'free', 2_000);
    controller.setApplicationLimited(2_000, 2_000);
    controller.setEstimate(400_000, 'free', 4_000);
    controller.onRecovered(5_000);
    expect(bitrates(controller)).toEqual([850_000]);
    controller.onRecovered(6_000);
    expect(bitrates(controller)).toEqual([]);
  });

  it('does not probe under overuse, and only a little beyond the estimate under loss', () => {
    const controller = settled();
    controller.setEstimate(START, 'blocked', 2_000);
    controller.process(7_000);
    expect(bitrates(controller)).toEqual([]);
    controller.setEstimate(START, 'capped', 7_100);
    controller.process(7_100);
    expect(bitrates(controller)).toEqual([1.5 * START]);
  });
});

const REQUEST: ProbeRequest = {
  id: 1,
  targetBitrate: 1_000_000,
  duration: 15,
  minPackets: 5,
  minBytes: 5_000,
  burstInterval: 2,
  reason: 'start',
};

/** Packets of 1000 byte sent every 8 ms (1 Mbit/s) that arrive `spacing` ms apart; the last result. */
function measure(count: number, spacing: number, change: Partial<PacketResult> = {}): number | undefined {
  const estimator = new ProbeRate();
  estimator.expect(REQUEST, 0);
  let result: number | undefined;
  for (let i = 0; i < count; i++) {
    const packet = {
      sequence: i,
      size: 1_000,
      sentAt: i * 8,
      receivedAt: 500 + i * spacing,
      probeCluster: 1,
      ...change,
    };
    result = estimator.onPacket(packet)?.bitrate ?? result;
  }
  return result;
}

describe('what a probe found', () => {
  it('is the rate of sending when the link took it', () => {
    expect(measure(6, 8)).toBeCloseTo(1_000_000, 6);
    expect(measure(6, 7)).toBeCloseTo(1_000_000, 6);
  });

  it('is 0.95 of the rate of receiving when the link was saturated', () => {
    expect(measure(6, 16)).toBeCloseTo(0.95 * 500_000, 6);
  });

  it('needs four fifths of the packets', () => {
    expect(measure(3, 8)).toBeUndefined();
    expect(measure(4, 8)).toBeCloseTo(1_000_000, 6);
  });

  it('needs four fifths of the bytes', () => {
    expect(measure(6, 8, { size: 500 })).toBeUndefined();
  });

  it('is not believed when arrivals were bunched to more than twice the rate, or took more than a second', () => {
    expect(measure(6, 3)).toBeUndefined();
    expect(measure(6, 400)).toBeUndefined();
    expect(measure(6, 0)).toBeUndefined();
  });

  it('comes only from packets of a known probe', () => {
    expect(measure(6, 8, { probeCluster: 2 })).toBeUndefined();
    expect(measure(6, 8, { probeCluster: undefined })).toBeUndefined();
  });
});
