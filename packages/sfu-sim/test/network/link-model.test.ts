import { seededRandom } from '@sluice/rtp';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type LinkArrival, LinkModel, UDP_IP_OVERHEAD } from '../../src/network/link-model.ts';
import type { LinkOptions } from '../../src/network/link-options.ts';

const PACKET = 1000 - UDP_IP_OVERHEAD; // 8000 bits on the wire

const model = (options: LinkOptions, seed = 1) => new LinkModel<string>(seededRandom(seed), options);

/** A packet that says which one it is. */
function packet(id: number, size = PACKET): Uint8Array {
  const bytes = new Uint8Array(size);
  new DataView(bytes.buffer).setUint32(0, id);
  return bytes;
}

function takeAll(link: LinkModel<string>, now = Number.MAX_VALUE): LinkArrival<string>[] {
  const arrivals: LinkArrival<string>[] = [];
  for (let item = link.poll(now); item !== undefined; item = link.poll(now)) arrivals.push(item);
  return arrivals;
}

const times = (arrivals: LinkArrival<string>[]) => arrivals.map(({ arrival }) => arrival);
const ids = (arrivals: LinkArrival<string>[]) =>
  arrivals.map((item) => (item.kind === 'packet' ? new DataView(item.packet.buffer).getUint32(0) : item.message));

describe('rate and delay', () => {
  it('puts one packet after the other on the wire, overhead included, and adds the delay', () => {
    const link = model({ rate: 1_000_000, delay: 40 });
    for (let id = 0; id < 3; id++) link.offer(0, packet(id));
    expect(times(takeAll(link))).toEqual([48, 56, 64]);
  });

  it('delivers what an unlimited link takes after nothing but the delay', () => {
    const link = model({ delay: 25 });
    for (let id = 0; id < 100; id++) link.offer(3, packet(id));
    expect(new Set(times(takeAll(link)))).toEqual(new Set([28]));
  });

  it('delivers rate × time when it is kept busy', () => {
    const link = model({ rate: 3_000_000 });
    for (let now = 0; now < 10_000; now++) link.offer(now, packet(now));
    expect(takeAll(link, 10_000).length).toBe((3_000_000 * 10) / 8000);
  });

  it('tells when to come back, and has nothing before', () => {
    const link = model({ rate: 1_000_000, delay: 5 });
    expect(link.nextEventTime()).toBe(Number.POSITIVE_INFINITY);
    link.offer(10, packet(0));
    expect(link.nextEventTime()).toBe(23);
    expect(link.poll(22.999)).toBeUndefined();
    expect(link.poll(23)).toMatchObject({ kind: 'packet', arrival: 23 });
    expect(link.nextEventTime()).toBe(Number.POSITIVE_INFINITY);
  });

  it('gives the same arrivals however often it is asked', () => {
    const offers = fc.array(
      fc.record({ gap: fc.double({ min: 0, max: 20, noNaN: true }), size: fc.integer({ min: 4, max: 1500 }) }),
    );
    const polls = fc.array(fc.double({ min: 0, max: 400, noNaN: true }));
    fc.assert(
      fc.property(offers, polls, fc.integer({ min: 1, max: 5e6 }), (packets, looks, rate) => {
        const run = (pollTimes: number[]) => {
          const link = model({ rate, delay: 7, queue: 50 });
          const arrivals: LinkArrival<string>[] = [];
          const pending = pollTimes.toSorted((a, b) => a - b);
          let now = 0;
          for (const { gap, size } of packets) {
            now += gap;
            for (let look = pending[0]; look !== undefined && look <= now; look = pending[0]) {
              arrivals.push(...takeAll(link, look));
              pending.shift();
            }
            link.offer(now, packet(0, size));
          }
          return times([...arrivals, ...takeAll(link)]);
        };
        expect(run(looks)).toEqual(run([]));
      }),
    );
  });
});

describe('changes while it runs', () => {
  it('drains what is queued at the new rate from the moment it changes', () => {
    const link = model({ rate: 1_000_000 });
    for (let id = 0; id < 3; id++) link.offer(0, packet(id)); // due at 8, 16, 24
    link.set(12, { rate: 100_000 }); // half of the second is sent: 4000 bits at 100 kbit/s are 40 ms
    expect(link.queueDelay(12)).toBeCloseTo(120);
    link.set(52, { rate: 2_000_000 });
    expect(times(takeAll(link))).toEqual([8, 52, 56]);
  });

  it('holds everything at a rate of 0 until it is raised', () => {
    const link = model({ rate: 0 });
    expect(link.offer(0, packet(1))).toBeUndefined();
    expect(link.offer(0, packet(2))).toBe('queue');
    link.offerMessage(0, 'hello', 960);
    expect(takeAll(link, 1e9)).toEqual([]);
    expect(link.nextEventTime()).toBe(Number.POSITIVE_INFINITY);
    link.set(1e9, { rate: 1_000_000 });
    expect(ids(takeAll(link, 1e9 + 8))).toEqual([1, 'hello']);
  });

  it('lets nothing overtake when the delay shrinks', () => {
    const link = model({ delay: 100 });
    link.offer(0, packet(1));
    link.set(10, { delay: 5 });
    link.offer(10, packet(2));
    link.offer(200, packet(3));
    const arrivals = takeAll(link);
    expect(ids(arrivals)).toEqual([1, 2, 3]);
    expect(times(arrivals)).toEqual([100, 100, 205]);
  });

  it('keeps everything as it is when a value is refused', () => {
    const link = model({ rate: 5 });
    expect(() => link.set(0, { rate: 6, loss: 2 })).toThrow('loss is 2');
    expect(link.options.rate).toBe(5);
  });
});

