import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { describeAllocation } from '../../src/sfu/allocation-words.ts';
import { LayerAllocator, type LayerRequest, PAUSED } from '../../src/sfu/layer-allocator.ts';

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
    expect(allocator.evaluate(3e6, [{ ...camera, wanted: 0 }], 100)[0]).toEqual({ layer: 0, share: 3e6 });
  });
});

test('several tracks take turns: what all can have comes before what one alone could', () => {
  const two = [camera, { ...camera, id: 'other' }];
  expect(layersOver([1_200_000], two)).toEqual([[1, 1]]);
  expect(layersOver([2_600_000], two)).toEqual([[2, 1]]);
});

describe('several tracks', () => {
  const track = (id: string, more: Partial<LayerRequest> = {}): LayerRequest => ({ ...camera, id, ...more });

  test('of a higher priority have what they want before others have their second layer, and nobody starves', () => {
    const requests = [track('a'), track('screen', { priority: 3 }), track('b')];
    expect(layersOver([150_000 * 2 + 1_960_000], requests)).toEqual([[0, 2, 0]]);
    expect(layersOver([150_000 * 2 + 1_960_000 + 900_000], requests)).toEqual([[1, 2, 1]]);
  });

  test('of equal priority: the larger one first, layer by layer', () => {
    const requests = [track('small', { area: 100 }), track('large', { area: 900 }), track('middle', { area: 400 })];
    expect(layersOver([450_000 + 1.15 * 350_000], requests)).toEqual([[0, 1, 0]]);
    expect(layersOver([450_000 + 2.3 * 350_000], requests)).toEqual([[0, 1, 1]]);
    expect(layersOver([3_200_000], requests)).toEqual([[1, 2, 1]]);
  });

  test('the least important are paused where not even the lowest layers fit, but never the first', () => {
    const requests = [track('a'), track('b', { priority: 2 }), track('c', { area: 5 })];
    expect(layersOver([340_000], requests)).toEqual([[PAUSED, 0, 0]]);
    expect(layersOver([10_000], requests)).toEqual([[PAUSED, 0, PAUSED]]);
  });

  test('a budget that is a guess pauses nobody', () => {
    const requests = [track('a'), track('b', { priority: 2 })];
    expect(new LayerAllocator().evaluate(0, requests, 0, false).map(({ layer }) => layer)).toEqual([0, 0]);
  });

  test('a single bad evaluation pauses nothing, and one that is paused comes back after three good ones', () => {
    const requests = [track('a', { wanted: 0 }), track('b', { wanted: 0, priority: 2 })];
    const second = layersOver([4e5, 1e5, 4e5, 1e5, 1e5, 4e5, 4e5, 4e5], requests).map(([layer]) => layer);
    expect(second).toEqual([0, 0, 0, 0, PAUSED, PAUSED, PAUSED, 0]);
  });

  test('one that does not fit leaves its place to others: priority is no reason to send nothing to anybody', () => {
    const requests = [track('big', { rates: [150_000, 5e6], wanted: 1, priority: 3 }), track('small')];
    expect(layersOver([150_000 + 600_000], requests)).toEqual([[0, 1]]);
  });
});

describe('in words', () => {
  const words = (before: number | undefined, layer: number, share: number, request = camera) =>
    describeAllocation({ request, decision: { layer, share }, names: ['q', 'h', 'f'], before });

  test('down is what could not be kept, up is what can be had', () => {
    expect(words(1, 0, 310_000)).toBe('h→q: share 310 kbit/s < 500 kbit/s measured for h');
    expect(words(0, 1, 600_000)).toBe('q→h: share 600 kbit/s ≥ 500 kbit/s measured for h');
    expect(words(undefined, 0, 200_000)).toBe('q: share 200 kbit/s ≥ 150 kbit/s measured for q');
    expect(words(2, 0, 3e6, { ...camera, wanted: 0 })).toBe('f→q: no more than q is wanted');
    expect(words(0, PAUSED, 90_000)).toBe('q→paused: share 90 kbit/s < 150 kbit/s measured for q');
    expect(words(PAUSED, 0, 200_000)).toBe('paused→q: share 200 kbit/s ≥ 150 kbit/s measured for q');
  });

  test('the share is what is left when the others have got theirs', () => {
    const two = [camera, { ...camera, id: 'other' }];
    const decisions = new LayerAllocator().evaluate(1_200_000, two, 0);
    expect(decisions.map(({ share }) => share)).toEqual([700_000, 700_000]);
  });
});

test('never more than the budget, unless the lowest layer of the most important alone is', () => {
  const request = fc.record({
    id: fc.uuid(),
    rates: fc
      .tuple(fc.integer({ min: 1, max: 3e5 }), fc.integer({ min: 1, max: 1e6 }), fc.integer({ min: 1, max: 3e6 }))
      .map(([a, b, c]) => [a, a + b, a + b + c]),
    wanted: fc.integer({ min: 0, max: 2 }),
    priority: fc.integer({ min: 0, max: 3 }),
    area: fc.integer({ min: 0, max: 3 }),
  });
  fc.assert(
    fc.property(
      fc.array(request, { minLength: 1, maxLength: 6 }),
      fc.array(fc.integer({ min: 0, max: 1e7 }), { minLength: 1, maxLength: 20 }),
      (requests, budgets) => {
        const allocator = new LayerAllocator({ keepHeadroom: 1, pauseStreak: 1 });
        const [first] = [...requests].sort(
          (a, b) => (b.priority ?? 0) - (a.priority ?? 0) || (b.area ?? 0) - (a.area ?? 0),
        );
        for (const [i, budget] of budgets.entries()) {
          const layers = allocator.evaluate(budget, requests, 100 * i).map(({ layer }) => layer);
          const spent = layers.reduce((sum, layer, j) => sum + (requests[j]?.rates[layer] ?? 0), 0);
          expect(spent).toBeLessThanOrEqual(Math.max(budget, first?.rates[0] ?? 0));
          for (const [j, layer] of layers.entries()) expect(layer).toBeLessThanOrEqual(requests[j]?.wanted ?? 0);
        }
      },
    ),
  );
});
