// NADA, the pacer and the history around a simulated bottleneck: 25 ms one way, 300 ms drop-tail queue.

import { describe, expect, it } from 'vitest';
import { NadaCongestionControl } from '../../src/congestion/nada/nada.ts';
import type { NadaOptions } from '../../src/congestion/nada/nada-options.ts';
import { Loop, type LoopOptions } from './bottleneck.ts';

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
const percentile = (values: readonly number[], p: number) =>
  values.toSorted((a, b) => a - b)[Math.floor(p * (values.length - 1))] ?? Number.NaN;
const kbps = (bitrate: number) => `${Math.round(bitrate / 1_000)}k`;

function nada(options: Omit<LoopOptions, 'controller'>, nadaOptions: NadaOptions = {}): Loop {
  return new Loop({ ...options, controller: new NadaCongestionControl({ maxBitrate: 5_000_000, ...nadaOptions }) });
}

/** The queue over a time, in words. */
function queueOf(loop: Loop, from = 0, to = Number.POSITIVE_INFINITY): string {
  const delays = loop.queueDelays.slice(from, to);
  const [median, p95, most] = [0.5, 0.95, 1].map((p) => Math.round(percentile(delays, p)));
  return `queue p50 ${median} p95 ${p95} max ${most} ms`;
}

describe('the loop with NADA', () => {
  it.each([500_000, 1_000_000, 3_000_000])('settles at a capacity of %d bit/s', (capacity) => {
    const loop = nada({ capacity: [[0, capacity]] }).runUntil(60_000);
    const settled = mean(loop.targets.slice(30_000));
    const found = loop.firstTime(0, (target) => target >= 0.9 * capacity);
    console.log(`${kbps(capacity)}: 90 % after ${found} ms, mean 30-60 s ${kbps(settled)}, ${queueOf(loop, 30_000)}`);
    expect(found).toBeLessThan(12_000);
    expect(settled).toBeGreaterThan(0.9 * capacity);
    expect(settled).toBeLessThan(1.05 * capacity);
    expect(percentile(loop.queueDelays.slice(30_000), 0.95)).toBeLessThan(80);
    expect(loop.dropped).toBe(0);
  });

  it('follows 3 → 0.8 → 2 Mbit/s', () => {
    const loop = nada({
      capacity: [
        [0, 3_000_000],
        [15_000, 800_000],
        [30_000, 2_000_000],
      ],
    }).runUntil(45_000);
    const down = loop.firstTime(15_000, (target) => target <= 800_000) - 15_000;
    const back = loop.firstTime(30_000, (target) => target >= 1_800_000) - 30_000;
    const at = [14_000, 17_000, 29_000, 44_000].map((time) => kbps(loop.targetAt(time)));
    console.log(
      `3 -> 0.8 -> 2 M: at 14, 17, 29, 44 s ${at.join(', ')}; below 0.8 M after ${down} ms, 1.8 M ${back} ms after the`,
      `rise; dropped ${loop.dropped}, in between ${queueOf(loop, 17_000, 30_000)}`,
    );
    expect(down).toBeLessThan(1_500);
    expect(loop.targetAt(29_000)).toBeGreaterThan(650_000);
    expect(loop.targetAt(29_000)).toBeLessThan(850_000);
    expect(back).toBeLessThan(5_000);
    expect(percentile(loop.queueDelays.slice(17_000, 30_000), 0.95)).toBeLessThan(100);
  });

  it('keeps most of 2 Mbit/s at 1 % random loss', () => {
    const loop = nada({ capacity: [[0, 2_000_000]], loss: 0.01 }).runUntil(60_000);
    const settled = mean(loop.targets.slice(30_000));
    console.log(`2M with 1 % loss: mean 30-60 s ${kbps(settled)}`);
    expect(settled).toBeGreaterThan(1_500_000);
  });

  it('takes 10 % random loss for congestion, as the RFC has it, and recovers when it ends', () => {
    const loop = nada({ capacity: [[0, 2_000_000]], loss: (now) => (now < 40_000 ? 0.1 : 0) }).runUntil(60_000);
    const back = loop.firstTime(40_000, (target) => target >= 1_800_000) - 40_000;
    console.log(`2M with 10 % loss: ${kbps(loop.targetAt(39_999))}, 1.8 M ${back} ms after its end`);
    expect(loop.targetAt(39_999)).toBe(150_000);
    expect(loop.controller.state.cause).not.toBe('loss');
    expect(back).toBeLessThan(8_000);
  });

  it('slows down while feedback is missing for 2 s, and is back within 3 s', () => {
    const feedbackLost = (now: number) => now >= 20_000 && now < 22_000;
    const loop = nada({ capacity: [[0, 2_000_000]], feedbackLost }).runUntil(30_000);
    const least = loop.targets.slice(20_000, 24_000).reduce((a, b) => Math.min(a, b));
    const back = loop.firstTime(22_050, (target) => target >= 1_800_000) - 22_000;
    console.log(`2 s without feedback: least ${kbps(least)}, 1.8 M ${back} ms after its end, ${queueOf(loop, 20_000)}`);
    expect(least).toBeGreaterThan(500_000);
    expect(least).toBeLessThan(1_400_000);
    expect(back).toBeLessThan(3_000);
  });

  it.each([30_000, -30_000, 300])('does not mind that the clock of the receiver jumps by %d ms', (jump) => {
    const receiverClock = (now: number) => 1e6 + now + (now < 20_000 ? 0 : jump);
    const loop = nada({ capacity: [[0, 2_000_000]], receiverClock }).runUntil(30_000);
    const least = loop.targets.slice(20_000).reduce((a, b) => Math.min(a, b));
    console.log(`jump by ${jump} ms: least ${kbps(least)}, ${queueOf(loop, 20_000)}`);
    expect(least).toBeGreaterThan(1_600_000);
    expect(percentile(loop.queueDelays.slice(20_000), 1)).toBeLessThan(120);
  });

  it.each([200, -200])('does not mind that the clock of the receiver drifts by %d ppm', (drift) => {
    const receiverClock = (now: number) => 1e6 + now * (1 + drift / 1e6);
    const loop = nada({ capacity: [[0, 2_000_000]], receiverClock }).runUntil(240_000);
    const settled = mean(loop.targets.slice(180_000));
    console.log(`drift of ${drift} ppm: mean 180-240 s ${kbps(settled)}, ${queueOf(loop, 180_000)}`);
    expect(settled).toBeGreaterThan(1_500_000);
    expect(percentile(loop.queueDelays.slice(180_000), 0.95)).toBeLessThan(80);
  });

  it('does not take its own standing queue for the path', () => {
    const loop = nada({ capacity: [[0, 1_000_000]] }).runUntil(240_000);
    console.log(`1M for 4 min: ${queueOf(loop, 10_000, 40_000)} becomes ${queueOf(loop, 210_000)}`);
    expect(percentile(loop.queueDelays.slice(210_000), 0.5)).toBeLessThan(40);
  });

  it('does not grow beyond a multiple of what a modest source sends', () => {
    const loop = nada({ capacity: [[0, 10_000_000]], source: 400_000 }).runUntil(90_000);
    const most = loop.targets.reduce((a, b) => Math.max(a, b));
    console.log(`a source of 400k: ${kbps(loop.targetAt(20_000))} after 20 s, at most ${kbps(most)}`);
    expect(most).toBeGreaterThan(1_200_000);
    expect(most).toBeLessThan(2_000_000);
  });

  it('gives the same figures every time', () => {
    const run = () => nada({ capacity: [[0, 700_000]], loss: 0.02 }).runUntil(10_000).targets;
    expect(run()).toEqual(run());
  });
});
