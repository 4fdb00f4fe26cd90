// What becomes of the runs of `npm run bench -- rfc8867`.

import { describe, expect, test } from 'vitest';
import { CASES } from '../../bench/rfc8867/cases.ts';
import { figuresOf } from '../../bench/rfc8867/figures.ts';
import type { JobResult } from '../../bench/rfc8867/job.ts';
import { markdown } from '../../bench/rfc8867/markdown.ts';
import { STEP_CASE } from '../../bench/rfc8867/other-estimators.ts';
import { plotSvg } from '../../bench/rfc8867/plot.ts';
import { spreadOf, summarise } from '../../bench/rfc8867/summary.ts';
import { textTable } from '../../bench/rfc8867/text-table.ts';
import { marksOf } from '../../bench/rfc8867/words.ts';

const result = (seed: number, change: Partial<JobResult> = {}): JobResult => ({
  name: 'rfc8867/5.1',
  control: 'gcc',
  seed,
  plotted: false,
  failures: [],
  figures: { utilisation: 0.9 + seed / 100, queueDelayP95Ms: 10 * seed },
  step: undefined,
  plot: undefined,
  ...change,
});

test('every case of RFC 8867 is there, each under the name of its file', () => {
  const rfc = ['5.1', '5.1-delay-100', '5.2', '5.3', '5.4', '5.5', '5.6', '5.6-queue-1000', '5.7', '5.8', '6.3'];
  expect([...CASES.keys()].filter((name) => name.startsWith('rfc8867/')).sort()).toEqual(
    rfc.map((name) => `rfc8867/${name}`).sort(),
  );
  for (const [name, scenario] of CASES) expect(marksOf(scenario).length, name).toBeGreaterThan(1);
});

describe('the seeds of a case', () => {
  test('worst is the lowest of what is better high, the highest of what is better low, and what never came about', () => {
    expect(spreadOf([0.9, 0.8, 1], 'higher')).toEqual({ median: 0.9, worst: 0.8 });
    expect(spreadOf([4, 1, 2, 3], 'lower')).toEqual({ median: 2.5, worst: 4 });
    expect(spreadOf([4, undefined, 2], 'lower')).toEqual({ median: 4, worst: undefined });
    expect(spreadOf([undefined, undefined, 2], 'lower')).toEqual({ median: undefined, worst: undefined });
  });

  test('are told together, by controller, with what was missed', () => {
    const summaries = summarise([
      result(1),
      result(2, { failures: ['jain is 0.5: it must be at least 0.93'] }),
      result(3),
      result(1, { control: 'nada' }),
    ]);
    expect(summaries.map(({ control, passed, seeds }) => [control, passed, seeds])).toEqual([
      ['gcc', 2, 3],
      ['nada', 1, 1],
    ]);
    expect(summaries[0]?.figures['utilisation']).toEqual({ median: 0.92, worst: 0.91 });
    expect(summaries[0]?.figures['queueDelayP95Ms']).toEqual({ median: 20, worst: 30 });
    const text = textTable(summaries);
    expect(text).toContain('rfc8867/5.1, gcc, seed 2: jain is 0.5');
    const page = markdown(summaries, () => 'plots/x.svg');
    expect(page).toContain('| gcc | 2/3 | 0.920 / 0.910 |');
    expect(page).toContain('* utilisation ≥ 0.88');
    expect(page).toContain('* gcc, 1 of 3 seeds, e.g. 2: jain is 0.5');
    expect(page).toContain('](plots/x.svg)');
  });

  test('are figures for programs, of one case beside the four that others measured', () => {
    const step = { estimates: [2.8e6, 7e5, 7.5e5, 1.9e6], back: 3000 };
    const figures = figuresOf(summarise([result(1), result(1, { name: STEP_CASE, step })]));
    const named = (name: string) => figures.filter((figure) => figure.name === name);
    expect(named('rfc8867/5.1, gcc: utilisation, worst')).toEqual([expect.objectContaining({ unit: 'ratio' })]);
    const back = named(`${STEP_CASE}, gcc: above 1.8 Mbit/s after the rise`);
    expect(back.map(({ peer }) => peer?.name)).toEqual(['Chromium 156', 'str0m', 'pion', 'libwebrtc M77, no probing']);
    expect(back.map(({ ratio }) => ratio)).toEqual([3 / 13, 0.5, 0.25, 3 / 14]);
    expect(named(`${STEP_CASE}, gcc: estimate at 17 s`)[0]?.value).toBe(7e5);
  });
});

test('a plot has the curves of each controller, a gap where nothing is known, and colours for both grounds', () => {
  const plot = {
    interval: 1000,
    capacities: [
      {
        name: 'path',
        steps: [
          [0, 1e6],
          [2000, 2e6],
        ] as const,
      },
    ],
    flows: [{ name: 'flow', sent: [5e5, 8e5, 1e6, 1e6], estimate: [null, 8e5, 1e6, 1.5e6] }],
    queueDelay: [10, null, 30, 20],
    duration: 4000,
  };
  const both = summarise([result(1, { plot }), result(1, { control: 'nada', plot })]);
  const svg = plotSvg('rfc8867/5.1', both) ?? '';
  expect(svg.match(/<g /g)).toHaveLength(2);
  expect(svg.match(/class="capacity"/g)).toHaveLength(2);
  expect(svg.match(/class="estimate f0"/g)).toHaveLength(2);
  // One point before the gap is no line.
  expect(svg.match(/class="wait"/g)).toHaveLength(2);
  expect(svg).toContain('prefers-color-scheme: dark');
  expect(svg).not.toMatch(/NaN|undefined|Infinity/);
  expect(plotSvg('rfc8867/5.1', summarise([result(1)]))).toBeUndefined();
});
