// Whether anything grows, is lost or is left behind in a call of a day.
//
// `npm run bench -- endurance [--json] [--hours N]`: N hours of virtual time, 24 by default, which take 15 to 60 s each.
// Two stay all the time, so that every counter wraps around; after every hour the others have left, and the heap is measured.

import { parseArgs } from 'node:util';
import { getHeapCodeStatistics } from 'node:v8';
import { type Figure, reportBenchmark } from '../../../scripts/bench/report.ts';
import { EnduranceCall } from './endurance/call.ts';
import { fitLine, type Point } from './sfu/line-fit.ts';

const SEED = 7;

const { values } = parseArgs({
  options: { json: { type: 'boolean', default: false }, hours: { type: 'string', default: '24' } },
});
const hours = Number(values.hours);
if (!Number.isInteger(hours) || hours < 3)
  throw new Error(`--hours is "${values.hours}": give a whole number from 3 on.`);

await reportBenchmark('endurance', figures(), values.json ? ['--json'] : []);

async function* figures(): AsyncGenerator<Figure> {
  const call = new EnduranceCall(SEED);
  const heaps: Point[] = [];
  await call.begin();
  for (let hour = 1; hour <= hours; hour++) {
    await call.hour();
    const heap = heapAfterCollection() / 1e6;
    // The first hour fills what is kept for good.
    if (hour > 1) heaps.push({ x: hour, y: heap });
    console.error(
      `  hour ${hour}: heap ${heap.toFixed(1)} MB, ${call.openFrames.open} open frames, ${JSON.stringify(call.seen)}`,
    );
  }
  const wraps = call.wrapArounds();
  await call.end();
  const { seen, openFrames, sfu } = call;
  const { slope } = fitLine(heaps);
  yield { name: `heap after hour ${hours}`, value: heaps.at(-1)?.y ?? Number.NaN, unit: 'MB' };
  yield { name: 'growth of the heap', value: slope * 1000, unit: 'kB/hour' };
  yield { name: 'open frames', value: openFrames.open, unit: 'in the end' };
  yield { name: 'participants left in the SFU', value: sfu.identities.length, unit: 'in the end' };
  for (const { name, times } of wraps) yield { name: `wrap-arounds of ${name}`, value: times, unit: 'in all' };
  yield { name: 'pictures shown', value: seen.frames, unit: 'in all' };
  yield { name: 'pictures damaged', value: seen.corrupt, unit: 'in all' };
  yield { name: 'pictures not newer than the one before', value: seen.backwards, unit: 'in all' };
  yield { name: 'pieces of audio heard', value: seen.pieces, unit: 'in all' };
  yield { name: 'errors', value: seen.errors, unit: 'in all' };
  yield { name: 'joins', value: seen.joins, unit: 'in all' };
  yield { name: 'mutes and unmutes', value: seen.mutes, unit: 'in all' };
  yield { name: 'network changes', value: seen.networkChanges, unit: 'in all' };
}

/** Without what the engine makes of the program: it compiles on as it sees more of it. */
function heapAfterCollection(): number {
  globalThis.gc?.();
  const { code_and_metadata_size: code, bytecode_and_metadata_size: bytecode } = getHeapCodeStatistics();
  return process.memoryUsage().heapUsed - code - bytecode;
}
