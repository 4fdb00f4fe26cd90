import { ArgumentError, seededRandom, type TraceEvent } from '@sluice/rtp';
import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../../src/bench/virtual-clock.ts';
import { Bottleneck } from '../../src/network/bottleneck.ts';
import { Link, type LinkOptions } from '../../src/network/link.ts';
import { UdpTraffic } from '../../src/network/udp-traffic.ts';
import { packet, stream, times } from './packets.ts';

function createLink(clock: VirtualClock, name: string, options: LinkOptions, seed = 1) {
  const arrivals: { id: number; at: number; arrival: number }[] = [];
  const trace: TraceEvent[] = [];
  const link = new Link({
    clock,
    random: seededRandom(seed),
    name,
    tracer: (event) => trace.push(event),
    options,
    deliver: (bytes, arrival) =>
      arrivals.push({ id: new DataView(bytes.buffer).getUint32(0), at: clock.now(), arrival }),
  });
  return { link, arrivals, trace };
}

/** Sends a packet of 1000 bytes on the wire every `interval` ms. */
function feed(clock: VirtualClock, link: Link, interval: number, duration: number): void {
  for (let id = 0; id * interval < duration; id++) clock.setTimeout(() => link.send(packet(id)), id * interval);
}

describe('several hops', () => {
  it('store and forward: each adds its serialisation and delay, the slowest one sets the rate', () => {
    const { arrivals } = stream(
      { rate: 4e6, delay: 10, hops: [{ rate: 1e6, delay: 20, queue: 1e6 }, { delay: 5 }] },
      4,
      0,
    );
    expect(times(arrivals)).toEqual([45, 53, 61, 69]);
  });

  it('drop where the queue is full, at the time it happens, and say where', async () => {
    const clock = new VirtualClock();
    const { link, trace, arrivals } = createLink(clock, 'path', {
      delay: 10,
      hops: [{ rate: 1e6, queue: 8, delay: 1 }],
    });
    for (let id = 0; id < 4; id++) link.send(packet(id));
    await clock.run(100);
    expect(arrivals.map(({ id, arrival }) => [id, arrival])).toEqual([
      [0, 19],
      [1, 27],
    ]);
    expect(trace.filter(({ type }) => type === 'packet-dropped')).toEqual(
      [
        { at: 10, type: 'packet-dropped', link: 'path', size: 972, ssrc: 0, sequence: 0, reason: 'queue', hop: 1 },
        { at: 10, type: 'packet-dropped', link: 'path', size: 972, ssrc: 0, sequence: 0, reason: 'queue', hop: 1 },
      ].map(({ ssrc: _, sequence: __, ...event }) => event),
    );
    expect(link.stats).toMatchObject({
      sent: { packets: 4 },
      delivered: { packets: 2 },
      dropped: { queue: { packets: 2 } },
    });
  });

  it('carry messages through all of them', async () => {
    const clock = new VirtualClock();
    const { link } = createLink(clock, 'path', { rate: 1e6, delay: 10, hops: [{ rate: 5e5, delay: 20 }] });
    const received: number[] = [];
    link.sendMessage('x'.repeat(960), () => received.push(clock.now()));
    await clock.run(1000);
    expect(received).toEqual([54]);
  });

  it('change one by one, and keep their number', () => {
    const clock = new VirtualClock();
    const { link } = createLink(clock, 'path', { hops: [{ delay: 5 }, { delay: 6 }] });
    link.set({ hops: [{}, { delay: 7 }] });
    expect(link.options.hops.map(({ delay }) => delay)).toEqual([5, 7]);
    expect(() => link.set({ hops: [{ delay: 1 }] })).toThrow('hops has 1 entries: this link was made with 2');
    expect(() => link.set({ hops: [{}, { loss: 3 }] })).toThrow('hops[1].loss is 3');
    expect(link.options.hops.map(({ delay }) => delay)).toEqual([5, 7]);
  });
});

