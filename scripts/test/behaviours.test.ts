// The table of behaviours: which tests it takes for a row's, and what it says of them.

import { expect, test } from 'vitest';
import { playwrightRows, vitestRows } from '../behaviours/results.ts';
import { ROW_GROUPS } from '../behaviours/rows.ts';
import { behavioursPage, openRows } from '../behaviours/table.ts';

const unit = {
  testResults: [
    {
      name: '/repo/packages/a/test/a.test.ts',
      assertionResults: [
        { ancestorTitles: ['row 5: bounds'], title: 'of bytes', status: 'passed' },
        { ancestorTitles: [], title: 'rows 17, 19a: up again', status: 'failed' },
        { ancestorTitles: [], title: 'in a row 6: is none', status: 'passed' },
        { ancestorTitles: [], title: 'row 6: left out', status: 'skipped' },
      ],
    },
  ],
};

const browser = {
  config: { rootDir: '/repo/e2e/tests' },
  suites: [
    {
      title: 'a.spec.ts',
      file: 'a.spec.ts',
      specs: [],
      suites: [{ title: 'row 1: join', file: 'a.spec.ts', specs: [{ title: 'warm', ok: true }] }],
    },
  ],
};

test('a test is of the rows that its title, or a group’s, begins with', () => {
  expect(vitestRows(unit, '/repo')).toEqual([
    { row: '5', place: 'node', file: 'packages/a/test/a.test.ts', title: 'bounds: of bytes', passed: true },
    { row: '17', place: 'node', file: 'packages/a/test/a.test.ts', title: 'up again', passed: false },
    { row: '19a', place: 'node', file: 'packages/a/test/a.test.ts', title: 'up again', passed: false },
  ]);
  expect(playwrightRows(browser, '/repo')).toEqual([
    { row: '1', place: 'browser', file: 'e2e/tests/a.spec.ts', title: 'join: warm', passed: true },
  ]);
});

test('the page has every row once, with its tests and what came of them', () => {
  const tests = [...vitestRows(unit, '/repo'), ...playwrightRows(browser, '/repo')];
  const lines = behavioursPage(ROW_GROUPS, tests).split('\n');
  const line = (row: string) => lines.filter((each) => each.startsWith(`| ${row} |`));
  for (const { rows } of ROW_GROUPS) for (const { id } of rows) expect(line(id)).toHaveLength(1);
  expect(line('5')[0]).toMatch(
    /\[a\.test\.ts\]\(\.\.\/packages\/a\/test\/a\.test\.ts\): bounds: of bytes \| passed \|$/,
  );
  expect(line('17')[0]).toMatch(/\*\*failed\*\* \|$/);
  expect(line('1')[0]).toMatch(/passed \|$/);
  expect(line('6')[0]).toMatch(/no test yet \|$/);
  const open = openRows(ROW_GROUPS, tests);
  expect(open).not.toContain('5');
  expect(open).toContain('17');
});

test('where a row has to be seen in a browser, virtual time is not enough', () => {
  const [shown] = playwrightRows(browser, '/repo');
  if (shown === undefined) throw new Error('no test');
  expect(openRows(ROW_GROUPS, [shown])).not.toContain('1');
  expect(openRows(ROW_GROUPS, [{ ...shown, place: 'node' }])).toContain('1');
});

test('a test of a row that there is not is an error that names it', () => {
  const [shown] = playwrightRows(browser, '/repo');
  if (shown === undefined) throw new Error('no test');
  expect(() => behavioursPage(ROW_GROUPS, [{ ...shown, row: '99' }])).toThrow('row 99');
});
