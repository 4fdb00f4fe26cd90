// Writes docs/behaviours.md from the reports of a whole test run.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type PlaywrightReport, playwrightRows, type VitestReport, vitestRows } from './results.ts';
import { ROW_GROUPS } from './rows.ts';
import { behavioursPage, openRows } from './table.ts';

const [root = '.', unit = '', e2e = ''] = process.argv.slice(2);
const read = (path: string): unknown => JSON.parse(readFileSync(path, 'utf8'));
const tests = [...vitestRows(read(unit) as VitestReport, root), ...playwrightRows(read(e2e) as PlaywrightReport, root)];
writeFileSync(join(root, 'docs', 'behaviours.md'), behavioursPage(ROW_GROUPS, tests));
const open = openRows(ROW_GROUPS, tests);
const count = ROW_GROUPS.reduce((sum, { rows }) => sum + rows.length, 0);
console.log(`docs/behaviours.md: ${count - open.length} of ${count} rows are shown by tests.`);
if (open.length > 0) console.log(`Not, or not all: ${open.join(', ')}`);
