// What a late join takes with the key frame cache, beside the same join without.
//
// `npm run bench -- late-join [--json] [--joins N] [--out DIR]`: N joins for each kind of path, 100 by default. With `--out` a
// plot of the times to the first frame is written there, and the figures.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Figure, figuresJson, reportBenchmark } from '../../../scripts/bench/report.ts';
import { type Join, type Joins, joinStorm, lateJoins } from './late-join/joins.ts';
import { firstFrameSvg, type JoinLine } from './late-join/plot.ts';

const SEED = 7;

/** In ms. The cache keeps a key frame for 5 s. */
const KEYFRAME_INTERVALS = [2000, 10_000];

/** The path whose times are plotted. */
const PLOTTED = { roundTrip: 100, downlink: 2e6 };

const { values } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    joins: { type: 'string', default: '100' },
    out: { type: 'string' },
  },
});
const count = Number(values.joins);
if (!Number.isInteger(count) || count < 1)
  throw new Error(`--joins is "${values.joins}": give a whole number from 1 on.`);

const plotted: JoinLine[] = [];
const done = await reportBenchmark('late-join', figures(), values.json ? ['--json'] : []);
if (values.out !== undefined) {
  mkdirSync(values.out, { recursive: true });
  writeFileSync(join(values.out, 'late-join.json'), `${figuresJson('late-join', done)}\n`);
  writeFileSync(join(values.out, 'late-join.svg'), firstFrameSvg(plotted));
}

async function* figures(): AsyncGenerator<Figure> {
  for (const keyframeInterval of KEYFRAME_INTERVALS) {
    for (const roundTrip of [0, 100, 300]) {
      for (const downlink of [500_000, 2e6]) {
        const path = { keyframeInterval, roundTrip, downlink };
        const ours = await lateJoins({ ...path, cache: true }, count, SEED);
        const peer = await lateJoins({ ...path, cache: false }, count, SEED);
        const where = `key frames every ${keyframeInterval / 1000} s, RTT ${roundTrip} ms, ${downlink / 1e6} Mbit/s`;
        yield* compared(where, ours, peer);
        if (roundTrip !== PLOTTED.roundTrip || downlink !== PLOTTED.downlink) continue;
        plotted.push({ conditions: { ...path, cache: true }, joins: ours });
        plotted.push({ conditions: { ...path, cache: false }, joins: peer });
      }
    }
  }
  for (const keyframeInterval of KEYFRAME_INTERVALS) {
    const ours = await joinStorm({ cache: true, keyframeInterval }, count, SEED);
    const peer = await joinStorm({ cache: false, keyframeInterval }, count, SEED);
    const where = `${count} joins in 1 s, key frames every ${keyframeInterval / 1000} s`;
    yield* compared(where, ours, peer);
    const byJoins = ({ keyFrames, keyFramesForUpgrades }: Joins) => keyFrames - keyFramesForUpgrades;
    yield beside(`${where}: key frames asked for to begin`, 'in all', byJoins(ours), byJoins(peer));
    yield beside(`${where}: ... to go up`, 'in all', ours.keyFramesForUpgrades, peer.keyFramesForUpgrades);
  }
}

function* compared(where: string, ours: Joins, peer: Joins): Generator<Figure> {
  const times = (name: string, of: (join: Join) => number | undefined, share: number) =>
    beside(`${where}: ${name} p${share * 100}`, 'ms', quantile(ours, of, share), quantile(peer, of, share));
  yield times('first frame', ({ firstFrame }) => firstFrame, 0.5);
  yield times('first frame', ({ firstFrame }) => firstFrame, 0.95);
  yield times('live edge', ({ liveEdge }) => liveEdge, 0.5);
  yield times('live edge', ({ liveEdge }) => liveEdge, 0.95);
  const catchUp = ({ joins }: Joins) => joins.reduce((sum, { catchUpFrames }) => sum + catchUpFrames, 0) / joins.length;
  yield beside(`${where}: catch-up`, 'frames/join', catchUp(ours), catchUp(peer));
  const spent = ({ joins, keyFrames }: Joins) => keyFrames / joins.length;
  yield beside(`${where}: key frames asked for`, 'per join', spent(ours), spent(peer));
}

function beside(name: string, unit: string, value: number, peer: number): Figure {
  return { name, value, unit, peer: { name: 'without the cache', value: peer }, ratio: value / peer };
}

/** Who never got there counts as the slowest. */
function quantile({ joins }: Joins, of: (join: Join) => number | undefined, share: number): number {
  const sorted = joins.map((each) => of(each) ?? Number.POSITIVE_INFINITY).sort((a, b) => a - b);
  return sorted[Math.ceil(share * sorted.length) - 1] ?? Number.NaN;
}
