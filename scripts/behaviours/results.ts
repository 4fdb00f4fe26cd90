// Which tests show which rows, as Vitest and Playwright report them in JSON.

import { isAbsolute, relative } from 'node:path';

/** Where a test ran. */
export type Place = 'node' | 'browser';

/** A test that shows a row. */
export interface RowTest {
  readonly row: string;
  readonly place: Place;
  /** From the repository's root, with `/`. */
  readonly file: string;
  /** Its title and those of the groups around it, without the row. */
  readonly title: string;
  readonly passed: boolean;
}

/** The parts of Vitest's report that count here. */
export interface VitestReport {
  readonly testResults: readonly {
    readonly name: string;
    readonly assertionResults: readonly {
      readonly ancestorTitles: readonly string[];
      readonly title: string;
      readonly status: string;
    }[];
  }[];
}

/** The parts of Playwright's report that count here. */
export interface PlaywrightReport {
  readonly config: { readonly rootDir: string };
  readonly suites: readonly PlaywrightSuite[];
}

interface PlaywrightSuite {
  readonly title: string;
  readonly file: string;
  readonly specs: readonly { readonly title: string; readonly ok: boolean }[];
  readonly suites?: readonly PlaywrightSuite[];
}

const PREFIX = /^rows? (\d+[a-c]?(?:, \d+[a-c]?)*): /;

/** The tests in Vitest's report that show rows. */
export function vitestRows(report: VitestReport, root: string): RowTest[] {
  return report.testResults.flatMap(({ name, assertionResults }) =>
    assertionResults
      // One that is left out shows nothing.
      .filter(({ status }) => status === 'passed' || status === 'failed')
      .flatMap(({ ancestorTitles, title, status }) =>
        rowsOf([...ancestorTitles, title], 'node', pathIn(root, name), status === 'passed'),
      ),
  );
}

/** The tests in Playwright's report that show rows. */
export function playwrightRows(report: PlaywrightReport, root: string): RowTest[] {
  const folder = pathIn(root, report.config.rootDir);
  const visit = (suite: PlaywrightSuite, titles: readonly string[]): RowTest[] => [
    ...suite.specs.flatMap(({ title, ok }) => rowsOf([...titles, title], 'browser', `${folder}/${suite.file}`, ok)),
    ...(suite.suites ?? []).flatMap((inner) => visit(inner, [...titles, inner.title])),
  ];
  return report.suites.flatMap((suite) => visit(suite, []));
}

function rowsOf(titles: readonly string[], place: Place, file: string, passed: boolean): RowTest[] {
  const rows = titles.flatMap((title) => PREFIX.exec(title)?.[1]?.split(', ') ?? []);
  const title = titles.map((each) => each.replace(PREFIX, '')).join(': ');
  return [...new Set(rows)].map((row) => ({ row, place, file, title, passed }));
}

function pathIn(root: string, path: string): string {
  return (isAbsolute(path) ? relative(root, path) : path).replaceAll('\\', '/');
}
