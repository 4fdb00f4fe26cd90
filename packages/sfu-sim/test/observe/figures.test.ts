import type { SluiceEvent } from '@sluice/rtp';
import { figuresOf, jainIndex, percentile } from '@sluice/sfu-sim';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { estimate, link, packet, pictures, subscription, trace } from './hand-made-trace.ts';

const who = { participant: 'bob', track: 'T1' } as const;

describe('of a subscription', () => {
  const figures = (to: number, ...events: (SluiceEvent | readonly SluiceEvent[])[]) => {
    const [first] = figuresOf({ events: trace(subscription(1000), ...events), to }).subscriptions;
    if (first === undefined) throw new Error('There is no subscription.');
    return first;
  };

  test('time to first frame is what the client said; the live edge is where the lag behind the quickest picture ends', () => {
    const { timeToFirstFrameMs, timeToLiveEdgeMs } = figures(
      3000,
      { at: 1050, type: 'first-frame', ...who, timeToFirstFrame: 60 },
      // 1050: 400 ms late, and 40 ms less with each: below 100 + 80 at 1050 + 6 · 40.
      [0, 1, 2, 3, 4, 5, 6].flatMap((i) => pictures(1050 + i * 40, 1051 + i * 40, 40, 400 - i * 40)),
      pictures(1400, 3000, 40, 80),
    );
    expect(timeToFirstFrameMs).toBe(60);
    expect(timeToLiveEdgeMs, 'counts from the same moment').toBe(1050 + 6 * 40 - 990);
  });

  test('pictures before the first sender report get their delay from their timestamps', () => {
    const early = pictures(1000, 1001, 40, 500).map((event) => ({ ...event, delay: undefined }) as SluiceEvent);
    const { frameDelayP99Ms, frameDelayP50Ms } = figures(2000, early, pictures(1040, 1200, 40, 100));
    expect(frameDelayP99Ms).toBe(500);
    expect(frameDelayP50Ms).toBe(100);
  });

  test('percentiles of the delay from capture to display are those of the nearest rank', () => {
    const shown = Array.from({ length: 100 }, (_, i) => pictures(1000 + i * 40, 1001 + i * 40, 40, i + 1));
    const { frameDelayP50Ms, frameDelayP95Ms, frameDelayP99Ms, framesShown } = figures(6000, ...shown);
    expect([frameDelayP50Ms, frameDelayP95Ms, frameDelayP99Ms, framesShown]).toEqual([50, 95, 99, 100]);
  });

  test('freezes are counted with their length, and so is one that lasts at the end', () => {
    // Shown until 2960 and from 3500 on: 540 ms; the last picture at 4460 stands until 5000.
    const { freezeCount, freezeMs } = figures(5000, pictures(1000, 3000, 40), pictures(3500, 4500, 40));
    expect(freezeCount).toBe(2);
    expect(freezeMs).toBe(540 + 540);
  });

  test('a picture that stands because the publisher paused, or because video is suspended, has not frozen', () => {
    const paused = figures(
      9000,
      pictures(1000, 3000, 40),
      { at: 3000, type: 'track-muted', participant: 'ada', track: 'T1' },
      { at: 5000, type: 'track-unmuted', participant: 'ada', track: 'T1' },
      pictures(5040, 6000, 40),
      { at: 6000, type: 'video-suspended', ...who, reason: 'estimate 9 kbit/s' },
      { at: 8000, type: 'video-resumed', ...who, reason: 'probe' },
      pictures(8040, 9000, 40),
    );
    expect(paused.freezeCount).toBe(0);
    expect(paused.suspensions).toEqual([{ from: 6000, to: 8000, reason: 'estimate 9 kbit/s' }]);
    expect(paused.suspendedMs).toBe(2000);
  });

  test('a suspension that lasts at the end is one up to the end', () => {
    const { suspendedMs, freezeCount } = figures(9000, pictures(1000, 2000, 40), {
      at: 2000,
      type: 'video-suspended',
      ...who,
      reason: 'estimate',
    });
    expect([suspendedMs, freezeCount]).toEqual([7000, 0]);
  });

  test('occupancy says how long each layer was sent; the first layer and temporal layers are no switches', () => {
    const to = (at: number, rid: string, temporalLayer?: number): SluiceEvent => {
      return { at, type: 'layer-switch', ...who, rid, temporalLayer, reason: 'x' };
    };
    const { layers, layerSwitches } = figures(11_000, to(1000, 'q'), to(2000, 'h'), to(3000, 'h', 1), to(8000, 'q'));
    expect(layers).toEqual([
      { rid: 'q', ms: 1000 + 3000 },
      { rid: 'h', ms: 6000 },
    ]);
    expect(layerSwitches).toBe(2);
  });

  test('audio that never came and key frames that were needed are added up; other subscribers do not count', () => {
    const { concealedMs, concealedPackets, keyframesWanted } = figures(
      2000,
      { at: 1100, type: 'audio-concealed', ...who, packets: 2, duration: 40 },
      { at: 1200, type: 'audio-concealed', ...who, packets: 1, duration: 20 },
      { at: 1300, type: 'audio-concealed', ...who, participant: 'cy', packets: 9, duration: 180 },
      { at: 1400, type: 'key-frame-wanted', ...who, reason: 'pli' },
      { at: 1500, type: 'key-frame-wanted', ...who, participant: 'cy', reason: 'pli' },
    );
    expect([concealedMs, concealedPackets, keyframesWanted]).toEqual([60, 3, 1]);
  });

  test('one that ended and began again is two', () => {
    const { subscriptions } = figuresOf({
      events: trace(
        subscription(0),
        pictures(0, 400, 40),
        { at: 400, type: 'track-unsubscribed', ...who },
        subscription(700),
        pictures(700, 780, 40),
      ),
      to: 1000,
    });
    expect(subscriptions.map(({ from, to, framesShown }) => [from, to, framesShown])).toEqual([
      [0, 400, 10],
      [700, 1000, 2],
    ]);
  });
});

