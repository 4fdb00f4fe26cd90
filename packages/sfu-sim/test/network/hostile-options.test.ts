import { ArgumentError, seededRandom } from '@sluice/rtp';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { VirtualClock } from '../../src/bench/virtual-clock.ts';
import { Link, type LinkOptions } from '../../src/network/link.ts';
import { LINK_PRESETS } from '../../src/network/link-presets.ts';

const create = (options: unknown) =>
  new Link({
    clock: new VirtualClock(),
    random: seededRandom(1),
    name: 'l',
    options: options as LinkOptions,
    deliver: () => {},
  });

it.each([
  [{ rate: [] }, 'rate is []'],
  [{ rate: [[5, 1e6]] }, 'rate[0][0] is 5'],
  [
    {
      rate: [
        [0, 1e6],
        [0, 2e6],
      ],
    },
    'rate[1][0] is 0',
  ],
  [{ rate: [[0, -1]] }, 'rate[0][1] is -1'],
  [{ rate: [[0]] }, 'rate[0] is [0]'],
  [
    {
      rate: {
        steps: [
          [0, 1],
          [50, 2],
        ],
        repeat: 50,
      },
    },
    'rate.repeat is 50',
  ],
  [{ rate: { steps: [[0, 0]], repeat: 50 } }, 'rate.steps is [[0,0]]: it must be above 0 somewhere'],
  [{ rate: { step: [] } }, 'rate.step is not known'],
  [{ rate: '1e6' }, 'rate is 1e6'],
  [{ rate: null }, undefined],
  [{ jitter: 5 }, 'jitter is 5'],
  [{ jitter: { model: 'pareto' } }, 'jitter.model is pareto'],
  [{ jitter: { model: 'uniform' } }, 'jitter.max is undefined'],
  [{ jitter: { model: 'uniform', max: 5, deviation: 2 } }, 'jitter.deviation is not known'],
  [{ jitter: { model: 'half-normal', deviation: -1 } }, 'jitter.deviation is -1'],
  [{ jitter: { model: 'half-normal', cutoff: 0.001 } }, 'jitter.cutoff is 0.001'],
  [{ jitter: { model: 'half-normal', reordering: 1 } }, 'jitter.reordering is 1'],
  [{ reordering: { ratio: 2, delay: 5 } }, 'reordering.ratio is 2'],
  [{ reordering: { ratio: 0.5 } }, 'reordering.delay is undefined'],
  [{ loss: { p: 2, r: 1 } }, 'loss.p is 2'],
  [{ loss: { p: 0.5 } }, 'loss.r is undefined'],
  [{ loss: { burst: 5, every: 5 } }, 'loss.every is 5'],
  [{ loss: { burst: 0, every: 5 } }, 'loss.burst is 0'],
  [{ loss: { packets: [1, -1] } }, 'loss.packets[1] is -1'],
  [{ loss: { packets: 3 } }, 'loss.packets is 3'],
  [{ loss: [] }, 'loss is []'],
  [{ duplicate: 1.5 }, 'duplicate is 1.5'],
  [{ corrupt: Number.NaN }, 'corrupt is NaN'],
  [{ queue: { bytes: -1 } }, 'queue.bytes is -1'],
  [{ queue: { time: Number.POSITIVE_INFINITY } }, 'queue.time is Infinity'],
  [{ queue: { discipline: 'red' } }, 'queue.discipline is red'],
  [{ queue: { discipline: 'codel', target: 0 } }, 'queue.target is 0'],
  [{ queue: { size: 5 } }, 'queue.size is not known'],
  [{ down: [[5, 3]] }, 'down[0][1] is 3'],
  [
    {
      down: [
        [5, 8],
        [7, 9],
      ],
    },
    'down[1][0] is 7',
  ],
  [{ down: 5 }, 'down is 5'],
  [{ up: 'yes' }, 'up is yes'],
  [{ hops: 3 }, 'hops is 3'],
  [{ hops: [null] }, 'hops[0] is null'],
  [{ hops: [{ delay: -1 }] }, 'hops[0].delay is -1'],
  [{ hops: [{ hops: [] }] }, 'hops[0].hops is not known'],
  [{ latency: 5 }, 'latency is not known: there is rate, delay'],
])('refuses %j, naming field and value', (options, message) => {
  if (message === undefined) return void create(options); // what is not there is left as it is
  for (const attempt of [() => create(options), () => create({}).set(options as unknown as LinkOptions)]) {
    if (attempt.toString().includes('set') && 'hops' in options) continue; // the number of hops is fixed: other words
    expect(attempt).toThrow(ArgumentError);
    expect(attempt).toThrow(message);
  }
});

it('answers any value of any option with an ArgumentError or takes it', () => {
  const field = fc.constantFrom(
    ...['rate', 'delay', 'jitter', 'reordering', 'loss', 'duplicate', 'corrupt', 'queue', 'down', 'up', 'via', 'hops'],
  );
  fc.assert(
    fc.property(fc.dictionary(field, fc.anything({ withNullPrototype: true }), { maxKeys: 3 }), (options) => {
      const clock = new VirtualClock();
      for (const attempt of [() => create(options), () => create({ hops: [{}] }).set(options)]) {
        try {
          attempt();
        } catch (error) {
          expect(error).toBeInstanceOf(ArgumentError);
        }
      }
      expect(clock.now()).toBe(0);
    }),
    { numRuns: 2000 },
  );
});

it.each(Object.entries(LINK_PRESETS))('the preset %s is a path that carries packets', async (_name, preset) => {
  const clock = new VirtualClock();
  for (const options of [preset.uplink, preset.downlink]) {
    let arrived = 0;
    const link = new Link({ clock, random: seededRandom(1), name: 'l', options, deliver: () => arrived++ });
    for (let at = 0; at < 60_000; at += 500) clock.setTimeout(() => link.send(new Uint8Array(100)), at);
    await clock.run(65_000);
    expect(arrived).toBeGreaterThan(100);
    link.close();
  }
});
