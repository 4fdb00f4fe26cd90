// One run of a case, and what is kept of it: plain data, as it crosses from a worker.

import { seriesOf } from '@sluice/sfu-sim';
import { type CongestionControlName, type Run, simulate } from '@sluice/sfu-sim/bench';
import { CASES } from './cases.ts';
import { type StepFigures, stepFigures } from './other-estimators.ts';

/** What is to be run. */
export interface Job {
  readonly name: string;
  readonly control: CongestionControlName;
  readonly seed: number;
  /** Whether a plot is to be made of it. */
  readonly plotted: boolean;
}

/** One flow over time, in steps of `PlotData.interval`. */
export interface PlottedFlow {
  readonly name: string;
  readonly sent: readonly number[];
  readonly estimate: readonly (number | null)[];
}

/** What a plot shows. */
export interface PlotData {
  /** In ms. */
  readonly interval: number;
  /** Of each bottleneck, or of the flow's own link: steps. */
  readonly capacities: readonly {
    readonly name: string;
    readonly steps: readonly (readonly [at: number, rate: number])[];
  }[];
  readonly flows: readonly PlottedFlow[];
  /** The longest wait in a queue among the packets of all flows that arrived in the interval, in ms. */
  readonly queueDelay: readonly (number | null)[];
  readonly duration: number;
}

/** What came of a job. */
export interface JobResult extends Job {
  readonly failures: readonly string[];
  readonly figures: Readonly<Record<string, number>>;
  /** Of the case that others were measured on. */
  readonly step: StepFigures | undefined;
  readonly plot: PlotData | undefined;
}

/** Points of a curve, at most. */
const POINTS = 300;

/** Does the job. */
export async function doJob(job: Job): Promise<JobResult> {
  const scenario = CASES.get(job.name);
  if (scenario === undefined) throw new Error(`There is no case "${job.name}".`);
  const run = await simulate(scenario, { seed: job.seed, congestionControl: job.control });
  return {
    ...job,
    failures: run.failures,
    figures: run.figures.summary,
    step: stepFigures(run),
    plot: job.plotted ? plotOf(run) : undefined,
  };
}

function plotOf(run: Run): PlotData {
  const { flows } = run.congestion;
  const { interval, links } = seriesOf(run.record, Math.max(200, run.duration / POINTS));
  const shown = links.filter(({ link }) => flows.includes(link));
  const waits = run.congestion.longestWaits(interval);
  return {
    interval,
    capacities: run.congestion.capacities,
    flows: shown.map(({ link, sent, estimate }) => ({ name: link.replace(/\/uplink$/, ''), sent, estimate })),
    queueDelay: waits,
    duration: run.duration,
  };
}
