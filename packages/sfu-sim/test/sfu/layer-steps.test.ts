import { expect, test } from 'vitest';
import { layerStep, nameStep, stepOf, stepRates } from '../../src/sfu/layer-steps.ts';
import type { ProducerLayer } from '../../src/sfu/producer-layer.ts';
import { TemporalShares } from '../../src/sfu/temporal-shares.ts';

const ALL = Number.POSITIVE_INFINITY;

/** An encoding of that rate whose temporal layers take these shares of it, cumulative. */
const encoding = (rate: number | undefined, shares: readonly number[] = [0.4, 0.6, 1]) =>
  ({ rate: () => rate, temporalShare: (layer: number) => shares[layer] ?? 1 }) as unknown as ProducerLayer;

const stepsOf = (...layers: ProducerLayer[]) => stepRates(layers, 0);

test('the lowest encoding has three steps, the others two: half of their pictures, and all', () => {
  const rates = stepsOf(encoding(100), encoding(500), encoding(1500));
  expect(rates).toEqual([40, 60, 100, 300, 300, 500, 900, 900, 1500]);
  expect(rates.map((_, step) => layerStep(step, rates))).toEqual([
    { layer: 0, temporalLayer: 0 },
    { layer: 0, temporalLayer: 1 },
    { layer: 0, temporalLayer: ALL },
    { layer: 1, temporalLayer: 1 },
    { layer: 1, temporalLayer: 1 },
    { layer: 1, temporalLayer: ALL },
    { layer: 2, temporalLayer: 1 },
    { layer: 2, temporalLayer: 1 },
    { layer: 2, temporalLayer: ALL },
  ]);
  expect(rates.map((_, step) => nameStep(step, ['q', 'h', 'f'], rates)).join(', ')).toBe(
    'q at T0, q at T1, q, h at T1, h at T1, h, f at T1, f at T1, f',
  );
});

test('without temporal layers every step of an encoding is all of it', () => {
  const rates = stepsOf(encoding(100, [1, 1, 1]), encoding(500, [1, 1, 1]));
  expect(rates).toEqual([100, 100, 100, 500, 500, 500]);
  expect(layerStep(3, rates)).toEqual({ layer: 1, temporalLayer: ALL });
});

test('what is higher never costs less, and of what is not known nothing is said', () => {
  expect(stepsOf(encoding(400), encoding(500), encoding(undefined))).toEqual([
    160,
    240,
    400,
    400,
    400,
    500,
    undefined,
    undefined,
    undefined,
  ]);
});

test('a wish is a step', () => {
  expect(stepOf({ layer: 1, temporalLayer: ALL })).toBe(5);
  expect(stepOf({ layer: 2, temporalLayer: 0 })).toBe(6);
  expect(stepOf({ layer: 0, temporalLayer: 7 })).toBe(2);
});

test('shares are of the last four seconds', () => {
  const shares = new TemporalShares();
  expect(shares.upTo(0, 0)).toBe(1);
  for (let now = 0; now < 4000; now += 100) shares.add(100, [0, 2, 1, 2][(now / 100) % 4] ?? 0, now);
  expect([0, 1, 2].map((layer) => shares.upTo(layer, 3999))).toEqual([0.25, 0.5, 1]);
  for (let now = 4000; now < 8000; now += 100) shares.add(100, 0, now);
  expect(shares.upTo(0, 7999)).toBe(1);
});
