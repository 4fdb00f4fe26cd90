// A run as Chrome trace events, in JSON: what Perfetto (ui.perfetto.dev) and chrome://tracing open. The format is that of
// "Trace Event Format" (Google, 2016): a process for each participant, threads, counters, slices and instants in it.

import type { Milliseconds } from '@sluice/rtp';
import { figuresOf } from './figures.ts';
import { knownEvents } from './known-events.ts';
import type { RunRecord } from './run-record.ts';
import { type LinkSeries, seriesOf } from './series.ts';

/** One event of the format. */
export interface ChromeTraceEvent {
  readonly name: string;
  /** Its kind: `M` metadata, `X` slice, `i` instant, `C` counter. */
  readonly ph: 'M' | 'X' | 'i' | 'C';
  /** In microseconds. */
  readonly ts: number;
  readonly pid: number;
  readonly tid: number;
  /** Length of a slice in microseconds. */
  readonly dur?: number;
  /** Scope of an instant: its thread. */
  readonly s?: 't';
  readonly args?: Readonly<Record<string, string | number>>;
}

/** A run as JSON for Perfetto. */
export function toChromeTrace(record: RunRecord): string {
  const { summary } = figuresOf(record);
  return JSON.stringify({
    traceEvents: chromeTraceEvents(record),
    displayTimeUnit: 'ms',
    otherData: { title: record.title, seed: record.seed, ...summary },
  });
}

/** A run as trace events. */
export function chromeTraceEvents(record: RunRecord): ChromeTraceEvent[] {
  const tracks = new Tracks();
  const series = seriesOf(record);
  const events = [...decisions(record, tracks)];
  for (const { participant, track, publisher, layers, suspensions, freezes } of series.subscriptions) {
    const name = `${publisher} ${track}`;
    const bands = tracks.of(participant, `layer of ${name}`);
    for (const { rid = 'video', from, to } of layers) events.push(slice(rid, from, to, bands));
    const pauses = tracks.of(participant, `suspended ${name}`);
    for (const { from, to, reason } of suspensions) events.push(slice('suspended', from, to, pauses, { reason }));
    const stills = tracks.of(participant, `frozen ${name}`);
    for (const { from, to } of freezes) events.push(slice('frozen', from, to, stills));
  }
  for (const link of series.links) events.push(...counters(link, series.times, tracks));
  return [...tracks.names, ...events.sort((a, b) => a.ts - b.ts)];
}

interface Track {
  readonly pid: number;
  readonly tid: number;
}

/** Numbers for participants and their threads. */
class Tracks {
  readonly names: ChromeTraceEvent[] = [];
  readonly #processes = new Map<string, { readonly pid: number; readonly threads: Map<string, Track> }>();

  of(participant: string, thread: string): Track {
    let process = this.#processes.get(participant);
    if (process === undefined) {
      process = { pid: this.#processes.size + 1, threads: new Map() };
      this.#processes.set(participant, process);
      this.#name('process_name', participant, { pid: process.pid, tid: 0 });
    }
    let track = process.threads.get(thread);
    if (track === undefined) {
      track = { pid: process.pid, tid: process.threads.size + 1 };
      process.threads.set(thread, track);
      this.#name('thread_name', thread, track);
    }
    return track;
  }

  #name(kind: 'process_name' | 'thread_name', name: string, track: Track): void {
    this.names.push({ name: kind, ph: 'M', ts: 0, ...track, args: { name } });
  }
}

function* decisions({ events }: RunRecord, tracks: Tracks): Generator<ChromeTraceEvent> {
  for (const event of knownEvents(events)) {
    switch (event.type) {
      case 'key-frame-wanted':
      case 'key-frame-requested':
      case 'key-frame-exhausted':
      case 'pli-sent':
      case 'pli-exhausted':
        yield instant(event, tracks.of(event.participant, 'key frames'));
        break;
      case 'layer-allocated':
      case 'video-state-changed':
      case 'gate-closed':
      case 'first-frame':
      case 'track-published':
      case 'track-unpublished':
      case 'track-muted':
      case 'track-unmuted':
      case 'participant-joined':
      case 'participant-left':
      case 'message-refused':
        yield instant(event, tracks.of(event.participant, 'decisions'));
        break;
    }
  }
}

function instant(event: { at: Milliseconds; type: string }, track: Track): ChromeTraceEvent {
  const { at, type, ...details } = event;
  const args = Object.fromEntries(Object.entries(details).map(([key, value]) => [key, String(value)]));
  return { name: type, ph: 'i', s: 't', ts: micros(at), ...track, args };
}

function slice(
  name: string,
  from: Milliseconds,
  to: Milliseconds,
  track: Track,
  args?: Record<string, string>,
): ChromeTraceEvent {
  return { name, ph: 'X', ts: micros(from), dur: micros(to - from), ...track, ...(args && { args }) };
}

function* counters(
  { link, capacity, estimate, sent, received, queueDelay }: LinkSeries,
  times: readonly Milliseconds[],
  tracks: Tracks,
): Generator<ChromeTraceEvent> {
  const separator = link.lastIndexOf('/');
  const track = tracks.of(link.slice(0, separator), link.slice(separator + 1));
  const direction = link.slice(separator + 1);
  for (const [i, time] of times.entries()) {
    const at = { ph: 'C', ts: micros(time), ...track } as const;
    const rates = { capacity: capacity[i], estimate: estimate[i], sent: sent[i], received: received[i] };
    for (const [what, rate] of Object.entries(rates)) {
      if (typeof rate === 'number')
        yield { name: `${direction} ${what} (kbit/s)`, ...at, args: { value: rate / 1000 } };
    }
    const delay = queueDelay[i];
    if (typeof delay === 'number') yield { name: `${direction} queueing delay (ms)`, ...at, args: { value: delay } };
  }
}

function micros(time: Milliseconds): number {
  return Math.round(time * 1000);
}
