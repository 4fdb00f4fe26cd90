// What the app wants to be sent at most, said again for as long as it holds: the SFU forgets it after 5 s.

import { ArgumentError, type BitsPerSecond, type Milliseconds } from '@sluice/rtp';

/** Twice before the SFU forgets. */
const RENEWAL: Milliseconds = 2000;

/** The budget of one room, over all its connections. */
export class DownlinkBudget {
  readonly #send: (maxBitrate: BitsPerSecond | undefined) => void;
  #maxBitrate: BitsPerSecond | undefined;
  #sentAt: Milliseconds = Number.NEGATIVE_INFINITY;

  /** @param send - says it to the SFU */
  constructor(send: (maxBitrate: BitsPerSecond | undefined) => void) {
    this.#send = send;
  }

  /** @throws ArgumentError for anything but a rate of 1 bit/s or more, or `undefined` for none */
  set(maxBitrate: BitsPerSecond | undefined, now: Milliseconds): void {
    if (maxBitrate !== undefined && !(Number.isFinite(maxBitrate) && maxBitrate >= 1)) {
      throw new ArgumentError(`The downlink's budget is ${maxBitrate}: give bits per second, or undefined for none.`);
    }
    if (maxBitrate === this.#maxBitrate) return;
    this.#maxBitrate = maxBitrate;
    this.#sentAt = now;
    this.#send(maxBitrate);
  }

  /** Says it again when it is time to. */
  tick(now: Milliseconds): void {
    if (this.#maxBitrate === undefined || now - this.#sentAt < RENEWAL) return;
    this.#sentAt = now;
    this.#send(this.#maxBitrate);
  }

  /** Another connection has begun: the SFU at its other end does not know of it. */
  restart(): void {
    this.#sentAt = Number.NEGATIVE_INFINITY;
  }
}
