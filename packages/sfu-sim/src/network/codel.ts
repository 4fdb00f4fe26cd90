// Controlled Delay, RFC 8289: drops from the head when packets have waited too long for too long.

import type { Bytes, Milliseconds } from '@sluice/rtp';

/** A backlog of no more than this is never worth a drop: one packet of the usual size. */
const MTU: Bytes = 1500;

/** What it looks at and takes from. */
export interface CodelQueue {
  /** How long the head has waited; `undefined` when there is none. */
  sojourn(now: Milliseconds): Milliseconds | undefined;
  /** Bytes in the queue, the head's included. */
  readonly queuedBytes: Bytes;
  dropHead(now: Milliseconds): void;
}

/** The control law. `target` and `interval` may change at any time. */
export class Codel {
  target: Milliseconds;
  interval: Milliseconds;
  /** When the wait will have been above `target` for an `interval`; `undefined` while it is below. */
  #aboveUntil: Milliseconds | undefined;
  #dropping = false;
  #dropNext: Milliseconds = 0;
  /** Drops in this dropping state, and how many the last one began with. */
  #count = 0;
  #lastCount = 0;

  constructor(target: Milliseconds, interval: Milliseconds) {
    this.target = target;
    this.interval = interval;
  }

  /** Called whenever the next packet is about to be sent: drops heads until one may go. */
  dequeue(now: Milliseconds, queue: CodelQueue): void {
    let mayDrop = this.#mayDrop(now, queue);
    if (this.#dropping) {
      if (!mayDrop) this.#dropping = false;
      while (this.#dropping && now >= this.#dropNext) {
        queue.dropHead(now);
        this.#count += 1;
        mayDrop = this.#mayDrop(now, queue);
        if (mayDrop) this.#dropNext = this.#law(this.#dropNext);
        else this.#dropping = false;
      }
    } else if (mayDrop) {
      queue.dropHead(now);
      this.#mayDrop(now, queue);
      this.#dropping = true;
      // Where the last dropping state ended a short while ago, its rate of drops is taken up again.
      const delta = this.#count - this.#lastCount;
      this.#count = delta > 1 && now - this.#dropNext < 16 * this.interval ? delta : 1;
      this.#lastCount = this.#count;
      this.#dropNext = this.#law(now);
    }
  }

  #mayDrop(now: Milliseconds, queue: CodelQueue): boolean {
    const sojourn = queue.sojourn(now);
    if (sojourn === undefined || sojourn < this.target || queue.queuedBytes <= MTU) {
      this.#aboveUntil = undefined;
      return false;
    }
    this.#aboveUntil ??= now + this.interval;
    return now >= this.#aboveUntil;
  }

  #law(time: Milliseconds): Milliseconds {
    return time + this.interval / Math.sqrt(this.#count);
  }
}
