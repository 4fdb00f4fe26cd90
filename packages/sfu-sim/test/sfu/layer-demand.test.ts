import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LayerDemand } from '../../src/sfu/layer-demand.ts';

describe('row 28: demand for layers', () => {
  it('falls after five seconds without anybody, and rises at once', () => {
    const demand = new LayerDemand(3);
    expect(demand.update(1, 0)).toBeUndefined();
    expect(demand.update(1, 4999)).toBeUndefined();
    expect(demand.update(1, 5000)).toBe(1);
    expect(demand.update(0, 5020)).toBeUndefined();
    expect(demand.update(0, 9999)).toBeUndefined();
    expect(demand.update(0, 10_000)).toBe(0);
    expect(demand.update(3, 10_040)).toBe(3);
    expect(demand.wanted).toBe(3);
  });

  it('waits anew when somebody came back meanwhile', () => {
    const demand = new LayerDemand(3);
    demand.update(3, 0);
    expect(demand.update(3, 4000)).toBeUndefined();
    expect(demand.update(0, 4020)).toBeUndefined();
    expect(demand.update(0, 8999)).toBeUndefined();
    expect(demand.update(0, 9000)).toBe(0);
  });

  it('never tells less than what anybody wanted in the last five seconds, nor the same twice', () => {
    const steps = fc.array(
      fc.record({ wanted: fc.integer({ min: 0, max: 3 }), after: fc.integer({ min: 1, max: 3000 }) }),
      { minLength: 1, maxLength: 60 },
    );
    fc.assert(
      fc.property(steps, (script) => {
        const demand = new LayerDemand(3);
        const past: { wanted: number; at: number }[] = [];
        let now = 0;
        for (const { wanted, after } of script) {
          now += after;
          past.push({ wanted, at: now });
          const before = demand.wanted;
          const told = demand.update(wanted, now);
          if (told !== undefined) expect(told).not.toBe(before);
          const recent = past.filter(({ at }) => at > now - 5000);
          expect(demand.wanted).toBeGreaterThanOrEqual(Math.max(...recent.map((step) => step.wanted)));
        }
      }),
    );
  });
});
