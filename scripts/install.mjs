// Installs the dependencies when, and only when, what is installed differs from package-lock.json.

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { npmCommand, repositoryRoot, runCommand } from './run-command.mjs';

/**
 * What package-lock.json says of one package; the hidden lockfile in node_modules has the same form.
 *
 * @typedef {object} LockedPackage
 * @property {string} [version]
 * @property {string} [integrity]
 * @property {string} [resolved]
 * @property {boolean} [link]
 * @property {boolean} [optional]
 * @property {string[]} [os]
 * @property {string[]} [cpu]
 * @property {string[]} [libc]
 */

/**
 * Makes node_modules agree with package-lock.json; returns at once when it already does.
 *
 * @throws {Error} when Node.js is too old, or npm fails
 */
export async function installMissing() {
  requireSupportedNode();
  const reason = whyInstall();
  if (reason === undefined) return;
  const command = existsSync(join(repositoryRoot, 'package-lock.json')) ? 'ci' : 'install';
  console.error(`Installing dependencies (npm ${command}): ${reason}.`);
  const { exitCode } = await runCommand(...npmCommand([command, '--loglevel=error']));
  if (exitCode !== 0) throw new Error(`npm ${command} failed with exit code ${exitCode}: see its message above.`);
}

function requireSupportedNode() {
  /** @type {{ engines: { node: string } }} */
  const { engines } = JSON.parse(readFileSync(join(repositoryRoot, 'package.json'), 'utf8'));
  const needed = engines.node.replace('>=', '').split('.').map(Number);
  const running = process.versions.node.split('.').map(Number);
  const [major = 0, minor = 0] = needed;
  const [ourMajor = 0, ourMinor = 0] = running;
  if (ourMajor > major || (ourMajor === major && ourMinor >= minor)) return;
  throw new Error(
    `Sluice needs Node.js ${major}.${minor} or newer, this is ${process.versions.node}: install a newer one.`,
  );
}

/** Why an installation is needed, or undefined when nothing is missing. */
function whyInstall() {
  const installed = readLock('node_modules/.package-lock.json');
  if (installed === undefined) return 'nothing is installed yet';
  const wanted = readLock('package-lock.json');
  if (wanted === undefined) return undefined;
  for (const [path, want] of Object.entries(wanted)) {
    // The other entries are the workspaces' own folders.
    if (!path.includes('node_modules/')) continue;
    if (want.optional && !fitsThisMachine(want)) continue;
    const have = installed[path];
    if (have === undefined || !existsSync(join(repositoryRoot, path))) return `${path} is missing`;
    if (have.version !== want.version) return `${path} is of version ${have.version}, not ${want.version}`;
    // An entry for another system may have been written where its checksum could not be looked up.
    if (want.integrity !== undefined && have.integrity !== want.integrity) return `${path} has other content`;
    if (want.link && have.resolved !== want.resolved) return `${path} leads elsewhere`;
  }
  return undefined;
}

/**
 * @param {string} path
 * @returns {Record<string, LockedPackage> | undefined} undefined when there is no such file, or nothing useful in it
 */
function readLock(path) {
  try {
    return JSON.parse(readFileSync(join(repositoryRoot, path), 'utf8')).packages;
  } catch {
    return undefined;
  }
}

/**
 * Whether npm surely installs that optional package here: native builds come as one package per system.
 *
 * @param {LockedPackage} locked
 */
function fitsThisMachine({ os, cpu, libc }) {
  // Of two builds for different C libraries only one is there: which one is npm's to know.
  if (libc !== undefined || (os === undefined && cpu === undefined)) return false;
  return allows(os, process.platform) && allows(cpu, process.arch);
}

/** @param {string[] | undefined} list @param {string} value */
function allows(list, value) {
  if (list === undefined) return true;
  return list.some((entry) => entry.startsWith('!')) ? !list.includes(`!${value}`) : list.includes(value);
}
