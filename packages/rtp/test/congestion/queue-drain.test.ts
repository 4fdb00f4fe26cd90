import { describe, expect, it } from 'vitest';
import { QueueDelay } from '../../src/congestion/queue-delay.ts';
import { QueueDrain } from '../../src/congestion/queue-drain.ts';

const arrived = (at: number, delay: number) => [
  { sequence: at, size: 1_000, sentAt: at, receivedAt: 5_000_000 + at + delay },
];

/** The standing queue after feedback every 100 ms on packets that took so long, whatever the receiver's clock says. */
function standing(queue: QueueDelay, delays: readonly number[], from = 0): number[] {
  return delays.map((delay, i) => {
    queue.onFeedback(arrived(from + 100 * i, delay), from + 100 * i);
    return queue.standing;
  });
}

describe('the length of a queue', () => {
  it('is what packets took beyond the shortest delay so far', () => {
    expect(standing(new QueueDelay(), [50, 60, 90, 45, 50])).toEqual([0, 10, 40, 0, 5]);
  });

  it('is that of the luckiest packet of a feedback: jitter is no queue', () => {
    const queue = new QueueDelay();
    standing(queue, [50]);
    queue.onFeedback([...arrived(100, 95), ...arrived(105, 52), ...arrived(110, 80)], 200);
    expect(queue.standing).toBe(2);
  });

  it('follows clocks that drift by 200 ppm to within 6 ms', () => {
    const queue = new QueueDelay();
    const drifting = Array.from({ length: 3_000 }, (_, i) => 50 + 100 * i * 200e-6);
    expect(Math.max(...standing(queue, drifting))).toBeLessThan(6.1);
  });

  it('begins anew when a clock is set', () => {
    const queue = new QueueDelay();
    standing(queue, [50, 55]);
    expect(standing(queue, [30_055, 30_060], 200)).toEqual([0, 5]);
    expect(standing(queue, [52], 400)).toEqual([0]);
  });
});

/** Feedback every 50 ms with these queues; the factor at the end. */
function feed(drain: QueueDrain, queues: readonly number[], from = 0): number {
  for (const [i, queue] of queues.entries()) drain.update(queue, 100, from + 50 * i);
  return drain.factor;
}

const times = (count: number, queue: number) => new Array<number>(count).fill(queue);

describe('draining a queue', () => {
  it('lowers the rate by as much as the queue is long, down to 0.3, until it is gone', () => {
    const drain = new QueueDrain();
    drain.start(150, 0);
    expect(feed(drain, [150])).toBeCloseTo(0.5, 6);
    expect(feed(drain, [290], 50)).toBeCloseTo(0.3, 6);
    expect(feed(drain, [60], 100)).toBeCloseTo(0.8, 6);
    expect(feed(drain, [24], 150)).toBe(1);
    expect(drain.active).toBe(false);
  });

  it('is due at 80 ms without a word from the trend', () => {
    const drain = new QueueDrain();
    expect(drain.isDue(80)).toBe(false);
    expect(drain.isDue(81)).toBe(true);
  });

  it('is given up after two seconds when others fill the queue until it overflows', () => {
    const drain = new QueueDrain();
    drain.start(200, 0);
    drain.onLoss(500);
    feed(drain, times(42, 200));
    expect(drain.futile).toBe(false);
    expect(feed(drain, times(3, 200), 2_100)).toBe(1);
    expect(drain.futile).toBe(true);
    expect(drain.isDue(300)).toBe(false);
  });

  it('is not called futile where nothing overflows, or hardly anything stands', () => {
    const calm = new QueueDrain();
    calm.start(200, 0);
    feed(calm, times(60, 200));
    expect(calm.futile).toBe(false);
    const short = new QueueDrain();
    short.start(50, 0);
    short.onLoss(0);
    feed(short, times(60, 50));
    expect(short.futile).toBe(false);
  });

  it('is tried again after 10 s, then 20, and after 3 s of an empty queue', () => {
    const drain = new QueueDrain();
    const giveUp = (from: number) => {
      drain.start(200, from);
      drain.onLoss(from);
      feed(drain, times(44, 200), from);
    };
    giveUp(0);
    feed(drain, times(195, 200), 2_200);
    expect(drain.futile).toBe(true);
    feed(drain, times(10, 200), 11_900);
    expect(drain.futile).toBe(false);

    giveUp(20_000);
    feed(drain, times(390, 200), 22_200);
    expect(drain.futile).toBe(true);
    feed(drain, times(62, 0), 41_700);
    expect(drain.futile).toBe(false);
  });
});
