// The capacity of a path over time: constant, in steps, or as recorded in a trace.

import type { BitsPerSecond, Milliseconds } from '@sluice/rtp';
import { type Capacity, ConstantCapacity, NO_CAPACITY } from './capacity.ts';
import { DeliveryTrace, TraceCapacity } from './delivery-trace.ts';
import { checkNumber, checkObject, refuse } from './option-checks.ts';

/** Rates in bit/s (0 or more, `Infinity` included), each from its moment on, in ms; the first at 0, ascending. */
export type RateSteps = readonly (readonly [at: Milliseconds, rate: BitsPerSecond])[];

/** Steps that start over every `repeat` ms, which is more than the moment of the last one. One rate is above 0. */
export interface RepeatedRateSteps {
  readonly steps: RateSteps;
  readonly repeat: Milliseconds;
}

/** Capacity: bit/s, steps of it, or a recording. */
export type RateOption = BitsPerSecond | RateSteps | RepeatedRateSteps | DeliveryTrace;

/** @throws ArgumentError when `value` is not a `RateOption` */
export function checkRate(field: string, value: unknown): void {
  if (value instanceof DeliveryTrace) return;
  if (Array.isArray(value)) return checkSteps(field, value);
  if (typeof value !== 'object' || value === null) return checkBitsPerSecond(field, value);
  checkObject(field, value, ['steps', 'repeat'], 'bit/s, steps or a DeliveryTrace');
  const { steps, repeat } = value as Partial<RepeatedRateSteps>;
  checkSteps(`${field}.steps`, steps);
  const last = steps?.at(-1)?.[0] ?? 0;
  if (!(typeof repeat === 'number' && repeat > last && repeat >= 1 && repeat <= Number.MAX_SAFE_INTEGER)) {
    refuse(`${field}.repeat`, repeat, `finite milliseconds, 1 or more and after the last step at ${last}`);
  }
  if (!steps?.some(([, rate]) => rate > 0)) refuse(`${field}.steps`, steps, 'above 0 somewhere to be repeated');
}

function checkSteps(field: string, value: unknown): void {
  if (!Array.isArray(value) || value.length === 0) refuse(field, value, 'a list of [milliseconds, bit/s]');
  let last = -1;
  for (const [index, step] of value.entries()) {
    const name = `${field}[${index}]`;
    if (!Array.isArray(step) || step.length !== 2) refuse(name, step, '[milliseconds, bit/s]');
    const [at, rate] = step;
    if (index === 0 && at !== 0) refuse(`${name}[0]`, at, '0: the first step is where the timeline begins');
    if (!(typeof at === 'number' && at > last && at <= Number.MAX_SAFE_INTEGER)) {
      refuse(`${name}[0]`, at, `finite milliseconds after ${last}`);
    }
    checkBitsPerSecond(`${name}[1]`, rate);
    last = at;
  }
}

function checkBitsPerSecond(field: string, value: unknown): void {
  checkNumber(field, value, 0, Number.POSITIVE_INFINITY, 'bit/s, 0 or more');
}

/** Which capacity there is when. */
export class RateTimeline {
  readonly #steps: readonly { readonly at: Milliseconds; readonly capacity: Capacity }[];
  readonly #repeat: Milliseconds;
  readonly #origin: Milliseconds;

  /** @param origin when the link was made: the 0 of steps and traces */
  constructor(rate: RateOption, origin: Milliseconds) {
    this.#origin = origin;
    this.#repeat = typeof rate === 'object' && 'repeat' in rate ? rate.repeat : Number.POSITIVE_INFINITY;
    if (rate instanceof DeliveryTrace) {
      this.#steps = [{ at: 0, capacity: new TraceCapacity(rate, origin) }];
    } else if (typeof rate === 'number') {
      this.#steps = [{ at: 0, capacity: new ConstantCapacity(rate) }];
    } else {
      const steps = 'steps' in rate ? rate.steps : rate;
      this.#steps = steps.map(([at, bitrate]) => ({ at, capacity: new ConstantCapacity(bitrate) }));
    }
  }

  at(now: Milliseconds): Capacity {
    if (this.#steps.length === 1) return this.#steps[0]?.capacity ?? NO_CAPACITY;
    const cycle = this.#cycle(now);
    // Compared as sums, as `nextChange` gives them, so that both agree on which side of a step a moment is.
    const step = this.#steps.findLast(({ at }) => this.#origin + cycle + at <= now);
    return (step ?? this.#steps[0])?.capacity ?? NO_CAPACITY;
  }

  /** The first moment after `now` at which the capacity is another; `Infinity` when there is none. */
  nextChange(now: Milliseconds): Milliseconds {
    if (this.#steps.length === 1) return Number.POSITIVE_INFINITY;
    const cycle = this.#cycle(now);
    for (const { at } of this.#steps) if (this.#origin + cycle + at > now) return this.#origin + cycle + at;
    const next = this.#origin + cycle + this.#repeat;
    return next > now ? next : Number.POSITIVE_INFINITY;
  }

  /** When the cycle of `now` began, counted from the origin. */
  #cycle(now: Milliseconds): Milliseconds {
    if (this.#repeat === Number.POSITIVE_INFINITY || now < this.#origin) return 0;
    let count = Math.floor((now - this.#origin) / this.#repeat);
    if (this.#origin + (count + 1) * this.#repeat <= now) count += 1;
    if (count > 0 && this.#origin + count * this.#repeat > now) count -= 1;
    return count * this.#repeat;
  }
}
