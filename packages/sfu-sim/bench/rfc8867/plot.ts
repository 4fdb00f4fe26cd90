// Plots of a case as SVG: a column for each controller, rates above, queueing delay below. They are read on light and on dark
// ground, and need nothing but themselves.

import type { PlotData } from './job.ts';
import type { CaseSummary } from './summary.ts';

const PANEL = { width: 440, rates: 200, delay: 90, left: 52, top: 46, gap: 34 };

/** So many flows have a colour of their own. */
const FLOW_COLOURS = 5;

const STYLE = `
text { font: 11px system-ui, sans-serif; fill: #444 }
.title { font-size: 13px; font-weight: 600; fill: #111 }
.ground { fill: #fff } .grid { stroke: #ddd; stroke-width: 1 }
polyline { fill: none; stroke-width: 1.3; stroke-linejoin: round }
.capacity { stroke: #888; stroke-width: 2 } .wait { stroke: #a33b8f }
.estimate { stroke-dasharray: 4 2; opacity: .75 }
.f0 { stroke: #1769c4 } .f1 { stroke: #c4590c } .f2 { stroke: #2a8a3e } .f3 { stroke: #8a5cc4 } .f4 { stroke: #a08600 }
@media (prefers-color-scheme: dark) {
text { fill: #bbb } .title { fill: #eee } .ground { fill: #15181c } .grid { stroke: #333 }
.capacity { stroke: #999 } .wait { stroke: #e08ad2 }
.f0 { stroke: #6bb0ff } .f1 { stroke: #ff9d57 } .f2 { stroke: #6cd184 } .f3 { stroke: #bd97f5 } .f4 { stroke: #e0c542 }
}`;

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
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">
<title>${name}: capacity, estimates, rates sent, and queueing delay over time</title>
<style>${STYLE}</style>
<rect class="ground" width="${width}" height="${height}"/>
${body}
</svg>
`;
}

function panels(title: string, plot: PlotData, maxRate: number, maxDelay: number): string {
  const rates = new Panel(plot.duration, PANEL.top, PANEL.rates, maxRate);
  const delay = new Panel(plot.duration, PANEL.top + PANEL.rates + PANEL.gap, PANEL.delay, maxDelay);
  const legend = [
    '<text class="key" x="52" y="34">— capacity  — sent  - - estimate, in Mbit/s</text>',
    `<text x="52" y="${PANEL.top + PANEL.rates + PANEL.gap - 8}">longest wait in the queue, in ms</text>`,
  ].join('');
  return [
    `<text class="title" x="${PANEL.left}" y="18">${title}</text>`,
    legend,
    rates.axes((value) => String(value / 1e6)),
    ...plot.capacities.map(({ steps }) => rates.steps('capacity', steps)),
    ...plot.flows.map(({ sent }, i) => rates.curve(`f${i % FLOW_COLOURS}`, sent, plot.interval)),
    ...plot.flows.map(({ estimate }, i) => rates.curve(`estimate f${i % FLOW_COLOURS}`, estimate, plot.interval)),
    delay.axes(String),
    delay.curve('wait', plot.queueDelay, plot.interval),
    delay.times(),
  ].join('\n');
}

/** Capacity that nobody comes near would press everything else to the ground. */
function highestRate({ flows, capacities }: PlotData): number[] {
  const used = flows.flatMap(({ sent, estimate }) => [...sent, ...estimate.map((rate) => rate ?? 0)]);
  const most = used.reduce((highest, rate) => Math.max(highest, rate), 0);
  return [most, ...capacities.flatMap(({ steps }) => steps.map(([, rate]) => Math.min(rate, 1.5 * most)))];
}

/** A pair of axes. */
class Panel {
  readonly #duration: number;
  readonly #top: number;
  readonly #height: number;
  readonly #max: number;

  constructor(duration: number, top: number, height: number, max: number) {
    this.#duration = duration;
    this.#top = top;
    this.#height = height;
    this.#max = max;
  }

  axes(label: (value: number) => string): string {
    return [0, 0.25, 0.5, 0.75, 1]
      .map((share) => {
        const y = this.#y(share * this.#max);
        return `<line class="grid" x1="${PANEL.left}" x2="${PANEL.left + PANEL.width}" y1="${y}" y2="${y}"/><text text-anchor="end" x="${PANEL.left - 6}" y="${y + 4}">${label(share * this.#max)}</text>`;
      })
      .join('');
  }

  times(): string {
    const step = niceCeiling(this.#duration / 8);
    const labels: string[] = [];
    for (let at = 0; at <= this.#duration; at += step) {
      labels.push(
        `<text text-anchor="middle" x="${this.#x(at)}" y="${this.#top + this.#height + 16}">${at / 1000} s</text>`,
      );
    }
    return labels.join('');
  }

  /** Values of intervals, drawn at their ends; a gap where there is none. */
  curve(style: string, values: readonly (number | null)[], interval: number): string {
    const lines: string[][] = [[]];
    for (const [i, value] of values.entries()) {
      if (value === null) lines.push([]);
      else lines.at(-1)?.push(`${this.#x(Math.min(this.#duration, (i + 1) * interval))},${this.#y(value)}`);
    }
    return lines
      .filter((points) => points.length > 1)
      .map((points) => `<polyline class="${style}" points="${points.join(' ')}"/>`)
      .join('');
  }

  /** A value that holds from each step to the next. */
  steps(style: string, steps: readonly (readonly [at: number, value: number])[]): string {
    const points = steps.flatMap(([at, value], i) => {
      const until = steps[i + 1]?.[0] ?? this.#duration;
      return [`${this.#x(at)},${this.#y(value)}`, `${this.#x(until)},${this.#y(value)}`];
    });
    return `<polyline class="${style}" points="${points.join(' ')}"/>`;
  }

  #x(at: number): number {
    return tenths(PANEL.left + (at / this.#duration) * PANEL.width);
  }

  #y(value: number): number {
    return tenths(this.#top + this.#height * (1 - Math.min(1, Math.max(0, value / this.#max))));
  }
}

/** The next of 1, 2, 4, 5, 8 and 10 times a power of ten. */
function niceCeiling(value: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(value, 1)));
  return ([1, 2, 4, 5, 8, 10].find((factor) => factor * power >= value) ?? 10) * power;
}

function tenths(value: number): number {
  return Math.round(value * 10) / 10;
}
