// Looks after one agenda in time: one timer for all the links on it, and what has arrived delivered in order.

import type { Clock, Milliseconds, TimerHandle } from '@sluice/rtp';
import type { Agenda, AgendaDriver } from './agenda.ts';

/** A link whose arrivals are to be delivered. */
export interface DrivenLink {
  /** When the next thing arrived that waits to be delivered; `Infinity` when there is none. */
  readonly nextArrived: Milliseconds;
  /** Delivers it. Everything up to `now` has happened already. */
  deliverNext(now: Milliseconds): void;
}

/** The shell around an `Agenda`. */
export class LinkDriver implements AgendaDriver {
  readonly clock: Clock;
  readonly #agenda: Agenda;
  readonly #links: DrivenLink[] = [];
  #timer: TimerHandle;
  /** When the pending timer or `soon` is due; `Infinity` when there is none. */
  #due: Milliseconds = Number.POSITIVE_INFINITY;
  #delivering = false;

  constructor(clock: Clock, agenda: Agenda) {
    this.clock = clock;
    this.#agenda = agenda;
  }

  /** The one that looks after `agenda`; a new one if nobody does. */
  static of(agenda: Agenda, clock: Clock): LinkDriver {
    const { root } = agenda;
    if (root.driver instanceof LinkDriver) return root.driver;
    const driver = new LinkDriver(clock, root);
    root.driver = driver;
    return driver;
  }

  add(link: DrivenLink): void {
    this.#links.push(link);
  }

  remove(link: DrivenLink): void {
    const index = this.#links.indexOf(link);
    if (index >= 0) this.#links.splice(index, 1);
    if (this.#links.length === 0) this.#cancel();
    else this.schedule();
  }

  absorb(other: AgendaDriver): void {
    if (!(other instanceof LinkDriver)) return;
    this.#links.push(...other.#links);
    other.#links.length = 0;
    other.#cancel();
    this.schedule();
  }

  /** Keeps the one timer at the next event. */
  schedule(): void {
    if (this.#delivering || this.#links.length === 0) return;
    let due = this.#agenda.wake;
    for (const link of this.#links) due = Math.min(due, link.nextArrived);
    if (due === this.#due) return;
    this.#cancel();
    this.#due = due;
    if (due === Number.POSITIVE_INFINITY) return;
    const delay = due - this.clock.now();
    if (delay <= 0 && this.clock.soon !== undefined) this.clock.soon(this.#onSoon);
    else this.#timer = this.clock.setTimeout(this.#onTimer, delay);
  }

  #cancel(): void {
    if (this.#timer !== undefined) this.clock.clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#due = Number.POSITIVE_INFINITY;
  }

  /** What was asked for soon cannot be taken back: it finds nothing to do if it was, or if a timer was set instead. */
  readonly #onSoon = (): void => {
    if (this.#due === Number.POSITIVE_INFINITY || this.#timer !== undefined || this.#delivering) return;
    this.#onTimer();
  };

  readonly #onTimer = (): void => {
    this.#timer = undefined;
    this.#due = Number.POSITIVE_INFINITY;
    this.#delivering = true;
    try {
      this.#deliver(this.clock.now());
    } finally {
      this.#delivering = false;
      this.schedule();
    }
  };

  #deliver(now: Milliseconds): void {
    for (;;) {
      this.#agenda.advance(now);
      let first: DrivenLink | undefined;
      for (const link of this.#links) {
        if (link.nextArrived < (first?.nextArrived ?? Number.POSITIVE_INFINITY)) first = link;
      }
      if (first === undefined || first.nextArrived > now) return;
      first.deliverNext(now);
    }
  }
}
