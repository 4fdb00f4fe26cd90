import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ProbeRequest } from '../../src/congestion/controller.ts';
import { Pacer, type PaddingSource } from '../../src/congestion/pacer.ts';
import type { PacerPriority } from '../../src/congestion/pacer-queue.ts';

interface Sent {
  readonly name: string;
  readonly at: number;
  readonly probe: number | undefined;
}

/** Runs the pacer by its own schedule until `end`; what it sent. */
function run(pacer: Pacer<string>, from: number, end: number): Sent[] {
  const sent: Sent[] = [];
  let calls = 0;
  for (let now: number | undefined = from; now !== undefined && now < end; now = pacer.nextProcessTime(now)) {
    const at = now;
    pacer.process(at, (name, probe) => sent.push({ name, at, probe }));
    if (++calls > 100_000) throw new Error('The pacer asks to be called again and again.');
  }
  return sent;
}

const PADDING: PaddingSource<string> = (bytes) => ({ packet: 'padding', size: bytes });
const PROBE: ProbeRequest = {
  id: 9,
  targetBitrate: 1_000_000,
  duration: 20,
  minPackets: 5,
  minBytes: 2_500,
  burstInterval: 2,
  reason: 'start',
};

describe('pacing', () => {
  it('sends at the rate', () => {
    const pacer = new Pacer<string>({ pacingRate: 800_000 });
    for (let i = 0; i < 10; i++) pacer.enqueue(`${i}`, 1_000, 'video', 0);
    expect(run(pacer, 0, 1_000).map(({ at }) => Math.round(at))).toEqual([0, 10, 20, 30, 40, 50, 60, 70, 80, 90]);
  });

  it('follows a change of rate with what it owes', () => {
    const pacer = new Pacer<string>({ pacingRate: 800_000 });
    pacer.enqueue('a', 1_000, 'video', 0);
    pacer.enqueue('b', 1_000, 'video', 0);
    pacer.process(0, () => {});
    pacer.setPacingRate(80_000, 5);
    expect(pacer.nextProcessTime(5)).toBeCloseTo(55, 6);
  });

  it('sends the more urgent first, and in order within a priority', () => {
    const pacer = new Pacer<string>();
    const order: PacerPriority[] = ['padding', 'fec', 'video', 'video-rtx', 'audio-rtx', 'audio'];
    for (const priority of order) for (const i of [1, 2]) pacer.enqueue(`${priority}${i}`, 1_200, priority, 0);
    const names = run(pacer, 0, 5_000).map(({ name }) => name);
    expect(names).toEqual(order.toReversed().flatMap((priority) => [`${priority}1`, `${priority}2`]));
  });

  it('never holds audio back, but lets it count', () => {
    const pacer = new Pacer<string>({ pacingRate: 80_000 });
    for (let i = 0; i < 5; i++) pacer.enqueue('audio', 100, 'audio', 0);
    pacer.enqueue('video', 1_000, 'video', 0);
    const sent = run(pacer, 0, 1_000);
    expect(sent.filter(({ name }) => name === 'audio').map(({ at }) => at)).toEqual([0, 0, 0, 0, 0]);
    expect(sent.find(({ name }) => name === 'video')?.at).toBeCloseTo(50, 6);
  });

  it('lets only audio pass at a rate of 0', () => {
    const pacer = new Pacer<string>();
    pacer.setPacingRate(0, 0);
    pacer.enqueue('video', 1_000, 'video', 0);
    pacer.enqueue('audio', 100, 'audio', 0);
    expect(run(pacer, 0, 10_000).map(({ name }) => name)).toEqual(['audio']);
  });

  it('makes up for a late call, but an idle sender saves nothing', () => {
    const pacer = new Pacer<string>({ pacingRate: 800_000 });
    for (let i = 0; i < 5; i++) pacer.enqueue('a', 1_000, 'video', 0);
    let count = 0;
    pacer.process(0, () => count++);
    pacer.process(25, () => count++);
    expect(count).toBe(3);
    pacer.process(1_000, () => count++);
    for (let i = 0; i < 5; i++) pacer.enqueue('b', 1_000, 'video', 2_000);
    count = 0;
    pacer.process(2_000, () => count++);
    expect(count).toBe(1);
  });

  it('drains any queue within two seconds', () => {
    const pacer = new Pacer<string>({ pacingRate: 100_000 });
    for (let i = 0; i < 200; i++) pacer.enqueue(`${i}`, 1_000, 'video', 0);
    expect(pacer.queueSize).toBe(200_000);
    expect(pacer.expectedQueueTime(0)).toBeCloseTo(2_000, 6);
    const sent = run(pacer, 0, 10_000);
    expect(sent).toHaveLength(200);
    expect(sent.at(-1)?.at).toBeLessThanOrEqual(2_000);
  });

  it('drops the packets of one stream on request', () => {
    const pacer = new Pacer<string>();
    for (const name of ['a1', 'b1', 'a2', 'b2', 'a3']) pacer.enqueue(name, 1_000, 'video', 0);
    expect(pacer.flush((name) => name.startsWith('a'))).toBe(3);
    expect(pacer.queueSize).toBe(2_000);
    expect(run(pacer, 0, 1_000).map(({ name }) => name)).toEqual(['b1', 'b2']);
  });

  it('keeps the path alive with a packet of padding every 500 ms of silence', () => {
    const pacer = new Pacer<string>({}, PADDING);
    pacer.enqueue('video', 1_000, 'video', 100);
    const sent = run(pacer, 100, 1_700);
    expect(sent.map(({ name, at }) => [name, at])).toEqual([
      ['video', 100],
      ['padding', 600],
      ['padding', 1_100],
      ['padding', 1_600],
    ]);
  });
});

