// A run as one page of HTML that needs nothing else: figures, plots over time, and what was decided and why.

import uPlotScript from 'uplot/dist/uPlot.iife.min.js?raw';
import uPlotStyle from 'uplot/dist/uPlot.min.css?raw';
import { decisionLog } from './decision-log.ts';
import { thousandths } from './event-trace.ts';
import { figuresOf } from './figures.ts';
import { escapeHtml } from './report/escape.ts';
import pageStyle from './report/page.css?raw';
import pageScript from './report/page.js?raw';
import { figuresHtml, linksHtml, subscriptionsHtml } from './report/tables.ts';
import type { RunRecord } from './run-record.ts';
import { seriesOf } from './series.ts';

/** Most points that a curve is drawn with. */
const MAX_POINTS = 3000;

/** Most lines of the log that are shown; the trace has them all. */
const MAX_DECISIONS = 5000;

/** A run as a page: self-contained, so that it can be attached to a test's result or sent by mail. */
export function reportHtml(record: RunRecord): string {
  const { title, seed, failures, from, to, events } = record;
  const figures = figuresOf(record);
  const series = seriesOf(record, Math.max(200, (to - from) / MAX_POINTS));
  const log = decisionLog(events);
  const data = { from, to, series, log: log.slice(0, MAX_DECISIONS) };
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escapeHtml(title)} – Sluice</title>
<link rel="icon" href="data:,">
<style>${uPlotStyle}${pageStyle}</style>
</head>
<body>
<header>
<h1>${escapeHtml(title)}</h1>
<p>${verdict(failures)} <span>seed ${seed}</span> <span>${((to - from) / 1000).toFixed(1)} s</span> <span>${events.length.toLocaleString('en')} events</span></p>
${failureList(failures)}
</header>
<main>
<section aria-labelledby="figures"><h2 id="figures">Figures</h2>${figuresHtml(figures.summary)}</section>
<section aria-labelledby="plots"><h2 id="plots">Over time</h2>
<form id="controls">
<label>Participant <select id="participant"></select></label>
<span role="group" aria-label="Time shown">
<button type="button" data-zoom="earlier" aria-label="Earlier" title="Earlier (←)">←</button>
<button type="button" data-zoom="later" aria-label="Later" title="Later (→)">→</button>
<button type="button" data-zoom="in" aria-label="Zoom in" title="Zoom in (+)">+</button>
<button type="button" data-zoom="out" aria-label="Zoom out" title="Zoom out (−)">−</button>
<button type="button" data-zoom="all" title="Show everything (0)">Everything</button>
</span>
<output id="range" for="controls"></output>
</form>
<div id="stage" tabindex="0" role="group" aria-label="Plots. Arrow keys move in time, plus and minus zoom, 0 shows everything."></div>
<p class="hint">Drag across a plot to zoom in, double-click to see everything.</p>
</section>
<section aria-labelledby="decisions"><h2 id="decisions">Decisions</h2>
<label class="search">Search <input type="search" id="search" autocomplete="off"></label>
<div class="scroll log" tabindex="0" role="region" aria-labelledby="decisions"><table><thead><tr><th scope="col">s</th><th scope="col">who</th><th scope="col">what</th></tr></thead><tbody id="log"></tbody></table></div>
${log.length > MAX_DECISIONS ? `<p class="hint">The first ${MAX_DECISIONS} of ${log.length}; the trace has them all.</p>` : ''}
</section>
<section aria-labelledby="subscriptions"><h2 id="subscriptions">Subscriptions</h2>${subscriptionsHtml(figures.subscriptions)}</section>
<section aria-labelledby="links"><h2 id="links">Links</h2>${linksHtml(figures.links)}</section>
</main>
<script type="application/json" id="data">${inScript(JSON.stringify(data, thousandths))}</script>
<script>${withNotice(uPlotScript)}</script>
<script>${pageScript}</script>
</body>
</html>
`;
}

function verdict(failures: readonly string[] | undefined): string {
  if (failures === undefined) return '';
  if (failures.length === 0) return '<strong class="passed">passed</strong>';
  return '<strong class="failed">failed</strong>';
}

function failureList(failures: readonly string[] = []): string {
  if (failures.length === 0) return '';
  return `<ul class="failures">${failures.map((failure) => `<li>${escapeHtml(failure)}</li>`).join('')}</ul>`;
}

/** Nothing in a script element may look like its end, or like a comment's beginning. */
function inScript(json: string): string {
  return json.replaceAll('<', '\\u003c');
}

/** The plot library with a notice of its licence in the place of its address: the page names none. */
function withNotice(script: string): string {
  return script.replace(/^\/\*! \S+ \((.+?)\) \*\//, '/*! uPlot $1, copyright 2022 Leon Sorokin, MIT License */');
}
