// How well congestion control did in a run (RFC 8868 §3), computed from its trace: rates, queueing delay, loss and
// convergence of each flow, use and fairness of each bottleneck.
//
// Rates are those on the wire, headers of UDP and IP included, as capacities are; only estimates are told as they are,
// without these headers.

import type { BitsPerSecond, Milliseconds, TraceEvent } from '@sluice/rtp';
import { type CapacityChange, capacityChanges } from './convergence.ts';
import { jainIndex, percentile } from './distribution.ts';
import { type BottleneckHistory, capacityAt, type FlowHistory, flowHistories, possibleRate } from './flow-history.ts';
import type { MeasurePlan } from './measure-plan.ts';
import type { Span } from './run-record.ts';

/** A rise of what may be sent needs that long at most before the queue is in its steady state: also the first packet is one. */
export const SETTLE_UP: Milliseconds = 10_000;

/** A fall needs that long at most. */
export const SETTLE_DOWN: Milliseconds = 2000;

/** Over how long the lowest rate is taken, and how far apart these windows begin. */
const LOWEST_WINDOW: Milliseconds = 1000;
const LOWEST_STEP: Milliseconds = 200;

/** One flow in a span of time. */
export interface FlowFigures extends Span {
  /** E.g. `ada/uplink`. */
  readonly flow: string;
  /** What arrived, on average. */
  readonly throughput: BitsPerSecond;
  /** The least that was sent in any second, after the flow's first. `undefined`: there is no such second. */
  readonly lowestRate: BitsPerSecond | undefined;
  /** The newest one at the end of the span, and the highest in it. `undefined`: there is none yet. */
  readonly estimate: BitsPerSecond | undefined;
  readonly highestEstimate: BitsPerSecond | undefined;
  /**
   * In queues alone, without jitter, of the packets that arrived in steady state: outside the first `SETTLE_UP` after a
   * flow begins or goes on, or a bottleneck on its way widens, and outside the first `SETTLE_DOWN` after one narrows.
   * Where the span has no such time: of all.
   */
  readonly queueDelayP50Ms: Milliseconds | undefined;
  readonly queueDelayP95Ms: Milliseconds | undefined;
  /** The same of all packets that arrived in the span. */
  readonly overallQueueDelayP95Ms: Milliseconds | undefined;
  readonly queueDelayMaxMs: Milliseconds | undefined;
  /** Share of the packets sent that was dropped; `undefined` when none was sent. */
  readonly lossRatio: number | undefined;
}

/** One bottleneck in a span of time. Traffic that is no flow's counts for nothing. */
export interface BottleneckFigures extends Span {
  /** Its name; or the flow's, where the flow goes through no bottleneck that others may cross. */
  readonly bottleneck: string;
  readonly flows: readonly string[];
  /** What arrived of all its flows, of what they could have sent through it; `undefined` where that has no limit. */
  readonly utilisation: number | undefined;
  /** Fairness of the flows' throughput. */
  readonly jain: number | undefined;
  /** How long the flows together took to follow its capacity, each time it became another in the span. */
  readonly capacityChanges: readonly CapacityChange[];
  /** The longest of them; `undefined` where there is none, and where one of them did not come about. */
  readonly convergeUpMs: Milliseconds | undefined;
  readonly convergeDownMs: Milliseconds | undefined;
}

/** The figures of flows and bottlenecks in any span of a run. */
export class CongestionFigures {
  /** The flows that there are, in the order in which they were first heard of. */
  readonly flows: readonly string[];
  readonly #flows: readonly FlowHistory[];
  readonly #bottlenecks: readonly BottleneckHistory[];
  readonly #plan: MeasurePlan;
  readonly #span: Span;

  /** @param to - when the run ended */
  constructor(events: readonly TraceEvent[], to: Milliseconds, plan: MeasurePlan = {}) {
    const { flows, bottlenecks } = flowHistories(events, to, plan.flows);
    this.#flows = flows;
    this.#bottlenecks = bottlenecks;
    this.flows = flows.map(({ name }) => name);
    this.#plan = plan;
    this.#span = { from: plan.from ?? 0, to: Math.min(plan.to ?? to, to) };
  }

  /** The bottlenecks that count, by name. */
  get bottlenecks(): readonly string[] {
    const names = this.#bottlenecks.map(({ name }) => name);
    const { bottlenecks } = this.#plan;
    return bottlenecks === undefined ? names : names.filter((name) => bottlenecks.includes(name));
  }

