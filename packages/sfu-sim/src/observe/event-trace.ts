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

  /** One JSON object a line; times in milliseconds with microsecond resolution, so that equal runs give equal bytes. */
  toJsonLines(): string {
    return this.#events
      .map((event) => `${JSON.stringify({ ...event, at: Math.round(event.at * 1000) / 1000 })}\n`)
      .join('');
  }
}
