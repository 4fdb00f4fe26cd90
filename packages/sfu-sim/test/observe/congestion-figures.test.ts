// Figures of congestion control, of traces with known answers.

import type { SluiceEvent } from '@sluice/rtp';
import { CongestionFigures, figuresOf, type MeasurePlan } from '@sluice/sfu-sim';
import { describe, expect, test } from 'vitest';
import { trace } from './hand-made-trace.ts';

/** One packet of 1000 bytes on the wire on `name`'s uplink: arrives 50 ms later, having waited for `queued`, or is dropped. */
function packet(name: string, at: number, queued: number | 'dropped' = 0): SluiceEvent[] {
  const details = { link: `${name}/uplink`, size: 972 };
  return [
    { at, type: 'packet-sent', ...details },
    queued === 'dropped'
      ? { at, type: 'packet-dropped', ...details, reason: 'queue' }
      : { at: at + 50, type: 'packet-arrived', ...details, queued },
  ];
}

/** Packets at that rate from `from` to `to`, excluded. */
function flow(name: string, from: number, to: number, rate: number, queued: (at: number) => number = () => 0) {
  const events: SluiceEvent[] = [];
  for (let at = from; at < to; at += 8_000_000 / rate) events.push(...packet(name, at, queued(at)));
  return events;
}

function estimate(name: string, at: number, target: number): SluiceEvent {
  const why = { change: 'hold', cause: 'delay', loss: 0 } as const;
  return { at, type: 'estimate', participant: name, direction: 'uplink', target, ...why };
}

const through = (name: string, via = 'path'): SluiceEvent => {
  return { at: 0, type: 'link-changed', link: `${name}/uplink`, delay: 50, loss: 0, via };
};
const capacity = (at: number, rate: number, bottleneck = 'path'): SluiceEvent => {
  return { at, type: 'bottleneck-changed', bottleneck, rate };
};
const ownLink = (at: number, rate: number | undefined): SluiceEvent => {
  return { at, type: 'link-changed', link: 'ada/uplink', rate, delay: 50, loss: 0 };
};

const figures = (to: number, plan: MeasurePlan, ...events: (SluiceEvent | readonly SluiceEvent[])[]) =>
  new CongestionFigures(trace(...events), to, { flows: ['ada/uplink', 'ben/uplink'], ...plan });

describe('utilisation', () => {
  const two = [through('ada'), through('ben'), capacity(0, 1e6)];

  test('is the sum of all flows through a bottleneck, of its capacity over the span', () => {
    const both = figures(
      20_000,
      { from: 10_000 },
      two,
      capacity(15_000, 2e6),
      flow('ada', 0, 20_000, 400_000),
      flow('ben', 0, 20_000, 200_000),
    );
    expect(both.bottleneck('path')).toMatchObject({ flows: ['ada/uplink', 'ben/uplink'] });
    expect(both.bottleneck('path')?.utilisation).toBeCloseTo(0.6 / 1.5, 2);
    expect(both.summary['utilisation']).toBeCloseTo(0.6 / 1.5, 2);
  });

  test('asks no more of flows than they can send, and nothing of those that have not begun or are muted', () => {
    const published = { at: 0, type: 'track-published', participant: 'ben', track: 'V', kind: 'video' } as const;
    const its = { participant: 'ben', track: 'V' };
    const measured = figures(
      40_000,
      { maxRate: 300_000 },
      two,
      published,
      flow('ada', 0, 40_000, 240_000),
      flow('ben', 10_000, 20_000, 240_000),
      { at: 20_000, type: 'track-muted', ...its },
      { at: 30_000, type: 'track-unmuted', ...its },
      flow('ben', 30_000, 40_000, 240_000),
    );
    expect(measured.bottleneck('path')?.utilisation).toBeCloseTo(0.8, 2);
  });

  test('of a link that goes through no bottleneck is that of the link; without a limit there is none', () => {
    const alone = figures(10_000, {}, ownLink(0, 1e6), flow('ada', 0, 10_000, 500_000));
    expect(alone.bottlenecks).toEqual(['ada/uplink']);
    expect(alone.bottleneck('ada/uplink')?.utilisation).toBeCloseTo(0.5, 2);
    const free = figures(10_000, {}, ownLink(0, undefined), flow('ada', 0, 10_000, 5e5));
    expect(free.bottleneck('ada/uplink')?.utilisation).toBeUndefined();
  });

  test('of several bottlenecks the worst counts, among those that are asked for', () => {
    const events = [
      { ...through('ada'), via: 'first second' } as SluiceEvent,
      capacity(0, 1e6, 'first'),
      capacity(0, 4e6, 'second'),
      ...flow('ada', 0, 10_000, 800_000),
    ];
    expect(figures(10_000, {}, events).summary['utilisation']).toBeCloseTo(0.2, 2);
    expect(figures(10_000, { bottlenecks: ['first'] }, events).summary['utilisation']).toBeCloseTo(0.8, 2);
  });
});

