import { seededRandom, type TraceEvent } from '@sluice/rtp';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { VirtualClock } from '../../src/bench/virtual-clock.ts';
import { Bottleneck } from '../../src/network/bottleneck.ts';
import { DeliveryTrace } from '../../src/network/delivery-trace.ts';
import { Link } from '../../src/network/link.ts';
import { LinkModel } from '../../src/network/link-model.ts';
import type { HopOptions } from '../../src/network/link-options.ts';
import { ids, packet, takeAll, times } from './packets.ts';

const ratio = fc.double({ min: 0, max: 1, noNaN: true });
const ms = fc.double({ min: 0, max: 100, noNaN: true });
const bitrate = fc.oneof(fc.constant(0), fc.constant(Number.POSITIVE_INFINITY), fc.integer({ min: 1000, max: 1e7 }));
const steps = fc.tuple(bitrate, bitrate, fc.integer({ min: 1000, max: 1e7 })).map(
  ([a, b, c]) =>
    [
      [0, a],
      [40, b],
      [90.5, c],
    ] as const,
);

const queue = fc.oneof(
  fc.integer({ min: 0, max: 500 }),
  fc.record({ bytes: fc.integer({ min: 0, max: 20_000 }) }),
  fc.record({ time: ms, discipline: fc.constant('codel' as const), target: fc.constant(1), interval: fc.constant(5) }),
);

const loss = fc.oneof(
  ratio,
  fc.record({ p: ratio, r: ratio, h: ratio, k: ratio }),
  fc.constant({ burst: 2, every: 5 }),
  fc.constant({ packets: [1, 3, 4, 10] }),
);

const rate = fc.oneof(
  bitrate,
  steps,
  steps.map((value) => ({ steps: value, repeat: 120 })),
  fc.constant(new DeliveryTrace([1, 1, 7, 30])),
);

/** What keeps the order. */
const inOrder = {
  rate,
  delay: ms,
  jitter: fc.oneof(
    fc.constantFrom('none' as const, 'rfc8868' as const),
    fc.constant({ model: 'uniform' as const, max: 30 }),
  ),
  loss,
  corrupt: ratio,
  queue,
  down: fc.oneof(
    fc.constant([]),
    fc.constant([
      [20, 35.5],
      [100, 140],
    ] as const),
  ),
  up: fc.boolean(),
};

const anything = {
  ...inOrder,
  duplicate: ratio,
  reordering: fc.record({ ratio, delay: ms }),
  jitter: fc.oneof(inOrder.jitter, fc.constant({ model: 'uniform' as const, max: 60, reordering: true })),
};

type Step = { gap: number; size: number; set: HopOptions | undefined; hop: number; poll: boolean };

const timeline = (options: Record<string, fc.Arbitrary<unknown>>): fc.Arbitrary<Step[]> =>
  fc.array(
    fc.record({
      gap: fc.double({ min: 0, max: 12, noNaN: true }),
      size: fc.integer({ min: 4, max: 3000 }),
      set: fc.option(fc.record(options, { requiredKeys: [] }) as fc.Arbitrary<HopOptions>, { nil: undefined, freq: 4 }),
      hop: fc.integer({ min: 0, max: 2 }),
      poll: fc.boolean(),
    }),
    { maxLength: 80 },
  );

/** What makes every packet come out, whatever was set before. */
const OPEN: HopOptions = { rate: Number.POSITIVE_INFINITY, up: true, down: [] };

function run(timeline: Step[], hops: number, seed: number) {
  const counts = { sent: 0, dropped: 0, duplicated: 0 };
  const link = new LinkModel<string>(
    seededRandom(seed),
    { rate: 1e6, hops: Array.from({ length: hops - 1 }, () => ({ rate: 8e5, delay: 3 })) },
    { observer: { dropped: () => counts.dropped++, duplicated: () => counts.duplicated++, corrupted: () => {} } },
  );
  const arrivals: ReturnType<typeof takeAll> = [];
  const conserved = () =>
    expect(counts.sent + counts.duplicated).toBe(arrivals.length + counts.dropped + link.packetsInside);
  const change = (options: HopOptions, hop: number) =>
    hop === 0 ? options : { hops: Array.from({ length: hops - 1 }, (_, index) => (index + 1 === hop ? options : {})) };
  let now = 0;
  for (const { gap, size, set, hop, poll } of timeline) {
    now += gap;
    if (link.offer(now, packet(counts.sent++, size)) !== undefined) counts.dropped += 1;
    if (set !== undefined) link.set(now, change(set, hop % hops));
    if (poll) {
      expect(link.nextEventTime()).toBeGreaterThanOrEqual(0);
      arrivals.push(...takeAll(link, now));
    }
    conserved();
    expect(link.queueDelay(now)).toBeGreaterThanOrEqual(0);
  }
  for (let hop = 0; hop < hops; hop++) link.set(now, change(OPEN, hop));
  arrivals.push(...takeAll(link, now + 1e9));
  conserved();
  expect(link.packetsInside).toBe(0);
  expect(link.nextEventTime()).toBe(Number.POSITIVE_INFINITY);
  expect(times(arrivals)).toEqual(times(arrivals).toSorted((a, b) => a - b));
  return arrivals;
}

