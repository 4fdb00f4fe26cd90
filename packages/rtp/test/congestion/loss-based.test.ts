import { describe, expect, it } from 'vitest';
import type { PacketResult } from '../../src/congestion/controller.ts';
import { LossRules } from '../../src/congestion/loss-based.ts';
import { RttBackoff } from '../../src/congestion/rtt-backoff.ts';

const UNLIMITED = 10_000_000;
const RTT = 100;

/** Feedback every 100 ms on 20 packets, of which `loss` is lost; the rate at the end. */
function run(rules: LossRules, loss: number, from: number, duration: number, limit = UNLIMITED, probe?: number) {
  let rate = 0;
  for (let now = from; now < from + duration; now += 100) {
    const packets: PacketResult[] = Array.from({ length: 20 }, (_, i) => ({
      sequence: now + i,
      size: 1_000,
      sentAt: now - RTT,
      receivedAt: i < 20 * loss ? undefined : now,
      probeCluster: probe,
    }));
    rules.onFeedback({ at: now, packets, acknowledged: undefined });
    rate = rules.update(limit, RTT, now);
  }
  return rate;
}

/** One that is past the start phase, after light loss, at 1 Mbit/s. */
function warm(): LossRules {
  const rules = new LossRules(1_000_000);
  run(rules, 0.05, 0, 3_000, 1_000_000);
  return rules;
}

describe('loss rules', () => {
  it('grows by 8 % and 1 kbit/s a second below 2 %', () => {
    const rules = warm();
    run(rules, 0, 3_000, 1_000);
    const before = run(rules, 0, 4_000, 5_000);
    const after = run(rules, 0, 9_000, 5_000);
    expect(after / before).toBeGreaterThan(1.08 ** 4);
    expect(after / before).toBeLessThan(1.09 ** 6);
    expect(rules.state).toBe('increasing');
  });

  it('holds between 2 % and 10 %', () => {
    const rules = warm();
    expect(run(rules, 0.05, 3_000, 5_000)).toBe(1_000_000);
    expect(rules.lossRatio).toBeCloseTo(0.05, 6);
    expect(rules.state).toBe('holding');
  });

  it('gives up half of the loss above 10 %, once per observation', () => {
    const rules = warm();
    expect(run(rules, 0.2, 3_000, 1_000)).toBeCloseTo(1_000_000 * 0.9, -4);
    expect(rules.state).toBe('decreasing');
  });

  it('follows the delay while that allows less, and is then unlimited', () => {
    const rules = warm();
    expect(rules.update(500_000, RTT, 3_000)).toBe(500_000);
    expect(rules.state).toBe('unlimited');
  });

  it('leaves the first two seconds to the delay and to probes unless there is loss', () => {
    const rules = new LossRules(300_000);
    expect(run(rules, 0, 0, 500)).toBe(UNLIMITED);
  });

  it('does not hold the loss of probes against the path', () => {
    const rules = warm();
    run(rules, 0.5, 3_000, 1_000, UNLIMITED, 7);
    expect(rules.lossRatio).toBeCloseTo(0.05, 6);
  });

  it('takes back a loss that was a late arrival', () => {
    const rules = warm();
    const packet = { size: 1_000, sentAt: 3_000 };
    for (let sequence = 0; sequence < 20; sequence++) {
      const receivedAt = sequence < 10 ? undefined : 3_050;
      rules.onFeedback({ at: 3_100, packets: [{ ...packet, sequence, receivedAt }], acknowledged: undefined });
    }
    for (let sequence = 0; sequence < 10; sequence++) {
      const late = { ...packet, sequence, receivedAt: 3_200, previouslyLost: true };
      rules.onFeedback({ at: 3_250, packets: [late], acknowledged: undefined });
    }
    rules.onFeedback({
      at: 4_000,
      packets: [{ ...packet, sequence: 20, receivedAt: 3_900 }],
      acknowledged: undefined,
    });
    expect(rules.lossRatio).toBe(0);
  });
});

describe('round-trip back-off', () => {
  it('lowers the rate by a fifth each second while feedback has stopped for more than 3 s', () => {
    const backoff = new RttBackoff();
    backoff.onRtt(100, 0);
    const lowered: number[] = [];
    for (let now = 0; now <= 6_000; now += 50) {
      backoff.onPacketSent(now);
      if (backoff.backOff(1_000_000, now) !== undefined) lowered.push(now);
    }
    expect(lowered).toEqual([2_950, 3_950, 4_950, 5_950]);
    expect(backoff.backOff(1_000_000, 7_000)).toBe(800_000);
  });

  it('rests while nothing is sent', () => {
    const backoff = new RttBackoff();
    backoff.onRtt(100, 0);
    backoff.onPacketSent(10);
    expect(backoff.backOff(1_000_000, 60_000)).toBeUndefined();
  });

  it('ends with the next feedback', () => {
    const backoff = new RttBackoff();
    backoff.onRtt(100, 0);
    backoff.onPacketSent(5_000);
    expect(backoff.active).toBe(true);
    backoff.onRtt(100, 5_100);
    expect(backoff.active).toBe(false);
  });
});
