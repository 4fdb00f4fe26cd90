import { seededRandom } from '@sluice/rtp';
import { describe, expect, it } from 'vitest';
import { gilbertElliottLoss } from '../../src/network/gilbert-elliott.ts';
import { JitterModel } from '../../src/network/jitter.ts';
import { LinkModel } from '../../src/network/link-model.ts';
import type { LossOption } from '../../src/network/loss-model.ts';
import { ids, packet, stream, times } from './packets.ts';

/** Which of `count` packets are lost. */
function lostOf(loss: LossOption, count: number, seed = 3): number[] {
  return stream({ loss }, count, 1, { seed, size: 4 }).dropped.map(({ id }) => id);
}

function bursts(lost: number[]): number[] {
  const lengths: number[] = [];
  for (const [index, id] of lost.entries()) {
    if (index > 0 && id === lost[index - 1]! + 1) lengths[lengths.length - 1]! += 1;
    else lengths.push(1);
  }
  return lengths;
}

const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

describe('Gilbert–Elliott loss', () => {
  it.each([
    { p: 0.01, r: 0.25 },
    { p: 0.05, r: 0.5, h: 0.3 },
    { p: 0.02, r: 0.2, h: 0.1, k: 0.99 },
    { p: 1, r: 1 },
  ])('has the ratio and the mean burst of the closed form: %o', (options) => {
    const count = 200_000;
    const lost = lostOf(options, count);
    const { ratio, burstLength } = gilbertElliottLoss(options);
    // Bursts make the ratio scatter more than a binomial one: by (1 + m) / (1 − m) with m = 1 − p − r, at most.
    const memory = Math.abs(1 - options.p - options.r);
    const deviation = Math.sqrt(((ratio * (1 - ratio)) / count) * ((1 + memory) / (1 - memory || 1)));
    expect(Math.abs(lost.length / count - ratio)).toBeLessThan(5 * deviation + 2 / count);
    const lengths = bursts(lost);
    const spread = Math.sqrt(mean(lengths.map((n) => (n - burstLength) ** 2)) / lengths.length);
    expect(Math.abs(mean(lengths) - burstLength)).toBeLessThan(5 * spread + 1e-9);
  });

  it('without h and k loses p / (p + r) in bursts of 1 / r', () => {
    const { ratio, burstLength } = gilbertElliottLoss({ p: 0.02, r: 0.4 });
    expect(ratio).toBeCloseTo(0.02 / 0.42, 12);
    expect(burstLength).toBeCloseTo(2.5, 12);
  });
});

it('loses bursts of the length that was asked for, as often as was asked for', () => {
  expect(lostOf({ burst: 3, every: 10 }, 25)).toEqual([7, 8, 9, 17, 18, 19]);
});

it('loses exactly the packets of a list', () => {
  expect(lostOf({ packets: [0, 5, 6, 24, 1000] }, 25)).toEqual([0, 5, 6, 24]);
});

it('loses the same packets by ratio whatever model was in use before', () => {
  const run = (before: LossOption) => {
    const link = new LinkModel<string>(seededRandom(5), { loss: before });
    for (let id = 0; id < 100; id++) link.offer(id, packet(id));
    link.set(100, { loss: 0.2 });
    return Array.from({ length: 200 }, (_, id) => link.offer(100 + id, packet(id)) === 'loss');
  };
  expect(run({ p: 0.1, r: 0.3 })).toEqual(run(0));
  expect(run({ burst: 2, every: 7 })).toEqual(run(0.9));
});

it('duplicates its share: each copy follows at once and is another array', () => {
  const { arrivals, duplicated } = stream({ duplicate: 0.1 }, 10_000, 1, { size: 4 });
  expect(Math.abs(duplicated - 1000)).toBeLessThan(5 * Math.sqrt(900));
  expect(arrivals).toHaveLength(10_000 + duplicated);
  const numbers = ids(arrivals).map(Number);
  expect(numbers.every((id, index) => index === 0 || id - numbers[index - 1]! <= 1)).toBe(true);
  const packets = arrivals.flatMap((item) => (item.kind === 'packet' ? [item.packet] : []));
  expect(new Set(packets).size).toBe(packets.length);
});