  /**
   * The figures of that flow; `undefined`: it never sent anything.
   *
   * @param span - default: that of the plan
   */
  flow(name: string, span: Partial<Span> = {}): FlowFigures | undefined {
    const flow = this.#flows.find((each) => each.name === name);
    if (flow === undefined) return undefined;
    const { from, to } = { ...this.#span, ...span };
    const inSpan = ({ at }: { readonly at: Milliseconds }) => at > from && at <= to;
    const transients = this.#transients(name);
    const arrived = flow.link.arrived.filter(inSpan);
    const steady = arrived.filter(({ at }) => !transients.some((each) => at > each.from && at <= each.to));
    const waits = arrived.map(({ queued = 0 }) => queued);
    const steadyWaits = steady.length === 0 ? waits : steady.map(({ queued = 0 }) => queued);
    const sent = flow.link.sent.filter(inSpan).length;
    const estimates = flow.link.estimates.filter(inSpan).map(({ target }) => target);
    return {
      flow: name,
      from,
      to,
      throughput: flow.arrived.rate(from, to),
      lowestRate: lowestRate(flow, from, to),
      estimate: flow.link.estimates.findLast(({ at }) => at <= to)?.target,
      highestEstimate: largest(estimates),
      queueDelayP50Ms: percentile(steadyWaits, 0.5),
      queueDelayP95Ms: percentile(steadyWaits, 0.95),
      overallQueueDelayP95Ms: percentile(waits, 0.95),
      queueDelayMaxMs: largest(waits),
      lossRatio: sent === 0 ? undefined : flow.link.dropped.filter(inSpan).length / sent,
    };
  }

  /**
   * The figures of that bottleneck; `undefined`: no flow goes through it.
   *
   * @param span - default: that of the plan, and for convergence the whole run
   */
  bottleneck(name: string, span?: Partial<Span>): BottleneckFigures | undefined {
    const found = this.#bottlenecks.find((each) => each.name === name);
    if (found === undefined) return undefined;
    const { from, to } = { ...this.#span, ...span };
    const { maxRate } = this.#plan;
    const possible = possibleBits(found, maxRate, from, to);
    const carried = sum(found.flows.map(({ arrived }) => arrived.bits(from, to)));
    const followed = capacityChanges(found, maxRate, { from: span?.from ?? 0, to });
    const longestOf = (direction: CapacityChange['direction']) =>
      longest(followed.filter((each) => each.direction === direction).map(({ ms }) => ms));
    return {
      bottleneck: name,
      flows: found.flows.map((flow) => flow.name),
      from,
      to,
      utilisation: possible > 0 ? carried / possible : undefined,
      jain: jainIndex(found.flows.map(({ arrived }) => arrived.rate(from, to))),
      capacityChanges: followed,
      convergeUpMs: longestOf('up'),
      convergeDownMs: longestOf('down'),
    };
  }

  /**
   * One number each, under the names of `Figures.summary`; what does not apply is left out. Of several flows and
   * bottlenecks the worst counts, and the fairness is that of all flows.
   */
  get summary(): Readonly<Record<string, number | undefined>> {
    const flows = this.flows.flatMap((name) => this.flow(name) ?? []);
    const bottlenecks = this.bottlenecks.flatMap((name) => this.bottleneck(name) ?? []);
    const { from, to } = this.#span;
    const fairFrom = this.#plan.fairFrom ?? from;
    const followed = bottlenecks.flatMap(({ capacityChanges }) => capacityChanges);
    const longestOf = (direction: CapacityChange['direction']) =>
      longest(followed.filter((each) => each.direction === direction).map(({ ms }) => ms));
    return {
      utilisation: smallest(bottlenecks.flatMap(({ utilisation }) => utilisation ?? [])),
      queueDelayP50Ms: largest(flows.flatMap(({ queueDelayP50Ms }) => queueDelayP50Ms ?? [])),
      queueDelayP95Ms: largest(flows.flatMap(({ queueDelayP95Ms }) => queueDelayP95Ms ?? [])),
      overallQueueDelayP95Ms: largest(flows.flatMap(({ overallQueueDelayP95Ms }) => overallQueueDelayP95Ms ?? [])),
      queueDelayMaxMs: largest(flows.flatMap(({ queueDelayMaxMs }) => queueDelayMaxMs ?? [])),
      lossRatio: largest(flows.flatMap(({ lossRatio }) => lossRatio ?? [])),
      throughput: sum(flows.map(({ throughput }) => throughput)),
      lowestRate: smallest(flows.flatMap((flow) => flow.lowestRate ?? [])),
      convergeUpMs: longestOf('up'),
      convergeDownMs: longestOf('down'),
      jain: jainIndex(this.#flows.map(({ arrived }) => arrived.rate(fairFrom, to))),
    };
  }

  /** The capacities that count, for plots: from when on what holds. */
  get capacities(): { name: string; steps: (readonly [at: Milliseconds, rate: BitsPerSecond])[] }[] {
    return this.#bottlenecks.map(({ name, capacity }) => ({
      name,
      steps: capacity.flatMap(({ at, rate }) => (rate === undefined ? [] : [[at, rate] as const])),
    }));
  }

