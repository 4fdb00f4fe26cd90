import { ArgumentError, seededRandom, type TraceEvent } from '@sluice/rtp';
import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../../src/bench/virtual-clock.ts';
import { Link, type LinkOptions } from '../../src/network/link.ts';

function setup(options: LinkOptions = {}, seed = 1) {
  const clock = new VirtualClock();
  const trace: TraceEvent[] = [];
  const arrivals: { size: number; arrival: number; at: number }[] = [];
  const link = new Link({
    clock,
    random: seededRandom(seed),
    name: 'bob/downlink',
    tracer: (event) => trace.push(event),
    options,
    deliver: (packet, arrival) => arrivals.push({ size: packet.length, arrival, at: clock.now() }),
  });
  return { clock, link, trace, arrivals };
}

/** Sends `size` bytes every `interval` ms for `duration` ms. */
function sendEvery(clock: VirtualClock, link: Link, interval: number, duration: number, size = 972): void {
  for (let at = 0; at < duration; at += interval) clock.setTimeout(() => link.send(new Uint8Array(size)), at);
}

it('delivers each packet at its emulated time, never from within send', async () => {
  const { clock, link, arrivals } = setup({ rate: 1_000_000, delay: 20 });
  link.send(new Uint8Array(972));
  link.send(new Uint8Array(472));
  expect(arrivals).toEqual([]);
  await clock.run(100);
  expect(arrivals).toEqual([
    { size: 972, arrival: 28, at: 28 },
    { size: 472, arrival: 32, at: 32 },
  ]);
});

it('tells the exact arrival although its timer fires late', () => {
  let fire: (() => void) | undefined;
  let now = 0;
  const lateClock = {
    now: () => now,
    setTimeout: (callback: () => void) => {
      fire = callback;
    },
    clearTimeout: () => {},
  };
  const arrivals: number[] = [];
  const deliver = (_: Uint8Array, arrival: number) => arrivals.push(arrival);
  const link = new Link({ clock: lateClock, random: seededRandom(1), name: 'l', options: { delay: 10 }, deliver });
  link.send(new Uint8Array(10));
  now = 3;
  link.send(new Uint8Array(10));
  now = 17.5;
  fire?.();
  expect(arrivals).toEqual([10, 13]);
});

it('drains the queue at a new rate at once', async () => {
  const { clock, link, arrivals } = setup({ rate: 1_000_000 });
  link.send(new Uint8Array(972));
  link.send(new Uint8Array(972));
  await clock.run(4);
  link.set({ rate: 4_000_000 });
  await clock.run(10);
  expect(arrivals.map(({ at }) => at)).toEqual([5, 7]);
});

it('counts packets and bytes on the wire, and all of them are somewhere', async () => {
  const { clock, link } = setup({ rate: 1_000_000, loss: 0.1, delay: 50, queue: 100 });
  sendEvery(clock, link, 4, 1000);
  await clock.run(700);
  const { sent, delivered, dropped, queueDelay } = link.stats;
  const inside = sent.packets - delivered.packets - dropped.loss.packets - dropped.queue.packets;
  expect(sent).toEqual({ packets: 176, bytes: 176_000 });
  expect(delivered.bytes).toBe(delivered.packets * 1000);
  expect(delivered.packets).toBeGreaterThan(75); // 81 if the link never idled
  expect(dropped.loss.packets).toBeGreaterThan(0);
  expect(dropped.queue.packets).toBeGreaterThan(0);
  expect(queueDelay).toBeGreaterThan(0);
  expect(queueDelay).toBeLessThanOrEqual(108);
  link.close();
  expect(link.stats.dropped.closed).toEqual({ packets: inside, bytes: inside * 1000 });
});

it('writes what happens to each packet into the trace', async () => {
  const { clock, link, trace } = setup({ rate: 1_000_000, queue: 0, delay: 1 });
  link.send(new Uint8Array(972));
  link.send(new Uint8Array(100));
  await clock.run(20);
  expect(trace).toEqual([
    { at: 0, type: 'link-changed', link: 'bob/downlink', rate: 1_000_000, delay: 1, loss: 0 },
    { at: 0, type: 'packet-sent', link: 'bob/downlink', size: 972 },
    { at: 0, type: 'packet-sent', link: 'bob/downlink', size: 100 },
    { at: 0, type: 'packet-dropped', link: 'bob/downlink', size: 100, reason: 'queue' },
    { at: 9, type: 'packet-arrived', link: 'bob/downlink', size: 972, queued: 0 },
  ]);
});

it('repeats the whole trace with the same seed, and another one with another', async () => {
  const run = async (seed: number) => {
    const { clock, link, trace } = setup({ rate: 2_000_000, loss: 0.05, delay: 13.7 }, seed);
    sendEvery(clock, link, 3.3, 2000);
    clock.setTimeout(() => link.set({ rate: 300_000, delay: 5 }), 900);
    await clock.run(5000);
    return JSON.stringify(trace);
  };
  expect(await run(7)).toBe(await run(7));
  expect(await run(7)).not.toBe(await run(8));
});

it('carries messages in order, each to where it was meant', async () => {
  const { clock, link } = setup({ delay: 10, loss: 0.3 });
  const received: string[] = [];
  for (let i = 0; i < 20; i++) link.sendMessage(`${i}`, (text) => received.push(text));
  expect(received).toEqual([]);
  await clock.run(60_000);
  expect(received).toEqual(Array.from({ length: 20 }, (_, i) => `${i}`));
});

it('goes on delivering after a receiver has thrown', async () => {
  const clock = new VirtualClock();
  let calls = 0;
  const deliver = () => {
    if (++calls === 1) throw new Error('receiver');
  };
  const link = new Link({ clock, random: seededRandom(1), name: 'l', options: {}, deliver });
  link.send(new Uint8Array(1));
  link.send(new Uint8Array(1));
  await expect(clock.run(1)).rejects.toThrow('receiver');
  await clock.run(1);
  expect(calls).toBe(2);
});

it('is silent after close, and closing twice changes nothing', async () => {
  const { clock, link, arrivals } = setup({ delay: 10 });
  const received: string[] = [];
  link.send(new Uint8Array(10));
  link.sendMessage('late', (text) => received.push(text));
  link.close();
  link.close();
  link.send(new Uint8Array(10));
  link.sendMessage('too late', (text) => received.push(text));
  await clock.run(1000);
  expect(arrivals).toEqual([]);
  expect(received).toEqual([]);
  expect(link.stats.dropped.closed.packets).toBe(2);
});

describe('options', () => {
  it.each([
    ['rate', -1],
    ['rate', Number.NaN],
    ['delay', -0.1],
    ['delay', Number.POSITIVE_INFINITY],
    ['loss', 1.01],
    ['loss', -0.01],
    ['queue', Number.NaN],
    ['queue', '5'],
  ])('refuses %s = %s, naming both', (field, value) => {
    const options = { [field]: value } as LinkOptions;
    expect(() => setup(options)).toThrow(ArgumentError);
    expect(() => setup(options)).toThrow(`${field} is ${value}`);
    expect(() => setup().link.set(options)).toThrow(ArgumentError);
  });
});
