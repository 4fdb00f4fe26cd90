// A run as files, for whoever can write them.

import { CallMetrics } from './call-metrics.ts';
import { toChromeTrace } from './chrome-trace.ts';
import { thousandths, toJsonLines } from './event-trace.ts';
import { figuresOf } from './figures.ts';
import { reportHtml } from './report.ts';
import type { RunRecord } from './run-record.ts';

/**
 * The files of a run, by name:
 *
 * - `report.html`: see `reportHtml`
 * - `events.jsonl`: the trace, see `toJsonLines`
 * - `figures.json`: see `Figures`
 * - `perfetto.json`: see `toChromeTrace`
 * - `metrics.prom`: counters as they were at the end, see `CallMetrics`
 * - `capture.pcapng`: where packets were captured, for Wireshark, see `PacketCapture`
 */
export function renderRecord(record: RunRecord): Map<string, Uint8Array | string> {
  const { title, seed, failures, events, capture } = record;
  const metrics = new CallMetrics();
  metrics.add(events);
  const figures = { title, seed, failures, ...figuresOf(record) };
  const files = new Map<string, Uint8Array | string>([
    ['report.html', reportHtml(record)],
    ['events.jsonl', toJsonLines(events)],
    ['figures.json', `${JSON.stringify(figures, thousandths, 2)}\n`],
    ['perfetto.json', toChromeTrace(record)],
    ['metrics.prom', metrics.toPrometheus()],
  ]);
  if (capture !== undefined) files.set('capture.pcapng', concatenate(capture));
  return files;
}

function concatenate(chunks: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(chunks.reduce((size, { byteLength }) => size + byteLength, 0));
  let offset = 0;
  for (const chunk of chunks) {
    whole.set(chunk, offset);
    offset += chunk.byteLength;
  }
  return whole;
}
