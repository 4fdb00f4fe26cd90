// The house rules that only the linter enforces: each is broken here once, in a copy of the house, and must be reported.

import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

const repositoryRoot = fileURLToPath(new URL('../..', import.meta.url));
const biome = join(repositoryRoot, 'node_modules', '@biomejs', 'biome', 'bin', 'biome');

/**
 * What Biome reports of one file.
 *
 * @typedef {{ category: string, severity: string, location: { path: string } }} Diagnostic
 */

/** @type {string} */
let house;

beforeEach(() => {
  house = mkdtempSync(join(tmpdir(), 'sluice-lint-'));
  cpSync(join(repositoryRoot, 'biome.json'), join(house, 'biome.json'));
});

afterEach(() => rmSync(house, { recursive: true, force: true }));

/**
 * The rules that each of the files breaks.
 *
 * @param {Record<string, string>} files contents by path
 * @returns {Promise<Record<string, string[]>>} rules by path
 */
async function brokenRules(files) {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(join(house, dirname(path)), { recursive: true });
    writeFileSync(join(house, path), `${content}\n`);
  }
  const args = ['lint', '--config-path', house, '--max-diagnostics=none', '--reporter=json', house];
  // Broken rules are a failed run, with the same output.
  const { stdout } = await promisify(execFile)(process.execPath, [biome, ...args]).catch((error) => error);
  /** @type {{ diagnostics: Diagnostic[] }} */
  const { diagnostics } = JSON.parse(stdout);
  const errors = diagnostics.filter(({ severity }) => severity === 'error');
  return Object.fromEntries(
    Object.keys(files).map((path) => {
      const own = errors.filter(({ location }) => location.path.endsWith(path));
      return [path, own.map(({ category }) => category.replace('lint/', ''))];
    }),
  );
}

describe('layers', () => {
  test.each([
    ['rtp imports nothing of ours', 'packages/rtp/src', '@sluice/client'],
    ['rtp does not import itself by name', 'packages/rtp/src', '@sluice/rtp'],
    ['the client never imports the simulated SFU', 'packages/client/src/room', '@sluice/sfu-sim'],
    ['nor its bench', 'packages/client/src/room', '@sluice/sfu-sim/bench'],
    ['the SFU never imports the client', 'packages/sfu-sim/src/sfu', '@sluice/client'],
    ['the SFU never imports the bench', 'packages/sfu-sim/src/sfu', '../bench/simulate.ts'],
    ['the client never imports the server', 'packages/client/src/room', '@sluice/sfu-node'],
    ['the SFU never imports the server', 'packages/sfu-sim/src/sfu', '@sluice/sfu-node'],
    ['the server never imports the client', 'packages/sfu-node/src', '@sluice/client'],
    ['nor the bench', 'packages/sfu-node/src', '@sluice/sfu-sim/bench'],
    ['no package reaches into another', 'packages/client/src/room', '../../../rtp/src/clock.ts'],
    ['nor by its name', 'packages/client/src/room', '@sluice/rtp/src/clock.ts'],
    ['nor does the bench', 'packages/sfu-sim/src/bench', '../../../client/src/index.ts'],
    ['nor does a test', 'packages/sfu-sim/test', '../../client/src/index.ts'],
    ['nor does a benchmark', 'packages/sfu-sim/bench', '../../client/src/index.ts'],
    ['nor does fuzzing', 'packages/sfu-sim/fuzz', '../../rtp/src/index.ts'],
    ["rtp's benchmarks stay on the ground floor", 'packages/rtp/bench', '@sluice/client'],
    ['and so does its fuzzing', 'packages/rtp/fuzz', '@sluice/sfu-sim'],
    ['nor does the demo', 'apps/demo/src', '../../../packages/client/src/index.ts'],
  ])('%s', async (_, folder, imported) => {
    const rules = await brokenRules({
      [`${folder}/static.ts`]: `export * from '${imported}';`,
      [`${folder}/type-only.ts`]: `export type * from '${imported}';`,
      [`${folder}/dynamic.ts`]: `export const later = () => import('${imported}');`,
    });
    for (const broken of Object.values(rules)) expect(broken).toContain('style/noRestrictedImports');
  });

  test('what the plan of the house allows is allowed', async () => {
    const rules = await brokenRules({
      'packages/client/src/room/room.ts': "export * from '@sluice/rtp';",
      'packages/sfu-sim/src/sfu/peer.ts': "export * from '@sluice/rtp';",
      'packages/sfu-sim/src/bench/simulate.ts': "export * from '@sluice/client';",
      'packages/rtp/src/index.ts': "export * from './rtp/packet.ts';",
      'packages/client/test/room.test.ts': "export * from '../src/room/room.ts';",
      'apps/demo/src/main.ts': "export * from '@sluice/sfu-sim';",
    });
    expect(Object.values(rules).flat()).toEqual([]);
  });

  test('modules do not import each other in a circle', async () => {
    const rules = await brokenRules({
      'packages/rtp/src/a.ts': "import { b } from './b.ts';\nexport const a = () => b();",
      'packages/rtp/src/b.ts': "import { a } from './a.ts';\nexport const b = (): unknown => a();",
    });
    expect(rules['packages/rtp/src/a.ts']).toEqual(['suspicious/noImportCycles']);
  });
});

