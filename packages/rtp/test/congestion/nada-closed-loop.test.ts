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

describe('the loop with NADA', () => {
  it.each([500_000, 1_000_000, 3_000_000])('settles at a capacity of %d bit/s', (capacity) => {
    const loop = nada({ capacity: [[0, capacity]] }).runUntil(60_000);
    const settled = mean(loop.targets.slice(30_000));
    const found = loop.firstTime(0, (target) => target >= 0.9 * capacity);
    console.log(
      `${kbps(capacity)}: 90 % after ${found} ms, mean 30-60 s ${kbps(settled)},`,
      `queue p50 ${Math.round(percentile(loop.queueDelays.slice(30_000), 0.5))}`,
      `p95 ${Math.round(percentile(loop.queueDelays.slice(30_000), 0.95))}`,
      `max ${Math.round(Math.max(...loop.queueDelays))} ms, dropped ${loop.dropped}`,
    );
    expect(settled).toBeGreaterThan(0.85 * capacity);
  });
});
