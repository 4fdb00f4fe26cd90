import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RetransmissionBudget } from '../../src/recovery/retransmission-budget.ts';

/** Spends packets of 1000 byte as long as it may; how many. */
function spendAll(budget: RetransmissionBudget): number {
  let packets = 0;
  while (budget.spend(1_000)) packets += 1;
  return packets;
}

describe('the budget for retransmissions', () => {
  it('begins with half a second at half of the target', () => {
    const budget = new RetransmissionBudget();
    budget.fill(800_000, 0);
    expect(spendAll(budget)).toBe(25);
  });

  it('fills at half of the target, and keeps half a second of it', () => {
    const budget = new RetransmissionBudget();
    budget.fill(800_000, 0);
    spendAll(budget);
    budget.fill(800_000, 100);
    expect(spendAll(budget)).toBe(5);
    budget.fill(800_000, 60_000);
    expect(spendAll(budget)).toBe(25);
  });

  it('is at once that of a lower target', () => {
    const budget = new RetransmissionBudget();
    budget.fill(8_000_000, 0);
    budget.fill(80_000, 1);
    expect(spendAll(budget)).toBe(3);
  });

  it('never lets more through than its share and one packet, whatever is asked for', () => {
    const asked = fc.array(
      fc.record({ wait: fc.integer({ min: 0, max: 400 }), packets: fc.integer({ min: 0, max: 60 }) }),
    );
    fc.assert(
      fc.property(asked, (requests) => {
        const budget = new RetransmissionBudget();
        let now = 0;
        let sent = 0;
        for (const { wait, packets } of requests) {
          now += wait;
          budget.fill(1_000_000, now);
          for (let i = 0; i < packets && budget.spend(1_000); i++) sent += 1_000;
        }
        expect(sent).toBeLessThanOrEqual((0.5 * 1_000_000 * (now + 500)) / 8_000 + 1_000);
      }),
    );
  });
});
