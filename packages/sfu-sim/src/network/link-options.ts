// What an emulated path is like: capacity, propagation, loss, buffer.

import { ArgumentError, type Milliseconds } from '@sluice/rtp';
import { checkJitter, type JitterOption } from './jitter.ts';
import { checkLoss, type LossOption } from './loss-model.ts';
import { checkObject, checkRatio, checkTime, refuse } from './option-checks.ts';
import { checkIntervals, type Intervals } from './outages.ts';
import { PacketQueue } from './packet-queue.ts';
import type { SharedQueue } from './parcel.ts';
import { checkQueue, type QueueOption } from './queue-options.ts';
import { checkRate, type RateOption } from './rate-timeline.ts';

/** Some packets take longer, and those behind them may overtake them. */
export interface ReorderingOptions {
  /** Share of the packets that is held up, 0 to 1. */
  readonly ratio: number;
  /** For how long, in ms, 0 or more. */
  readonly delay: Milliseconds;
}

/** One hop of a path, in one direction. Whatever is left out keeps its value, which is first the default. */
export interface HopOptions {
  /**
   * Capacity in bit/s, 0 or more; or steps `[[0, 2e6], [20_000, 9e3]]` of [ms since the link was made, bit/s], of which
   * the last one holds; or `{ steps, repeat }`, which start over every `repeat` ms; or a recording, `parseMahimahiTrace`.
   * `Infinity` (the default) never queues; at 0 nothing passes until it is raised.
   */
  rate?: RateOption;
  /** One-way propagation in ms, 0 or more. Default 0. */
  delay?: Milliseconds;
  /**
   * What comes on top of the delay: `'rfc8868'`, `{ model: 'half-normal', deviation, cutoff }` or `{ model: 'uniform',
   * max }`, each with `reordering: true` if packets may overtake each other. Default `'none'`.
   */
  jitter?: JitterOption;
  /** Packets that are held up and may be overtaken, whatever the jitter. Default `{ ratio: 0, delay: 0 }`. */
  reordering?: ReorderingOptions;
  /**
   * Share of the packets that is lost, each independently of the others (Bernoulli), 0 to 1; or `{ p, r, h, k }`
   * (Gilbert–Elliott), `{ burst, every }` (the last `burst` of every `every`) or `{ packets }` (a list of their numbers,
   * from 0). Default 0.
   */
  loss?: LossOption;
  /** Share of the packets of which a copy follows, 0 to 1. Default 0. */
  duplicate?: number;
  /** Share of the packets in which up to three bits are flipped, 0 to 1; the packet handed in is not touched. Default 0. */
  corrupt?: number;
  /**
   * Length of the drop-tail buffer in ms at the rate of the moment, 0 or more; or `{ time, bytes, discipline, target,
   * interval }`, with `discipline: 'codel'` for CoDel. Default 300, as in RFC 8867 §5. A packet that would wait longer
   * than this before its first bit is sent is dropped, so an idle link always takes one.
   */
  queue?: QueueOption;
  /**
   * Outages `[[from, to], …]` in ms since the link was made. Packets handed in meanwhile are dropped with the reason
   * `down`; what is queued waits, as do messages; what is past the queue arrives. (For an outage that queues: `rate` 0.)
   * Default none.
   */
  down?: Intervals;
  /** `false`: down until it is set to `true`. Default true. */
  up?: boolean;
  /**
   * The capacity and queue that this hop shares with other paths: a `Bottleneck`, or a `Link` for the one of its first
   * hop. `rate` and `queue` are then the bottleneck's business. Fixed once the link is made. Default: its own.
   */
  via?: SharedQueue;
}

/**
 * One direction of a network path: one hop, and the `hops` behind it, if any.
 *
 * @example { rate: 2e6, delay: 20, hops: [{ rate: 8e6, delay: 20 }, { rate: 1.5e6, delay: 60, queue: 500 }] }
 */
export interface LinkOptions extends HopOptions {
  /** The hops that follow, in order. Their number is fixed once the link is made. Default none. */
  hops?: readonly HopOptions[];
}

/** A hop with every option filled in. */
export type HopSettings = Readonly<Required<Omit<HopOptions, 'via'>>> & { readonly via: SharedQueue | undefined };

/** A path with every option filled in. */
export type LinkSettings = HopSettings & { readonly hops: readonly HopSettings[] };

const DEFAULT_HOP: HopSettings = {
  rate: Number.POSITIVE_INFINITY,
  delay: 0,
  jitter: 'none',
  reordering: { ratio: 0, delay: 0 },
  loss: 0,
  duplicate: 0,
  corrupt: 0,
  queue: 300,
  down: [],
  up: true,
  via: undefined,
};

/** The values of the options that were left out. */
export const DEFAULT_LINK_OPTIONS: LinkSettings = { ...DEFAULT_HOP, hops: [] };

