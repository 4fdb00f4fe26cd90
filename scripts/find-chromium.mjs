// Finds a Chromium for the browser tests and, when asked to, installs one. As a program it prints the path:
//   node scripts/find-chromium.mjs [--install]

import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { npmCommand, repositoryRoot, runCommand } from './run-command.mjs';

/**
 * @typedef {object} FoundChromium
 * @property {string} executablePath
 * @property {string} source where it comes from, for people
 */

/** A way that did not lead to a browser, and why. @typedef {{ way: string, result: string }} Attempt */

const CHROMIUM_IN_NPM = '@sparticuz/chromium@147.0.0';
const CACHE = join(repositoryRoot, 'node_modules', '.cache', 'sluice-chromium');

const MINUTE = 60_000;
const START_LIMIT = 20_000;
const SILENCE_LIMIT = MINUTE;

/**
 * Looks for a Chromium that starts: SLUICE_CHROMIUM, Playwright's own download, one installed on this machine, one
 * that an earlier call unpacked from npm. If there is none and `install` is set, tries to get one: from Playwright, from
 * the system's packages, from npm.
 *
 * @param {{ install: boolean }} options
 * @returns {Promise<FoundChromium>}
 * @throws {Error} when nothing works; the message lists every way that was tried and what came of it
 */
export async function findChromium({ install }) {
  const chosen = process.env['SLUICE_CHROMIUM'];
  if (chosen) {
    if (isExecutable(chosen)) return { executablePath: chosen, source: 'SLUICE_CHROMIUM' };
    throw new Error(
      `SLUICE_CHROMIUM is '${chosen}', which is not an executable file: correct it, or unset it to search.`,
    );
  }

  /** @type {Attempt[]} */
  const attempts = [];
  const ways = [fromPlaywright, fromSystem, fromCache];
  if (install) ways.push(downloadWithPlaywright, installSystemPackage, unpackFromNpm);
  for (const way of ways) {
    const found = await way(attempts);
    if (found) return found;
  }
  throw new Error(
    [
      'No Chromium found for the browser tests. Tried:',
      ...attempts.map(({ way, result }) => `  - ${way}: ${result}`),
      install
        ? 'Install Chromium or Chrome, or set SLUICE_CHROMIUM to the path of one.'
        : 'Run "node scripts/find-chromium.mjs --install", or set SLUICE_CHROMIUM to the path of one.',
    ].join('\n'),
  );
}

/** @param {Attempt[]} attempts @returns {Promise<FoundChromium | undefined>} */
async function fromPlaywright(attempts) {
  const path = await playwrightPath();
  return path === undefined || !existsSync(path)
    ? giveUp(attempts, "Playwright's own browser", 'not downloaded')
    : ifItStarts(attempts, path, "Playwright's own browser");
}

/** @param {Attempt[]} attempts @returns {Promise<FoundChromium | undefined>} */
async function fromSystem(attempts) {
  const candidates = systemCandidates();
  if (candidates.length === 0)
    return giveUp(attempts, 'Chrome or Chromium on this machine', 'none on the PATH or in the usual folders');
  for (const path of candidates) {
    const found = await ifItStarts(attempts, path, 'installed on this machine');
    if (found) return found;
  }
  return undefined;
}

/** @param {Attempt[]} attempts @returns {Promise<FoundChromium | undefined>} */
async function fromCache(attempts) {
  const path = join(CACHE, 'browser', 'start');
  return existsSync(path) ? ifItStarts(attempts, path, 'unpacked from npm') : undefined;
}