describe('probes', () => {
  it('are sent at their rate, of padding when there is nothing else', () => {
    const pacer = new Pacer<string>({ keepAliveInterval: Number.POSITIVE_INFINITY }, PADDING);
    pacer.startProbe(PROBE, 0);
    const sent = run(pacer, 0, 1_000);
    expect(sent.every(({ name, probe }) => name === 'padding' && probe === 9)).toBe(true);
    // 250 bytes every 2 ms until there are 2500.
    expect(sent.map(({ at }) => at)).toEqual([0, 2, 4, 6, 8, 10, 12, 14, 16, 18]);
    expect(pacer.probing).toBe(false);
  });

  it('take packets that wait before padding', () => {
    const pacer = new Pacer<string>({ pacingRate: 10_000 }, PADDING);
    for (let i = 0; i < 3; i++) pacer.enqueue('video', 500, 'video', 0);
    pacer.startProbe(PROBE, 0);
    const sent = run(pacer, 0, 30);
    expect(sent.map(({ name }) => name).slice(0, 4)).toEqual(['video', 'video', 'video', 'padding']);
    expect(sent.every(({ probe }) => probe === 9)).toBe(true);
    expect(sent.length).toBeGreaterThanOrEqual(5);
  });

  it('follow one another', () => {
    const pacer = new Pacer<string>({}, PADDING);
    pacer.startProbe(PROBE, 0);
    pacer.startProbe({ ...PROBE, id: 10, targetBitrate: 2_000_000 }, 0);
    const probes = run(pacer, 0, 100).map(({ probe }) => probe);
    expect(probes.indexOf(10)).toBe(probes.lastIndexOf(9) + 1);
  });

  it('are given up when a burst is more than 10 ms late', () => {
    const pacer = new Pacer<string>({}, PADDING);
    pacer.startProbe(PROBE, 0);
    run(pacer, 0, 5);
    expect(pacer.probing).toBe(true);
    const late: (number | undefined)[] = [];
    pacer.process(20, (_, probe) => late.push(probe));
    expect(pacer.probing).toBe(false);
    expect(late).toEqual([]);
  });

  it('wait for packets when there is no padding, for 5 s', () => {
    const pacer = new Pacer<string>();
    pacer.startProbe(PROBE, 0);
    run(pacer, 0, 4_000);
    pacer.enqueue('video', 1_000, 'video', 4_000);
    expect(run(pacer, 4_000, 4_001)).toEqual([{ name: 'video', at: 4_000, probe: 9 }]);
    const forgotten = new Pacer<string>();
    forgotten.startProbe(PROBE, 0);
    run(forgotten, 0, 5_001);
    expect(forgotten.probing).toBe(false);
  });
});

it('sends every packet once, in finite time, whatever it is asked for', () => {
  const priority = fc.constantFrom<PacerPriority>('audio', 'audio-rtx', 'video-rtx', 'video', 'fec', 'padding');
  const action = fc.oneof(
    fc.record({ do: fc.constant('enqueue' as const), size: fc.integer({ min: 1, max: 1_400 }), priority }),
    fc.record({ do: fc.constant('rate' as const), rate: fc.integer({ min: 1_000, max: 10_000_000 }) }),
    fc.record({ do: fc.constant('probe' as const), rate: fc.integer({ min: 10_000, max: 10_000_000 }) }),
    fc.record({ do: fc.constant('wait' as const), time: fc.double({ min: 0, max: 100, noNaN: true }) }),
  );
  fc.assert(
    fc.property(fc.array(action, { maxLength: 60 }), fc.boolean(), (actions, padded) => {
      const pacer = new Pacer<string>({}, padded ? PADDING : undefined);
      const sent: string[] = [];
      let now = 0;
      let count = 0;
      for (const next of actions) {
        if (next.do === 'enqueue') pacer.enqueue(`${count++}`, next.size, next.priority, now);
        else if (next.do === 'rate') pacer.setPacingRate(next.rate, now);
        else if (next.do === 'probe') {
          pacer.startProbe({ ...PROBE, id: count + 1, targetBitrate: next.rate, minBytes: next.rate / 400 }, now);
        } else {
          sent.push(...run(pacer, now, now + next.time).map(({ name }) => name));
          now += next.time;
        }
      }
      sent.push(...run(pacer, now, now + 10_000).map(({ name }) => name));
      const packets = sent.filter((name) => name !== 'padding');
      expect(packets.toSorted()).toEqual(Array.from({ length: count }, (_, i) => `${i}`).toSorted());
      expect(pacer.queueSize).toBe(0);
    }),
  );
});