  /** The longest wait in a queue among the packets of all flows that arrived in each interval, from 0 on; `null`: none did. */
  longestWaits(interval: Milliseconds): (Milliseconds | null)[] {
    const waits: (Milliseconds | null)[] = [];
    for (const { link } of this.#flows) {
      for (const { at, queued = 0 } of link.arrived) {
        const i = Math.floor(at / interval);
        while (waits.length <= i) waits.push(null);
        waits[i] = Math.max(waits[i] ?? 0, queued);
      }
    }
    return waits;
  }

  /** When the queue on that flow's way need not be in its steady state. */
  #transients(name: string): Span[] {
    return this.#bottlenecks
      .filter(({ flows }) => flows.some((flow) => flow.name === name))
      .flatMap(({ capacity, flows }) => [
        ...flows.flatMap(({ start = 0, pauses }) => [
          { from: start, to: start + SETTLE_UP },
          ...pauses.map(({ from, to }) => ({ from, to: Math.min(from + SETTLE_DOWN, to) })),
          ...pauses.map(({ to }) => ({ from: to, to: to + SETTLE_UP })),
        ]),
        ...capacity.slice(1).map(({ at, rate = Number.POSITIVE_INFINITY }, i) => {
          const rises = rate > (capacity[i]?.rate ?? Number.POSITIVE_INFINITY);
          return { from: at, to: at + (rises ? SETTLE_UP : SETTLE_DOWN) };
        }),
      ]);
  }
}

/** What the flows could have sent through the bottleneck; 0 where it has no limit and they neither. */
function possibleBits(bottleneck: BottleneckHistory, maxRate: BitsPerSecond | undefined, from: number, to: number) {
  const { capacity, flows } = bottleneck;
  const changes = [
    ...capacity.map(({ at }) => at),
    ...flows.flatMap(({ start = to, pauses }) => [start, ...pauses.flatMap((pause) => [pause.from, pause.to])]),
  ];
  const steps = [from, ...changes.filter((at) => at > from && at < to), to].sort((a, b) => a - b);
  let bits = 0;
  for (const [i, at] of steps.entries()) {
    const rate = possibleRate(capacityAt(capacity, at), flows, maxRate, at);
    if (Number.isFinite(rate)) bits += (rate * ((steps[i + 1] ?? to) - at)) / 1000;
  }
  return bits;
}

function lowestRate({ start, sent }: FlowHistory, from: Milliseconds, to: Milliseconds): BitsPerSecond | undefined {
  if (start === undefined) return undefined;
  let lowest: BitsPerSecond | undefined;
  for (let at = Math.max(from, start + LOWEST_WINDOW); at + LOWEST_WINDOW <= to; at += LOWEST_STEP) {
    const rate = sent.rate(at, at + LOWEST_WINDOW);
    lowest = Math.min(lowest ?? rate, rate);
  }
  return lowest;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function largest(values: readonly number[]): number | undefined {
  return values.reduce<number | undefined>((most, value) => Math.max(most ?? value, value), undefined);
}

function smallest(values: readonly number[]): number | undefined {
  return values.reduce<number | undefined>((least, value) => Math.min(least ?? value, value), undefined);
}

/** The longest; `undefined` also where one of them did not come about. */
function longest(values: readonly (number | undefined)[]): number | undefined {
  const known = values.flatMap((value) => value ?? []);
  return known.length < values.length ? undefined : largest(known);
}