/** @param {Attempt[]} attempts @returns {Promise<FoundChromium | undefined>} */
async function downloadWithPlaywright(attempts) {
  const way = 'npx playwright install chromium';
  announce(way);
  const cli = join(repositoryRoot, 'node_modules', '@playwright', 'test', 'cli.js');
  if (!existsSync(cli)) return giveUp(attempts, way, 'Playwright is not installed: run npm install');
  const { failure } = await runCommand(process.execPath, [cli, 'install', '--no-shell', 'chromium'], {
    // Five attempts of 30 s each, its default, are a long wait where downloads are blocked.
    env: { PLAYWRIGHT_DOWNLOAD_CONNECTION_TIMEOUT: '12000', ...process.env },
    capture: true,
    silenceLimitMs: SILENCE_LIMIT,
    limitMs: 5 * MINUTE,
  });
  if (failure !== '') return giveUp(attempts, way, failure);
  const path = await playwrightPath();
  return path === undefined ? giveUp(attempts, way, 'no browser for this system') : ifItStarts(attempts, path, way);
}

/** @param {Attempt[]} attempts @returns {Promise<FoundChromium | undefined>} */
async function installSystemPackage(attempts) {
  const manager = packageManager();
  if (manager === undefined) return giveUp(attempts, "the system's package", 'no apt-get, dnf or apk here');
  const way = `${manager.name} install chromium`;
  if (manager.name === 'apt-get' && osRelease().includes('\nID=ubuntu\n')) {
    return giveUp(attempts, way, "Ubuntu's package is only a pointer to a snap");
  }
  const isRoot = process.getuid?.() === 0;
  if (!isRoot && (await runCommand('sudo', ['-n', 'true'], { capture: true, limitMs: START_LIMIT })).failure !== '') {
    return giveUp(attempts, way, 'needs root, or sudo without a password');
  }
  announce(way);
  for (const step of manager.steps) {
    const [command = '', ...args] = isRoot ? step : ['sudo', '-n', ...step];
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    const { failure } = await runCommand(command, args, {
      env,
      capture: true,
      silenceLimitMs: SILENCE_LIMIT,
      limitMs: 10 * MINUTE,
    });
    if (failure !== '') return giveUp(attempts, way, failure);
  }
  for (const path of systemCandidates()) {
    const found = await ifItStarts(attempts, path, way);
    if (found) return found;
  }
  return giveUp(attempts, way, 'installed, but there is no browser that starts');
}

/** @param {Attempt[]} attempts @returns {Promise<FoundChromium | undefined>} */
async function unpackFromNpm(attempts) {
  const way = `npm install ${CHROMIUM_IN_NPM}`;
  if (process.platform !== 'linux' || process.arch !== 'x64') return giveUp(attempts, way, 'is for Linux on x64 only');
  announce(way);
  const downloaded = join(CACHE, 'package');
  mkdirSync(downloaded, { recursive: true });
  // npm installs into the nearest folder with a package.json: without this one, into the workspace.
  writeFileSync(join(downloaded, 'package.json'), '{ "private": true }\n');
  const args = ['install', '--no-save', '--no-package-lock', '--no-workspaces', '--loglevel=error', CHROMIUM_IN_NPM];
  const installed = await runCommand(...npmCommand(args), { cwd: downloaded, capture: true, limitMs: 5 * MINUTE });
  if (installed.failure !== '') return giveUp(attempts, way, installed.failure);

  const unfinished = join(CACHE, `unpacking-${process.pid}`);
  rmSync(unfinished, { recursive: true, force: true });
  mkdirSync(unfinished, { recursive: true });
  const unpack = "import chromium from '@sparticuz/chromium'; await chromium.executablePath();";
  const unpacked = await runCommand(process.execPath, ['--input-type=module', '--eval', unpack], {
    cwd: downloaded,
    // The package unpacks into the temporary folder, and adds the libraries that minimal systems lack (NSS, expat) only
    // where it believes to be in a cloud function.
    env: { ...process.env, TMPDIR: unfinished, AWS_EXECUTION_ENV: '20.x' },
    capture: true,
    limitMs: 2 * MINUTE,
  });
  if (unpacked.failure !== '') {
    rmSync(unfinished, { recursive: true, force: true });
    return giveUp(attempts, way, unpacked.failure);
  }
  writeFileSync(join(unfinished, 'fonts', 'fonts.conf'), FONTS_CONF);
  writeFileSync(join(unfinished, 'start'), START_SCRIPT, { mode: 0o755 });
  // Only a browser that is unpacked to the end gets its final name.
  const browser = join(CACHE, 'browser');
  rmSync(browser, { recursive: true, force: true });
  renameSync(unfinished, browser);
  rmSync(downloaded, { recursive: true, force: true });
  return ifItStarts(attempts, join(browser, 'start'), 'unpacked from npm');
}

