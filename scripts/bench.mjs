// `npm run bench -- NAME [--json]`: one benchmark, the file packages/*/bench/NAME.ts, with the options that it takes. `--list`
// names them all.

import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { installMissing } from './install.mjs';
import { repositoryRoot } from './run-command.mjs';
import { runTypeScript } from './run-typescript.mjs';

try {
  process.exitCode = await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}

async function main() {
  const args = process.argv.slice(2);
  const at = args.findIndex((arg) => !arg.startsWith('-'));
  // What comes behind the name is for the benchmark: it knows what it takes.
  const own = at < 0 ? [] : args.slice(at + 1);
  const { values } = parseArgs({
    args: at < 0 ? args : args.slice(0, at),
    options: { json: { type: 'boolean', default: false }, list: { type: 'boolean', default: false } },
  });
  const benchmarks = findBenchmarks();
  const names = [...benchmarks.keys()].join(', ');
  if (values.list) {
    console.log(values.json ? JSON.stringify({ benches: [...benchmarks.keys()] }) : [...benchmarks.keys()].join('\n'));
    return 0;
  }
  const name = args[at];
  if (name === undefined) {
    throw new Error(`Name one benchmark: npm run bench -- NAME [--json]. There are: ${names}.`);
  }
  const entry = benchmarks.get(name);
  if (entry === undefined) throw new Error(`There is no benchmark "${name}". There are: ${names}.`);
  await installMissing();
  return runTypeScript(entry, values.json ? ['--json', ...own] : own, {
    // For those that measure memory.
    nodeArguments: ['--expose-gc'],
  });
}

/** The benchmarks' files by name, in alphabetical order. */
function findBenchmarks() {
  /** @type {[name: string, entry: string][]} */
  const found = [];
  for (const name of readdirSync(join(repositoryRoot, 'packages'))) {
    const folder = join('packages', name, 'bench');
    if (!existsSync(join(repositoryRoot, folder))) continue;
    for (const file of readdirSync(join(repositoryRoot, folder))) {
      if (file.endsWith('.ts')) found.push([file.slice(0, -'.ts'.length), join(folder, file)]);
    }
  }
  return new Map(found.sort(([a], [b]) => (a < b ? -1 : 1)));
}
