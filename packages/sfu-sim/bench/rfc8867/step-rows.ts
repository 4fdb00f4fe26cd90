// Our estimates beside others' on the case that they were measured on, as the rows of a table.

import { type OtherEstimator, STEP_TIMES } from './other-estimators.ts';
import { type CaseSummary, spreadOf } from './summary.ts';

/** The head first; estimates in kbit/s. */
export function stepRows(ours: readonly CaseSummary[], others: readonly OtherEstimator[]): string[][] {
  const kilobits = (value: number | undefined) => (value === undefined ? '–' : String(Math.round(value / 1000)));
  return [
    ['estimate in kbit/s', ...STEP_TIMES.map((at) => `${at / 1000} s`), '1.8 M after the rise, s'],
    ...ours.map(({ control, runs }) => {
      const estimates = STEP_TIMES.map((_, i) =>
        spreadOf(
          runs.map(({ step }) => step?.estimates[i]),
          'higher',
        ),
      );
      const back = spreadOf(
        runs.map(({ step }) => step?.back),
        'lower',
      );
      const seconds = (value: number | undefined) => (value === undefined ? 'never' : (value / 1000).toFixed(1));
      return [
        `ours, ${control}`,
        ...estimates.map(({ median }) => kilobits(median)),
        `${seconds(back.median)}, at worst ${seconds(back.worst)}`,
      ];
    }),
    ...others.map(({ name, estimates, back }) => [name, ...estimates.map(kilobits), back]),
  ];
}
