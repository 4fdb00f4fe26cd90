import type { Clock } from '@sluice/rtp';
import { seededRandom, systemClock } from '@sluice/rtp';
import { expect, it } from 'vitest';
import { Link, type LinkOptions } from '../../src/network/link.ts';

/** A clock that stands still until told, and knows `soon`. */
function manualClock() {
  const soon: (() => void)[] = [];
  const timers: { callback: () => void; delay: number }[] = [];
  const state = { now: 0 };
  const clock: Clock = {
    now: () => state.now,
    setTimeout: (callback, delay) => timers.push({ callback, delay }),
    clearTimeout: (handle) => {
      const timer = timers[Number(handle) - 1];
      if (timer !== undefined) timer.callback = () => {};
    },
    soon: (callback) => void soon.push(callback),
  };
  const turn = () => {
    for (let callback = soon.shift(); callback !== undefined; callback = soon.shift()) callback();
  };
  return { clock, soon, timers, turn, state };
}

function create(clock: Clock, options: LinkOptions, received: string[] = []) {
  const link = new Link({
    clock,
    random: seededRandom(1),
    name: 'l',
    options,
    deliver: (packet, arrival) => received.push(`${packet.length}@${arrival}`),
  });
  return { link, received };
}

it('delivers what is not delayed without a timer, in one batch, in order, and never from within send', () => {
  const { clock, soon, timers, turn } = manualClock();
  const { link, received } = create(clock, {});
  for (let size = 1; size <= 3; size++) link.send(new Uint8Array(size));
  link.sendMessage('text', (text) => received.push(text));
  expect(received).toEqual([]);
  expect(soon).toHaveLength(1);
  turn();
  expect(received).toEqual(['1@0', '2@0', '3@0', 'text']);
  expect(timers).toEqual([]);
});

it('delivers what a receiver sends back in its turn, not from within it', () => {
  const { clock, turn } = manualClock();
  const log: string[] = [];
  const back = create(clock, {}, log).link;
  const link = new Link({
    clock,
    random: seededRandom(1),
    name: 'l',
    deliver: () => {
      back.send(new Uint8Array(7));
      log.push('done');
    },
  });
  link.send(new Uint8Array(1));
  turn();
  expect(log).toEqual(['done', '7@0']);
});

it('uses a timer for what is delayed, and what was asked for soon and taken back does no harm', () => {
  const { clock, soon, timers, turn, state } = manualClock();
  const { link, received } = create(clock, { delay: 10 });
  link.send(new Uint8Array(1));
  expect(soon).toHaveLength(0);
  expect(timers.map(({ delay }) => delay)).toEqual([10]);
  state.now = 10;
  timers[0]?.callback();
  expect(received).toEqual(['1@10']);
  link.set({ delay: 0 });
  link.send(new Uint8Array(2));
  link.close();
  turn();
  expect(received).toEqual(['1@10']);
});

it('takes far less than a timer per packet on the platform’s clock', async () => {
  const count = 200;
  let timers = 0;
  const clock: Clock = {
    ...systemClock,
    setTimeout: (callback, delay) => {
      timers += 1;
      return systemClock.setTimeout(callback, delay);
    },
  };
  await new Promise<void>((resolve) => {
    let received = 0;
    const link: Link = new Link({
      clock,
      random: seededRandom(1),
      name: 'ping',
      deliver: () => (++received === count ? resolve() : link.send(new Uint8Array(1))),
    });
    link.send(new Uint8Array(1));
  });
  expect(timers).toBe(0);
});
