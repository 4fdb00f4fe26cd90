// How long joiners wait for their first picture, as distributions.

import { niceCeiling, Panel, svgDocument } from '../../../../scripts/bench/svg-plot.ts';
import type { JoinConditions, Joins } from './joins.ts';

const PANEL = { width: 560, height: 260, left: 52, top: 40 };

/** One line of the plot. */
export interface JoinLine {
  readonly conditions: JoinConditions;
  readonly joins: Joins;
}

/** The plot: for each line the share of joins that had a picture by then. */
export function firstFrameSvg(lines: readonly JoinLine[]): string {
  const times = lines.map(({ joins }) =>
    joins.joins.map(({ firstFrame }) => firstFrame ?? Number.POSITIVE_INFINITY).sort((a, b) => a - b),
  );
  const maxX = niceCeiling(Math.max(...times.flat().filter(Number.isFinite)));
  const panel = new Panel({ ...PANEL, maxX, maxY: 100 });
  const curves = times.map((sorted, i) => {
    const shown = sorted.filter(Number.isFinite);
    const steps = shown.flatMap((time, rank) => [
      [time, (rank / sorted.length) * 100] as const,
      [time, ((rank + 1) / sorted.length) * 100] as const,
    ]);
    return panel.line(`f${i}`, [[0, 0], ...steps, [maxX, (shown.length / sorted.length) * 100]]);
  });
  const legend = lines.map(({ conditions }, i) => {
    const y = PANEL.top + PANEL.height + 38 + i * 16;
    const name = `${conditions.cache ? 'with' : 'without'} the cache, key frames every ${conditions.keyframeInterval / 1000} s`;
    return `<polyline class="f${i}" points="${PANEL.left},${y - 4} ${PANEL.left + 24},${y - 4}"/><text x="${PANEL.left + 32}" y="${y}">${name}</text>`;
  });
  const body = [
    `<text class="title" x="${PANEL.left}" y="20">Joins that had a picture, %, by the time since they subscribed, ms</text>`,
    panel.axes(String),
    panel.labels(String),
    ...curves,
    ...legend,
  ].join('\n');
  const title = 'Distribution of the time to the first frame of late joins, with and without the key frame cache';
  const height = PANEL.top + PANEL.height + 38 + lines.length * 16;
  return svgDocument({ title, width: PANEL.left + PANEL.width + 24, height, body });
}