describe('time and randomness', () => {
  const uses = {
    'Date.now()': 'style/noRestrictedGlobals',
    'new Date()': 'style/noRestrictedGlobals',
    'performance.now()': 'style/noRestrictedGlobals',
    'setTimeout(() => {}, 1)': 'style/noRestrictedGlobals',
    'setInterval(() => {}, 1)': 'style/noRestrictedGlobals',
    'clearTimeout(1)': 'style/noRestrictedGlobals',
    'clearInterval(1)': 'style/noRestrictedGlobals',
    'requestAnimationFrame(() => {})': 'style/noRestrictedGlobals',
    'crypto.randomUUID()': 'style/noRestrictedGlobals',
    'Math.random()': 'nursery/noJsRestrictedProperties',
    'globalThis.performance.now()': 'nursery/noJsRestrictedProperties',
    'window.setTimeout(() => {}, 1)': 'nursery/noJsRestrictedProperties',
    'self.crypto.randomUUID()': 'nursery/noJsRestrictedProperties',
  };

  test.each(['packages/rtp/src/pacing', 'packages/client/src/media', 'packages/sfu-sim/src/bench'])(
    'in %s they are handed in, never taken from the platform',
    async (folder) => {
      const cases = Object.entries(uses).map(([use, rule], i) => ({ use, rule, path: `${folder}/case-${i}.ts` }));
      const rules = await brokenRules(
        Object.fromEntries(cases.map(({ path, use }) => [path, `export const value = () => ${use};`])),
      );
      for (const { use, rule, path } of cases) expect(rules[path], use).toEqual([rule]);
    },
  );

  test('the two files that wrap the platform, and tests, may take them', async () => {
    const content = `export const values = () => [${Object.keys(uses).join(', ')}];`;
    const rules = await brokenRules({
      'packages/rtp/src/clock.ts': content,
      'packages/rtp/src/random.ts': content,
      'packages/client/test/room.test.ts': content,
    });
    expect(Object.values(rules).flat()).toEqual([]);
  });

  test('a clock that was handed in may be asked, and microtasks queued', async () => {
    const path = 'packages/client/src/room/room.ts';
    const content = 'export const f = (clock: Clock) => queueMicrotask(() => clock.setTimeout(() => {}, clock.now()));';
    const rules = await brokenRules({ [path]: `import type { Clock } from '@sluice/rtp';\n${content}` });
    expect(rules[path]).toEqual([]);
  });
});

describe('style', () => {
  test('a package is without what the style forbids', async () => {
    const forbidden = {
      'suspicious/noExplicitAny': 'export const x = (y: any) => y;',
      'style/noNonNullAssertion': 'export const x = (y?: string) => y!.length;',
      'style/noDefaultExport': 'export default 1;',
      'style/noEnum': 'export enum Side { Left }',
      'style/useImportType': "import { T } from './t.ts';\nexport const x = (y: T) => y;",
      'correctness/noUnusedImports': "import { y } from './y.ts';\nexport const x = 1;",
      'correctness/noUnusedVariables': 'export function x() {\n  const y = 1;\n}',
      'suspicious/noConsole': "console.log('x');",
      'nursery/noFloatingPromises': 'async function y() {}\nexport const x = () => {\n  y();\n};',
    };
    const cases = Object.entries(forbidden).map(([rule, content], i) => ({
      rule,
      content,
      path: `packages/client/src/room/case-${i}.ts`,
    }));
    const rules = await brokenRules(Object.fromEntries(cases.map(({ path, content }) => [path, content])));
    for (const { rule, path } of cases) expect(rules[path]).toEqual([rule]);
  });

  test('tests may assert that a value is there; configuration files export by default', async () => {
    const rules = await brokenRules({
      'packages/client/test/room.test.ts': 'export const x = (y?: string) => y!.length;',
      'e2e/playwright.config.ts': 'export default {};',
    });
    expect(Object.values(rules).flat()).toEqual([]);
  });
});