const START_SCRIPT = `#!/bin/sh
here=\${0%/*}
export LD_LIBRARY_PATH="$here/al2023/lib\${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
[ -e /etc/fonts/fonts.conf ] || export FONTCONFIG_PATH="$here/fonts"
exec "$here/chromium" "$@"
`;

/** The package's own configuration looks for its fonts in /tmp. */
const FONTS_CONF = `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir prefix="relative">fonts</dir>
</fontconfig>
`;

async function playwrightPath() {
  try {
    const { chromium } = await import('@playwright/test');
    return chromium.executablePath();
  } catch {
    // Not installed yet, or it has no build for this system.
    return undefined;
  }
}

/** @returns {string[]} */
function systemCandidates() {
  const names = [
    'google-chrome',
    'google-chrome-stable',
    'chromium',
    'chromium-browser',
    'chromium-headless-shell',
    'microsoft-edge',
  ];
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  const onPath = names.flatMap((name) => folders.map((folder) => join(folder, name)));
  return [...onPath, ...macBundles(), ...windowsPrograms()].filter(isExecutable);
}

/** @returns {string[]} */
function macBundles() {
  if (process.platform !== 'darwin') return [];
  return ['Google Chrome', 'Chromium', 'Microsoft Edge'].flatMap((name) =>
    ['/', homedir()].map((root) => join(root, 'Applications', `${name}.app`, 'Contents', 'MacOS', name)),
  );
}

/** @returns {string[]} */
function windowsPrograms() {
  if (process.platform !== 'win32') return [];
  const programs = [
    'Google/Chrome/Application/chrome.exe',
    'Chromium/Application/chrome.exe',
    'Microsoft/Edge/Application/msedge.exe',
  ];
  return ['PROGRAMFILES', 'PROGRAMFILES(X86)', 'LOCALAPPDATA'].flatMap((variable) => {
    const folder = process.env[variable];
    return folder ? programs.map((program) => join(folder, program)) : [];
  });
}

/** @returns {{ name: string, steps: string[][] } | undefined} */
function packageManager() {
  const managers = [
    {
      name: 'apt-get',
      steps: [
        ['apt-get', 'update'],
        ['apt-get', 'install', '-y', 'chromium'],
      ],
    },
    { name: 'dnf', steps: [['dnf', 'install', '-y', 'chromium']] },
    { name: 'apk', steps: [['apk', 'add', '--no-cache', 'chromium']] },
  ];
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  return managers.find(({ name }) => folders.some((folder) => isExecutable(join(folder, name))));
}

function osRelease() {
  return existsSync('/etc/os-release') ? `\n${readFileSync('/etc/os-release', 'utf8')}` : '';
}

/** @param {string} path */
function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/**
 * A file that is there may still be a stub, or lack a library: only one that tells its version counts.
 *
 * @param {Attempt[]} attempts
 * @param {string} executablePath
 * @param {string} source
 * @returns {Promise<FoundChromium | undefined>}
 */
async function ifItStarts(attempts, executablePath, source) {
  // On Windows --version opens a window instead.
  if (process.platform === 'win32') return { executablePath, source };
  const { failure } = await runCommand(executablePath, ['--version'], { capture: true, limitMs: START_LIMIT });
  return failure === '' ? { executablePath, source } : giveUp(attempts, executablePath, `does not start: ${failure}`);
}

/** @param {Attempt[]} attempts @param {string} way @param {string} result */
function giveUp(attempts, way, result) {
  attempts.push({ way, result });
  return undefined;
}

/** @param {string} way */
function announce(way) {
  console.error(`No Chromium yet; trying: ${way} …`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    const { executablePath } = await findChromium({ install: process.argv.includes('--install') });
    console.log(executablePath);
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
}