const place = [fc.integer({ min: 1, max: 3 }), fc.integer()] as const;

it('accounts for every packet, whatever the options and whenever they change', () => {
  fc.assert(
    fc.property(timeline(anything), ...place, (steps, hops, seed) => void run(steps, hops, seed)),
    {
      numRuns: 400,
    },
  );
});

it('keeps the order unless it is asked not to', () => {
  fc.assert(
    fc.property(timeline(inOrder), ...place, (steps, hops, seed) => {
      // The ids may be corrupted: what is told apart by size is not.
      const sized = steps.map((step, index) => ({ ...step, size: 100 + index }));
      const sizes = run(sized, hops, seed).map((item) => (item.kind === 'packet' ? item.packet.length : 0));
      expect(sizes).toEqual(sizes.toSorted((a, b) => a - b));
    }),
    { numRuns: 400 },
  );
});

it('does the same again with the same seed, and something else with another', () => {
  fc.assert(
    fc.property(timeline(anything), ...place, (steps, hops, seed) => {
      expect(ids(run(steps, hops, seed))).toEqual(ids(run(steps, hops, seed)));
    }),
    { numRuns: 50 },
  );
  const lossy: Step[] = Array.from({ length: 80 }, (_, index) => {
    const set = index === 0 ? { loss: { p: 0.3, r: 0.3 }, rate: 1e7 } : undefined;
    return { gap: 5, size: 100, set, hop: 0, poll: true };
  });
  expect(ids(run(lossy, 1, 1))).not.toEqual(ids(run(lossy, 1, 2)));
});

it('accounts for every packet of links that share a bottleneck, in time, and delivers at the emulated moment', async () => {
  const clock = new VirtualClock();
  const shared = new Bottleneck({ rate: 2e6, queue: { time: 100, discipline: 'codel' } }, clock);
  const random = seededRandom(4);
  const trace: TraceEvent[] = [];
  const links = Array.from({ length: 5 }, (_, index) => {
    const link = new Link({
      clock,
      random: random.fork(`${index}`),
      name: `${index}`,
      tracer: (event) => trace.push(event),
      options: { via: shared, loss: 0.05, duplicate: 0.1, jitter: 'rfc8868', delay: index * 10 },
      deliver: (_packet, arrival) => expect(arrival).toBe(clock.now()),
    });
    for (let at = index; at < 5000; at += 15) clock.setTimeout(() => link.send(new Uint8Array(900)), at);
    return link;
  });
  clock.setTimeout(() => shared.set({ rate: 5e5 }), 2000);
  clock.setTimeout(() => shared.set({ up: false }), 3000);
  clock.setTimeout(() => shared.set({ up: true, rate: 3e6, queue: 50 }), 3300);
  await clock.run(4321);
  links[2]?.close();
  await clock.run(10_000);
  for (const link of links) {
    const { sent, duplicated, delivered, dropped } = link.stats;
    const lost = Object.values(dropped).reduce((sum, { packets }) => sum + packets, 0);
    expect(sent.packets + duplicated.packets).toBe(delivered.packets + lost);
    const lostBytes = Object.values(dropped).reduce((sum, { bytes }) => sum + bytes, 0);
    expect(sent.bytes + duplicated.bytes).toBe(delivered.bytes + lostBytes);
    const events = (type: string) => trace.filter((event) => event.type === type && event['link'] === link.name).length;
    expect(events('packet-sent')).toBe(sent.packets);
    expect(events('packet-arrived')).toBe(delivered.packets);
    expect(events('packet-duplicated')).toBe(duplicated.packets);
    expect(events('packet-dropped') + (link === links[2] ? dropped.closed.packets - sentAfterClose(link) : 0)).toBe(
      lost,
    );
  }
  expect(links[0]?.stats.dropped.codel.packets).toBeGreaterThan(0);
  expect(links[0]?.stats.dropped.down.packets).toBeGreaterThan(0);
});

/** Packets handed to a link that was closed at 4321 ms have events of their own; those that were inside have none. */
function sentAfterClose(link: Link): number {
  let packets = 0;
  for (let at = Number(link.name); at < 5000; at += 15) if (at > 4321) packets += 1;
  return packets;
}
