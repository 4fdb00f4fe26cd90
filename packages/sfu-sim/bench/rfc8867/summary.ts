// The seeds of a case taken together: median and worst of each figure.

import type { CongestionControlName } from '@sluice/sfu-sim/bench';
import type { JobResult } from './job.ts';

/** A figure that is told of. */
export interface FigureColumn {
  /** Its name in `Figures.summary`. */
  readonly figure: string;
  readonly title: string;
  readonly unit: 'ratio' | 'ms' | 'bit/s';
  readonly better: 'higher' | 'lower';
}

/** In this order. */
export const COLUMNS: readonly FigureColumn[] = [
  { figure: 'utilisation', title: 'utilisation', unit: 'ratio', better: 'higher' },
  { figure: 'queueDelayP50Ms', title: 'queue p50', unit: 'ms', better: 'lower' },
  { figure: 'queueDelayP95Ms', title: 'queue p95', unit: 'ms', better: 'lower' },
  { figure: 'queueDelayMaxMs', title: 'queue max', unit: 'ms', better: 'lower' },
  { figure: 'lossRatio', title: 'loss', unit: 'ratio', better: 'lower' },
  { figure: 'convergeUpMs', title: 'up', unit: 'ms', better: 'lower' },
  { figure: 'convergeDownMs', title: 'down', unit: 'ms', better: 'lower' },
  { figure: 'jain', title: 'Jain', unit: 'ratio', better: 'higher' },
  { figure: 'lowestRate', title: 'lowest rate', unit: 'bit/s', better: 'higher' },
];

/** One figure over all seeds; `undefined` where it never came about, in the median or in the worst. */
export interface FigureSpread {
  readonly median: number | undefined;
  readonly worst: number | undefined;
}

/** One case with one controller. */
export interface CaseSummary {
  readonly name: string;
  readonly control: CongestionControlName;
  readonly seeds: number;
  /** With how many of them all that is expected holds. */
  readonly passed: number;
  /** What does not hold, each with its seed. */
  readonly failures: readonly { readonly seed: number; readonly failure: string }[];
  /** By figure; those that are told of no seed are left out. */
  readonly figures: Readonly<Record<string, FigureSpread>>;
  readonly runs: readonly JobResult[];
}

/** In the order of the results. */
export function summarise(results: readonly JobResult[]): CaseSummary[] {
  const groups = new Map<string, JobResult[]>();
  for (const result of results) {
    const key = `${result.name} ${result.control}`;
    groups.set(key, [...(groups.get(key) ?? []), result]);
  }
  return [...groups.values()].flatMap((runs): CaseSummary[] => {
    const [first] = runs;
    if (first === undefined) return [];
    const figures = COLUMNS.flatMap(({ figure, better }) => {
      const values = runs.map((run) => run.figures[figure]);
      return values.every((value) => value === undefined) ? [] : [[figure, spreadOf(values, better)] as const];
    });
    return [
      {
        name: first.name,
        control: first.control,
        seeds: runs.length,
        passed: runs.filter(({ failures }) => failures.length === 0).length,
        failures: runs.flatMap(({ seed, failures }) => failures.map((failure) => ({ seed, failure }))),
        figures: Object.fromEntries(figures),
        runs,
      },
    ];
  });
}

/** What never came about is worse than anything that did. */
export function spreadOf(values: readonly (number | undefined)[], better: FigureColumn['better']): FigureSpread {
  const never = better === 'higher' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  const sorted = values.map((value) => value ?? never).sort((a, b) => (better === 'higher' ? b - a : a - b));
  const [low, high] = [sorted[(sorted.length - 1) >> 1], sorted[sorted.length >> 1]];
  const known = (value: number | undefined) => (value === undefined || !Number.isFinite(value) ? undefined : value);
  return { median: known(((low ?? Number.NaN) + (high ?? Number.NaN)) / 2), worst: known(sorted.at(-1)) };
}
