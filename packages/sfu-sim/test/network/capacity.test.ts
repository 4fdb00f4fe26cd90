import { ArgumentError, seededRandom } from '@sluice/rtp';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DeliveryTrace, parseMahimahiTrace } from '../../src/network/delivery-trace.ts';
import { LinkModel } from '../../src/network/link-model.ts';
import type { LinkOptions } from '../../src/network/link-options.ts';
import { ids, packet, stream, takeAll, times } from './packets.ts';

const SLOT = 1500 - 28; // fills one delivery opportunity

const model = (options: LinkOptions, start = 0) => new LinkModel<string>(seededRandom(1), options, { start });

describe('steps', () => {
  it('deliver the integral of the rate, whatever the steps', () => {
    // 2 s at 1 Mbit/s, 3 s at 4, 5 s at 0.8: 2 + 12 + 4 Mbit, 8000 bits each
    const rate = [
      [0, 1e6],
      [2000, 4e6],
      [5000, 8e5],
    ] as const;
    const { arrivals } = stream({ rate, queue: 1e6 }, 10_000, 1);
    expect(arrivals.filter(({ arrival }) => arrival <= 10_000)).toHaveLength(18_000_000 / 8000);
  });

  it('change the rate in the middle of a packet', () => {
    const link = model({
      rate: [
        [0, 1e6],
        [4, 1e5],
        [24, 1e6],
      ],
    });
    link.offer(0, packet(0)); // 4000 bits by 4, 2000 by 24, 2000 by 26
    link.offer(0, packet(1));
    expect(times(takeAll(link))).toEqual([26, 34]);
  });

  it('hold the last rate, or start over', () => {
    const steps = [
      [0, 1e6],
      [10, 0],
    ] as const;
    const once = model({ rate: steps, queue: 1000 });
    const again = model({ rate: { steps, repeat: 20 }, queue: 1000 });
    for (const link of [once, again]) for (let id = 0; id < 5; id++) link.offer(0, packet(id));
    expect(times(takeAll(once, 1e6))).toEqual([8]);
    expect(times(takeAll(again, 1e6))).toEqual([8, 26, 44, 62, 70]);
  });

  it('count from when the link was made', () => {
    const link = model(
      {
        rate: [
          [0, 1e6],
          [10, 2e6],
        ],
      },
      5000,
    );
    link.offer(5000, packet(0));
    link.offer(5010, packet(1));
    expect(times(takeAll(link))).toEqual([5008, 5014]);
  });

  it('go on with what is queued when a constant rate takes their place', () => {
    const link = model({
      rate: [
        [0, 1e6],
        [4, 0],
      ],
    });
    link.offer(0, packet(0));
    link.set(100, { rate: 4e6 }); // 4000 bits are left
    expect(times(takeAll(link))).toEqual([101]);
  });

  it('give the same arrivals however often it is asked', () => {
    const time = fc.double({ min: 0, max: 300, noNaN: true });
    const rates = fc.array(fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 5e6 })), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(fc.array(time), fc.array(time), rates, (sends, looks, values) => {
        const steps = values.map((rate, index) => [index * 10, rate] as const);
        const rate = { steps: [...steps, [45, 1e6] as const], repeat: 60 };
        const down = [[33, 38]] as const;
        const run = (polls: number[]) => {
          const link = model({ rate, down, queue: 50 });
          const arrivals = [];
          for (const { at, send } of [
            ...sends.map((at) => ({ at, send: true })),
            ...polls.map((at) => ({ at, send: false })),
          ].sort((a, b) => a.at - b.at || Number(a.send) - Number(b.send))) {
            if (send) link.offer(at, packet(0));
            else arrivals.push(...takeAll(link, at));
          }
          return times([...arrivals, ...takeAll(link, 1e6)]);
        };
        expect(run(looks)).toEqual(run([]));
      }),
    );
  });
});

