// Child processes for the other scripts: npm found the same way on every system, nothing left running behind a time
// limit, and an outcome instead of an exception.

import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';

/** The repository's root, with which every command here starts as its working directory. */
export const repositoryRoot = fileURLToPath(new URL('..', import.meta.url));

/**
 * @typedef {object} Outcome
 * @property {number} exitCode 0 on success; 128 or more when a signal or a limit ended it; 127 when it did not start
 * @property {string} output the end of what it printed, when `capture` was set
 * @property {string} failure why it failed, one line; empty on success
 */

/**
 * @typedef {object} RunOptions
 * @property {NodeJS.ProcessEnv} [env] in place of this process's environment
 * @property {string} [cwd] default: the repository's root
 * @property {boolean} [capture] keep the output instead of showing it
 * @property {number} [limitMs] end it, and what it started, after so many milliseconds
 * @property {number} [silenceLimitMs] the same after so many milliseconds without any output; needs `capture`
 */

const OUTPUT_KEPT = 64 * 1024;

/**
 * Runs `command` to its end; never rejects.
 *
 * @param {string} command
 * @param {readonly string[]} args
 * @param {RunOptions} [options]
 * @returns {Promise<Outcome>}
 */
export function runCommand(command, args, options = {}) {
  const { env = process.env, cwd = repositoryRoot, capture = false, limitMs, silenceLimitMs } = options;
  const limited = limitMs !== undefined || silenceLimitMs !== undefined;
  return new Promise((resolve) => {
    // A group of its own, so that a limit ends the grandchildren too. Without a limit the child stays in our group and
    // receives the terminal's Ctrl-C itself.
    const detached = limited && process.platform !== 'win32';
    const child = spawn(command, args, { cwd, env, detached, stdio: capture ? ['ignore', 'pipe', 'pipe'] : 'inherit' });
    let output = '';
    let stopped = '';
    /** @param {string} reason */
    const stop = (reason) => {
      stopped = reason;
      if (detached && child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
      else child.kill('SIGKILL');
    };
    /** @param {number | undefined} limit @param {string} what */
    const arm = (limit, what) =>
      limit === undefined ? undefined : setTimeout(() => stop(`stopped after ${limit / 1000} s${what}`), limit);
    const total = arm(limitMs, '');
    const silence = arm(silenceLimitMs, ' without progress');

    /** @param {Buffer} chunk */
    const keep = (chunk) => {
      output = (output + chunk.toString()).slice(-OUTPUT_KEPT);
      silence?.refresh();
    };
    child.stdout?.on('data', keep);
    child.stderr?.on('data', keep);

    // The terminal's Ctrl-C does not reach another group. A child of our own group gets it too: wait for it to end.
    /** @param {NodeJS.Signals} signal */
    const onSignal = (signal) => {
      if (detached) {
        stop(`ended by ${signal}`);
        process.exit(exitCodeOf(signal));
      }
      if (signal === 'SIGTERM') child.kill(signal);
    };
    process.on('SIGINT', onSignal).on('SIGTERM', onSignal);

    /** @param {Outcome} outcome */
    const finish = (outcome) => {
      clearTimeout(total);
      clearTimeout(silence);
      process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
      resolve(outcome);
    };
    child.on('error', (error) => finish({ exitCode: 127, output, failure: error.message }));
    child.on('close', (code, signal) => {
      const exitCode = code ?? exitCodeOf(signal ?? 'SIGKILL');
      const failure = exitCode === 0 ? '' : stopped || reasonIn(output) || `exit code ${exitCode}`;
      finish({ exitCode, output, failure });
    });
  });
}

/** The shells' convention. @param {NodeJS.Signals} signal */
function exitCodeOf(signal) {
  return 128 + constants.signals[signal];
}

/**
 * How to run npm: the one that runs this script, else the one on the PATH.
 *
 * @param {readonly string[]} args
 * @returns {[command: string, args: string[]]}
 */
export function npmCommand(args) {
  const running = process.env['npm_execpath'];
  if (running?.endsWith('npm-cli.js')) return [process.execPath, [running, ...args]];
  // Windows starts .cmd files through its shell only.
  return process.platform === 'win32' ? ['cmd.exe', ['/d', '/c', 'npm', ...args]] : ['npm', [...args]];
}

/**
 * The line of a failed command's output that most likely says why.
 *
 * @param {string} output
 */
function reasonIn(output) {
  const lines = output.split('\n').map((line) => line.trim());
  return (
    lines.find((line) => /^(npm error (?!code)|e:|error\b)/i.test(line)) ?? lines.findLast((line) => line !== '') ?? ''
  );
}
