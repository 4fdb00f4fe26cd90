// How the cost of a call grows with its subscribers, as SVG: all sizes, and the small ones beside them.

import { niceCeiling, Panel, svgDocument } from '../../../../scripts/bench/svg-plot.ts';
import type { Growth } from './growth.ts';

const PANEL = { width: 400, height: 240, left: 52, top: 58 };

/** What the second panel goes up to. */
const SMALL = 50;

const STYLE = `
.line { stroke: #888 } .dot { stroke: #1769c4 }`;
const DARK_STYLE = `
.dot { stroke: #6bb0ff }`;

/** The plot. */
export function growthSvg(growth: Growth): string {
  const { line, worst, sizes } = growth;
  const most = Math.max(...sizes.map(({ subscribers }) => subscribers));
  const column = PANEL.left + PANEL.width + 24;
  const body = [
    `<text class="title" x="${PANEL.left}" y="20">Time of the SFU for a second of a call, by subscribers</text>`,
    `<text x="${PANEL.left}" y="38">ms; line: ${(line.slope * 1000).toFixed(2)} µs per packet forwarded and ${line.intercept.toFixed(2)} ms; furthest from it: ${(worst * 100).toFixed(0)} %</text>`,
    panel(growth, most),
    `<g transform="translate(${column} 0)">${panel(growth, Math.min(SMALL, most))}</g>`,
  ].join('\n');
  const title = 'Time that the SFU takes for a second of a call with one publisher, by the number of subscribers';
  const height = PANEL.top + PANEL.height + 30;
  return svgDocument({ title, width: 2 * column, height, body, style: STYLE, darkStyle: DARK_STYLE });
}

function panel({ sizes, line }: Growth, maxX: number): string {
  const shown = sizes.filter(({ subscribers }) => subscribers <= maxX);
  const maxY = niceCeiling(1.05 * Math.max(...shown.map(({ cost }) => cost)));
  const panel = new Panel({ ...PANEL, maxX, maxY });
  const fitted = shown.map(({ subscribers, packets }) => [subscribers, line.intercept + line.slope * packets] as const);
  return [
    panel.axes(String),
    panel.labels(String),
    panel.line('line', fitted),
    panel.dots(
      'dot',
      shown.map(({ subscribers, cost }) => [subscribers, cost]),
    ),
  ].join('\n');
}