describe('drop-tail queue', () => {
  it('takes what would wait up to the limit and drops what would wait longer', () => {
    const link = model({ rate: 1_000_000, queue: 16 });
    const outcomes = [0, 1, 2, 3, 4].map((id) => link.offer(0, packet(id)));
    expect(outcomes).toEqual([undefined, undefined, undefined, 'queue', 'queue']);
    expect(link.queueDelay(0)).toBe(24);
  });

  it('has room for one packet on an idle link, however long that takes', () => {
    const link = model({ rate: 9_000, queue: 0 });
    expect(link.offer(0, packet(0, 1200))).toBeUndefined();
    expect(link.offer(1, packet(1, 20))).toBe('queue');
  });
});

describe('loss', () => {
  it('loses its share of the packets, within five standard deviations', () => {
    const link = model({ loss: 0.03 }, 42);
    const count = 100_000;
    let lost = 0;
    for (let id = 0; id < count; id++) if (link.offer(id, packet(0, 4)) === 'loss') lost++;
    const deviation = Math.sqrt(count * 0.03 * 0.97);
    expect(Math.abs(lost - count * 0.03)).toBeLessThan(5 * deviation);
  });

  it('loses the same packets whatever the rate and whatever messages are sent', () => {
    const lostAt = (options: LinkOptions, messages: boolean) => {
      const link = model({ ...options, loss: 0.2 }, 9);
      return Array.from({ length: 200 }, (_, id) => {
        if (messages) link.offerMessage(id * 10, 'm', 10);
        return link.offer(id * 10, packet(id)) === 'loss';
      });
    };
    expect(lostAt({ rate: 1e6 }, true)).toEqual(lostAt({}, false));
  });

  it('loses all of them at 1 and none at 0', () => {
    expect(model({ loss: 1 }).offer(0, packet(0))).toBe('loss');
    expect(model({ loss: 0 }).offer(0, packet(0))).toBeUndefined();
  });
});

describe('reliable channel', () => {
  it('arrives after serialisation and delay, in order, beside a full packet queue', () => {
    const link = model({ rate: 1_000_000, delay: 30, queue: 1000 });
    for (let id = 0; id < 100; id++) link.offer(0, packet(id));
    link.offerMessage(0, 'first', 960);
    link.offerMessage(0, 'second', 960);
    const messages = takeAll(link).filter(({ kind }) => kind === 'message');
    expect(messages).toEqual([
      { kind: 'message', message: 'first', arrival: 38 },
      { kind: 'message', message: 'second', arrival: 46 },
    ]);
  });

  it('loses nothing and keeps the order, each loss costing max(200 ms, 2 · delay)', () => {
    for (const [delay, timeout] of [
      [20, 200],
      [150, 300],
    ] as const) {
      const link = model({ loss: 0.5, delay });
      for (let id = 0; id < 400; id++) link.offerMessage(id * 10_000, String(id), 10);
      const arrivals = takeAll(link);
      expect(ids(arrivals)).toEqual(Array.from({ length: 400 }, (_, id) => String(id)));
      const retransmissions = times(arrivals).map((arrival, id) => (arrival - id * 10_000 - delay) / timeout);
      expect(retransmissions.every(Number.isInteger)).toBe(true);
      expect(retransmissions.reduce((sum, n) => sum + n) / 400).toBeCloseTo(1, 0); // p / (1 - p)
    }
  });

  it('waits while every packet is lost', () => {
    const link = model({ loss: 1 });
    link.offerMessage(0, 'patient', 10);
    expect(takeAll(link, 1e6)).toEqual([]);
    link.set(1e6, { loss: 0 });
    expect(takeAll(link, 1e6)).toHaveLength(1);
  });
});

it('accounts for every packet under any sequence of sends, changes and polls', () => {
  const action = fc.oneof(
    fc.record({ type: fc.constant('send' as const), size: fc.integer({ min: 4, max: 2000 }) }),
    fc.record({
      type: fc.constant('set' as const),
      rate: fc.oneof(fc.constant(0), fc.constant(Number.POSITIVE_INFINITY), fc.integer({ min: 1, max: 1e7 })),
      delay: fc.integer({ min: 0, max: 300 }),
      loss: fc.double({ min: 0, max: 0.9, noNaN: true }),
    }),
    fc.record({ type: fc.constant('poll' as const) }),
  );
  const step = fc.record({ gap: fc.double({ min: 0, max: 50, noNaN: true }), action });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), fc.integer(), (steps, seed) => {
      const link = model({ rate: 1e6 }, seed);
      let [now, sent, dropped] = [0, 0, 0];
      const arrivals: LinkArrival<string>[] = [];
      for (const { gap, action } of steps) {
        now += gap;
        if (action.type === 'send' && link.offer(now, packet(sent++, action.size)) !== undefined) dropped++;
        if (action.type === 'set') link.set(now, action);
        if (action.type === 'poll') arrivals.push(...takeAll(link, now));
        expect(sent).toBe(arrivals.length + dropped + link.packetsInside);
        expect(link.queueDelay(now)).toBeGreaterThanOrEqual(0);
      }
      link.set(now, { rate: Number.POSITIVE_INFINITY });
      arrivals.push(...takeAll(link));
      expect(sent).toBe(arrivals.length + dropped);
      expect(times(arrivals)).toEqual(times(arrivals).toSorted((a, b) => a - b));
      expect(ids(arrivals)).toEqual(ids(arrivals).toSorted((a, b) => Number(a) - Number(b)));
    }),
  );
});
