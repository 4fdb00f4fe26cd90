// The table of docs/behaviours.md.

import type { RowTest } from './results.ts';
import type { Row, RowGroup } from './rows.ts';

const HEAD = `# Behaviours, and the tests that show them

Written by \`npm test\`. Each row is something that can be seen from outside; *browser* says that it has to be seen with real
codecs in Chromium as well as in virtual time. A test shows a row when its title begins with the row's number.
`;

/**
 * The whole page.
 *
 * @throws Error for a test of a row that is none: a number mistyped in a title would show nothing for ever
 */
export function behavioursPage(groups: readonly RowGroup[], tests: readonly RowTest[]): string {
  const ids = new Set(groups.flatMap(({ rows }) => rows.map(({ id }) => id)));
  const stray = tests.find(({ row }) => !ids.has(row));
  if (stray !== undefined)
    throw new Error(`${stray.file}: "${stray.title}" is of row ${stray.row}, which there is not.`);
  const sections = groups.map(({ title, rows }) => {
    const lines = rows.map((row) =>
      line(
        row,
        tests.filter((test) => test.row === row.id),
      ),
    );
    return `## ${title}\n\n| row | behaviour | tests | result |\n| --- | --- | --- | --- |\n${lines.join('\n')}\n`;
  });
  return [HEAD, ...sections].join('\n');
}

/** Rows that no test shows, or none in the browser where there has to be one, and rows with a test that failed. */
export function openRows(groups: readonly RowGroup[], tests: readonly RowTest[]): string[] {
  return groups.flatMap(({ rows }) =>
    rows
      .filter(
        (row) =>
          resultOf(
            row,
            tests.filter((test) => test.row === row.id),
          ) !== 'passed',
      )
      .map(({ id }) => id),
  );
}

function line(row: Row, tests: readonly RowTest[]): string {
  const places = row.browser ? `${row.behaviour} (*browser*)` : row.behaviour;
  return `| ${row.id} | ${cell(places)} | ${byFile(tests).join('<br>')} | ${resultOf(row, tests)} |`;
}

/** One entry for each file, in the order of their names, so that the page says the same whatever ran first. */
function byFile(tests: readonly RowTest[]): string[] {
  const files = [...new Set(tests.map(({ file }) => file))].sort();
  return files.map((file) => {
    const titles = [...new Set(tests.filter((test) => test.file === file).map(({ title }) => title))];
    return `[${file.split('/').at(-1)}](../${file}): ${titles.map(cell).join('; ')}`;
  });
}

function resultOf(row: Row, tests: readonly RowTest[]): string {
  if (tests.some(({ passed }) => !passed)) return '**failed**';
  if (tests.length === 0) return 'no test yet';
  return row.browser && !tests.some(({ place }) => place === 'browser') ? 'not yet in the browser' : 'passed';
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('<', '&lt;').replace(/\s+/g, ' ');
}
