// A fuzz session: inputs for all targets in turn, every one of them made from the session's seed and its number.

import { type Random, seededRandom } from '@sluice/rtp';
import { minimize } from './minimize.ts';
import type { FuzzTarget } from './target.ts';

/** How much to fuzz. */
export interface SessionOptions {
  readonly runs: number;
  /** 32 bit. Run `i` is made from `seed + i`, so that a run is repeated by its own seed and one run. */
  readonly seed: number;
  /** What one input may take, in ms. Default 50. */
  readonly timeLimit?: number;
  /** By how much the heap may grow from the first checkpoint to the last, in bytes. Default 64 MiB. */
  readonly heapLimit?: number;
  /** Told the number of each run before it begins. */
  readonly onRun?: (run: number) => void;
  /** Told now and then how many runs are done. */
  readonly onProgress?: (done: number) => void;
  /** What time it is, in ms. Default: the machine's monotonic clock. */
  readonly now?: () => number;
}

/** Something that must not be. */
export interface Finding {
  readonly target: string;
  /** Number of the run, from 0. */
  readonly run: number;
  /** Seed of that run alone. */
  readonly seed: number;
  readonly message: string;
  /** The input, minimised, in hexadecimal digits. */
  readonly input: string;
  /** It does not fail alone: it needs what the target was fed before in the same session. */
  readonly needsHistory: boolean;
}

/** What a session did. */
export interface SessionResult {
  /** Inputs handled; fewer than asked for only when every target has a finding. */
  readonly runs: number;
  readonly seconds: number;
  readonly targets: readonly TargetCount[];
  readonly findings: readonly Finding[];
}

/** What one target did. */
export interface TargetCount {
  readonly name: string;
  readonly runs: number;
  /** Time spent in the target, without making its inputs. */
  readonly seconds: number;
  /** The longest that one input took, in ms. */
  readonly slowest: number;
}

/** Inputs after which a target with state begins anew. */
const RESTART_INTERVAL = 4096;
/** Runs between two looks at the heap, and between two reports of progress. */
const CHECKPOINT_INTERVAL = 100_000;
/** How often a slow input is measured again before it counts: the machine may have been busy. */
const TIMING_RETRIES = 5;

interface Timing {
  /** In ms. */
  readonly limit: number;
  readonly now: () => number;
}

interface Lane {
  readonly target: FuzzTarget;
  runs: number;
  milliseconds: number;
  slowest: number;
}

/** Runs a session. A target with a finding takes no more part in it. */
export function fuzz(targets: readonly FuzzTarget[], options: SessionOptions): SessionResult {
  const { runs, seed, heapLimit = 64 * 1024 * 1024, onRun, onProgress } = options;
  const timing = { limit: options.timeLimit ?? 50, now: options.now ?? (() => performance.now()) };
  const lanes = targets.map((target): Lane => ({ target, runs: 0, milliseconds: 0, slowest: 0 }));
  const findings: Finding[] = [];
  const heap = new HeapWatch(heapLimit);
  let turns = turnsOf(lanes);
  for (const { target } of lanes) target.restart?.();
  const start = timing.now();
  let run = 0;
  for (; run < runs && turns.length > 0; run++) {
    const runSeed = (seed + run) >>> 0;
    const lane = turns[spread(runSeed) % turns.length];
    if (lane === undefined) break;
    onRun?.(run);
    const finding = runOnce(lane, run, runSeed, timing);
    if (finding !== undefined) {
      findings.push(finding);
      turns = turns.filter((other) => other !== lane);
    }
    if ((run + 1) % CHECKPOINT_INTERVAL === 0) {
      onProgress?.(run + 1);
      const growth = heap.excess();
      if (growth !== undefined) {
        const message = `The heap grew by ${Math.round(growth / 1024 / 1024)} MiB.`;
        findings.push({ target: 'heap', run, seed: runSeed, message, input: '', needsHistory: true });
        break;
      }
    }
  }
  const counts = lanes.map(({ target, runs: done, milliseconds, slowest }) => ({
    name: target.name,
    runs: done,
    seconds: milliseconds / 1000,
    slowest,
  }));
  return { runs: run, seconds: (timing.now() - start) / 1000, targets: counts, findings };
}

function runOnce(lane: Lane, run: number, seed: number, timing: Timing): Finding | undefined {
  const { target } = lane;
  if (lane.runs > 0 && lane.runs % RESTART_INTERVAL === 0) target.restart?.();
  lane.runs += 1;
  const input = target.generate(randomOf(seed));
  const start = timing.now();
  try {
    target.run(input);
  } catch (error) {
    return findingOf(target, run, seed, input.slice(), messageOf(error), (candidate) => fails(target, candidate));
  }
  const elapsed = timing.now() - start;
  lane.milliseconds += elapsed;
  if (elapsed > lane.slowest) lane.slowest = elapsed;
  if (elapsed <= timing.limit) return undefined;
  const slow = input.slice();
  const isSlow = (candidate: Uint8Array) => fastest(target, candidate, timing) > timing.limit;
  if (!isSlow(slow)) return undefined;
  return findingOf(target, run, seed, slow, `It took ${Math.round(elapsed)} ms, more than ${timing.limit}.`, isSlow);
}

function findingOf(
  { name }: FuzzTarget,
  run: number,
  seed: number,
  input: Uint8Array,
  message: string,
  failsOn: (candidate: Uint8Array) => boolean,
): Finding {
  const needsHistory = !failsOn(input.slice());
  const smallest = needsHistory ? input : minimize(input, failsOn);
  return { target: name, run, seed, message, input: Buffer.from(smallest).toString('hex'), needsHistory };
}

function fails(target: FuzzTarget, input: Uint8Array): boolean {
  target.restart?.();
  try {
    target.run(input);
    return false;
  } catch {
    return true;
  }
}

/** The shortest time that the input takes alone, in ms. */
function fastest(target: FuzzTarget, input: Uint8Array, { now }: Timing): number {
  let best = Number.POSITIVE_INFINITY;
  for (let i = 0; i < TIMING_RETRIES; i++) {
    const start = now();
    fails(target, input);
    best = Math.min(best, now() - start);
  }
  return best;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

/** The draws of one run. */
function randomOf(seed: number): Random {
  return seededRandom(spread(seed ^ 0x5bd1e995));
}

/** Each target as often as its weight. */
function turnsOf(lanes: readonly Lane[]): Lane[] {
  return lanes.flatMap((lane) => new Array<Lane>(lane.target.weight).fill(lane));
}

/** MurmurHash3's mixer: neighbouring numbers come out far apart. */
function spread(value: number): number {
  let h = value | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** Watches what the heap holds behind a garbage collection, which only `node --expose-gc` lets a program ask for. */
class HeapWatch {
  readonly #limit: number;
  readonly #collect = (globalThis as { gc?: () => void }).gc;
  #first: number | undefined;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** By how many bytes more than the limit's worth it grew since the first call; `undefined` where it did not. */
  excess(): number | undefined {
    if (this.#collect === undefined) return undefined;
    this.#collect();
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    const used = heapUsed + arrayBuffers;
    this.#first ??= used;
    const growth = used - this.#first;
    return growth > this.#limit ? growth : undefined;
  }
}
