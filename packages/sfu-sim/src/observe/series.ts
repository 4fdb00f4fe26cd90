// What a run was like over time, as plain data for plots: one value for each interval.

import type { BitsPerSecond, Milliseconds } from '@sluice/rtp';
import { type LinkHistory, linkHistories } from './link-history.ts';
import type { RunRecord, Span } from './run-record.ts';
import { type LayerSpan, type Suspension, subscriptionHistories } from './subscription-history.ts';

/** One link over time. All arrays are as long as `Series.times`; `null`: nothing known, or no limit. */
export interface LinkSeries {
  /** E.g. `bob/downlink`. */
  readonly link: string;
  /** On average over the interval, in bit/s. */
  readonly capacity: readonly (BitsPerSecond | null)[];
  /** The newest one at the end of the interval. */
  readonly estimate: readonly (BitsPerSecond | null)[];
  readonly sent: readonly BitsPerSecond[];
  readonly received: readonly BitsPerSecond[];
  /** The longest of a packet that arrived in the interval. */
  readonly queueDelay: readonly (Milliseconds | null)[];
  /** Packets dropped. */
  readonly lost: readonly number[];
  /** Packets asked for again. */
  readonly nacked: readonly number[];
}

/** One video subscription over time. */
export interface SubscriptionSeries extends Span {
  readonly participant: string;
  readonly track: string;
  readonly publisher: string;
  readonly layers: readonly LayerSpan[];
  readonly suspensions: readonly Suspension[];
  readonly freezes: readonly Span[];
  /** Requests for a key frame sent to the SFU, in each interval. */
  readonly plis: readonly number[];
  /** From capture to display, the longest in each interval. */
  readonly frameDelay: readonly (Milliseconds | null)[];
}

/** A run over time. */
export interface Series {
  readonly interval: Milliseconds;
  /** The beginnings of the intervals. */
  readonly times: readonly Milliseconds[];
  readonly links: readonly LinkSeries[];
  readonly subscriptions: readonly SubscriptionSeries[];
  /** Key frames asked of publishers, in each interval. */
  readonly keyFramesRequested: readonly number[];
}

/** Most intervals there may be; longer ones are taken where there would be more. */
const MAX_INTERVALS = 20_000;

/**
 * A run over time.
 *
 * @param interval - length of an interval, above 0. Default 200 ms; longer for a run of more than 20 000 of them
 */
export function seriesOf({ events, from, to }: Pick<RunRecord, 'events' | 'from' | 'to'>, interval = 200): Series {
  const grid = new Grid(from, to, Math.max(interval, (to - from) / MAX_INTERVALS));
  const timesOf = (type: string, matches: (event: (typeof events)[number]) => boolean = () => true) =>
    events.filter((event) => event.type === type && matches(event)).map(({ at }) => ({ at }));
  return {
    interval: grid.interval,
    times: grid.times,
    links: linkHistories(events).map((link) => linkSeries(link, grid)),
    subscriptions: subscriptionHistories(events, to)
      .filter(({ kind }) => kind === 'video')
      .map(({ participant, track, publisher, from, to, layers, suspensions, freezes, shown }) => ({
        participant,
        track,
        publisher,
        from,
        to,
        layers,
        suspensions,
        freezes,
        plis: grid.sum(
          timesOf('pli-sent', (event) => event['participant'] === participant && event['track'] === track),
          () => 1,
        ),
        frameDelay: grid.largest(shown, ({ delay }) => delay),
      })),
    keyFramesRequested: grid.sum(timesOf('key-frame-requested'), () => 1),
  };
}

function linkSeries({ link, capacity, estimates, sent, arrived, dropped, nacks }: LinkHistory, grid: Grid): LinkSeries {
  const rate = ({ size }: { size: number }) => (size * 8000) / grid.interval;
  return {
    link,
    capacity: grid.average(capacity.map(({ at, rate: value }) => ({ at, value }))),
    estimate: grid.newest(estimates.map(({ at, target: value }) => ({ at, value }))),
    sent: grid.sum(sent, rate),
    received: grid.sum(arrived, rate),
    queueDelay: grid.largest(arrived, ({ queueDelay }) => queueDelay),
    lost: grid.sum(dropped, () => 1),
    nacked: grid.sum(nacks, ({ packets }) => packets),
  };
}

interface Step {
  readonly at: Milliseconds;
  readonly value: number | undefined;
}

/** Equal intervals, and ways to bring what happened into them. What is outside is left out. */
class Grid {
  readonly interval: Milliseconds;
  readonly times: Milliseconds[] = [];
  readonly #from: Milliseconds;

  constructor(from: Milliseconds, to: Milliseconds, interval: Milliseconds) {
    this.interval = interval;
    this.#from = from;
    const count = Math.ceil((to - from) / interval);
    for (let i = 0; i < count; i += 1) this.times.push(from + i * interval);
  }

  sum<Item extends { at: Milliseconds }>(items: readonly Item[], value: (item: Item) => number): number[] {
    const sums = this.times.map(() => 0);
    for (const item of items) {
      const i = this.#indexOf(item.at);
      const before = sums[i];
      if (before !== undefined) sums[i] = before + value(item);
    }
    return sums;
  }

  largest<Item extends { at: Milliseconds }>(
    items: readonly Item[],
    value: (item: Item) => number | undefined,
  ): (number | null)[] {
    const values = this.times.map((): number | null => null);
    for (const item of items) {
      const i = this.#indexOf(item.at);
      const [before, now] = [values[i], value(item)];
      if (before !== undefined && now !== undefined) values[i] = Math.max(before ?? now, now);
    }
    return values;
  }

  /** The value at the end of each interval. */
  newest(steps: readonly Step[]): (number | null)[] {
    let next = 0;
    let current: number | undefined;
    return this.times.map((start) => {
      for (let step = steps[next]; step && step.at < start + this.interval; step = steps[next]) {
        current = step.value;
        next += 1;
      }
      return current ?? null;
    });
  }

  /** The average of what holds from each step to the next; `null` where for a part of the interval nothing does. */
  average(steps: readonly Step[]): (number | null)[] {
    let next = 0;
    let current: number | undefined;
    return this.times.map((start) => {
      let area = 0;
      let since = start;
      let known = (steps[next]?.at ?? Number.POSITIVE_INFINITY) <= start || current !== undefined;
      for (let step = steps[next]; step && step.at < start + this.interval; step = steps[next]) {
        if (current !== undefined) area += current * (Math.max(step.at, start) - since);
        since = Math.max(step.at, start);
        current = step.value;
        known &&= current !== undefined;
        next += 1;
      }
      if (!known || current === undefined) return null;
      return (area + current * (start + this.interval - since)) / this.interval;
    });
  }

  #indexOf(at: Milliseconds): number {
    return Math.floor((at - this.#from) / this.interval);
  }
}
