// The benchmark itself: which runs there are, and what becomes of their results.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { CongestionControlName } from '@sluice/sfu-sim/bench';
import { figuresJson } from '../../../../scripts/bench/report.ts';
import { CASES } from './cases.ts';
import { figuresOf } from './figures.ts';
import type { Job } from './job.ts';
import { markdown } from './markdown.ts';
import { plotSvg } from './plot.ts';
import { type CaseSummary, summarise } from './summary.ts';
import { textTable } from './text-table.ts';
import { doJobs } from './worker.ts';

const CONTROLS: readonly CongestionControlName[] = ['gcc', 'nada'];

/** The seed that plots are made of. */
const PLOTTED_SEED = 1;

/** Runs it with the options of the command line, and answers the exit code: 0 also where pass marks are missed. */
export async function main(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      json: { type: 'boolean', default: false },
      case: { type: 'string', default: '' },
      seeds: { type: 'string', default: '10' },
      'congestion-control': { type: 'string' },
      out: { type: 'string' },
    },
  });
  const { out } = values;
  const names = [...CASES.keys()].filter((name) => name.includes(values.case));
  if (names.length === 0) throw new Error(`No case has "${values.case}" in its name: ${[...CASES.keys()].join(', ')}.`);
  const seeds = Number(values.seeds);
  if (!(Number.isSafeInteger(seeds) && seeds >= 1)) throw new Error(`--seeds is "${values.seeds}": 1 or more.`);
  const control = values['congestion-control'];
  const controls = CONTROLS.filter((each) => control === undefined || each === control);
  if (controls.length === 0)
    throw new Error(`--congestion-control is "${control}": it must be ${CONTROLS.join(' or ')}.`);

  const jobs = names.flatMap((name) =>
    controls.flatMap((its) =>
      Array.from({ length: seeds }, (_, i): Job => {
        return { name, control: its, seed: i + 1, plotted: out !== undefined && i + 1 === PLOTTED_SEED };
      }),
    ),
  );
  const order = jobs.toSorted((a, b) => costOf(b.name) - costOf(a.name));
  console.error(`rfc8867: ${names.length} cases, ${controls.join(' and ')}, ${seeds} seeds`);
  const results = await doJobs(order, process.argv[1] ?? '', ({ name, control: its, seed, failures }, done) => {
    const verdict = failures.length === 0 ? 'passed' : `${failures.length} marks missed`;
    console.error(`  ${done} of ${jobs.length}: ${name}, ${its}, seed ${seed}: ${verdict}`);
  });
  const summaries = summarise(inOrder(jobs, results));
  if (out !== undefined) write(out, summaries);
  console.log(values.json ? figuresJson('rfc8867', figuresOf(summaries)) : textTable(summaries));
  return 0;
}

/** How long a case takes, more or less: the longest go first, so that all processors are done at the same time. */
function costOf(name: string): number {
  const scenario = CASES.get(name);
  return scenario === undefined ? 0 : scenario.duration * Object.keys(scenario.participants).length;
}

function inOrder<Result extends Job>(jobs: readonly Job[], results: readonly Result[]): Result[] {
  const keyOf = ({ name, control, seed }: Job) => `${name} ${control} ${seed}`;
  const byKey = new Map(results.map((result) => [keyOf(result), result]));
  return jobs.flatMap((job) => byKey.get(keyOf(job)) ?? []);
}

function write(folder: string, summaries: readonly CaseSummary[]): void {
  const plots = join(folder, 'plots');
  mkdirSync(plots, { recursive: true });
  for (const name of new Set(summaries.map((summary) => summary.name))) {
    const svg = plotSvg(
      name,
      summaries.filter((summary) => summary.name === name),
    );
    if (svg !== undefined) writeFileSync(join(plots, plotFile(name)), svg);
  }
  writeFileSync(
    join(folder, 'rfc8867.md'),
    markdown(summaries, (name) => `plots/${plotFile(name)}`),
  );
  const plain = summaries.map(({ runs, ...summary }) => ({
    ...summary,
    runs: runs.map(({ seed, failures, figures, step }) => ({ seed, failures, figures: rounded(figures), step })),
    figures: Object.fromEntries(
      Object.entries(summary.figures).map(([figure, { median, worst }]) => [
        figure,
        { median: median === undefined ? null : round(median), worst: worst === undefined ? null : round(worst) },
      ]),
    ),
  }));
  writeFileSync(join(folder, 'rfc8867.json'), `${JSON.stringify({ cases: plain }, null, 1)}\n`);
}

function plotFile(name: string): string {
  return `${name.replaceAll('/', '-')}.svg`;
}

function rounded(figures: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(Object.entries(figures).map(([name, value]) => [name, round(value)]));
}

function round(value: number): number {
  return Math.round(value * 10_000) / 10_000;
}
