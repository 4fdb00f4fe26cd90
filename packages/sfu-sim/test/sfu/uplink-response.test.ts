// Behaviour 30, sans I/O: whether a publisher gives way, by what it sends and what arrives.

import { expect, test } from 'vitest';
import { UplinkResponse } from '../../src/sfu/uplink-response.ts';

const SIZE = 1200;

interface Path {
  /** Packets per second that the path carries at a time. */
  readonly capacity: (at: number) => number;
  /** Packets per second that the publisher sends at a time. */
  readonly sent: (at: number) => number;
  /** Packets that wait at most. */
  readonly queue: number;
  /** The publisher's clock minus ours. */
  readonly clock?: (at: number) => number;
  readonly until?: number;
  readonly sendTimes?: boolean;
}

/** What is known at the end of sending through a queue that drops what does not fit. */
function shareOf({
  capacity,
  sent,
  queue,
  clock = () => 0,
  until = 12_000,
  sendTimes = true,
}: Path): number | undefined {
  const response = new UplinkResponse();
  let free = 0;
  let sequence = 65_000;
  let last = 0;
  for (let at = 0; at < until; at += 1000 / sent(at)) {
    sequence += 1;
    const service = 1000 / capacity(at);
    if (free - at > queue * service) continue;
    free = Math.max(free, at) + service;
    if (free > until) break;
    last = free;
    const ticks = Math.floor(((at + clock(at)) * 1024) / 1000) & 0xffff;
    response.onPacket(SIZE, free, sequence & 0xffff, sendTimes ? ticks : undefined);
  }
  return response.share(last);
}

const drops = (to: number) => (at: number) => (at < 4000 ? 300 : to);

test('row 30: nothing is known of a publisher that never has to give way', () => {
  expect(shareOf({ capacity: () => 300, sent: () => 200, queue: 50 })).toBeUndefined();
});

test('row 30: a fall of 20 % asks for no answer', () => {
  expect(shareOf({ capacity: drops(160), sent: () => 200, queue: 20 })).toBeUndefined();
});

test.each([
  ['a shallow queue', 10, true],
  ['a deep queue', 200, true],
  ['no send times', 10, false],
] as const)('row 30: who sends on as before has ignored it, with %s', (_, queue, sendTimes) => {
  expect(shareOf({ capacity: drops(60), sent: () => 200, queue, sendTimes, until: 25_000 })).toBe(0);
});

test.each([
  ['a shallow queue', 10],
  ['a queue of many seconds', 1000],
] as const)('row 30: who sends less within a second has answered, with %s', (_, queue) => {
  const sent = (at: number) => (at < 5000 ? 200 : 50);
  expect(shareOf({ capacity: drops(60), sent, queue, until: 20_000 })).toBe(1);
});

test('row 30: nothing is known when the path recovers by itself before an answer', () => {
  const capacity = (at: number) => (at > 4000 && at < 5500 ? 60 : 300);
  expect(shareOf({ capacity, sent: () => 200, queue: 20 })).toBeUndefined();
});

test('row 30: an answer is forgotten after 15 s', () => {
  const capacity = (at: number) => (at > 4000 && at < 9000 ? 60 : 300);
  const sent = (at: number) => (at > 5000 && at < 9000 ? 50 : 200);
  expect(shareOf({ capacity, sent, queue: 10, until: 12_000 })).toBe(1);
  expect(shareOf({ capacity, sent, queue: 10, until: 40_000 })).toBeUndefined();
});

test('row 30: a clock that is set, fast or wraps asks for no answer', () => {
  for (const clock of [
    (at: number) => (at < 5000 ? 0 : 30_000),
    (at: number) => (at < 5000 ? 60_000 : 30_000),
    (at: number) => at * 0.001 + 63_000,
  ]) {
    expect(shareOf({ capacity: () => 300, sent: () => 200, queue: 50, clock, until: 90_000 })).toBeUndefined();
  }
});

test('row 30: packets without a transport-wide sequence number are not looked at', () => {
  const response = new UplinkResponse();
  for (let at = 0; at < 5000; at += 10) response.onPacket(SIZE, at, undefined, undefined);
  expect(response.share(5000)).toBeUndefined();
});
