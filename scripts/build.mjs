// `npm run build`: the packages as ES modules with declarations, then the demo as a static page.

import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { installMissing } from './install.mjs';
import { repositoryRoot, runCommand } from './run-command.mjs';

const PACKAGES = ['rtp', 'client', 'sfu-sim', 'sfu-node'];

/**
 * @typedef {object} Manifest
 * @property {string} name
 * @property {Record<string, { '@sluice/source': string, types: string, default: string }>} exports
 * @property {Record<string, string>} [dependencies]
 * @property {Record<string, string>} [peerDependencies]
 */

try {
  await installMissing();
  // Vite takes the demo's folder from vite.config.ts relative to the working directory.
  process.chdir(repositoryRoot);
  for (const name of PACKAGES) requireSources(join('packages', name));
  if (!existsSync('apps/demo/index.html'))
    throw new Error('apps/demo/index.html is missing: there is no demo to build.');
  for (const name of PACKAGES) clean(join('packages', name));
  await declare();
  for (const name of PACKAGES) await bundle(join('packages', name));
  const { build } = await import('vite');
  await build();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}

/** @param {string} folder @returns {Manifest} */
function manifestOf(folder) {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
}

/** @param {string} folder */
function requireSources(folder) {
  for (const [entry, { '@sluice/source': source }] of Object.entries(manifestOf(folder).exports)) {
    if (existsSync(join(folder, source))) continue;
    throw new Error(`${folder}/package.json exports '${entry}' from ${source}, which does not exist.`);
  }
}

/** @param {string} folder */
function clean(folder) {
  rmSync(join(folder, 'dist'), { recursive: true, force: true });
  // With the record of the last run, TypeScript would believe the declarations to be there still.
  rmSync(join(folder, 'tsconfig.tsbuildinfo'), { force: true });
}

async function declare() {
  const compiler = join('node_modules', 'typescript', 'bin', 'tsc');
  const projects = PACKAGES.map((name) => join('packages', name));
  const { exitCode } = await runCommand(process.execPath, [compiler, '-b', ...projects]);
  if (exitCode !== 0) throw new Error('The declarations cannot be written: TypeScript reported the errors above.');
}

/** @param {string} folder */
async function bundle(folder) {
  const { build } = await import('vite');
  const { name, exports, dependencies = {}, peerDependencies = {} } = manifestOf(folder);
  console.log(`\n${name}`);
  // The entry `./dist/bench/index.js` is built from its source under the name `bench/index`.
  const entry = Object.fromEntries(
    Object.values(exports).map((paths) => [
      paths.default.replace(/^\.\/dist\//, '').replace(/\.js$/, ''),
      join(repositoryRoot, folder, paths['@sluice/source']),
    ]),
  );
  const external = [...Object.keys(dependencies), ...Object.keys(peerDependencies)];
  await build({
    configFile: false,
    root: folder,
    // Workers load their own files relative to the module that starts them.
    base: './',
    resolve: { conditions: ['@sluice/source', 'module', 'browser', 'development|production'] },
    worker: { format: 'es' },
    build: {
      target: 'es2022',
      outDir: 'dist',
      emptyOutDir: false,
      sourcemap: true,
      minify: false,
      lib: { entry, formats: ['es'] },
      rolldownOptions: {
        // A file as text (`?raw`) becomes part of the package: Node could not import it.
        external: (id) =>
          id.startsWith('node:') ||
          (!id.endsWith('?raw') && external.some((known) => id === known || id.startsWith(`${known}/`))),
        output: { entryFileNames: '[name].js', chunkFileNames: 'chunks/[name]-[hash].js' },
      },
    },
  });
}