describe('queueing delay', () => {
  test('in steady state leaves out ten seconds after the beginning and a rise, and two after a fall', () => {
    const steady = (at: number) =>
      (at > 10_000 && at < 20_000) || (at > 22_050 && at < 30_000) || (at > 40_000 && at < 50_000);
    const measured = figures(
      50_000,
      {},
      ownLink(0, 2e6),
      ownLink(20_000, 1e6),
      ownLink(30_000, 2e6),
      flow('ada', 0, 50_000, 200_000, (at) => (steady(at + 50) ? 30 : 250)),
    );
    expect(measured.flow('ada/uplink')).toMatchObject({
      queueDelayP50Ms: 30,
      queueDelayP95Ms: 30,
      overallQueueDelayP95Ms: 250,
      queueDelayMaxMs: 250,
    });
    expect(measured.flow('ada/uplink', { from: 20_100, to: 21_900 })?.queueDelayP95Ms).toBe(250);
  });
});

describe('loss and rates', () => {
  test('loss is the share of the packets sent in the span', () => {
    const packets = Array.from({ length: 100 }, (_, i) =>
      packet('ada', 10 + i * 10, i >= 50 && i < 60 ? 'dropped' : 0),
    );
    expect(figures(2000, {}, ownLink(0, 1e6), ...packets).flow('ada/uplink')?.lossRatio).toBeCloseTo(0.1, 9);
    expect(figures(2000, { to: 400 }, ownLink(0, 1e6), ...packets).summary['lossRatio']).toBe(0);
  });

  test('the lowest rate is that of the worst second after the first, whenever it begins', () => {
    const measured = figures(
      20_000,
      {},
      ownLink(0, 1e6),
      flow('ada', 0, 7600, 400_000),
      flow('ada', 7600, 8600, 80_000),
      flow('ada', 8600, 20_020, 400_000),
    );
    expect(measured.flow('ada/uplink')?.lowestRate).toBe(80_000);
    expect(measured.flow('ada/uplink', { from: 9000 })?.lowestRate).toBe(400_000);
  });

  test('estimates are the newest at the end of the span and the highest within it', () => {
    const events = [
      ownLink(0, 1e6),
      packet('ada', 0),
      [1, 2, 3].map((i) => estimate('ada', i * 1000, i % 2 ? 1e6 : 9e5)),
    ];
    const measured = figures(5000, {}, ...events.flat());
    expect(measured.flow('ada/uplink', { to: 2500 })).toMatchObject({ estimate: 9e5, highestEstimate: 1e6 });
  });
});

