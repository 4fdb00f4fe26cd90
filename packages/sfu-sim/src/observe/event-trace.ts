// Everything that happened in a run, in order.

import type { TraceEvent, Tracer } from '@sluice/rtp';

/** Collects events. Hand its `record` to whatever takes a `tracer`. */
export class EventTrace {
  readonly #events: TraceEvent[] = [];

  /** Takes one event. */
  readonly record: Tracer = (event) => {
    this.#events.push(event);
  };

  /** The events so far, oldest first. */
  get events(): readonly TraceEvent[] {
    return this.#events;
  }

  /** The events of one type, oldest first. */
  ofType(type: string): TraceEvent[] {
    return this.#events.filter((event) => event.type === type);
  }

  /** See `toJsonLines`. */
  toJsonLines(): string {
    return toJsonLines(this.#events);
  }
}

/** One JSON object a line, numbers with three decimals at most (times: microseconds): equal runs give equal bytes. */
export function toJsonLines(events: readonly TraceEvent[]): string {
  return events.map((event) => `${JSON.stringify(event, thousandths)}\n`).join('');
}

/** A replacer for `JSON.stringify`: numbers with three decimals at most. */
export function thousandths(_key: string, value: unknown): unknown {
  return typeof value === 'number' ? Math.round(value * 1000) / 1000 : value;
}
