import { ArgumentError, seededRandom } from '@sluice/rtp';
import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../../src/bench/virtual-clock.ts';
import { Bottleneck, type BottleneckOptions } from '../../src/network/bottleneck.ts';
import { CubicWindow } from '../../src/network/cubic-window.ts';
import { TCP_SEGMENT, TcpTraffic, type TcpTrafficOptions } from '../../src/network/tcp-traffic.ts';
import { UdpTraffic } from '../../src/network/udp-traffic.ts';

type Flow = Omit<TcpTrafficOptions, 'clock' | 'random' | 'via'>;

/** Runs flows through one bottleneck for `seconds`; bit/s of goodput of each, and what the bottleneck says. */
async function compete(options: BottleneckOptions, flows: Flow[], seconds: number) {
  const clock = new VirtualClock();
  const via = new Bottleneck(options, clock);
  const random = seededRandom(11);
  const traffic = flows.map((flow, index) => new TcpTraffic({ clock, random: random.fork(`${index}`), via, ...flow }));
  await clock.run(seconds * 1000);
  for (const flow of traffic) flow.close();
  return { goodput: traffic.map(({ stats }) => (stats.deliveredBytes * 8) / seconds), traffic, via };
}

const jain = (values: number[]) =>
  values.reduce((sum, x) => sum + x) ** 2 / (values.length * values.reduce((sum, x) => sum + x * x, 0));

/** What of a rate is left for the bytes inside segments of 1500. */
const PAYLOAD = TCP_SEGMENT / 1500;

describe.each(['newreno', 'cubic'] as const)('a long %s flow', (control) => {
  it('uses more than 90 % of 2 Mbit/s with 300 ms of queue, by filling and draining it', async () => {
    const { goodput, via, traffic } = await compete({ rate: 2e6, queue: 300 }, [{ control }], 60);
    expect(goodput[0]! / (2e6 * PAYLOAD)).toBeGreaterThan(0.9);
    expect(goodput[0]! / (2e6 * PAYLOAD)).toBeLessThanOrEqual(1);
    expect(via.stats.dropped.queue.packets).toBeGreaterThan(3);
    expect(traffic[0]!.stats.roundTrip).toBeGreaterThan(100);
    expect(traffic[0]!.stats.roundTrip).toBeLessThan(100 + 300 + 20);
  });

  it('shares about evenly with another of its kind that comes later', async () => {
    const { goodput } = await compete({ rate: 2e6, queue: 300 }, [{ control }, { control, start: 5000 }], 180);
    expect(jain(goodput)).toBeGreaterThan(0.9);
    expect((goodput[0]! + goodput[1]!) / (2e6 * PAYLOAD)).toBeGreaterThan(0.9);
  });

  it('goes on after an outage longer than its timeout', async () => {
    const { goodput } = await compete({ rate: 2e6, queue: 300, down: [[20_000, 25_000]] }, [{ control }], 60);
    expect(goodput[0]! / (2e6 * PAYLOAD)).toBeGreaterThan(0.65);
  });
});

it('NewReno under random loss is near the Mathis formula, MSS / RTT · √(3 / 2p)', async () => {
  for (const p of [0.001, 0.01, 0.03]) {
    const { goodput } = await compete({}, [{ control: 'newreno', path: { loss: p } }], 300);
    const mathis = ((TCP_SEGMENT * 8) / 0.1) * Math.sqrt(3 / (2 * p));
    expect(goodput[0]! / mathis).toBeGreaterThan(0.6);
    expect(goodput[0]! / mathis).toBeLessThan(1.4);
  }
});

it('CUBIC grows along its curve: back at the old window after K, flat there, and beyond it later', () => {
  const window = new CubicWindow();
  while (window.size < 1000) window.acknowledged(0, 10, 0.1);
  window.lost();
  expect(window.size).toBeCloseTo(700, 5);
  const before = 1000;
  const k = Math.cbrt((before * 0.3) / 0.4) * 1000; // ms
  const size = new Map<number, number>();
  const roundTrip = 100; // long enough for the curve to be ahead of Reno
  for (let now = 0; now <= 2 * k; now += roundTrip) {
    size.set(now, window.size);
    window.acknowledged(now, Math.round(window.size), roundTrip);
  }
  const at = (time: number) => size.get(Math.round(time / roundTrip) * roundTrip)!;
  for (const t of [0.25, 0.5, 1, 1.5, 1.9]) {
    const curve = 0.4 * ((t * k - k) / 1000) ** 3 + before;
    expect(Math.abs(at(t * k) / curve - 1)).toBeLessThan(0.02);
  }
});

