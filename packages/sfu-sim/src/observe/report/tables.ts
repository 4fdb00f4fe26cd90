// The tables of a report.

import type { LinkFigures, SubscriptionFigures } from '../figures.ts';
import { escapeHtml } from './escape.ts';

/** What the figures of a run are called, and how they are shown. */
const FIGURES: Readonly<Record<string, readonly [name: string, show: (value: number) => string]>> = {
  utilisation: ['Utilisation of the bottleneck', percent],
  queueDelayP50Ms: ['Queueing delay, median', milliseconds],
  queueDelayP95Ms: ['Queueing delay, 95th percentile', milliseconds],
  overallQueueDelayP95Ms: ['Queueing delay at any time, 95th percentile', milliseconds],
  queueDelayMaxMs: ['Queueing delay, longest', milliseconds],
  throughput: ['Throughput of the flows measured', kilobits],
  lowestRate: ['Lowest rate sent over a second', kilobits],
  lossRatio: ['Packets lost', percent],
  convergeUpMs: ['Estimate follows upwards after', milliseconds],
  convergeDownMs: ['Estimate follows downwards after', milliseconds],
  jain: ["Fairness (Jain's index)", (value) => value.toFixed(3)],
  timeToFirstFrameMs: ['Time to first frame', milliseconds],
  timeToLiveEdgeMs: ['Time to live edge', milliseconds],
  frameDelayP50Ms: ['Capture to display, median', milliseconds],
  frameDelayP95Ms: ['Capture to display, 95th percentile', milliseconds],
  frameDelayP99Ms: ['Capture to display, 99th percentile', milliseconds],
  keyframesRequested: ['Key frames asked of publishers', String],
  freezeCount: ['Freezes', String],
  freezeMs: ['Time frozen', milliseconds],
  layerSwitches: ['Layer switches', String],
  suspensionCount: ['Suspensions', String],
  suspendedMs: ['Time suspended', milliseconds],
  concealedMs: ['Audio missing', milliseconds],
};

/** The figures of the whole run. */
export function figuresHtml(summary: Readonly<Record<string, number>>): string {
  const items = Object.entries(summary).map(([key, value]) => {
    const [name, show] = FIGURES[key] ?? [key, String];
    return `<div><dt>${escapeHtml(name)}</dt><dd>${escapeHtml(show(value))}</dd></div>`;
  });
  return `<dl class="figures">${items.join('')}</dl>`;
}

/** One line for each subscription. */
export function subscriptionsHtml(subscriptions: readonly SubscriptionFigures[]): string {
  const columns = [
    'subscriber',
    'track',
    'first frame',
    'live edge',
    'shown',
    'freezes',
    'delay p50 / p95 / p99',
    'layers',
    'switches',
    'suspended',
    'audio missing',
  ];
  const rows = subscriptions.map((figures) => {
    const video = figures.kind === 'video';
    const { frameDelayP50Ms: p50, frameDelayP95Ms: p95, frameDelayP99Ms: p99 } = figures;
    const total = figures.layers.reduce((sum, { ms }) => sum + ms, 0);
    return [
      figures.participant,
      `${figures.track} (${figures.kind} of ${figures.publisher})`,
      video ? milliseconds(figures.timeToFirstFrameMs) : '–',
      video ? milliseconds(figures.timeToLiveEdgeMs) : '–',
      video ? String(figures.framesShown) : '–',
      video ? `${figures.freezeCount}, ${milliseconds(figures.freezeMs)}` : '–',
      video && p50 !== undefined ? `${[p50, p95, p99].map((delay = 0) => Math.round(delay)).join(' / ')} ms` : '–',
      figures.layers.map(({ rid, ms }) => `${rid || 'only'} ${percent(ms / total)}`).join(', ') || '–',
      video ? String(figures.layerSwitches) : '–',
      video ? milliseconds(figures.suspendedMs) : '–',
      video ? '–' : milliseconds(figures.concealedMs),
    ];
  });
  return table('Subscriptions', columns, rows);
}

/** One line for each link. */
export function linksHtml(links: readonly LinkFigures[]): string {
  const columns = ['link', 'packets', 'lost', 'utilisation', 'throughput', 'queueing delay p50 / p95'];
  const rows = links.map((figures) => {
    const { queueDelayP50Ms: p50, queueDelayP95Ms: p95 } = figures;
    return [
      figures.link,
      String(figures.packetsSent),
      percent(figures.lossRatio),
      percent(figures.utilisation),
      kilobits(figures.throughput),
      p50 === undefined ? '–' : `${Math.round(p50)} / ${Math.round(p95 ?? p50)} ms`,
    ];
  });
  return table('Links', columns, rows);
}

function table(name: string, columns: readonly string[], rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return '<p class="hint">None.</p>';
  const head = columns.map((column) => `<th scope="col">${escapeHtml(column)}</th>`).join('');
  const body = rows.map(([first = '', ...cells]) => {
    const rest = cells.map((cell) => `<td>${escapeHtml(cell)}</td>`).join('');
    return `<tr><th scope="row">${escapeHtml(first)}</th>${rest}</tr>`;
  });
  return `<div class="scroll" tabindex="0" role="region" aria-label="${escapeHtml(name)}"><table><thead><tr>${head}</tr></thead><tbody>${body.join('')}</tbody></table></div>`;
}

function milliseconds(time: number | undefined): string {
  if (time === undefined) return '–';
  return time >= 10_000 ? `${(time / 1000).toFixed(1)} s` : `${Math.round(time)} ms`;
}

function kilobits(rate: number): string {
  return `${Math.round(rate / 1000)} kbit/s`;
}

function percent(share: number | undefined): string {
  return share === undefined || Number.isNaN(share) ? '–' : `${(share * 100).toFixed(1)} %`;
}
