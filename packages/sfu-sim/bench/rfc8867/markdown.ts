// The results as a page.

import { CASES } from './cases.ts';
import { OTHER_ESTIMATORS, STEP_CASE } from './other-estimators.ts';
import { stepRows } from './step-rows.ts';
import { type CaseSummary, COLUMNS } from './summary.ts';
import { marksOf, valueText } from './words.ts';

/** @param plotOf - where the plot of a case is, from the page */
export function markdown(summaries: readonly CaseSummary[], plotOf: (name: string) => string): string {
  const names = [...new Set(summaries.map(({ name }) => name))];
  const seeds = summaries[0]?.seeds ?? 0;
  const step = summaries.filter(({ name }) => name === STEP_CASE);
  return [
    '# Congestion control, case by case',
    '',
    `Written by \`npm run bench -- rfc8867 --out docs/congestion\`: ${seeds} seeds in virtual time. Each cell is the median, and`,
    'behind the stroke the worst of the seeds. Times are in ms; *up* and *down* are how long the estimates took to follow the',
    'capacity, at the longest; *queue p50* and *p95* are those of the steady state; *lowest rate* is that of any second, in bit/s.',
    'What the figures mean exactly is said in `packages/sfu-sim/src/observe/congestion-figures.ts`.',
    '',
    ...table([
      ['case', '', 'passed', ...COLUMNS.map(({ title }) => title)],
      ...summaries.map(({ name, control, passed, seeds: all, figures }) => [
        `[${name}](#${anchor(name)})`,
        control,
        `${passed}/${all}`,
        ...COLUMNS.map((column) => {
          const spread = figures[column.figure];
          if (spread === undefined) return '';
          return `${valueText(spread.median, column)} / ${valueText(spread.worst, column)}`;
        }),
      ]),
    ]),
    ...(step.length === 0
      ? []
      : ['', `## Beside others`, '', `The estimates of others on the link of \`${STEP_CASE}\`, live.`, '']),
    ...(step.length === 0 ? [] : table(stepRows(step, OTHER_ESTIMATORS))),
    ...names.flatMap((name) => section(name, summaries, plotOf(name))),
    '',
  ].join('\n');
}

function section(name: string, summaries: readonly CaseSummary[], plot: string): string[] {
  const scenario = CASES.get(name);
  if (scenario === undefined) return [];
  const missed = summaries.filter((summary) => summary.name === name).flatMap(missedMarks);
  return [
    '',
    `## ${name}`,
    '',
    scenario.description ?? '',
    '',
    'Pass marks:',
    '',
    ...marksOf(scenario).map((mark) => `* ${mark}`),
    ...(missed.length === 0 ? [] : ['', 'Missed:', '', ...missed]),
    '',
    `![Capacity, estimate, rate and queueing delay over time](${plot})`,
  ];
}

/** Each mark once, with how many seeds missed it and the first of them. */
function missedMarks({ control, seeds, failures }: CaseSummary): string[] {
  const marks = new Map<string, CaseSummary['failures'][number][]>();
  for (const missed of failures) {
    // What stands before the value.
    const mark = missed.failure.split(/ is -?\d|:/)[0] ?? '';
    marks.set(mark, [...(marks.get(mark) ?? []), missed]);
  }
  return [...marks.values()].map(
    (all) => `* ${control}, ${all.length} of ${seeds} seeds, e.g. ${all[0]?.seed}: ${all[0]?.failure}`,
  );
}

/** As GitHub makes it of a heading. */
function anchor(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N} -]/gu, '')
    .replaceAll(' ', '-');
}

function table([head = [], ...rows]: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)];
}
