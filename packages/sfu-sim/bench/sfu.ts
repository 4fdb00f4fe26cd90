// What the SFU itself costs: forwarding with layer rewriting, retransmission history, transport-wide sequence numbers,
// pacing and congestion control, without clients or links around it.
//
// `npm run bench -- sfu [--json] [--out DIR]`: with `--out` a plot of how the cost grows is written there, and the figures.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Figure, figuresJson, reportBenchmark } from '../../../scripts/bench/report.ts';
import { forwarding } from './sfu/forwarding.ts';
import { costOf, growthOf, SIZES, type SizeCost } from './sfu/growth.ts';
import { growthSvg } from './sfu/plot.ts';

const PARTIES = [
  { name: '1 publisher, 50 subscribers', participants: 51, publishers: 1 },
  { name: '10 publishers and subscribers', participants: 10, publishers: 10 },
];

const { values } = parseArgs({
  options: { json: { type: 'boolean', default: false }, out: { type: 'string' } },
});
const sizes: SizeCost[] = [];
const done = await reportBenchmark('sfu', figures(), values.json ? ['--json'] : []);
if (values.out !== undefined) {
  mkdirSync(values.out, { recursive: true });
  writeFileSync(join(values.out, 'sfu.json'), `${figuresJson('sfu', done)}\n`);
  writeFileSync(join(values.out, 'sfu.svg'), growthSvg(growthOf(sizes)));
}

function* figures(): Generator<Figure> {
  for (const party of PARTIES) yield* forwarding(party);
  for (const subscribers of SIZES) {
    const size = costOf(subscribers);
    sizes.push(size);
    const { cost } = size;
    yield { name: `a second of call, ${subscribers} subscribers`, value: cost, unit: 'ms' };
  }
  const { line, worst } = growthOf(sizes);
  yield { name: 'a packet more', value: line.slope * 1000, unit: 'µs/packet' };
  yield { name: 'a second without subscribers, by the line', value: line.intercept, unit: 'ms' };
  yield { name: 'furthest from the line', value: worst * 100, unit: '%' };
}
