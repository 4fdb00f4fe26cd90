import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PacketResult } from '../../src/congestion/controller.ts';
import { LossLikelihood } from '../../src/congestion/loss-likelihood.ts';

const UNLIMITED = 10_000_000;

/** A path that loses a share of all packets, and of those beyond its capacity all. */
class Path {
  readonly loss: LossLikelihood;
  now = 0;
  rate: number;
  readonly rates: number[] = [];
  #sequence = 0;
  #credit = 0;
  #random = 7;

  constructor(start: number) {
    this.loss = new LossLikelihood(start);
    this.rate = start;
  }

  /** Sends at the rate allowed, at most `limit`; feedback every 50 ms. */
  run(duration: number, { random = 0, capacity = Number.POSITIVE_INFINITY, limit = UNLIMITED }): this {
    const end = this.now + duration;
    while (this.now < end) {
      const packets: PacketResult[] = [];
      const interval = 8_000_000 / this.rate;
      for (let at = this.now; at < this.now + 50; at += interval) {
        this.#credit = Math.min(this.#credit + (capacity * interval) / 8_000, 10_000);
        const lost = this.#draw() < random || this.#credit < 1_000;
        if (!lost) this.#credit -= 1_000;
        packets.push({ sequence: this.#sequence++, size: 1_000, sentAt: at, receivedAt: lost ? undefined : at + 50 });
      }
      this.now += 50;
      const arrived = packets.filter(({ receivedAt }) => receivedAt !== undefined).length;
      this.loss.onFeedback({ at: this.now, packets, acknowledged: (arrived * 8_000_000) / 50 });
      this.rate = this.loss.update(limit, this.now);
      this.rates.push(this.rate);
    }
    return this;
  }

  #draw(): number {
    this.#random = (Math.imul(this.#random, 1_664_525) + 1_013_904_223) >>> 0;
    return this.#random / 2 ** 32;
  }
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

describe('the rate that loss allows', () => {
  it('is all that the delay allows without loss', () => {
    const path = new Path(300_000).run(2_000, { limit: 2_000_000 });
    expect(path.rate).toBe(2_000_000);
    expect(path.loss.state).toBe('unlimited');
    expect(path.loss.lossRatio).toBe(0);
  });

  it.each([
    { random: 0.01, least: 0.97 },
    { random: 0.05, least: 0.9 },
    { random: 0.1, least: 0.6 },
  ])('keeps $least of 2 Mbit/s when $random of all packets are lost at random', ({ random, least }) => {
    const path = new Path(2_000_000).run(30_000, { random, limit: 2_000_000 });
    expect(mean(path.rates)).toBeGreaterThan(least * 2_000_000);
    expect(path.loss.lossRatio).toBeGreaterThan(random / 2);
  });

  it('sinks to what a policer lets through', () => {
    const path = new Path(2_000_000).run(20_000, { capacity: 1_000_000, limit: 2_000_000 });
    const settled = mean(path.rates.slice(200));
    expect(settled).toBeGreaterThan(750_000);
    expect(settled).toBeLessThan(1_250_000);
  });

  it('comes back when the loss is over', () => {
    const path = new Path(2_000_000).run(10_000, { capacity: 800_000, limit: 2_000_000 });
    expect(path.rate).toBeLessThan(1_200_000);
    path.run(10_000, { limit: 2_000_000 });
    expect(path.rate).toBe(2_000_000);
  });

  it('does not hold an outage against the path', () => {
    const path = new Path(1_000_000).run(3_000, { limit: 1_000_000 });
    const packets = Array.from({ length: 500 }, (_, i) => {
      const sentAt = path.now + i * 10;
      return { sequence: 10_000 + i, size: 1_000, sentAt, receivedAt: i < 490 ? undefined : sentAt + 50 };
    });
    path.loss.onFeedback({ at: path.now + 5_000, packets, acknowledged: undefined });
    expect(path.loss.update(1_000_000, path.now + 5_000)).toBe(1_000_000);
  });

  it('goes by three observations at least', () => {
    const path = new Path(1_000_000).run(500, { random: 0.5, limit: 1_000_000 });
    expect(path.rate).toBe(1_000_000);
    path.run(2_000, { random: 0.5, limit: 1_000_000 });
    expect(path.rate).toBeLessThan(900_000);
  });

  it('stays a number between 0 and the limit whatever is lost', () => {
    const feedback = fc.array(
      fc.record({
        size: fc.integer({ min: 1, max: 65_535 }),
        sentBefore: fc.integer({ min: -1_000, max: 5_000 }),
        lost: fc.boolean(),
      }),
      { maxLength: 30 },
    );
    fc.assert(
      fc.property(fc.array(feedback, { maxLength: 40 }), (feedbacks) => {
        const loss = new LossLikelihood(500_000);
        for (const [i, packets] of feedbacks.entries()) {
          const at = 300 * i;
          const results = packets.map(({ size, sentBefore, lost }, sequence) => {
            return { sequence, size, sentAt: at - sentBefore, receivedAt: lost ? undefined : at };
          });
          loss.onFeedback({ at, packets: results, acknowledged: 400_000 });
          const rate = loss.update(1_000_000, at);
          expect(rate).toBeGreaterThan(0);
          expect(rate).toBeLessThanOrEqual(1_000_000);
          expect(loss.inherentLoss).toBeGreaterThanOrEqual(0);
        }
      }),
    );
  });
});
