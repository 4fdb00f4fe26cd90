// Traces with known answers.

import type { SluiceEvent, TraceEvent } from '@sluice/rtp';

/** The events, in the order of their times, as a trace has them. */
export function trace(...events: (SluiceEvent | readonly SluiceEvent[])[]): TraceEvent[] {
  return (events.flat() as unknown as TraceEvent[]).sort((a, b) => a.at - b.at);
}

/** Bob's subscription to Ada's video at `at`. */
export function subscription(at: number, track = 'T1', kind: 'audio' | 'video' = 'video'): SluiceEvent {
  return { at, type: 'track-subscribed', participant: 'bob', track, kind, publisher: 'ada' };
}

/** Pictures shown to Bob every `interval` from `from` to `to`, excluded, each `delay` after its capture. */
export function pictures(from: number, to: number, interval: number, delay: number | undefined = 100): SluiceEvent[] {
  const events: SluiceEvent[] = [];
  for (let at = from; at < to; at += interval) {
    const timestamp = (at - (delay ?? 100)) * 1000;
    events.push({ at, type: 'frame-shown', participant: 'bob', track: 'T1', timestamp, delay });
  }
  return events;
}

/** One packet of 972 bytes, 1000 with headers, on Bob's downlink: arrives after `delay`, or is dropped. */
export function packet(at: number, sequence: number, delay: number | 'loss' | 'queue'): SluiceEvent[] {
  const details = { link: 'bob/downlink', size: 972, ssrc: 0xffffffff, sequence };
  return [
    { at, type: 'packet-sent', ...details },
    typeof delay === 'number'
      ? { at: at + delay, type: 'packet-arrived', ...details }
      : { at, type: 'packet-dropped', ...details, reason: delay },
  ];
}

/** What Bob's downlink is like from `at` on. */
export function link(at: number, rate: number | undefined, delay = 0): SluiceEvent {
  return { at, type: 'link-changed', link: 'bob/downlink', rate, delay, loss: 0 };
}

/** The estimate of Bob's downlink from `at` on. */
export function estimate(at: number, target: number): SluiceEvent {
  const why = { change: 'hold', cause: 'delay', loss: 0 } as const;
  return { at, type: 'estimate', participant: 'bob', direction: 'downlink', target, ...why };
}