it('short downloads are of the size and with the pauses that were asked for', async () => {
  const { traffic, goodput } = await compete({ rate: 2e6, queue: 300 }, [{ downloads: { idle: 1000 } }], 600);
  const { downloads, deliveredBytes, segmentsSent } = traffic[0]!.stats;
  // Each takes about 3 round trips and the serialisation of 40 000 bytes, and a second of pause.
  expect(downloads).toBeGreaterThan(600 / 1.9);
  expect(downloads).toBeLessThan(600 / 1.2);
  expect(deliveredBytes / downloads).toBeGreaterThan(39_000);
  expect(deliveredBytes / downloads).toBeLessThan(42_500);
  expect(segmentsSent * TCP_SEGMENT).toBeGreaterThanOrEqual(deliveredBytes);
  expect(goodput[0]).toBeLessThan(4e5);
});

it('begins and ends when it is told to', async () => {
  const { traffic } = await compete(
    { rate: 2e6 },
    [{ start: 2000, stop: 4000 }, { downloads: { idleFirst: true } }],
    10,
  );
  const sent = traffic[0]!.stats.deliveredBytes * 8;
  expect(sent).toBeGreaterThan(2e6);
  expect(sent).toBeLessThan(4e6);
  expect(traffic[1]!.stats.downloads).toBeLessThan(4);
});

it('is the same with the same seed', async () => {
  const run = () => compete({ rate: 2e6, queue: 100 }, [{ path: { loss: 0.01 } }, { downloads: { idle: 500 } }], 20);
  const stats = async () => (await run()).traffic.map((flow) => flow.stats);
  expect(await stats()).toEqual(await stats());
});

describe('UDP', () => {
  it('sends at its rate through its steps, and yields to nobody', async () => {
    const clock = new VirtualClock();
    const via = new Bottleneck({ rate: 4e6 }, clock);
    const udp = new UdpTraffic({
      clock,
      random: seededRandom(1),
      via,
      rate: [
        [0, 3e6],
        [10_000, 1.5e6],
        [20_000, 0],
      ],
    });
    const tcp = new TcpTraffic({ clock, random: seededRandom(2), via, control: 'newreno' });
    await clock.run(30_000);
    expect((udp.stats.sentBytes * 8) / 45e6).toBeCloseTo(1, 3);
    expect(udp.stats.deliveredBytes / udp.stats.sentBytes).toBeGreaterThan(0.95);
    expect((tcp.stats.deliveredBytes * 8) / PAYLOAD / (4e6 * 30 - 45e6)).toBeGreaterThan(0.85);
    udp.close();
    tcp.close();
    await clock.run(1000);
    expect(via.stats.queueDelay).toBe(0);
  });

  it.each([
    [{ rate: Number.POSITIVE_INFINITY }, 'rate is Infinity'],
    [{ rate: -1 }, 'rate is -1'],
    [{ rate: 1e6, packetSize: 20 }, 'packetSize is 20'],
  ])('refuses %o', (options, message) => {
    const clock = new VirtualClock();
    const create = () => new UdpTraffic({ clock, random: seededRandom(1), via: new Bottleneck({}, clock), ...options });
    expect(create).toThrow(ArgumentError);
    expect(create).toThrow(message);
  });
});

it.each([
  [{ start: -1 }, 'start is -1'],
  [{ start: 10, stop: 5 }, 'stop is 5'],
  [{ control: 'vegas' as never }, 'control is vegas'],
  [{ delay: -3 }, 'delay is -3'],
  [{ downloads: { size: [5, 1] as const } }, 'downloads.size is 5,1'],
  [{ downloads: { idle: 0 } }, 'downloads.idle is 0'],
])('TCP refuses %o', (options, message) => {
  const clock = new VirtualClock();
  const create = () => new TcpTraffic({ clock, random: seededRandom(1), via: new Bottleneck({}, clock), ...options });
  expect(create).toThrow(ArgumentError);
  expect(create).toThrow(message);
});
