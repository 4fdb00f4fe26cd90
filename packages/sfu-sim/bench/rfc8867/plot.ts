// Plots of a case as SVG: a column for each controller, rates above, queueing delay below.

import { LINE_COLOURS, niceCeiling, Panel, svgDocument } from '../../../../scripts/bench/svg-plot.ts';
import type { PlotData } from './job.ts';
import type { CaseSummary } from './summary.ts';

const PANEL = { width: 440, rates: 200, delay: 90, left: 52, top: 46, gap: 34 };

const STYLE = `
.capacity { stroke: #888; stroke-width: 2 } .wait { stroke: #a33b8f }
.estimate { stroke-dasharray: 4 2; opacity: .75 }`;

const DARK_STYLE = `
.capacity { stroke: #999 } .wait { stroke: #e08ad2 }`;

/** The plots of one case; `undefined` where none of its runs was plotted. */
export function plotSvg(name: string, summaries: readonly CaseSummary[]): string | undefined {
  const columns = summaries.flatMap(({ control, runs }) => {
    const run = runs.find(({ plot }) => plot !== undefined);
    return run?.plot === undefined ? [] : [{ title: `${name}, ${control}, seed ${run.seed}`, plot: run.plot }];
  });
  if (columns.length === 0) return undefined;
  const column = PANEL.left + PANEL.width + 14;
  const width = columns.length * column;
  const height = PANEL.top + PANEL.rates + PANEL.gap + PANEL.delay + 30;
  const maxRate = niceCeiling(Math.max(...columns.flatMap(({ plot }) => highestRate(plot))));
  const maxDelay = niceCeiling(
    Math.max(50, ...columns.flatMap(({ plot }) => plot.queueDelay.map((wait) => wait ?? 0))),
  );
  const body = columns
    .map(
      ({ title, plot }, i) => `<g transform="translate(${i * column} 0)">${panels(title, plot, maxRate, maxDelay)}</g>`,
    )
    .join('\n');
  return svgDocument({
    title: `${name}: capacity, estimates, rates sent, and queueing delay over time`,
    width,
    height,
    body,
    style: STYLE,
    darkStyle: DARK_STYLE,
  });
}

function panels(title: string, plot: PlotData, maxRate: number, maxDelay: number): string {
  const { left, width, top } = PANEL;
  const across = { left, width, maxX: plot.duration };
  const rates = new Panel({ ...across, top, height: PANEL.rates, maxY: maxRate });
  const delay = new Panel({ ...across, top: top + PANEL.rates + PANEL.gap, height: PANEL.delay, maxY: maxDelay });
  const legend = [
    '<text class="key" x="52" y="34">— capacity  — sent  - - estimate, in Mbit/s</text>',
    `<text x="52" y="${PANEL.top + PANEL.rates + PANEL.gap - 8}">longest wait in the queue, in ms</text>`,
  ].join('');
  return [
    `<text class="title" x="${PANEL.left}" y="18">${title}</text>`,
    legend,
    rates.axes((value) => String(value / 1e6)),
    ...plot.capacities.map(({ steps }) => rates.line('capacity', stepPoints(steps, plot.duration))),
    ...plot.flows.map(({ sent }, i) => curve(rates, `f${i % LINE_COLOURS}`, sent, plot.interval)),
    ...plot.flows.map(({ estimate }, i) => curve(rates, `estimate f${i % LINE_COLOURS}`, estimate, plot.interval)),
    delay.axes(String),
    curve(delay, 'wait', plot.queueDelay, plot.interval),
    delay.labels((at) => `${at / 1000} s`),
  ].join('\n');
}

/** Capacity that nobody comes near would press everything else to the ground. */
function highestRate({ flows, capacities }: PlotData): number[] {
  const used = flows.flatMap(({ sent, estimate }) => [...sent, ...estimate.map((rate) => rate ?? 0)]);
  const most = used.reduce((highest, rate) => Math.max(highest, rate), 0);
  return [most, ...capacities.flatMap(({ steps }) => steps.map(([, rate]) => Math.min(rate, 1.5 * most)))];
}

/** Values of intervals, drawn at their ends; a gap where there is none. */
function curve(panel: Panel, style: string, values: readonly (number | null)[], interval: number): string {
  const lines: [number, number][][] = [[]];
  for (const [i, value] of values.entries()) {
    if (value === null) lines.push([]);
    else lines.at(-1)?.push([(i + 1) * interval, value]);
  }
  return lines
    .filter((points) => points.length > 1)
    .map((points) => panel.line(style, points))
    .join('');
}

/** A value that holds from each step to the next. */
function stepPoints(steps: readonly (readonly [at: number, value: number])[], end: number): [number, number][] {
  return steps.flatMap(([at, value], i): [number, number][] => {
    const until = steps[i + 1]?.[0] ?? end;
    return [
      [at, value],
      [until, value],
    ];
  });
}
