import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LayerAllocator, type LayerRequest } from '../../src/sfu/layer-allocator.ts';

const RATES = [150_000, 500_000, 1_700_000];
const camera: LayerRequest = { id: 'camera', rates: RATES, wanted: 2 };

/** The layers after each of the budgets, 100 ms apart. */
function layersOver(budgets: readonly number[], requests: readonly LayerRequest[] = [camera]): number[][] {
  const allocator = new LayerAllocator();
  return budgets.map((budget, i) => allocator.evaluate(budget, requests, 100 * i).map(({ layer }) => layer));
}

describe('one track', () => {
  test('a newcomer gets at once what the budget pays for', () => {
    expect(layersOver([1_960_000])).toEqual([[2]]);
    expect(layersOver([600_000])).toEqual([[1]]);
    expect(layersOver([200_000])).toEqual([[0]]);
  });

  test('row 19: down at once, up after three evaluations in a row', () => {
    expect(layersOver([3e6, 4e5, 3e6, 3e6, 3e6, 3e6]).flat()).toEqual([2, 0, 0, 0, 2, 2]);
    expect(layersOver([4e5, 3e6, 3e6, 4e5, 3e6, 3e6, 3e6]).flat()).toEqual([0, 0, 0, 0, 0, 0, 2]);
  });

  test('going up needs more than staying: a budget that swings 10 % about a layer’s rate changes nothing', () => {
    const swinging = Array.from({ length: 100 }, (_, i) => 500_000 * (i % 2 === 0 ? 0.9 : 1.1));
    const layers = layersOver(swinging).flat();
    expect(new Set(layers.slice(1)).size).toBe(1);
  });

  test('the lowest layer is sent whatever the budget, and no layer that nothing is known of', () => {
    expect(layersOver([0])).toEqual([[0]]);
    expect(layersOver([3e6], [{ id: 'new', rates: [undefined, undefined, undefined], wanted: 2 }])).toEqual([[0]]);
  });

  test('not above what is wanted, and down to it at once', () => {
    const allocator = new LayerAllocator();
    expect(allocator.evaluate(3e6, [camera], 0)[0]?.layer).toBe(2);
    expect(allocator.evaluate(3e6, [{ ...camera, wanted: 0 }], 100)[0]).toEqual({
      layer: 0,
      reason: 'estimate 3000 kbit/s pays for the layer wanted',
    });
  });

  test('the reason names the figures', () => {
    const reason = new LayerAllocator().evaluate(310_000, [camera], 0)[0]?.reason;
    expect(reason).toBe('estimate 310 kbit/s below 500 kbit/s measured for the layer above');
  });
});

test('several tracks take turns: what all can have comes before what one alone could', () => {
  const two = [camera, { ...camera, id: 'other' }];
  expect(layersOver([1_200_000], two)).toEqual([[1, 1]]);
  expect(layersOver([2_600_000], two)).toEqual([[2, 1]]);
});

test('never more than the budget, unless the lowest layers alone are', () => {
  const request = fc.record({
    id: fc.uuid(),
    rates: fc
      .tuple(fc.integer({ min: 1, max: 3e5 }), fc.integer({ min: 1, max: 1e6 }), fc.integer({ min: 1, max: 3e6 }))
      .map(([a, b, c]) => [a, a + b, a + b + c]),
    wanted: fc.integer({ min: 0, max: 2 }),
  });
  fc.assert(
    fc.property(
      fc.array(request, { minLength: 1, maxLength: 6 }),
      fc.array(fc.integer({ min: 0, max: 1e7 }), { minLength: 1, maxLength: 20 }),
      (requests, budgets) => {
        const allocator = new LayerAllocator({ keepHeadroom: 1 });
        for (const [i, budget] of budgets.entries()) {
          const layers = allocator.evaluate(budget, requests, 100 * i).map(({ layer }) => layer);
          const spent = layers.reduce((sum, layer, j) => sum + (requests[j]?.rates[layer] ?? 0), 0);
          const least = requests.reduce((sum, { rates }) => sum + (rates[0] ?? 0), 0);
          expect(spent).toBeLessThanOrEqual(Math.max(budget, least));
          for (const [j, layer] of layers.entries()) expect(layer).toBeLessThanOrEqual(requests[j]?.wanted ?? 0);
        }
      },
    ),
  );
});
