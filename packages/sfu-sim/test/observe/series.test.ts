import { seriesOf } from '@sluice/sfu-sim';
import { expect, test } from 'vitest';
import { estimate, link, packet, pictures, subscription, trace } from './hand-made-trace.ts';

test('rates of each interval add up to what was sent and received, and capacity is the average over it', () => {
  const events = trace(
    link(0, 1e6),
    link(300, 2e5),
    packet(10, 1, 100),
    packet(150, 2, 100),
    packet(390, 3, 'loss'),
    estimate(250, 3e5),
    { at: 410, type: 'nack-sent', participant: 'bob', direction: 'downlink', ssrc: 1, packets: 2 },
  );
  const { times, links, interval } = seriesOf({ events, from: 0, to: 600 });
  expect([interval, times]).toEqual([200, [0, 200, 400]]);
  // 1000 bytes in 200 ms are 40 kbit/s.
  expect(links).toEqual([
    {
      link: 'bob/downlink',
      capacity: [1e6, 6e5, 2e5],
      estimate: [null, 3e5, 3e5],
      sent: [80_000, 40_000, 0],
      received: [40_000, 40_000, 0],
      queueDelay: [92, 92, null],
      lost: [0, 1, 0],
      nacked: [0, 0, 2],
    },
  ]);
});

test('an interval in which a link had no limit, or was not there yet, has no capacity', () => {
  const events = trace(link(100, 1e6), link(500, undefined), link(700, 1e6));
  const [series] = seriesOf({ events, from: 0, to: 1000 }).links;
  expect(series?.capacity).toEqual([null, 1e6, null, null, 1e6]);
});

test('a subscription has its layers as spans, and its PLIs and delays in intervals', () => {
  const who = { participant: 'bob', track: 'T1' };
  const { subscriptions, keyFramesRequested } = seriesOf({
    events: trace(
      subscription(0),
      { at: 100, type: 'layer-switch', ...who, rid: 'q', reason: 'start' },
      { at: 300, type: 'layer-switch', ...who, rid: 'h', reason: 'more' },
      { at: 310, type: 'pli-sent', ...who, reason: 'packet-loss' },
      { at: 320, type: 'key-frame-requested', participant: 'ada', track: 'T1', reason: 'pli' },
      pictures(200, 201, 40, 70),
      pictures(240, 241, 40, 90),
    ),
    from: 0,
    to: 400,
  });
  expect(subscriptions).toMatchObject([
    {
      layers: [
        { rid: 'q', from: 100, to: 300 },
        { rid: 'h', from: 300, to: 400 },
      ],
      plis: [0, 1],
      frameDelay: [null, 90],
    },
  ]);
  expect(keyFramesRequested).toEqual([0, 1]);
});

test('a run of a day has no more than 20 000 intervals', () => {
  expect(seriesOf({ events: [], from: 0, to: 86_400_000 }).times).toHaveLength(20_000);
});