describe('convergence', () => {
  const link = [ownLink(0, 1e6), ownLink(20_000, 2e6), ownLink(40_000, 5e5)];

  test('up is at 90 % of the capacity; down is when neither the estimate nor what is sent exceeds it', () => {
    const measured = figures(
      60_000,
      {},
      link,
      estimate('ada', 100, 3e5),
      estimate('ada', 1000, 8.9e5),
      estimate('ada', 1500, 9e5),
      estimate('ada', 23_000, 1.8e6),
      estimate('ada', 40_300, 4e5),
      flow('ada', 0, 41_000, 800_000),
      flow('ada', 41_000, 60_000, 400_000),
    );
    const { capacityChanges = [], convergeUpMs, convergeDownMs } = measured.bottleneck('ada/uplink') ?? {};
    expect(capacityChanges.map(({ direction, ms }) => [direction, ms])).toEqual([
      ['up', 1500],
      ['up', 3000],
      ['down', 1160],
    ]);
    expect([convergeUpMs, convergeDownMs]).toEqual([3000, capacityChanges[2]?.ms]);
    expect(measured.bottleneck('ada/uplink', { from: 0, to: 10_000 })?.convergeUpMs).toBe(1500);
  });

  test('what does not come about before the next change makes no figure', () => {
    const measured = figures(60_000, {}, link, estimate('ada', 100, 9.5e5), flow('ada', 0, 60_000, 400_000));
    expect(measured.bottleneck('ada/uplink')?.convergeUpMs).toBeUndefined();
    expect(measured.summary['convergeUpMs']).toBeUndefined();
  });

  test('of several flows it is their sum, and no more is asked than they can send', () => {
    const measured = figures(
      10_000,
      { maxRate: 600_000 },
      through('ada'),
      through('ben'),
      capacity(0, 4e6),
      flow('ada', 0, 10_000, 400_000),
      flow('ben', 100, 10_000, 400_000),
      estimate('ada', 500, 6e5),
      estimate('ben', 2000, 4.8e5),
    );
    expect(measured.bottleneck('path')?.convergeUpMs).toBe(2000);
  });

  test('an outage is no change of the capacity', () => {
    const measured = figures(
      20_000,
      {},
      ownLink(0, 1e6),
      ownLink(5000, 0),
      ownLink(8000, 1e6),
      estimate('ada', 1000, 9.5e5),
      flow('ada', 0, 20_000, 400_000),
    );
    expect(measured.bottleneck('ada/uplink')?.capacityChanges.map(({ ms }) => ms)).toEqual([1000]);
  });
});

test('fairness is that of the throughput from `fairFrom` on', () => {
  const events = [
    through('ada'),
    through('ben'),
    capacity(0, 1e6),
    ...flow('ada', 0, 20_000, 800_000),
    ...flow('ben', 0, 10_000, 8000),
    ...flow('ben', 10_000, 20_000, 800_000),
  ];
  expect(figures(20_000, { fairFrom: 12_000 }, events).summary['jain']).toBeCloseTo(1, 3);
  expect(figures(20_000, {}, events).summary['jain']).toBeLessThan(0.95);
});

test('without a list, the flows are the links for which there are estimates and on which something was sent', () => {
  const measured = new CongestionFigures(
    trace(
      ownLink(0, 1e6),
      through('ben'),
      estimate('ada', 0, 1e6),
      estimate('eve', 0, 1e6),
      packet('ada', 0),
      packet('ben', 0),
    ),
    1000,
  );
  expect(measured.flows).toEqual(['ada/uplink']);
  expect(measured.flow('ben/uplink')).toBeUndefined();
  expect(measured.bottleneck('path')).toBeUndefined();
});

test('where flows are measured, their figures are those of the run', () => {
  const events = trace(
    ownLink(0, 1e6),
    flow('ada', 0, 20_000, 500_000, () => 20),
    estimate('ada', 400, 9.5e5),
  );
  const measured = figuresOf({ events, to: 20_000, measure: { flows: ['ada/uplink'], from: 10_000 } }).summary;
  expect(measured).toMatchObject({ queueDelayP95Ms: 20, convergeUpMs: 400, lossRatio: 0, jain: 1 });
  expect(measured).toHaveProperty('freezeCount');
  expect(figuresOf({ events, to: 20_000 }).summary).not.toHaveProperty('lowestRate');
});
