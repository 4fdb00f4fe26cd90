// A capacity and its queue that several links cross.

import {
  ArgumentError,
  type BitsPerSecond,
  type Clock,
  type Milliseconds,
  systemClock,
  type Tracer,
} from '@sluice/rtp';
import { Agenda, type Stage } from './agenda.ts';
import type { LinkCount } from './link.ts';
import { LinkDriver } from './link-driver.ts';
import { createLinkSettings } from './link-options.ts';
import { bottleneckChangedEvent } from './link-trace.ts';
import { checkObject } from './option-checks.ts';
import type { Intervals } from './outages.ts';
import { PacketQueue, type QueueSettings } from './packet-queue.ts';
import type { SharedQueue } from './parcel.ts';
import type { QueueOption } from './queue-options.ts';
import type { RateOption } from './rate-timeline.ts';

/** What a bottleneck is like: the options of the same name of a link, with their defaults. */
export interface BottleneckOptions {
  /** Capacity: see `LinkOptions.rate`. Default `Infinity`. */
  rate?: RateOption;
  /** The queue in front of it: see `LinkOptions.queue`. Default 300 ms, drop-tail. */
  queue?: QueueOption;
  /** Outages: see `LinkOptions.down`. Default none. */
  down?: Intervals;
  /** `false`: down until it is set to `true`. Default true. */
  up?: boolean;
}

/** How a bottleneck is told of. */
export interface BottleneckTrace {
  /** What the trace calls it. */
  readonly name: string;
  /** Receives `bottleneck-changed`; the links that go through it have the name in their `link-changed`. */
  readonly tracer: Tracer;
}

/** What has gone through a bottleneck so far, whosever it was. */
export interface BottleneckStats {
  readonly passed: LinkCount;
  readonly dropped: { readonly queue: LinkCount; readonly codel: LinkCount; readonly down: LinkCount };
  /** How long a packet that comes now would wait before its first bit is sent; `Infinity` at a rate of 0. */
  readonly queueDelay: Milliseconds;
}

/**
 * One capacity with one queue, first in, first out, for all the links that go `via` it.
 *
 * @example
 * const access = new Bottleneck({ rate: 2e6, queue: 300 }, clock);
 * sfu.transport({ identity: 'ada', uplink: { via: access, delay: 50 } });
 * sfu.transport({ identity: 'bob', uplink: { via: access, delay: 100 } });
 */
export class Bottleneck implements SharedQueue {
  /** What links and traffic get into. */
  readonly queue: PacketQueue;
  readonly name: string | undefined;
  readonly #clock: Clock;

  /**
   * @param clock that of the links, too; times in the options count from its `now`. Default the platform's.
   * @param trace who hears of its capacity. Default: nobody
   * @throws ArgumentError when an option is not what it should be
   */
  constructor(options: BottleneckOptions = {}, clock: Clock = systemClock, trace?: BottleneckTrace) {
    checkKeys(options);
    const agenda = new Agenda();
    this.#clock = clock;
    const { rate, queue, down, up } = createLinkSettings(options);
    this.queue = new PacketQueue(agenda, { rate, queue, down, up }, clock.now(), true);
    LinkDriver.of(agenda, clock);
    this.name = trace?.name;
    if (trace === undefined) return;
    const reporter = new CapacityReporter(this.queue, trace);
    agenda.add(reporter);
    reporter.report(clock.now());
    this.queue.follow((now) => reporter.report(now));
  }

  /** What it is like now. */
  get options(): QueueSettings {
    return this.queue.settings;
  }

  /** The capacity at this moment, in bit/s: 0 while it is down, the mean of a trace. */
  get rate(): BitsPerSecond {
    return this.queue.rateAt(this.#clock.now());
  }

  get stats(): BottleneckStats {
    const now = this.#clock.now();
    this.queue.agenda.root.advance(now);
    const { queue, codel, down } = this.queue.dropped;
    return {
      passed: { ...this.queue.passed },
      dropped: { queue: { ...queue }, codel: { ...codel }, down: { ...down } },
      queueDelay: this.queue.delay(now),
    };
  }

  /**
   * Changes it while it runs, for what is queued too; nothing inside is dropped.
   *
   * @throws ArgumentError when a value is not what it should be; then nothing changes
   */
  set(change: BottleneckOptions): void {
    checkKeys(change);
    const { rate, queue, down, up } = createLinkSettings({ ...this.queue.settings, ...given(change) });
    const { root } = this.queue.agenda;
    const now = this.#clock.now();
    root.advance(now);
    this.queue.set(now, { rate, queue, down, up });
    root.driver?.schedule();
  }
}

/** Tells of the capacity: with the time at which it changed, when the network is looked at next. Wakes nobody up. */
class CapacityReporter implements Stage {
  readonly wake: Milliseconds = Number.POSITIVE_INFINITY;
  readonly #queue: PacketQueue;
  readonly #trace: BottleneckTrace;
  #due: Milliseconds = Number.POSITIVE_INFINITY;
  #told: BitsPerSecond | undefined;

  constructor(queue: PacketQueue, trace: BottleneckTrace) {
    this.#queue = queue;
    this.#trace = trace;
  }

  get due(): Milliseconds {
    return this.#due;
  }

  run(): void {
    this.report(this.#due);
  }

  report(at: Milliseconds): void {
    const rate = this.#queue.rateAt(at);
    this.#due = this.#queue.nextRateChange(at);
    if (rate === this.#told) return;
    this.#told = rate;
    this.#trace.tracer(bottleneckChangedEvent(at, this.#trace.name, rate));
  }
}

function checkKeys(options: unknown): void {
  if (typeof options !== 'object' || options === null)
    throw new ArgumentError('the options of a bottleneck are an object');
  checkObject('', options, ['rate', 'queue', 'down', 'up'], 'an object');
}

function given(change: BottleneckOptions): BottleneckOptions {
  return Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined));
}
