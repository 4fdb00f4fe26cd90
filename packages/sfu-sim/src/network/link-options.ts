// What an emulated path is like: capacity, propagation, loss, buffer.

import { ArgumentError, type BitsPerSecond, type Milliseconds } from '@sluice/rtp';

/** One direction of a network path. Whatever is left out keeps its value, which is first the default. */
export interface LinkOptions {
  /** Capacity in bit/s, 0 or more. `Infinity` (the default) never queues; at 0 nothing passes until it is raised. */
  rate?: BitsPerSecond;
  /** One-way propagation in ms, 0 or more. Default 0. */
  delay?: Milliseconds;
  /** Share of the packets that is lost, each independently of the others (Bernoulli), 0 to 1. Default 0. */
  loss?: number;
  /**
   * Length of the drop-tail buffer in ms at the rate of the moment, 0 or more. Default 300, as in RFC 8867 §5. A packet
   * that would wait longer than this before its first bit is sent is dropped, so an idle link always takes one.
   */
  queue?: Milliseconds;
}

/** The values of the options that were left out. */
export const DEFAULT_LINK_OPTIONS: Readonly<Required<LinkOptions>> = {
  rate: Number.POSITIVE_INFINITY,
  delay: 0,
  loss: 0,
  queue: 300,
};

/**
 * `change` laid over `base`.
 *
 * @throws ArgumentError when a value of `change` is not what `LinkOptions` says
 */
export function mergeLinkOptions(base: Readonly<Required<LinkOptions>>, change: LinkOptions): Required<LinkOptions> {
  const merged = {
    rate: change.rate ?? base.rate,
    delay: change.delay ?? base.delay,
    loss: change.loss ?? base.loss,
    queue: change.queue ?? base.queue,
  };
  check('rate', merged.rate, Number.POSITIVE_INFINITY, 'bit/s, 0 or more');
  check('delay', merged.delay, Number.MAX_VALUE, 'finite milliseconds, 0 or more');
  check('loss', merged.loss, 1, 'a ratio from 0 to 1');
  check('queue', merged.queue, Number.MAX_VALUE, 'finite milliseconds, 0 or more');
  return merged;
}

function check(field: string, value: unknown, max: number, form: string): void {
  if (typeof value === 'number' && value >= 0 && value <= max) return;
  throw new ArgumentError(`link option ${field} is ${String(value)}: it must be ${form}`);
}
