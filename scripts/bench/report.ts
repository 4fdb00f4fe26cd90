// What a benchmark prints: a table for people, or one JSON object for programs.

import { cpus } from 'node:os';
import { alignedTable } from './aligned-table.ts';
import type { Measurement, Spread } from './measure.ts';

/** One number of a benchmark. */
export interface Figure {
  /** What was measured, e.g. `forward packet`. */
  readonly name: string;
  readonly value: number;
  /** What it counts, e.g. `µs/packet`. */
  readonly unit: string;
  /** The best of the others who do the same. */
  readonly peer?: { readonly name: string; readonly value: number };
  /** Ours divided by the peer's. */
  readonly ratio?: number;
  /** How far the rounds were apart, for the table. */
  readonly spread?: { readonly ours: Spread; readonly ratio?: Spread };
}

/** A measurement as a figure. */
export function figureOf({ name, unit, ours, peer, ratio }: Measurement): Figure {
  return {
    name,
    value: ours.median,
    unit,
    ...(peer && { peer: { name: peer.name, value: peer.median } }),
    ...(ratio && { ratio: ratio.median }),
    spread: { ours, ...(ratio && { ratio }) },
  };
}

/**
 * Runs one benchmark to its end and prints its figures: as one JSON object where `--json` is among the arguments, else
 * as a table. Progress goes to stderr.
 *
 * @param figures - yields one figure after the other
 * @returns all of them
 */
export async function reportBenchmark(
  bench: string,
  figures: Iterable<Figure> | AsyncIterable<Figure>,
  args: readonly string[] = process.argv.slice(2),
): Promise<readonly Figure[]> {
  const unknown = args.find((arg) => arg !== '--json');
  if (unknown !== undefined) throw new Error(`The benchmark ${bench} knows no "${unknown}": it takes --json alone.`);
  console.error(`${bench}: Node ${process.versions.node}, ${cpus()[0]?.model ?? 'unknown processor'}`);
  const done: Figure[] = [];
  for await (const figure of figures) {
    done.push(figure);
    console.error(`  ${lineOf(figure)}`);
  }
  console.log(args.includes('--json') ? figuresJson(bench, done) : toTable(done));
  return done;
}

/** The figures as one JSON object, for programs. */
export function figuresJson(bench: string, figures: readonly Figure[]): string {
  const plain = figures.map(({ spread: _, ...figure }) => figure);
  return JSON.stringify(
    { bench, figures: plain },
    (_, value) => (typeof value === 'number' ? rounded(value) : value),
    2,
  );
}

function toTable(figures: readonly Figure[]): string {
  const rows = figures.map(({ name, value, unit, peer, ratio, spread }) => [
    name,
    `${text(value)} ${unit}`,
    spread === undefined ? '' : range(spread.ours),
    peer === undefined ? '' : `${text(peer.value)} ${peer.name}`,
    ratio === undefined ? '' : text(ratio),
    spread?.ratio === undefined ? '' : range(spread.ratio),
  ]);
  return alignedTable([['', 'ours', 'min – max', 'best peer', 'ratio', 'min – max'], ...rows]);
}

function lineOf({ name, value, unit, peer, ratio }: Figure): string {
  const others = peer === undefined ? '' : `, ${peer.name} ${text(peer.value)}, ratio ${text(ratio ?? Number.NaN)}`;
  return `${name}: ${text(value)} ${unit}${others}`;
}

function range({ min, max }: Spread): string {
  return `${text(min)} – ${text(max)}`;
}

/** Three significant digits are more than any machine repeats. */
function rounded(value: number): number {
  return Number(value.toPrecision(4));
}

function text(value: number): string {
  return String(Number(value.toPrecision(3)));
}