describe('of a link', () => {
  const figures = (to: number, ...events: (SluiceEvent | readonly SluiceEvent[])[]) => {
    const { links, summary } = figuresOf({ events: trace(...events), to });
    return { ...links[0], summary };
  };

  test('utilisation is what arrived of what the link could have carried, also when its capacity changes', () => {
    // 1 Mbit/s for 1 s and 500 kbit/s for 2 s: 2 Mbit. 100 packets of 8000 bits: 800 kbit.
    const packets = Array.from({ length: 100 }, (_, i) => packet(10 + i * 20, i, 10));
    expect(figures(3000, link(0, 1e6), link(1000, 5e5), ...packets).utilisation).toBeCloseTo(0.4, 9);
  });

  test('what arrives while there is no limit does not count', () => {
    const packets = [100, 200, 1100, 1200, 1300].map((at, i) => packet(at, i, 10));
    expect(figures(2000, link(0, undefined), link(1000, 1e5), ...packets).utilisation).toBeCloseTo(24_000 / 100_000, 9);
    expect(figures(2000, link(0, undefined), ...packets).utilisation).toBeUndefined();
  });

  test('queueing delay is what goes beyond propagation and transmission', () => {
    // 1000 bytes at 1 Mbit/s take 8 ms, propagation 30 ms: the rest is the queue.
    const packets = Array.from({ length: 100 }, (_, i) => packet(i * 50, i, 38 + i));
    const { queueDelayP50Ms, queueDelayP95Ms } = figures(10_000, link(0, 1e6, 30), ...packets);
    expect(queueDelayP50Ms).toBeCloseTo(49, 9);
    expect(queueDelayP95Ms).toBeCloseTo(94, 9);
  });

  test('loss is the share of the packets dropped, for whatever reason', () => {
    const packets = Array.from({ length: 40 }, (_, i) => packet(i, i, i < 2 ? 'loss' : i < 4 ? 'queue' : 5));
    const { lossRatio, packetsSent, packetsDropped, summary } = figures(100, link(0, 1e6), ...packets);
    expect([lossRatio, packetsSent, packetsDropped, summary['lossRatio']]).toEqual([0.1, 40, 4, 0.1]);
  });

  test('the estimate has followed down when it fits, and up when it is 80 % of the capacity', () => {
    const { convergences, summary } = figures(
      60_000,
      link(0, 2e6),
      estimate(10, 1.7e6),
      link(20_000, 3e5),
      estimate(20_400, 4e5),
      estimate(20_700, 2.9e5),
      link(40_000, 2e6),
      estimate(44_000, 1.5e6),
      estimate(47_000, 1.6e6),
    );
    expect(convergences?.map(({ ms }) => ms)).toEqual([700, 7000]);
    expect([summary['convergeDownMs'], summary['convergeUpMs']]).toEqual([700, 7000]);
  });

  test('an estimate that does not follow before the next change makes no figure', () => {
    const { summary } = figures(
      3000,
      link(0, 2e6),
      estimate(0, 1.7e6),
      link(1000, 3e5),
      link(2000, 2e6),
      estimate(2100, 2e6),
    );
    expect(summary).not.toHaveProperty('convergeDownMs');
    expect(summary['convergeUpMs']).toBe(0);
  });
});

