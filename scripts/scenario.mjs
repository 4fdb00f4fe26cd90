// `npm run scenario -- NAME|FILE [--seed N] [--congestion-control gcc|nada] [--out DIR] [--json]`: one scenario in virtual
// time, by the name of a file in packages/sfu-sim/scenarios, e.g. `rfc8867/5.1`, or by its path, .ts or .json. `--list` names
// them all.

import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative, resolve, sep } from 'node:path';
import { parseArgs } from 'node:util';
import { installMissing } from './install.mjs';
import { repositoryRoot } from './run-command.mjs';
import { runTypeScript } from './run-typescript.mjs';

const LIBRARY = join(repositoryRoot, 'packages', 'sfu-sim', 'scenarios');

try {
  process.exitCode = await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}

async function main() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      seed: { type: 'string' },
      'congestion-control': { type: 'string' },
      out: { type: 'string' },
      json: { type: 'boolean', default: false },
      list: { type: 'boolean', default: false },
    },
  });
  const scenarios = findScenarios();
  const names = [...scenarios.keys()];
  if (values.list) {
    console.log(values.json ? JSON.stringify({ scenarios: names }) : names.join('\n'));
    return 0;
  }
  const [name, ...more] = positionals;
  if (name === undefined || more.length > 0) {
    throw new Error(`Name one scenario: npm run scenario -- NAME|FILE. There are: ${names.join(', ')}.`);
  }
  const { seed, out } = values;
  if (seed !== undefined && !/^-?\d{1,15}$/.test(seed)) throw new Error(`--seed is "${seed}": it must be an integer.`);
  const control = values['congestion-control'];
  const file = scenarios.get(name) ?? findFile(name);
  if (file === undefined) throw new Error(`There is no scenario "${name}". There are: ${names.join(', ')}.`);
  await installMissing();
  const args = [
    ...(seed === undefined ? [] : [`--seed=${seed}`]),
    ...(control === undefined ? [] : [`--congestion-control=${control}`]),
    ...(out === undefined ? [] : [`--out=${resolve(out)}`]),
    ...(values.json ? ['--json'] : []),
  ];
  return runScenario(file, args);
}

/**
 * A program of this scenario alone: the file is part of it, so that TypeScript needs nothing more than the bundler does.
 *
 * @param {string} file
 * @param {readonly string[]} args
 */
async function runScenario(file, args) {
  const cache = join(repositoryRoot, 'node_modules', '.cache', 'programs');
  mkdirSync(cache, { recursive: true });
  const folder = mkdtempSync(join(cache, 'scenario-'));
  try {
    const main = JSON.stringify(join(repositoryRoot, 'scripts', 'scenario', 'main.ts'));
    const from = JSON.stringify(file);
    const imported = file.endsWith('.json')
      ? `import text from ${JSON.stringify(`${file}?raw`)};`
      : `import * as found from ${from};`;
    const value = file.endsWith('.json') ? 'parseScenario(text)' : 'found.scenario';
    const parser = file.endsWith('.json') ? "import { parseScenario } from '@sluice/sfu-sim/bench';\n" : '';
    writeFileSync(
      join(folder, 'entry.ts'),
      `${parser}${imported}
import { main } from ${main};
try {
  const scenario = ${value};
  if (scenario === undefined) throw new Error(${JSON.stringify(`${file} exports no "scenario".`)});
  process.exitCode = await main(scenario);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
`,
    );
    return await runTypeScript(relative(repositoryRoot, join(folder, 'entry.ts')), args);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The library's files by name, e.g. `main-job` or `rfc8867/5.1`, in alphabetical order. What is in `parts` is no scenario. */
function findScenarios() {
  const files = readdirSync(LIBRARY, { recursive: true, encoding: 'utf8' })
    .map((file) => file.split(sep).join('/'))
    .filter((file) => /\.(ts|json)$/.test(file) && !file.startsWith('parts/'))
    .map((file) => /** @type {const} */ ([file.replace(/\.(ts|json)$/, ''), join(LIBRARY, file)]));
  return new Map(files.sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** @param {string} path */
function findFile(path) {
  const file = resolve(path);
  return /\.(ts|mts|js|mjs|json)$/.test(path) && existsSync(file) ? file : undefined;
}
