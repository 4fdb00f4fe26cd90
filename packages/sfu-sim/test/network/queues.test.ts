import { seededRandom } from '@sluice/rtp';
import { describe, expect, it } from 'vitest';
import { LinkModel } from '../../src/network/link-model.ts';
import { packet, stream } from './packets.ts';

/** When each packet that arrived had been waiting for how long, on a link without delay. */
function waits(arrivals: ReturnType<typeof stream>['arrivals'], interval: number) {
  return arrivals.map((item) => {
    const id = item.kind === 'packet' ? new DataView(item.packet.buffer).getUint32(0) : 0;
    return { at: item.arrival, wait: item.arrival - id * interval };
  });
}

describe('drop-tail', () => {
  it('fills up as an overload says: t · (input − rate) / rate, up to the limit', () => {
    // 2 Mbit/s into 1: after t the last packet waits t for its turn.
    const { arrivals } = stream({ rate: 1e6, queue: 1000 }, 1000, 4);
    for (const { at, wait } of waits(arrivals, 4)) {
      expect(wait).toBeLessThanOrEqual(1000 + 8 + 8);
      if (at < 1900) expect(wait).toBeCloseTo(at / 2 + 4, 5);
    }
  });

  it('holds as many bytes as it may', () => {
    const link = new LinkModel<string>(seededRandom(1), { rate: 1e6, queue: { bytes: 3500 } });
    expect([0, 1, 2, 3].map((id) => link.offer(0, packet(id)))).toEqual([undefined, undefined, undefined, 'queue']);
    expect(link.offer(0, packet(4, 472))).toBeUndefined();
    expect(link.offer(0, packet(5, 4))).toBe('queue');
  });

  it('takes a packet larger than its limit when it is empty', () => {
    const link = new LinkModel<string>(seededRandom(1), { rate: 1e6, queue: { bytes: 100 } });
    expect(link.offer(0, packet(0))).toBeUndefined();
    expect(link.offer(4, packet(1, 4))).toBe('queue');
  });

  it('drops at whichever of two limits comes first', () => {
    const count = (queue: { time: number; bytes: number }) => stream({ rate: 1e6, queue }, 100, 0).arrivals.length;
    expect(count({ time: 80, bytes: 1e6 })).toBe(11);
    expect(count({ time: 1e6, bytes: 20_000 })).toBe(20);
  });
});

describe('CoDel', () => {
  const codel = { discipline: 'codel', time: 5000 } as const;

  it('leaves a queue alone that is short, or was long for less than an interval', () => {
    expect(stream({ rate: 1e6, queue: codel }, 1000, 8).dropped).toEqual([]);
    const burst = stream({ rate: 10e6, queue: codel }, 100, 0); // 80 ms of queue, gone before 100 ms are over
    expect(burst.dropped).toEqual([]);
  });

  it('drops the first head one interval after the target was exceeded, and then at the intervals of the law', () => {
    // 2 Mbit/s into 1: packet n leaves after 8 n, and has waited 4 n for its service: above 5 ms from n = 2 at 16 on.
    const { dropped } = stream({ rate: 1e6, queue: codel }, 200, 4);
    expect(dropped.every(({ reason }) => reason === 'codel')).toBe(true);
    expect(dropped[0]!.at).toBe(120); // the first time a packet is taken out after 16 + 100
    let next = 120;
    for (const count of [1, 2, 3, 4]) {
      next += 100 / Math.sqrt(count);
      expect(dropped[count]!.at).toBe(Math.ceil(next / 8) * 8);
    }
  });

  it('keeps the standing delay near the target where drop-tail lets it grow to the limit', () => {
    // 5 % more than fits, for 40 s.
    const late = (queue: object) =>
      waits(stream({ rate: 1e6, queue }, 5000, 8 / 1.05).arrivals, 8 / 1.05)
        .filter(({ at }) => at > 20_000)
        .map(({ wait }) => wait - 8);
    const median = (values: number[]) => values.toSorted((a, b) => a - b)[values.length >> 1]!;
    expect(median(late({ time: 300 }))).toBeGreaterThan(280);
    expect(median(late(codel))).toBeLessThan(20);
    const wide = median(late({ ...codel, target: 40, interval: 200 }));
    expect(wide).toBeGreaterThan(25);
    expect(wide).toBeLessThan(80);
  });

  it('drops from the head: what arrives is never older than what was dropped before it', () => {
    const { arrivals, dropped } = stream({ rate: 1e6, queue: codel }, 1000, 5);
    const arrived = arrivals.map((item) =>
      item.kind === 'packet' ? new DataView(item.packet.buffer).getUint32(0) : 0,
    );
    for (const { at, id } of dropped) {
      const departed = arrived.filter((_, index) => arrivals[index]!.arrival <= at);
      expect(departed.every((other) => other < id)).toBe(true);
    }
    expect(dropped.length).toBeGreaterThan(10);
  });

  it('may take the place of drop-tail while it runs, and keeps what is inside', () => {
    const link = new LinkModel<string>(seededRandom(1), { rate: 1e6, queue: 1000 });
    for (let id = 0; id < 50; id++) link.offer(0, packet(id));
    link.set(1, { queue: codel });
    expect(link.packetsInside).toBe(50);
    link.set(2, { queue: 10 });
    expect(link.packetsInside).toBe(50);
  });
});
