import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { KeyFrameArbiter } from '../../src/recovery/key-frame-arbiter.ts';

const POLL = 20;

/** Polls every 20 ms over a time, and answers when it asked and when it gave up. */
function pollOver(arbiter: KeyFrameArbiter, from: number, to: number, onPoll: (now: number) => void = () => {}) {
  const asked: number[] = [];
  const exhausted: number[] = [];
  for (let now = from; now < to; now += POLL) {
    onPoll(now);
    const decision = arbiter.poll(now);
    if (decision === 'ask') asked.push(now);
    if (decision === 'exhausted') exhausted.push(now);
  }
  return { asked, exhausted };
}

describe('row 23: coalescing', () => {
  test('eight simultaneous requests are one', () => {
    const arbiter = new KeyFrameArbiter();
    for (let i = 0; i < 8; i++) arbiter.want(`subscriber ${i}`);
    const decisions = Array.from({ length: 8 }, () => arbiter.poll(0));
    expect(decisions).toEqual(['ask', ...Array(7).fill(undefined)]);
    expect(arbiter.wantedBecause).toBe('subscriber 0');
    arbiter.onKeyFrame(60);
    expect(arbiter.wantedBecause).toBeUndefined();
    expect(pollOver(arbiter, 60, 20_000)).toEqual({ asked: [], exhausted: [] });
  });

  test('nobody waits: the first request is asked at once', () => {
    const arbiter = new KeyFrameArbiter();
    arbiter.want('join');
    expect(arbiter.poll(12_345)).toBe('ask');
  });

  test('between two honoured requests is a second', () => {
    const arbiter = new KeyFrameArbiter();
    const { asked } = pollOver(arbiter, 0, 10_000, (now) => {
      arbiter.want('again');
      if (now % 100 === 60) arbiter.onKeyFrame(now);
    });
    expect(asked).toEqual([0, 1000, 2000, 3000, 4000, 5000, 6000, 7000, 8000, 9000]);
  });

  test('a key frame that comes by itself serves those who wait without a request', () => {
    const arbiter = new KeyFrameArbiter();
    arbiter.want('join');
    arbiter.onKeyFrame(5);
    expect(arbiter.poll(10)).toBeUndefined();
  });
});

describe('row 24: bounded retry', () => {
  test('a sender that ignores requests gets five in ten seconds, then the arbiter gives up, once', () => {
    const arbiter = new KeyFrameArbiter();
    arbiter.want('join');
    expect(pollOver(arbiter, 0, 10_001)).toEqual({ asked: [0, 2000, 4000, 6000, 8000], exhausted: [10_000] });
    expect(pollOver(arbiter, 10_020, 60_000)).toEqual({ asked: [], exhausted: [] });
  });

  test('after giving up, ten seconds pass before a new request is asked', () => {
    const arbiter = new KeyFrameArbiter();
    const { asked, exhausted } = pollOver(arbiter, 0, 30_000, () => arbiter.want('storm'));
    expect(asked).toEqual([0, 2000, 4000, 6000, 8000, 20_000, 22_000, 24_000, 26_000, 28_000]);
    expect(exhausted).toEqual([10_000]);
  });
});

test('invariant 5: whatever the subscribers and the publisher do, at least a second between requests and at most five unanswered in a row', () => {
  const event = fc.record({
    wait: fc.integer({ min: 1, max: 3000 }),
    what: fc.constantFrom('want', 'want', 'want', 'key frame', 'nothing'),
  });
  fc.assert(
    fc.property(fc.array(event, { maxLength: 120 }), (events) => {
      const arbiter = new KeyFrameArbiter();
      let now = 0;
      let lastAsk = Number.NEGATIVE_INFINITY;
      let unanswered = 0;
      let silentUntil = 0;
      for (const { wait, what } of events) {
        if (what === 'want') arbiter.want('x');
        if (what === 'key frame') arbiter.onKeyFrame(now);
        if (what === 'key frame') unanswered = 0;
        const end = now + wait;
        for (; now < end; now += POLL) {
          const wanted = arbiter.wantedBecause !== undefined;
          const decision = arbiter.poll(now);
          if (decision === undefined) continue;
          expect(wanted).toBe(true);
          if (decision === 'exhausted') {
            expect(unanswered).toBe(5);
            unanswered = 0;
            silentUntil = now + 10_000;
            continue;
          }
          expect(now - lastAsk).toBeGreaterThanOrEqual(1000);
          expect(now).toBeGreaterThanOrEqual(silentUntil);
          unanswered += 1;
          expect(unanswered).toBeLessThanOrEqual(5);
          lastAsk = now;
        }
      }
    }),
    { numRuns: 500 },
  );
});
