// Measures how long a piece of work takes, beside the same work done by others: everybody takes turns in one process,
// so that whatever slows the machine down slows all of them.

/** One who does the work. */
export interface Contestant {
  /** Name and version, e.g. `werift 0.24.4`. */
  readonly name: string;
  /**
   * Does the work `operations` times, each time from its input to its whole output, and answers a number that depends
   * on the output, so that no compiler can leave the work out.
   */
  readonly run: () => number;
}

/** What is to be measured. */
export interface Work {
  /** What is done, e.g. `forward packet`. */
  readonly name: string;
  /** Time per operation. */
  readonly unit: `${TimeUnit}/${string}`;
  /** How many operations one call of `run` does. */
  readonly operations: number;
  readonly ours: () => number;
  /** Others who do the same work; their results were compared with ours before. Default none. */
  readonly peers?: readonly Contestant[];
}

/** The middle of the rounds and how far they were apart, in the unit of the work. */
export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** What came out. */
export interface Measurement {
  readonly name: string;
  readonly unit: string;
  readonly ours: Spread;
  /** The fastest of the peers. */
  readonly peer?: Spread & { readonly name: string };
  /** Ours divided by the fastest peer's, of medians, and in the rounds it was furthest apart. */
  readonly ratio?: Spread;
}

type TimeUnit = 'ns' | 'µs' | 'ms';

/** How long and how often to measure. */
export interface MeasureOptions {
  /** Rounds in which each contestant takes one turn. Default 41. */
  readonly rounds?: number;
  /** How long one turn takes at least. Default 12 ms. */
  readonly turn?: number;
  /** How long each contestant runs before the first round. Default 150 ms. */
  readonly warmUp?: number;
  /** What time it is, in ms. Default: the machine's monotonic clock. */
  readonly now?: () => number;
}

const UNITS_PER_MILLISECOND: Readonly<Record<TimeUnit, number>> = { ns: 1e6, µs: 1e3, ms: 1 };

/** What all runs answered, kept where the compiler has to assume that somebody reads it. */
const kept = new Float64Array(1);

/** A contestant in the race. */
interface Racer {
  readonly name: string;
  readonly run: () => number;
  /** How many calls make up a turn. */
  readonly calls: number;
  /** Time per operation of each round. */
  readonly times: number[];
}

/** Measures ours and its peers against each other. */
export function measure(work: Work, options: MeasureOptions = {}): Measurement {
  const { rounds = 41, turn = 12, warmUp = 150, now = () => performance.now() } = options;
  const perMillisecond = UNITS_PER_MILLISECOND[work.unit.slice(0, 2) as TimeUnit];
  const contestants = [{ name: 'ours', run: work.ours }, ...(work.peers ?? [])];
  const racers = contestants.map(({ name, run }): Racer => {
    return { name, run, calls: callsIn(run, warmUp, turn, now), times: [] };
  });
  for (let round = 0; round < rounds; round++) {
    // The order turns around, so that nobody always runs behind the same neighbour.
    for (const racer of round % 2 === 0 ? racers : racers.toReversed()) {
      racer.times.push((takeTurn(racer, now) * perMillisecond) / work.operations);
    }
  }
  const [ours, ...peers] = racers.map(({ name, times }) => ({ name, times, spread: spreadOf(times) }));
  if (ours === undefined) throw new Error(`Nobody did "${work.name}".`);
  const fastest = peers.toSorted((a, b) => a.spread.median - b.spread.median)[0];
  const { name, unit } = work;
  if (fastest === undefined) return { name, unit, ours: ours.spread };
  const ratios = spreadOf(ours.times.map((time, round) => time / (fastest.times[round] ?? Number.NaN)));
  return {
    name,
    unit,
    ours: ours.spread,
    peer: { name: fastest.name, ...fastest.spread },
    ratio: { ...ratios, median: ours.spread.median / fastest.spread.median },
  };
}

/** Warms `run` up, and answers how often it has to be called to take `turn` ms. */
function callsIn(run: () => number, warmUp: number, turn: number, now: () => number): number {
  let calls = 0;
  let elapsed = 0;
  const start = now();
  while (elapsed < warmUp || calls < 3) {
    kept[0] = (kept[0] ?? 0) + run();
    calls += 1;
    elapsed = now() - start;
  }
  return Math.max(1, Math.ceil((turn * calls) / elapsed));
}

/** Runs as often as it takes to be timed well, and answers how long one call took, in ms. */
function takeTurn({ run, calls }: Racer, now: () => number): number {
  let sum = 0;
  const start = now();
  for (let call = 0; call < calls; call++) sum += run();
  const elapsed = now() - start;
  kept[0] = (kept[0] ?? 0) + sum;
  return elapsed / calls;
}

/** The middle of the values and how far they are apart. */
export function spreadOf(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  const lower = sorted[sorted.length % 2 === 0 ? middle - 1 : middle] ?? upper;
  return { median: (lower + upper) / 2, min: sorted[0] ?? Number.NaN, max: sorted.at(-1) ?? Number.NaN };
}
