// Capacity recorded on a real path as delivery opportunities, in the format of mahimahi's mm-link (Netravali et al.,
// USENIX ATC 2015): each line is a whole number of milliseconds at which one 1500-byte packet could have been delivered.

import { ArgumentError, type BitsPerSecond, type Bytes, type Milliseconds } from '@sluice/rtp';
import type { Capacity } from './capacity.ts';

/** What one opportunity delivers: one packet of 1500 bytes, IP header included. */
export const DELIVERY_SLOT: Bytes = 1500;

const SLOT_BITS = DELIVERY_SLOT * 8;

/** How early a packet may be and still be too late for an opportunity, in ms: more than the rounding error of a clock. */
const TOLERANCE: Milliseconds = 0.001;

/** Delivery opportunities over time, for the `rate` of a link. After the last one the trace starts over. */
export class DeliveryTrace {
  /** When each opportunity is, in whole ms since the beginning, ascending; several may share a millisecond. */
  readonly opportunities: readonly Milliseconds[];

  /** @throws ArgumentError when there is none, one is not a whole number, they go down, or all are at 0 */
  constructor(opportunities: readonly Milliseconds[]) {
    let last = 0;
    for (const [index, at] of opportunities.entries()) {
      if (!Number.isSafeInteger(at) || at < last) {
        throw new ArgumentError(`opportunities[${index}] is ${String(at)}: it must be whole ms, ${last} or more`);
      }
      last = at;
    }
    if (last === 0) throw new ArgumentError('a delivery trace must have an opportunity after 0 ms');
    this.opportunities = Array.from(opportunities);
  }

  /** When it starts over: at its last opportunity, as in mahimahi. */
  get period(): Milliseconds {
    return this.opportunities.at(-1) ?? 0;
  }

  /** Mean over one period, in bit/s. */
  get rate(): BitsPerSecond {
    return (this.opportunities.length * SLOT_BITS * 1000) / this.period;
  }
}

/**
 * Reads mahimahi's format: one millisecond per line. Empty lines and lines that begin with `#` are skipped.
 *
 * @throws ArgumentError with the number of the line that is not a whole number or goes back
 */
export function parseMahimahiTrace(text: string): DeliveryTrace {
  const opportunities: Milliseconds[] = [];
  let last = 0;
  for (const [index, raw] of text.split('\n').entries()) {
    const line = raw.trim();
    if (line === '' || line.startsWith('#')) continue;
    const at = /^\d{1,15}$/.test(line) ? Number(line) : Number.NaN;
    if (!(at >= last)) {
      throw new ArgumentError(`line ${index + 1} of the trace is "${line.slice(0, 40)}": whole ms, ${last} or more`);
    }
    opportunities.push(at);
    last = at;
  }
  return new DeliveryTrace(opportunities);
}

/**
 * Sends only at the opportunities of a trace. A packet takes as many slots as it needs, and what it leaves of its last
 * one belongs to the next packet if that is queued by then. An opportunity at which nothing is queued is lost; so is one
 * at the very moment a packet comes. Marks are bits since the beginning.
 */
export class TraceCapacity implements Capacity {
  readonly rate: BitsPerSecond;
  readonly #opportunities: readonly Milliseconds[];
  readonly #period: Milliseconds;
  readonly #origin: Milliseconds;

  constructor(trace: DeliveryTrace, origin: Milliseconds) {
    this.rate = trace.rate;
    this.#opportunities = trace.opportunities;
    this.#period = trace.period;
    this.#origin = origin;
  }

  mark(now: Milliseconds): number {
    return this.#countUntil(now) * SLOT_BITS;
  }

  advance(mark: number, bits: number): number {
    return mark + bits;
  }

  time(mark: number): Milliseconds {
    const index = Math.max(0, Math.ceil(mark / SLOT_BITS) - 1);
    const { length } = this.#opportunities;
    const at = this.#opportunities[index % length] ?? 0;
    return this.#origin + Math.floor(index / length) * this.#period + at;
  }

  sent(mark: number, now: Milliseconds): number {
    return Math.max(0, this.mark(now) - mark);
  }

  duration(now: Milliseconds, bits: number): Milliseconds {
    return bits === 0 ? 0 : this.time(this.mark(now) + bits) - now;
  }

  #countUntil(now: Milliseconds): number {
    const elapsed = now - this.#origin + TOLERANCE;
    if (elapsed < 0) return 0;
    const cycles = Math.floor(elapsed / this.#period);
    const rest = elapsed - cycles * this.#period;
    let low = 0;
    let high = this.#opportunities.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#opportunities[middle] ?? 0) <= rest) low = middle + 1;
      else high = middle;
    }
    return cycles * this.#opportunities.length + low;
  }
}
