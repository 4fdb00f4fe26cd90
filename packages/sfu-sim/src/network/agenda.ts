// What happens in one piece of emulated network, in order of time. Paths that share a bottleneck share an agenda.

import type { Milliseconds } from '@sluice/rtp';

/** Something that has a next event. */
export interface Stage {
  /** When its next event is; `Infinity` when there is none. */
  readonly due: Milliseconds;
  /** When somebody has to look at the latest; not before `due` and not after anything leaves the network because of it. */
  readonly wake: Milliseconds;
  /** Does what is `due`. */
  run(): void;
}

/** Whoever looks after the agenda in time. */
export interface AgendaDriver {
  /** Takes over what `other` looked after. */
  absorb(other: AgendaDriver): void;
  /** Called when `nextWake` may be another. */
  schedule(): void;
}

/** All stages of one piece of network. At one moment the stage that was added first goes first. */
export class Agenda {
  driver: AgendaDriver | undefined;
  #stages: Stage[] = [];
  #successor: Agenda | undefined;

  /** The agenda that this one has become part of, or itself. */
  get root(): Agenda {
    let root: Agenda = this;
    while (root.#successor !== undefined) root = root.#successor;
    return root;
  }

  add(...stages: Stage[]): void {
    this.#stages.push(...stages);
  }

  remove(...stages: Stage[]): void {
    this.#stages = this.#stages.filter((stage) => !stages.includes(stage));
  }

  /** Makes `other` a part of this one. Both must have advanced to the same time. */
  absorb(other: Agenda): void {
    if (other === this) return;
    this.#stages.push(...other.#stages);
    other.#stages = [];
    other.#successor = this;
    const { driver } = other;
    other.driver = undefined;
    if (driver === undefined) return;
    if (this.driver === undefined) this.driver = driver;
    else this.driver.absorb(driver);
  }

  /** Does everything that is due up to and including `now`, in order. */
  advance(now: Milliseconds): void {
    for (;;) {
      let first: Stage | undefined;
      let due = Number.POSITIVE_INFINITY;
      for (const stage of this.#stages) {
        const { due: stageDue } = stage;
        if (stageDue >= due) continue;
        due = stageDue;
        first = stage;
      }
      if (first === undefined || due > now) return;
      first.run();
    }
  }

  /** When to `advance` at the latest. */
  get wake(): Milliseconds {
    let wake = Number.POSITIVE_INFINITY;
    for (const stage of this.#stages) wake = Math.min(wake, stage.wake);
    return wake;
  }
}
