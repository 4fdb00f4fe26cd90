// Runs a TypeScript program of the repository: bundled from the packages' sources, then started in a Node process of
// its own, whose output and exit code become ours.

import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryRoot, runCommand } from './run-command.mjs';

/** Inside node_modules, so that what stays outside the bundle is found there. */
const CACHE = join(repositoryRoot, 'node_modules', '.cache', 'programs');

/**
 * @typedef {object} ProgramOptions
 * @property {readonly string[]} [nodeArguments] options of Node itself, e.g. `--expose-gc`
 */

/**
 * Runs the program to its end, with our standard streams. Nothing but the program writes to stdout.
 *
 * @param {string} entry path of the TypeScript module, from the repository's root
 * @param {readonly string[]} args what `process.argv.slice(2)` shall be there
 * @param {ProgramOptions} [options]
 * @returns {Promise<number>} its exit code
 * @throws {Error} when it cannot be bundled
 */
export async function runTypeScript(entry, args, { nodeArguments = [] } = {}) {
  mkdirSync(CACHE, { recursive: true });
  // A folder for each run: two of them may go on at the same time.
  const folder = mkdtempSync(join(CACHE, 'run-'));
  try {
    const program = await bundle(entry, folder);
    const command = ['--enable-source-maps', ...nodeArguments, program, ...args];
    const { exitCode } = await runCommand(process.execPath, command);
    return exitCode;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * @param {string} entry
 * @param {string} folder where the bundle goes
 * @returns {Promise<string>} the file to start
 */
async function bundle(entry, folder) {
  const { build } = await import('vite');
  await build({
    configFile: false,
    root: repositoryRoot,
    logLevel: 'error',
    ssr: { resolve: { conditions: ['@sluice/source', 'node', 'development|production'] } },
    build: {
      ssr: join(repositoryRoot, entry),
      target: 'node20',
      outDir: folder,
      emptyOutDir: false,
      minify: false,
      sourcemap: true,
      // No package.json above the bundle says that it is made of modules: the file names have to.
      rolldownOptions: { output: { entryFileNames: 'program.mjs', chunkFileNames: '[name]-[hash].mjs' } },
    },
  });
  return join(folder, 'program.mjs');
}