it('corrupts its share, in a copy, by one to three bits', () => {
  const link = new LinkModel<string>(seededRandom(1), { corrupt: 0.2 });
  const sent = Array.from({ length: 2000 }, () => new Uint8Array(20));
  const flipped: number[] = [];
  for (const [at, bytes] of sent.entries()) {
    link.offer(at, bytes);
    const item = link.poll(at);
    if (item?.kind !== 'packet') throw new Error('nothing arrived');
    const bits = item.packet.reduce((sum, byte) => sum + byte.toString(2).replaceAll('0', '').length, 0);
    expect(item.packet === bytes).toBe(bits === 0);
    if (bits > 0) flipped.push(bits);
  }
  expect(sent.every((bytes) => bytes.every((byte) => byte === 0))).toBe(true);
  expect(Math.abs(flipped.length - 400)).toBeLessThan(5 * Math.sqrt(2000 * 0.2 * 0.8));
  expect(new Set(flipped)).toEqual(new Set([1, 2, 3]));
});

it('has nothing to corrupt in an empty packet', () => {
  expect(stream({ corrupt: 1 }, 1, 1, { size: 4 }).corrupted).toBe(1);
  const link = new LinkModel<string>(seededRandom(1), { corrupt: 1 });
  link.offer(0, new Uint8Array(0));
  expect(link.poll(0)).toMatchObject({ kind: 'packet' });
});

describe('jitter', () => {
  it('of RFC 8868 is half a normal distribution of 5 ms, cut at 3 deviations', () => {
    const jitter = new JitterModel(seededRandom(2), 'rfc8868');
    const draws = Array.from({ length: 100_000 }, () => jitter.next());
    expect(Math.max(...draws)).toBeLessThanOrEqual(15);
    expect(Math.min(...draws)).toBeGreaterThanOrEqual(0);
    // E|N| = σ √(2/π), less what the cut takes: 0.4 %. Deviation of the mean: 3 ms / √100 000.
    const cut = 5 * Math.sqrt(2 / Math.PI) * ((1 - Math.exp(-4.5)) / 0.9973);
    expect(Math.abs(mean(draws) - cut)).toBeLessThan(0.05);
    expect(draws.filter((draw) => draw <= 5).length / draws.length).toBeCloseTo(0.6827 / 0.9973, 2);
  });

  it('is even between 0 and the limit of a uniform one', () => {
    const jitter = new JitterModel(seededRandom(2), { model: 'uniform', max: 8 });
    const draws = Array.from({ length: 100_000 }, () => jitter.next());
    expect(Math.abs(mean(draws) - 4)).toBeLessThan(0.05);
    for (const edge of [2, 4, 6]) expect(draws.filter((draw) => draw < edge).length / 1e5).toBeCloseTo(edge / 8, 2);
  });

  it('delays, and lets nothing arrive before its predecessor', () => {
    const { arrivals } = stream({ delay: 20, jitter: 'rfc8868' }, 2000, 1);
    expect(ids(arrivals)).toEqual(Array.from({ length: 2000 }, (_, id) => id));
    const late = times(arrivals).map((at, id) => at - id - 20);
    expect(Math.min(...late)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...late)).toBeLessThanOrEqual(15);
    expect(mean(late)).toBeGreaterThan(4); // the mean of the draws: waiting for predecessors comes on top
  });

  it('reorders where that is asked for, in order of arrival', () => {
    const { arrivals } = stream({ delay: 20, jitter: { model: 'uniform', max: 10, reordering: true } }, 2000, 1);
    expect(times(arrivals)).toEqual(times(arrivals).toSorted((a, b) => a - b));
    const numbers = ids(arrivals).map(Number);
    const overtaken = numbers.filter((id, index) => index > 0 && id < numbers[index - 1]!);
    expect(overtaken.length).toBeGreaterThan(500);
    expect(numbers.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 2000 }, (_, id) => id));
  });
});

it('holds up a fixed share of the packets, which the others overtake', () => {
  const { arrivals } = stream({ delay: 20, reordering: { ratio: 0.05, delay: 7.5 } }, 10_000, 1);
  const late = arrivals.filter((item, index) => item.arrival - Number(ids(arrivals.slice(index, index + 1))[0]) > 20);
  expect(Math.abs(late.length - 500)).toBeLessThan(5 * Math.sqrt(475));
  const punctual = ids(arrivals.filter((item) => !late.includes(item))).map(Number);
  expect(punctual).toEqual(punctual.toSorted((a, b) => a - b));
  expect(arrivals.every((item, index) => index === 0 || item.arrival >= arrivals[index - 1]!.arrival)).toBe(true);
});