const HOP_KEYS = Object.keys(DEFAULT_HOP);
const LINK_KEYS = [...HOP_KEYS, 'hops'];

/** @throws ArgumentError when there is an option in `options` that does not exist */
export function checkLinkKeys(options: unknown): void {
  checkObject('', options, LINK_KEYS, 'an object');
  const { hops } = options as LinkOptions;
  if (!Array.isArray(hops)) return;
  for (const [index, hop] of hops.entries()) checkObject(`hops[${index}]`, hop, HOP_KEYS, 'an object');
}

/**
 * The path that a new link with these options has.
 *
 * @throws ArgumentError when a value is not what `LinkOptions` says
 */
export function createLinkSettings(options: LinkOptions): LinkSettings {
  checkHops(options.hops ?? []);
  const hops = (options.hops ?? []).map((hop, index) => merge(`hops[${index}].`, DEFAULT_HOP, hop));
  return { ...merge('', DEFAULT_HOP, options), hops };
}

/**
 * `change` laid over `base`.
 *
 * @throws ArgumentError when a value of `change` is not what `LinkOptions` says, or cannot be changed any more
 */
export function mergeLinkOptions(base: LinkSettings, change: LinkOptions): LinkSettings {
  const changes = change.hops;
  if (changes !== undefined) checkHops(changes);
  if (changes !== undefined && changes.length !== base.hops.length) {
    throw new ArgumentError(
      `link option hops has ${changes.length} entries: this link was made with ${base.hops.length}`,
    );
  }
  checkVia('', base, change);
  for (const [index, hop] of base.hops.entries()) checkVia(`hops[${index}].`, hop, changes?.[index] ?? {});
  const hops = base.hops.map((hop, index) => merge(`hops[${index}].`, hop, changes?.[index] ?? {}));
  return { ...merge('', base, change), hops };
}

function checkHops(hops: unknown): void {
  if (!Array.isArray(hops)) refuse('hops', hops, 'a list of hops');
  for (const [index, hop] of hops.entries()) {
    if (typeof hop !== 'object' || hop === null) refuse(`hops[${index}]`, hop, 'an object');
  }
}

function checkVia(prefix: string, base: HopSettings, change: HopOptions): void {
  if (change.via === undefined || change.via === base.via) return;
  throw new ArgumentError(`link option ${prefix}via is another bottleneck: it is fixed once the link is made`);
}

function merge(prefix: string, base: HopSettings, change: HopOptions): HopSettings {
  const merged: HopSettings = {
    rate: change.rate ?? base.rate,
    delay: change.delay ?? base.delay,
    jitter: change.jitter ?? base.jitter,
    reordering: change.reordering ?? base.reordering,
    loss: change.loss ?? base.loss,
    duplicate: change.duplicate ?? base.duplicate,
    corrupt: change.corrupt ?? base.corrupt,
    queue: change.queue ?? base.queue,
    down: change.down ?? base.down,
    up: change.up ?? base.up,
    via: change.via ?? base.via,
  };
  if (merged.rate !== base.rate) checkRate(`${prefix}rate`, merged.rate);
  checkTime(`${prefix}delay`, merged.delay);
  if (merged.jitter !== base.jitter) checkJitter(`${prefix}jitter`, merged.jitter);
  if (merged.reordering !== base.reordering) checkReordering(`${prefix}reordering`, merged.reordering);
  if (merged.loss !== base.loss) checkLoss(`${prefix}loss`, merged.loss);
  checkRatio(`${prefix}duplicate`, merged.duplicate);
  checkRatio(`${prefix}corrupt`, merged.corrupt);
  if (merged.queue !== base.queue) checkQueue(`${prefix}queue`, merged.queue);
  if (merged.down !== base.down) checkIntervals(`${prefix}down`, merged.down);
  if (typeof merged.up !== 'boolean') refuse(`${prefix}up`, merged.up, 'true or false');
  if (merged.via !== undefined) checkShared(prefix, merged.via, change);
  return merged;
}

function checkReordering(field: string, value: unknown): void {
  checkObject(field, value, ['ratio', 'delay'], '{ ratio, delay }');
  checkRatio(`${field}.ratio`, (value as Partial<ReorderingOptions>).ratio);
  checkTime(`${field}.delay`, (value as Partial<ReorderingOptions>).delay);
}

function checkShared(prefix: string, via: unknown, change: HopOptions): void {
  const { queue } = (typeof via === 'object' && via !== null ? via : {}) as Partial<SharedQueue>;
  if (!(queue instanceof PacketQueue)) refuse(`${prefix}via`, via, 'a Bottleneck or a Link');
  for (const field of ['rate', 'queue'] as const) {
    if (change[field] === undefined) continue;
    throw new ArgumentError(`link option ${prefix}${field} is given beside via: set it on the bottleneck`);
  }
}
