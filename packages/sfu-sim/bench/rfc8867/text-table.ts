// The results for a terminal: two lines for each case and controller, the median and the worst of its seeds.

import { alignedTable } from '../../../../scripts/bench/aligned-table.ts';
import { OTHER_ESTIMATORS, STEP_CASE } from './other-estimators.ts';
import { stepRows } from './step-rows.ts';
import { type CaseSummary, COLUMNS } from './summary.ts';
import { valueText } from './words.ts';

/** The table, and what was missed. */
export function textTable(summaries: readonly CaseSummary[]): string {
  const head = ['case', '', 'passed', '', ...COLUMNS.map(({ title }) => title)];
  const rows = summaries.flatMap(({ name, control, passed, seeds, figures }) => [
    [name, control, `${passed}/${seeds}`, 'median', ...cells(figures, 'median')],
    ['', '', '', 'worst', ...cells(figures, 'worst')],
  ]);
  const missed = summaries.flatMap(({ name, control, failures }) =>
    failures.map(({ seed, failure }) => `  ${name}, ${control}, seed ${seed}: ${failure}`),
  );
  const step = summaries.filter(({ name }) => name === STEP_CASE);
  const beside =
    step.length === 0 ? [] : ['', `${STEP_CASE}, beside others`, alignedTable(stepRows(step, OTHER_ESTIMATORS))];
  return [alignedTable([head, ...rows]), ...beside, ...(missed.length === 0 ? [] : ['', 'missed:', ...missed])].join(
    '\n',
  );
}

function cells(figures: CaseSummary['figures'], which: 'median' | 'worst'): string[] {
  return COLUMNS.map((column) => {
    const spread = figures[column.figure];
    return spread === undefined ? '' : valueText(spread[which], column);
  });
}
