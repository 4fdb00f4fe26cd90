// The program behind `npm run fuzz`: reads its options, runs a session over all packages' targets, prints the outcome.

import { parseArgs } from 'node:util';
import { targets as rtpTargets } from '../../packages/rtp/fuzz/targets.ts';
import { targets as sfuTargets } from '../../packages/sfu-sim/fuzz/targets.ts';
import { type Finding, fuzz, type SessionResult } from './session.ts';
import type { FuzzTarget } from './target.ts';
import { Watchdog } from './watchdog.ts';

const DEFAULT_RUNS = 1_000_000;
const DEFAULT_SEED = 1;

const allTargets: readonly FuzzTarget[] = [...rtpTargets, ...sfuTargets];

try {
  process.exitCode = await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      runs: { type: 'string', default: String(DEFAULT_RUNS) },
      seed: { type: 'string', default: String(DEFAULT_SEED) },
      target: { type: 'string' },
      input: { type: 'string' },
      list: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
    },
  });
  if (values.list) {
    console.log(values.json ? JSON.stringify({ targets: allTargets.map(({ name }) => name) }) : listOf(allTargets));
    return 0;
  }
  const targets = values.target === undefined ? allTargets : [targetNamed(values.target)];
  if (values.input !== undefined) return replay(targets, values.input);
  const runs = integer(values.runs, '--runs', 1);
  const seed = integer(values.seed, '--seed', 0);
  const start = performance.now();
  const onProgress = (done: number): void => {
    const rate = Math.round((1000 * done) / (performance.now() - start));
    console.error(
      `  ${done.toLocaleString('en')} of ${runs.toLocaleString('en')} inputs, ${rate.toLocaleString('en')}/s`,
    );
  };
  console.error(`Fuzzing ${targets.length} targets with seed ${seed} on Node ${process.versions.node}`);
  const watchdog = new Watchdog(seed);
  const result = fuzz(targets, { runs, seed, onRun: (run) => watchdog.onRun(run), onProgress });
  await watchdog.stop();
  console.error(tableOf(result));
  for (const finding of result.findings) console.error(textOf(finding, seed));
  console.log(values.json ? toJson(result, seed) : summary(result));
  return result.findings.length === 0 ? 0 : 1;
}

/** Feeds one input to one target, and lets what it throws pass. */
function replay(targets: readonly FuzzTarget[], hex: string): number {
  const [target, ...more] = targets;
  if (target === undefined || more.length > 0) throw new Error('--input needs the --target it is for.');
  if (!/^([0-9a-f]{2})*$/i.test(hex)) throw new Error('--input is to be hexadecimal digits, two for each byte.');
  target.restart?.();
  target.run(new Uint8Array(Buffer.from(hex, 'hex')));
  console.log(`${target.name} took the input calmly.`);
  return 0;
}

function targetNamed(name: string): FuzzTarget {
  const target = allTargets.find((candidate) => candidate.name === name);
  if (target === undefined) {
    const names = allTargets.map((candidate) => candidate.name).join(', ');
    throw new Error(`There is no target "${name}". There are: ${names}.`);
  }
  return target;
}

function integer(text: string, option: string, min: number): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= min && text.trim() !== '') return value;
  throw new Error(`${option} is "${text}": give an integer from ${min} up.`);
}

function listOf(targets: readonly FuzzTarget[]): string {
  return targets.map(({ name }) => name).join('\n');
}

function tableOf({ targets }: SessionResult): string {
  const rows = targets.map(({ name, runs, seconds, slowest }) => {
    const mean = runs === 0 ? 0 : (1e6 * seconds) / runs;
    const times = `${mean.toFixed(1).padStart(8)} µs each, slowest ${slowest.toFixed(1).padStart(5)} ms`;
    return `  ${name.padEnd(24)} ${String(runs).padStart(9)} inputs ${times}`;
  });
  return rows.join('\n');
}

function textOf(finding: Finding, sessionSeed: number): string {
  const { target, run, seed, message, input, needsHistory } = finding;
  const again = needsHistory
    ? `npm run fuzz -- --seed ${sessionSeed} --runs ${run + 1}`
    : `npm run fuzz -- --target ${target} --seed ${seed} --runs 1`;
  return `\nFinding in ${target}, run ${run} of seed ${sessionSeed} (${again}):\n${message}\ninput: ${input}\n`;
}

function summary(result: SessionResult): string {
  const { runs, seconds, findings } = result;
  const rate = Math.round(runs / seconds).toLocaleString('en');
  const found = findings.length === 0 ? 'no findings' : `${findings.length} findings`;
  return `${runs.toLocaleString('en')} inputs in ${seconds.toFixed(1)} s (${rate}/s): ${found}`;
}

function toJson(result: SessionResult, seed: number): string {
  const { runs, seconds, targets, findings } = result;
  return JSON.stringify({
    runs,
    seed,
    seconds: Number(seconds.toFixed(1)),
    inputsPerSecond: Math.round(runs / seconds),
    targets: Object.fromEntries(targets.map(({ name, runs: done }) => [name, done])),
    findings,
  });
}