test('the worst subscription stands for the run, and one that never saw a picture leaves no time to first frame', () => {
  const first = (track: string, timeToFirstFrame: number): SluiceEvent => {
    return { at: 500, type: 'first-frame', participant: 'bob', track, timeToFirstFrame };
  };
  const both = [subscription(0), subscription(0, 'T2'), first('T1', 80), first('T2', 120)];
  expect(figuresOf({ events: trace(both), to: 1000 }).summary['timeToFirstFrameMs']).toBe(120);
  expect(figuresOf({ events: trace(both, subscription(0, 'T3')), to: 1000 }).summary).not.toHaveProperty(
    'timeToFirstFrameMs',
  );
});

test('an empty trace has no subscriptions, no links, and zeros where nothing is to be counted', () => {
  const { subscriptions, links, summary } = figuresOf({ events: [], to: 0 });
  expect([subscriptions, links]).toEqual([[], []]);
  expect(summary).toMatchObject({ freezeCount: 0, keyframesRequested: 0 });
  expect(Object.values(summary).every(Number.isFinite)).toBe(true);
});

describe('distributions', () => {
  test("Jain's index is 1 for equal shares, 1/n when one has everything, and as in the paper for 1, 1, 0.5", () => {
    expect(jainIndex([3, 3, 3])).toBeCloseTo(1, 12);
    expect(jainIndex([5, 0, 0, 0])).toBeCloseTo(1 / 4, 12);
    expect(jainIndex([1, 1, 0.5])).toBeCloseTo(6.25 / (3 * 2.25), 12);
    expect(jainIndex([])).toBeUndefined();
    expect(jainIndex([0, 0])).toBeUndefined();
  });

  test('a percentile is one of the values, with that share of them at or below it', () => {
    const values = fc.array(fc.double({ noNaN: true }), { minLength: 1 });
    fc.assert(
      fc.property(values, fc.double({ min: 0, max: 1, noNaN: true }), (values, share) => {
        const value = percentile(values, share);
        if (value === undefined) throw new Error('There is none.');
        expect(values).toContain(value);
        expect(values.filter((other) => other <= value).length).toBeGreaterThanOrEqual(share * values.length - 1e-9);
        expect(values.filter((other) => other < value).length).toBeLessThan(Math.max(share * values.length, 1e-9));
      }),
    );
    expect(percentile([], 0.5)).toBeUndefined();
  });
});
