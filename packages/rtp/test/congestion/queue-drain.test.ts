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
  for (const [i, queue] of queues.entries()) drain.update(queue, 100, true, from + 50 * i);
  return drain.factor;
}

const times = (count: number, queue: number) => new Array<number>(count).fill(queue);

describe('draining a queue', () => {
  it('lowers the rate by as much as the queue is long, down to 0.3, until it is gone', () => {
    const drain = new QueueDrain();
    drain.start(150);
    expect(feed(drain, [150])).toBeCloseTo(0.5, 6);
    expect(feed(drain, [290], 50)).toBeCloseTo(0.3, 6);
    expect(feed(drain, [60], 100)).toBeCloseTo(0.8, 6);
    expect(feed(drain, [24], 150)).toBe(1);
    expect(drain.phase).toBe('idle');
  });

  it('is due at 80 ms without a word from the trend', () => {
    const drain = new QueueDrain();
    expect(drain.isDue(80)).toBe(false);
    expect(drain.isDue(81)).toBe(true);
  });

  it('is given up after two seconds when others fill the queue until it overflows', () => {
    const drain = new QueueDrain();
    drain.start(200);
    drain.onLoss(500);
    feed(drain, times(42, 200));
    expect(drain.phase).toBe('drain');
    expect(feed(drain, times(3, 200), 2_100)).toBe(1);
    expect(drain.phase).toBe('truce');
    expect(drain.isDue(300)).toBe(false);
  });

  it('goes on as long as much less arrives than is sent: that needs no others', () => {
    const drain = new QueueDrain();
    drain.start(200);
    for (let now = 0; now < 20_000; now += 50) {
      drain.onLoss(now);
      drain.update(200, 100, false, now);
    }
    expect(drain.phase).toBe('drain');
  });

  it('is given up as well when the queue is gone for a moment, but comes back each time', () => {
    const drain = new QueueDrain();
    let now = 0;
    for (let cycle = 0; cycle < 7 && drain.phase !== 'truce'; cycle++) {
      drain.start(200);
      drain.onLoss(now);
      feed(drain, [...times(24, 200), ...times(12, 5)], now);
      now += 1_800;
    }
    expect(drain.phase).toBe('truce');
  });

  it('is patient with a queue that comes back from time to time', () => {
    const drain = new QueueDrain();
    for (let now = 0; now < 60_000; now += 1_800) {
      drain.start(200);
      drain.onLoss(now);
      feed(drain, [...times(12, 200), ...times(24, 5)], now);
      expect(drain.phase).toBe('idle');
    }
  });

  it('lets the estimate grow again below 50 ms', () => {
    const drain = new QueueDrain();
    expect(drain.permitsGrowth(500)).toBe(true);
    drain.start(90);
    expect(drain.permitsGrowth(51)).toBe(false);
    expect(drain.permitsGrowth(50)).toBe(true);
  });

  it('makes no truce where nothing overflows, or hardly anything stands', () => {
    const calm = new QueueDrain();
    calm.start(200);
    feed(calm, times(60, 200));
    expect(calm.phase).toBe('idle');
    const short = new QueueDrain();
    short.start(50);
    short.onLoss(0);
    feed(short, times(60, 50));
    expect(short.phase).toBe('idle');
  });

  it('is tried again after 10 s, then 20, and after 3 s of an empty queue', () => {
    const drain = new QueueDrain();
    const giveUp = (from: number) => {
      feed(drain, [200], from - 50);
      drain.start(200);
      drain.onLoss(from);
      feed(drain, times(44, 200), from);
    };
    giveUp(0);
    feed(drain, times(195, 200), 2_200);
    expect(drain.phase).toBe('truce');
    feed(drain, times(10, 200), 11_900);
    expect(drain.phase).toBe('idle');

    giveUp(20_000);
    feed(drain, times(390, 200), 22_200);
    expect(drain.phase).toBe('truce');
    feed(drain, times(62, 0), 41_700);
    expect(drain.phase).toBe('idle');
  });
});
