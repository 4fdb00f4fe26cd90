// `npm run scenario`, as it is started.

import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';

const repositoryRoot = fileURLToPath(new URL('../..', import.meta.url));

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-scenario-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

interface Result {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function scenario(...args: string[]): Promise<Result> {
  return new Promise((resolve) => {
    execFile(process.execPath, ['scripts/scenario.mjs', ...args], { cwd: repositoryRoot }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
    });
  });
}

function file(name: string, content: string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

test('--list names the scenarios, with --json as one object', async () => {
  const { code, stdout } = await scenario('--list');
  expect(code).toBe(0);
  expect(stdout.trim().split('\n')).toEqual(
    expect.arrayContaining(['late-join', 'main-job', 'two-way-lte', 'rfc8867/5.1', 'congestion/step-3-0.8-2']),
  );
  expect(stdout).not.toContain('parts/');
  const listed = await scenario('--list', '--json');
  expect(JSON.parse(listed.stdout)).toEqual({ scenarios: stdout.trim().split('\n') });
});

test('an unknown name is told, with those there are', async () => {
  const { code, stderr, stdout } = await scenario('late-jion');
  expect(code).toBe(1);
  expect(stdout).toBe('');
  expect(stderr).toContain('There is no scenario "late-jion". There are: clock-drift, ');
});

test('a name with a folder; --json has the figures of congestion control, --congestion-control another controller', {
  timeout: 90_000,
}, async () => {
  const figures = async (...args: string[]) => {
    const { stdout } = await scenario('congestion/first-estimate-3m', '--json', ...args);
    return JSON.parse(stdout).figures;
  };
  const gcc = await figures();
  for (const name of ['utilisation', 'queueDelayP50Ms', 'queueDelayP95Ms', 'lossRatio', 'convergeUpMs', 'jain']) {
    expect(gcc).toHaveProperty(name);
  }
  const nada = await figures('--congestion-control', 'nada');
  expect(nada.utilisation).not.toBe(gcc.utilisation);
  const { code, stderr } = await scenario('congestion/first-estimate-3m', '--congestion-control', 'bbr');
  expect([code, stderr]).toEqual([1, expect.stringContaining('congestionControl: is "bbr"')]);
});

test('a seed that is no integer is refused', async () => {
  const { code, stderr } = await scenario('late-join', '--seed', 'x');
  expect(code).toBe(1);
  expect(stderr).toContain('--seed is "x"');
});

test('--json prints exactly one object, of the documented form; the seed is the one asked for', async () => {
  const { code, stdout } = await scenario('late-join', '--json', '--seed', '5');
  expect(code).toBe(0);
  const result = JSON.parse(stdout);
  expect(Object.keys(result)).toEqual(['scenario', 'seed', 'passed', 'failures', 'traceSha256', 'figures']);
  expect(result).toMatchObject({ scenario: 'late-join', seed: 5, passed: true, failures: [] });
  expect(result.traceSha256).toMatch(/^[0-9a-f]{64}$/);
  expect(result.figures.timeToFirstFrameMs).toBeLessThan(200);
});

test('a file of JSON: what does not hold is printed, and the exit code says so; --out has the record', async () => {
  const path = file(
    'in-vain.json',
    JSON.stringify({
      name: 'in-vain',
      duration: 1000,
      participants: { ada: {}, bob: {} },
      expect: [{ participant: 'bob', atLeastFrames: 1 }],
    }),
  );
  const out = join(folder, 'out');
  const { code, stdout } = await scenario(path, '--out', out);
  expect(code).toBe(1);
  expect(stdout).toContain('FAILED: 1 of what was expected does not hold');
  expect(stdout).toContain('bob was shown 0 pictures from 0 to 1000 ms: at least 1');
  expect(existsSync(join(out, 'report.html'))).toBe(true);
  expect(readFileSync(join(out, 'events.jsonl'), 'utf8')).toContain('"type":"participant-joined"');
});

test('a file of TypeScript, with a function of its own', async () => {
  const path = file(
    'own.ts',
    `import type { Scenario } from '@sluice/sfu-sim/bench';
     export const scenario: Scenario = {
       duration: 1000,
       participants: { ada: {} },
       expect: [{ expectation: 'ada is alone', holds: (run) => run.participants.length === 1 }],
     };`,
  );
  const { code, stdout } = await scenario(path);
  expect(stdout).toContain('passed: all 1 expectations hold');
  expect(code).toBe(0);
});

test('a file that makes no sense is refused by its fields', async () => {
  const path = file(
    'nonsense.json',
    '{ "duration": 1000, "participants": { "bob": { "downlink": { "rate": "fast" } } } }',
  );
  const { code, stderr, stdout } = await scenario(path, '--json');
  expect(code).toBe(1);
  expect(stdout).toBe('');
  expect(stderr).toContain('participants.bob.downlink.rate: is fast: it must be bit/s');
  const empty = await scenario(file('empty.ts', 'export const other = 1;'));
  expect(empty.code).toBe(1);
  expect(empty.stderr).toContain('exports no "scenario"');
});
