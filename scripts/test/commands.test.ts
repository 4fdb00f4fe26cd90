// The commands around TypeScript programs: what they accept, what they say, how they end.

import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const repositoryRoot = fileURLToPath(new URL('../..', import.meta.url));

function run(script: string, ...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [`scripts/${script}.mjs`, ...args], {
    cwd: repositoryRoot,
    encoding: 'utf8',
  });
  return { status, stdout, stderr };
}

test('bench lists the benchmarks', () => {
  const { status, stdout } = run('bench', '--list');
  expect(status).toBe(0);
  expect(stdout.trim().split('\n')).toContain('wire');
});

test.each([[['nonsense']], [[]], [['wire', 'wire']]])('bench refuses %j and names what there is', (args) => {
  const { status, stdout, stderr } = run('bench', ...args);
  expect(status).toBe(1);
  expect(stdout).toBe('');
  expect(stderr).toContain('wire');
});

test('fuzz prints one JSON object and ends well where nothing is found', () => {
  const { status, stdout } = run('fuzz', '--runs', '200', '--seed', '5', '--target', 'rtp-packet', '--json');
  expect(status).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ runs: 200, seed: 5, targets: { 'rtp-packet': 200 }, findings: [] });
});

test('fuzz feeds one input to one target', () => {
  const { status, stdout } = run('fuzz', '--target', 'rtcp', '--input', '80c80000');
  expect(status).toBe(0);
  expect(stdout).toContain('rtcp took the input calmly.');
});

test.each([
  [['--target', 'nonsense'], 'rtp-packet'],
  [['--runs', '0'], '--runs is "0"'],
  [['--runs', 'many'], '--runs is "many"'],
  [['--input', '80c8'], '--target'],
  [['--bogus'], '--bogus'],
])('fuzz refuses %j and says why', (args, reason) => {
  const { status, stdout, stderr } = run('fuzz', ...args);
  expect(status).toBe(1);
  expect(stdout).toBe('');
  expect(stderr).toContain(reason);
});
