// When a path is down.

import type { Milliseconds } from '@sluice/rtp';
import { checkTime, refuse } from './option-checks.ts';

/** Stretches of time in ms, `from` included, `to` (which may be `Infinity`) not; ascending, not overlapping. */
export type Intervals = readonly (readonly [from: Milliseconds, to: Milliseconds])[];

/** @throws ArgumentError when `value` is not a list of intervals */
export function checkIntervals(field: string, value: unknown): void {
  if (!Array.isArray(value)) refuse(field, value, 'a list of [from, to] in milliseconds');
  let end = 0;
  for (const [index, interval] of value.entries()) {
    const name = `${field}[${index}]`;
    if (!Array.isArray(interval) || interval.length !== 2) refuse(name, interval, '[from, to] in milliseconds');
    const [from, to] = interval;
    checkTime(`${name}[0]`, from);
    if (from < end) refuse(`${name}[0]`, from, `${end} or more: after the interval before`);
    if (!(typeof to === 'number' && to > from)) refuse(`${name}[1]`, to, `milliseconds after ${from}`);
    end = to;
  }
}

/** Whether a path is up, and for how long. */
export class Outages {
  readonly #down: Intervals;
  readonly #up: boolean;
  readonly #origin: Milliseconds;

  /**
   * @param up `false`: down all the time
   * @param origin when the link was made: the 0 of `down`
   */
  constructor(down: Intervals, up: boolean, origin: Milliseconds) {
    this.#down = down.map(([from, to]) => [from, to] as const);
    this.#up = up;
    this.#origin = origin;
  }

  isDown(now: Milliseconds): boolean {
    if (!this.#up) return true;
    for (const [from, to] of this.#down) if (this.#origin + from <= now && now < this.#origin + to) return true;
    return false;
  }

  /** The first moment after `now` at which it goes up or down; `Infinity` when there is none. */
  nextChange(now: Milliseconds): Milliseconds {
    if (!this.#up) return Number.POSITIVE_INFINITY;
    for (const [from, to] of this.#down) {
      if (this.#origin + from > now) return this.#origin + from;
      if (this.#origin + to > now) return this.#origin + to;
    }
    return Number.POSITIVE_INFINITY;
  }
}
