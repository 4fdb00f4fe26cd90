// Other people's programs: whether they are there, in which version, and what they print.

import { execFile } from 'node:child_process';

/** Enough for the dissection of a capture. */
const MAX_OUTPUT = 256 * 2 ** 20;
const LIMIT_MS = 120_000;

/**
 * @typedef {object} ToolOutcome
 * @property {boolean} started false where there is no such program
 * @property {number} exitCode 0 on success
 * @property {string} stdout
 * @property {string} stderr
 */

/**
 * Runs a program to its end; never rejects.
 *
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ cwd?: string }} [options]
 * @returns {Promise<ToolOutcome>}
 */
export function runTool(command, args, { cwd } = {}) {
  return new Promise((resolve) => {
    const env = { ...process.env, LC_ALL: 'C.UTF-8', TZ: 'UTC' };
    execFile(command, args, { cwd, env, maxBuffer: MAX_OUTPUT, timeout: LIMIT_MS }, (error, stdout, stderr) => {
      const code = error?.code;
      resolve({
        started: code !== 'ENOENT' && code !== 'EACCES',
        exitCode: error === null ? 0 : typeof code === 'number' ? code : 1,
        stdout,
        stderr,
      });
    });
  });
}

/**
 * The version that the program's output names; `undefined` where there is no such program.
 *
 * @param {string} command
 * @param {readonly string[]} args
 */
export async function versionOf(command, args) {
  const { started, exitCode, stdout } = await runTool(command, args);
  if (!started || exitCode !== 0) return undefined;
  // `TShark (Wireshark) 4.0.17 …`, `gst-launch-1.0 version 1.22.0`, `ffmpeg version n5.1.9-0+deb12u1 …`.
  return /(?:version|\)) n?(\d[\d.]*)/.exec(stdout)?.[1] ?? 'of unknown version';
}
