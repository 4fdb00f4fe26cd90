// The measuring core, with a clock of its own, and what `npm run bench` prints.

import { afterEach, expect, test, vi } from 'vitest';
import { measure } from '../bench/measure.ts';
import { figureOf, reportBenchmark } from '../bench/report.ts';

afterEach(() => vi.restoreAllMocks());

/** Work that takes as long as it says, by a clock that nothing else moves. */
function timedWork() {
  let now = 0;
  const calls: string[] = [];
  const lasting = (name: string, milliseconds: () => number) => () => {
    calls.push(name);
    now += milliseconds();
    return 1;
  };
  return { clock: () => now, calls, lasting };
}

const options = { rounds: 5, turn: 10, warmUp: 20 };

test('a figure is the time per operation, beside that of the fastest peer', () => {
  const { clock, lasting } = timedWork();
  const result = measure(
    {
      name: 'work',
      unit: 'µs/packet',
      operations: 100,
      ours: lasting('ours', () => 2),
      peers: [
        { name: 'slow 1.0', run: lasting('slow', () => 9) },
        { name: 'fast 1.0', run: lasting('fast', () => 4) },
      ],
    },
    { ...options, now: clock },
  );
  expect(figureOf(result)).toMatchObject({
    name: 'work',
    value: 20,
    peer: { name: 'fast 1.0', value: 40 },
    ratio: 0.5,
  });
  expect(figureOf(result).unit).toBe('µs/packet');
});

test('contestants take turns, and the order turns around', () => {
  const { clock, calls, lasting } = timedWork();
  const peers = [{ name: 'peer', run: lasting('b', () => 10) }];
  measure(
    { name: 'work', unit: 'ms/call', operations: 1, ours: lasting('a', () => 10), peers },
    { ...options, now: clock },
  );
  // Three calls each to warm up, then one in each round.
  expect(calls.join('')).toBe('aaabbb' + 'ab' + 'ba' + 'ab' + 'ba' + 'ab');
});

test('one round that was disturbed does not change the figure, and shows in its spread', () => {
  const { clock, calls, lasting } = timedWork();
  const ours = lasting('a', () => (calls.length === 5 ? 70 : 10));
  const { ours: spread } = measure({ name: 'work', unit: 'ms/call', operations: 1, ours }, { ...options, now: clock });
  expect(spread).toEqual({ median: 10, min: 10, max: 70 });
});

test('with --json exactly one object is printed, without what the table shows beside it', async () => {
  const log = vi.spyOn(console, 'log').mockImplementation(() => {});
  vi.spyOn(console, 'error').mockImplementation(() => {});
  const spread = { median: 1, min: 1, max: 2 };
  const figures = [
    { name: 'alone', value: 1.23456, unit: 'ns/packet', spread: { ours: spread } },
    { name: 'paired', value: 1, unit: 'ns/packet', peer: { name: 'them', value: 4 }, ratio: 0.25 },
  ];
  await reportBenchmark('sample', figures, ['--json']);
  expect(log).toHaveBeenCalledTimes(1);
  expect(JSON.parse(String(log.mock.calls[0]?.[0]))).toEqual({
    bench: 'sample',
    figures: [
      { name: 'alone', value: 1.235, unit: 'ns/packet' },
      { name: 'paired', value: 1, unit: 'ns/packet', peer: { name: 'them', value: 4 }, ratio: 0.25 },
    ],
  });
});

test('people get a table', async () => {
  const log = vi.spyOn(console, 'log').mockImplementation(() => {});
  vi.spyOn(console, 'error').mockImplementation(() => {});
  const spread = { ours: { median: 1, min: 0.9, max: 2 }, ratio: { median: 0.25, min: 0.2, max: 0.4 } };
  const figures = [
    { name: 'paired', value: 1, unit: 'ns/packet', peer: { name: 'them', value: 4 }, ratio: 0.25, spread },
  ];
  await reportBenchmark('sample', figures, []);
  const [header, row] = String(log.mock.calls[0]?.[0]).split('\n');
  expect(header?.split(/ {2,}/)).toEqual(['', 'ours', 'min – max', 'best peer', 'ratio', 'min – max']);
  expect(row?.split(/ {2,}/)).toEqual(['paired', '1 ns/packet', '0.9 – 2', '4 them', '0.25', '0.2 – 0.4']);
});
