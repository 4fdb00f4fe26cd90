// The results as the figures of a benchmark.

import type { Figure } from '../../../../scripts/bench/report.ts';
import { OTHER_ESTIMATORS, STEP_CASE, STEP_TIMES } from './other-estimators.ts';
import { type CaseSummary, COLUMNS, spreadOf } from './summary.ts';

/** Median and worst of every figure of every case; of one case also what others' estimators did there. */
export function figuresOf(summaries: readonly CaseSummary[]): Figure[] {
  return summaries.flatMap((summary): Figure[] => {
    const { name, control, passed, seeds, figures } = summary;
    const told = COLUMNS.flatMap(({ figure, unit }): Figure[] => {
      const spread = figures[figure];
      if (spread === undefined) return [];
      const both = [
        { which: 'median', value: spread.median },
        { which: 'worst', value: spread.worst },
      ];
      return both.flatMap(({ which, value }) =>
        value === undefined ? [] : [{ name: `${name}, ${control}: ${figure}, ${which}`, value, unit }],
      );
    });
    const marks: Figure = { name: `${name}, ${control}: passed`, value: passed, unit: `of ${seeds} seeds` };
    return [marks, ...told, ...(name === STEP_CASE ? stepFiguresOf(summary) : [])];
  });
}

function stepFiguresOf({ name, control, runs }: CaseSummary): Figure[] {
  const estimates = STEP_TIMES.flatMap((at, i) => {
    const value = spreadOf(
      runs.map(({ step }) => step?.estimates[i]),
      'higher',
    ).median;
    if (value === undefined) return [];
    return OTHER_ESTIMATORS.map((other): Figure => {
      const peer = { name: other.name, value: other.estimates[i] ?? Number.NaN };
      const figure = `${name}, ${control}: estimate at ${at / 1000} s`;
      return { name: figure, value, unit: 'bit/s', peer, ratio: value / peer.value };
    });
  });
  const back = spreadOf(
    runs.map(({ step }) => step?.back),
    'lower',
  ).median;
  if (back === undefined) return estimates;
  const returns = OTHER_ESTIMATORS.map((other): Figure => {
    const peer = { name: other.name, value: Number(/\d+/.exec(other.back)?.[0]) };
    const figure = `${name}, ${control}: above 1.8 Mbit/s after the rise`;
    return { name: figure, value: back / 1000, unit: 's', peer, ratio: back / 1000 / peer.value };
  });
  return [...estimates, ...returns];
}
