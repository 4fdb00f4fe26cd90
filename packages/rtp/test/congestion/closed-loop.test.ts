// The controller, the pacer and the history around a simulated bottleneck: 25 ms one way, 300 ms drop-tail queue.

import { describe, expect, it } from 'vitest';
import type { CongestionDecision } from '../../src/congestion/decision.ts';
import { Loop } from './bottleneck.ts';

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
const percentile = (values: readonly number[], p: number) =>
  values.toSorted((a, b) => a - b)[Math.floor(p * (values.length - 1))] ?? Number.NaN;
const kbps = (bitrate: number) => `${Math.round(bitrate / 1_000)}k`;

describe('the loop', () => {
  it.each([50, 100])('settles at the capacity of a 500 kbit/s link with feedback every %d ms', (feedbackInterval) => {
    const loop = new Loop({ capacity: [[0, 500_000]], feedbackInterval }).runUntil(40_000);
    const settled = mean(loop.targets.slice(20_000));
    console.log(
      `500k, feedback ${feedbackInterval} ms: at 25 s ${kbps(loop.targetAt(25_000))}, mean 20-40 s ${kbps(settled)},`,
      `queue p95 ${Math.round(percentile(loop.queueDelays.slice(5_000), 0.95))} ms`,
    );
    expect(loop.targetAt(25_000)).toBeGreaterThan(400_000);
    expect(loop.targetAt(25_000)).toBeLessThan(520_000);
    expect(settled).toBeGreaterThan(400_000);
    expect(settled).toBeLessThan(500_000);
  });

  it('finds 3 Mbit/s within two seconds by probing, and stays there', () => {
    const loop = new Loop({ capacity: [[0, 3_000_000]] }).runUntil(10_000);
    const found = loop.firstTime(0, (target) => target > 2_500_000);
    console.log(`3M: beyond 2.5 M after ${found} ms, at 2 s ${kbps(loop.targetAt(1_999))}`);
    expect(found).toBeLessThan(2_000);
    expect(Math.min(...loop.targets.slice(2_000))).toBeGreaterThan(2_250_000);
    expect(mean(loop.targets.slice(2_000))).toBeGreaterThan(2_600_000);
  });

  it('notices within a second that 1000 kbit/s have become 500', () => {
    const loop = new Loop({
      capacity: [
        [0, 1_000_000],
        [20_000, 500_000],
      ],
    }).runUntil(30_000);
    const noticed = loop.firstTime(20_000, (target) => target <= 500_000) - 20_000;
    const drained = loop.queueDelays.findIndex((delay, time) => time > 20_500 && delay < 50) - 20_000;
    console.log(`1000k -> 500k: target below after ${noticed} ms, queue drained after ${drained} ms`);
    expect(noticed).toBeLessThan(1_000);
    expect(drained).toBeLessThan(1_200);
    // Lower while the queue drains, but not for long.
    expect(mean(loop.targets.slice(20_000, 22_000))).toBeGreaterThan(300_000);
    expect(mean(loop.targets.slice(22_000))).toBeGreaterThan(400_000);
  });

  it('follows 3 → 0.8 → 2 Mbit/s', () => {
    const loop = new Loop({
      capacity: [
        [0, 3_000_000],
        [15_000, 800_000],
        [30_000, 2_000_000],
      ],
    }).runUntil(45_000);
    const back = loop.firstTime(30_000, (target) => target >= 1_800_000) - 30_000;
    const at = [14_000, 17_000, 29_000, 44_000].map((time) => kbps(loop.targetAt(time)));
    console.log(
      `3 -> 0.8 -> 2 M: at 14, 17, 29, 44 s ${at.join(', ')}; 1.8 M ${back} ms after the rise; dropped ${loop.dropped}`,
    );
    expect(loop.targetAt(14_000)).toBeGreaterThan(2_000_000);
    expect(loop.targetAt(17_000)).toBeLessThan(850_000);
    const between = mean(loop.targets.slice(20_000, 30_000));
    expect(between).toBeGreaterThan(600_000);
    expect(between).toBeLessThan(800_000);
    expect(loop.targetAt(44_000)).toBeGreaterThan(1_500_000);
    expect(back).toBeLessThan(10_000);
  });

  it('finds out by probing that capacity has come back while only 30 kbit/s of audio are sent', () => {
    const capacity = [
      [0, 40_000],
      [20_000, 1_000_000],
    ] as const;
    const loop = new Loop({ capacity, source: 'audio-30k', desired: 1_500_000 }).runUntil(40_000);
    const found = loop.firstTime(20_000, (target) => target > 150_000) - 20_000;
    console.log(`audio only: ${kbps(loop.targetAt(19_999))} before, beyond 150k after ${found} ms`);
    expect(loop.targetAt(19_999)).toBeLessThan(60_000);
    expect(found).toBeLessThan(10_000);

    const never = Number.POSITIVE_INFINITY;
    const probing = { applicationLimitedInterval: never, stagnationInterval: never };
    const stuck = new Loop({ capacity, source: 'audio-30k', congestion: { startBitrate: 40_000, probing } });
    stuck.runUntil(40_000);
    console.log(`audio only, without periodic probing: ${kbps(stuck.targetAt(39_999))}`);
    expect(stuck.targetAt(39_999)).toBeLessThan(70_000);
  });

  it('keeps more than 1 Mbit/s of 2 under 5 % random loss', () => {
    const loop = new Loop({ capacity: [[0, 2_000_000]], loss: 0.05 }).runUntil(30_000);
    const settled = mean(loop.targets.slice(10_000));
    console.log(`2M with 5 % loss: mean 10-30 s ${kbps(settled)}`);
    expect(settled).toBeGreaterThan(1_000_000);
  });

  it('gives its reasons', () => {
    const loop = new Loop({ capacity: [[0, 3_000_000]], congestion: { maxBitrate: 1_000_000 } });
    expect(loop.controller.state).toEqual({ direction: 'hold', cause: 'start' });
    loop.runUntil(5_000);
    expect(loop.controller.targetBitrate).toBe(1_000_000);
    expect(loop.controller.state.cause).toBe('max');
    expect(loop.controller.pacingRate).toBeCloseTo(1_100_000, 6);
    expect(loop.controller.rtt).toBeGreaterThan(50);
    expect(loop.controller.rtt).toBeLessThan(150);
  });

  it('tells each decision with its reason, in order', () => {
    const decisions: CongestionDecision[] = [];
    const loop = new Loop({
      capacity: [
        [0, 2_000_000],
        [10_000, 500_000],
      ],
      congestion: { onDecision: (decision) => decisions.push(decision) },
    }).runUntil(20_000);
    const told = (decision: string, from: number, to: number) =>
      decisions.filter((each) => each.decision === decision && each.at >= from && each.at < to);
    expect(decisions[0]).toEqual({ at: 0, decision: 'probe', bitrate: 900_000, reason: 'start' });
    expect(told('probe', 0, 1_000).map(({ reason }) => reason)).toContain('success');
    expect(told('probe-result', 0, 1_000).length).toBeGreaterThan(1);
    expect(told('drain', 10_000, 10_500)).toHaveLength(1);
    expect(told('decrease', 10_000, 10_500).length).toBeGreaterThan(0);
    expect(told('drained', 10_000, 12_000)).toHaveLength(1);
    expect(decisions.map(({ at }) => at)).toEqual(decisions.map(({ at }) => at).toSorted((a, b) => a - b));
    expect(loop.controller.targetBitrate).toBeLessThan(600_000);
  });

  it('gives the same figures every time', () => {
    const run = () => new Loop({ capacity: [[0, 700_000]], loss: 0.02 }).runUntil(10_000).targets;
    expect(run()).toEqual(run());
  });
});