describe('a bottleneck', () => {
  it('serves the links that cross it first in, first out', async () => {
    const clock = new VirtualClock();
    const shared = new Bottleneck({ rate: 1e6 }, clock);
    const ada = createLink(clock, 'ada', { via: shared, delay: 5 });
    const bob = createLink(clock, 'bob', { via: shared, delay: 50 });
    ada.link.send(packet(0));
    bob.link.send(packet(0));
    ada.link.send(packet(1));
    await clock.run(100);
    expect(ada.arrivals.map(({ at }) => at)).toEqual([13, 29]);
    expect(bob.arrivals.map(({ at }) => at)).toEqual([66]);
    expect(shared.stats.passed).toEqual({ packets: 3, bytes: 3000 });
  });

  it('is told of by its name: at its beginning, and at each change, with the time of the change', async () => {
    const clock = new VirtualClock();
    const events: TraceEvent[] = [];
    const tracer = (event: TraceEvent) => void events.push(event);
    const steps = [
      [0, 1e6],
      [100, 2e6],
      [150, 2e6],
    ] as const;
    const shared = new Bottleneck({ rate: steps, down: [[300, 400]] }, clock, { name: 'access', tracer });
    const random = seededRandom(1);
    const link = new Link({
      clock,
      random,
      name: 'ada',
      tracer,
      options: { delay: 5, hops: [{ via: shared }] },
      deliver() {},
    });
    clock.setTimeout(() => link.send(packet(0)), 600);
    clock.setTimeout(() => shared.set({ rate: 3e6 }), 700);
    await clock.run(1000);
    const told = events.filter(({ type }) => type === 'bottleneck-changed');
    expect(told.map(({ at, bottleneck, rate }) => [at, bottleneck, rate])).toEqual([
      [0, 'access', 1e6],
      [100, 'access', 2e6],
      [300, 'access', 0],
      [400, 'access', 2e6],
      [700, 'access', 3e6],
    ]);
    expect(events.find(({ type }) => type === 'link-changed')).toMatchObject({ link: 'ada', via: 'access' });
  });

  it('tells each packet how long it waited, in all queues together and without jitter', async () => {
    const clock = new VirtualClock();
    const waits: unknown[] = [];
    const shared = new Bottleneck({ rate: 1e6 }, clock);
    const link = new Link({
      clock,
      random: seededRandom(1),
      name: 'ada',
      tracer: ({ type, queued }) => {
        if (type === 'packet-arrived') waits.push(queued);
      },
      options: { rate: 2e6, delay: 5, jitter: 'rfc8868', hops: [{ via: shared }] },
      deliver() {},
    });
    for (let i = 0; i < 3; i++) link.send(packet(i));
    await clock.run(1000);
    // 1000 bytes: 4 ms at the first hop, 8 at the second.
    expect(waits[0]).toBeCloseTo(0, 6);
    expect(waits[2]).toBeGreaterThanOrEqual(8);
    expect(waits[2]).toBeLessThan(16 + 1e-6);
  });

  it('shares its rate and its losses as it is loaded', async () => {
    const clock = new VirtualClock();
    const shared = new Bottleneck({ rate: 3e6, queue: 100 }, clock);
    // Poisson: with even gaps a drop-tail queue may lock one of them out for good.
    const links = [2, 4].map((mean, index) => {
      const { link } = createLink(clock, `link ${index}`, { via: shared }); // 4 and 2 Mbit/s
      const random = seededRandom(index);
      for (let at = 0; at < 20_000; at += mean * -Math.log(1 - random.next())) {
        clock.setTimeout(() => link.send(packet(0)), at);
      }
      return link;
    });
    await clock.run(20_000);
    const [first, second] = links.map(({ stats }) => stats.delivered.bytes * 8);
    expect((first! + second!) / 20 / 3e6).toBeCloseTo(1, 2);
    expect(first! / second!).toBeGreaterThan(1.8);
    expect(first! / second!).toBeLessThan(2.2);
  });

  it('changes for all of them at once, and tells each trace', async () => {
    const clock = new VirtualClock();
    const shared = new Bottleneck({ rate: 1e6 }, clock);
    const ada = createLink(clock, 'ada', { via: shared });
    const bob = createLink(clock, 'bob', { via: shared });
    ada.link.send(packet(0));
    bob.link.send(packet(0));
    await clock.run(4);
    shared.set({ rate: 4e6 });
    await clock.run(100);
    expect([ada.arrivals[0]?.at, bob.arrivals[0]?.at]).toEqual([5, 7]);
    for (const { trace } of [ada, bob]) {
      expect(trace.filter(({ type }) => type === 'link-changed').map(({ at, rate }) => [at, rate])).toEqual([
        [0, 1e6],
        [4, 4e6],
      ]);
    }
  });

  it('lets the others go on when a link is closed in front of it', async () => {
    const clock = new VirtualClock();
    const shared = new Bottleneck({ rate: 1e6 }, clock);
    const ada = createLink(clock, 'ada', { via: shared });
    const bob = createLink(clock, 'bob', { via: shared });
    ada.link.send(packet(0));
    bob.link.send(packet(0));
    ada.link.close();
    await clock.run(100);
    expect(ada.arrivals).toEqual([]);
    expect(ada.link.stats.dropped.closed.packets).toBe(1);
    expect(bob.arrivals.map(({ at }) => at)).toEqual([16]);
  });

  it('may be another link, whose queue is then shared', async () => {
    const clock = new VirtualClock();
    const { link, arrivals } = createLink(clock, 'ada', { rate: 1e6 });
    const udp = new UdpTraffic({ clock, random: seededRandom(2), via: link, rate: 9e5, packetSize: 1000 });
    feed(clock, link, 16, 10_000); // 0.5 Mbit/s beside 0.9
    await clock.run(10_000);
    const { deliveredBytes } = udp.stats;
    expect((deliveredBytes + link.stats.delivered.bytes) / ((1e6 * 10) / 8)).toBeCloseTo(1, 2);
    expect(arrivals.at(-1)!.at - arrivals.at(-1)!.id * 16).toBeGreaterThan(250);
    udp.close();
  });

  it('joins links of several bottlenecks on one timeline: RFC 8867 §6.3', async () => {
    const run = async () => {
      const clock = new VirtualClock();
      const ab = new Bottleneck({ rate: 2e6 }, clock);
      const bc = new Bottleneck({ rate: 8e6 }, clock);
      const cd = new Bottleneck({ rate: 1.5e6 }, clock);
      const flows = [
        createLink(clock, 'A-D', {
          via: ab,
          delay: 40,
          hops: [
            { via: bc, delay: 20 },
            { via: cd, delay: 40 },
          ],
        }),
        createLink(clock, 'A-B', { via: ab, delay: 40 }, 2),
        createLink(clock, 'C-D', { via: cd, delay: 40 }, 3),
      ];
      for (const { link } of flows) feed(clock, link, 8.1, 20_000);
      await clock.run(20_500);
      return { flows, ab, bc, cd };
    };
    const { flows, ab, bc, cd } = await run();
    const rates = flows.map(
      ({ arrivals }) => (arrivals.filter(({ at }) => at > 5000 && at < 20_000).length * 8000) / 15,
    );
    expect(rates[1]! / 1e6).toBeCloseTo(8 / 8.1, 1);
    expect((rates[0]! + rates[2]!) / 1.5e6).toBeCloseTo(1, 2);
    expect(ab.stats.dropped.queue.packets + bc.stats.dropped.queue.packets).toBe(0);
    expect(cd.stats.dropped.queue.packets).toBeGreaterThan(500);
    const alone = 4 + 40 + 1 + 20 + 16 / 3 + 40;
    expect(flows[0]!.arrivals[0]!.arrival).toBeGreaterThanOrEqual(alone);
    expect(flows[0]!.arrivals[0]!.arrival).toBeLessThan(alone + 16 / 3); // behind one packet of the other flow
    expect(flows.every(({ arrivals }) => arrivals.every(({ at, arrival }) => at === arrival))).toBe(true);
    expect((await run()).flows.map(({ trace }) => trace)).toEqual(flows.map(({ trace }) => trace));
  });

  it('refuses what cannot be', () => {
    const clock = new VirtualClock();
    const shared = new Bottleneck({ rate: 1e6 }, clock);
    expect(() => createLink(new VirtualClock(), 'x', { via: shared })).toThrow('another clock');
    expect(() => createLink(clock, 'x', { via: shared, rate: 5 })).toThrow('rate is given beside via');
    expect(() => createLink(clock, 'x', { via: {} as never })).toThrow('via is {}: it must be a Bottleneck or a Link');
    expect(() => createLink(clock, 'x', {}).link.set({ via: shared })).toThrow('via is another bottleneck');
    expect(() => shared.set({ rate: -1 })).toThrow('rate is -1');
    expect(() => new Bottleneck({ loss: 1 } as never, clock)).toThrow(ArgumentError);
    expect(shared.options.rate).toBe(1e6);
  });
});

it('tells the trace of each step of the capacity, with its time', async () => {
  const clock = new VirtualClock();
  const { link, trace } = createLink(clock, 'l', {
    rate: [
      [0, 1e6],
      [50, 2e6],
    ],
    down: [[70, 80]],
  });
  feed(clock, link, 30, 100);
  await clock.run(200);
  const changes = trace.filter(({ type }) => type === 'link-changed');
  expect(changes.map(({ at, rate }) => [at, rate])).toEqual([
    [0, 1e6],
    [50, 2e6],
    [70, 0],
    [80, 2e6],
  ]);
  expect(link.rate).toBe(2e6);
});