describe('a recorded trace', () => {
  it('is read line by line', () => {
    expect(parseMahimahiTrace('5\r\n5\n\n# comment\n12\n').opportunities).toEqual([5, 5, 12]);
    expect(parseMahimahiTrace('1\n2\n2\n').rate).toBe((3 * 12_000 * 1000) / 2);
  });

  it.each([
    ['5\nx\n', 'line 2'],
    ['5\n4\n', 'line 2'],
    ['-1\n', 'line 1'],
    ['1.5\n', 'line 1'],
    ['', '0 ms'],
    ['0\n', '0 ms'],
  ])('refuses %j with its line', (text, message) => {
    expect(() => parseMahimahiTrace(text)).toThrow(ArgumentError);
    expect(() => parseMahimahiTrace(text)).toThrow(message);
  });

  it('delivers one full packet per opportunity, and wraps at the last one', () => {
    const link = model({ rate: new DeliveryTrace([3, 10]), queue: 1e6 });
    for (let id = 0; id < 5; id++) link.offer(0, packet(id, SLOT));
    expect(times(takeAll(link, 100))).toEqual([3, 10, 13, 20, 23]);
  });

  it('lets small packets share an opportunity and large ones take several', () => {
    const link = model({ rate: new DeliveryTrace([10]), queue: 1e6 });
    for (let id = 0; id < 4; id++) link.offer(0, packet(id, 722)); // 750 on the wire: two fill a slot
    link.offer(0, packet(4, 3000 - 28));
    link.offer(0, packet(5, SLOT));
    expect(times(takeAll(link, 1000))).toEqual([10, 10, 20, 20, 40, 50]);
  });

  it('gives what a packet leaves of a slot to the next one in the queue, and to none that comes later', () => {
    const queued = model({ rate: new DeliveryTrace([10]), queue: 1e6 });
    queued.offer(0, packet(0, 972));
    queued.offer(0, packet(1, 972)); // 500 bytes of the first slot, 500 of the second
    queued.offer(0, packet(2, 972));
    expect(times(takeAll(queued, 1000))).toEqual([10, 20, 20]);
    const late = model({ rate: new DeliveryTrace([10]), queue: 1e6 });
    late.offer(0, packet(0, 472));
    late.offer(10, packet(1, 472));
    expect(times(takeAll(late, 1000))).toEqual([10, 20]);
  });

  it('loses the opportunities at which nothing is queued', () => {
    const link = model({ rate: new DeliveryTrace([1, 2, 3, 4, 100]), queue: 1e6 });
    link.offer(50, packet(0, SLOT));
    link.offer(50, packet(1, SLOT));
    expect(times(takeAll(link, 1000))).toEqual([100, 101]);
  });

  it('carries its mean rate when it is kept busy, from any moment on', () => {
    const trace = new DeliveryTrace([1, 1, 4, 9, 9, 9, 20]);
    const link = model({ rate: trace, queue: 1e9 }, 1234.567);
    for (let id = 0; id < 7 * 500; id++) link.offer(1234.567, packet(id, SLOT));
    const arrivals = takeAll(link);
    expect(arrivals.at(-1)?.arrival).toBeCloseTo(1234.567 + 20 * 500, 6);
    expect((7 * 500 * 12_000) / 10).toBe(trace.rate);
  });

  it('tells how long the next packet waits', () => {
    const link = model({ rate: new DeliveryTrace([10]), queue: 1e6 });
    expect(link.queueDelay(3)).toBe(0);
    for (let id = 0; id < 3; id++) link.offer(3, packet(id, SLOT));
    expect(link.queueDelay(4)).toBe(26);
  });
});

describe('outages', () => {
  it('drop what comes, hold what is queued, and let arrive what is under way', () => {
    const link = model({ rate: 1e6, delay: 20, down: [[12, 50]] });
    for (let id = 0; id < 3; id++) link.offer(0, packet(id)); // departures at 8, 16, 24 but for the outage
    expect(link.offer(12, packet(3))).toBe('down');
    expect(link.offer(49.9, packet(4))).toBe('down');
    expect(link.offer(50, packet(5))).toBeUndefined();
    const arrivals = takeAll(link);
    expect(ids(arrivals)).toEqual([0, 1, 2, 5]);
    expect(times(arrivals)).toEqual([28, 74, 82, 90]);
  });

  it('last until they are ended by hand', () => {
    const link = model({ rate: 1e6 });
    link.offer(0, packet(0));
    link.set(4, { up: false });
    link.offerMessage(5, 'patient', 960);
    expect(link.offer(5, packet(1))).toBe('down');
    expect(takeAll(link, 999)).toEqual([]);
    link.set(1000, { up: true });
    expect(times(takeAll(link))).toEqual([1004, 1008]);
  });
});
