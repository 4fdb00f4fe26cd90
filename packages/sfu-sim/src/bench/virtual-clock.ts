// Time that passes only when told to, as fast as the machine can: the clock of every run in virtual time.
//
// Between two timers the clock waits for one turn of the event loop, a macrotask. The platform empties the whole queue
// of microtasks before it, so every promise chain that a timer set off has settled, however deep, before the next timer
// runs: just as between two timers of a real clock. Counting out microtasks instead would be sound only for chains
// shorter than the count. Turns are asked for in batches: the platform empties the queue of microtasks between any two of
// them, but looks for events from outside, which takes longer, only once a batch.

import { ArgumentError, type Clock, type Milliseconds, ReasonedError, type TimerHandle } from '@sluice/rtp';
import { Timer, TimerHeap } from './timer-heap.ts';

/** Why a `VirtualClock` could not run. */
export type VirtualClockErrorReason =
  /** It is running already: two runs cannot both say what time it is. */
  | 'already-running'
  /** 100 000 timers ran without time going on: some callback sets itself a timer of 0 ms for ever. */
  | 'stalled';

/** A `VirtualClock` could not run. */
export class VirtualClockError extends ReasonedError<VirtualClockErrorReason> {
  override readonly code = 'virtual-clock';
}

/** How many timers may run at one instant. */
const STALL_LIMIT = 100_000;

/** How many turns of the event loop are asked for at once. */
const MAX_BATCH = 64;

/** A clock whose time goes on only inside `run` and `runUntil`. */
export class VirtualClock implements Clock {
  readonly #timers = new TimerHeap();
  #now: Milliseconds;
  #running = false;

  /** @param options `start`: what `now()` says at first, in ms; default 0 */
  constructor({ start = 0 }: { start?: Milliseconds } = {}) {
    if (!Number.isFinite(start)) throw new ArgumentError(`start is ${start}: it must be finite milliseconds`);
    this.#now = start;
  }

  /** Inside a timer's callback: exactly the time it was due. */
  now(): Milliseconds {
    return this.#now;
  }

  /** Timers due at the same time run in the order in which they were set. */
  setTimeout(callback: () => void, delay: Milliseconds): TimerHandle {
    return this.#timers.add(this.#now + (delay > 0 ? delay : 0), callback);
  }

  clearTimeout(handle: TimerHandle): void {
    if (handle instanceof Timer) this.#timers.cancel(handle);
  }

  /** Lets `duration` ms pass: `runUntil(now() + duration)`. */
  async run(duration: Milliseconds): Promise<void> {
    await this.runUntil(this.#now + duration);
  }

  /**
   * Runs every timer due up to and including `time` in order, each at exactly the time it is due, and lets all promises
   * settle before the first, between any two and after the last; then `now()` is `time`.
   *
   * Rejects with what a callback throws; the clock then stands where it was thrown and may be run on. Rejects with
   * ArgumentError when `time` is past or not finite, with VirtualClockError as its reasons say.
   */
  async runUntil(time: Milliseconds): Promise<void> {
    if (!Number.isFinite(time) || time < this.#now) {
      throw new ArgumentError(`cannot run until ${time}: it must be finite and not before now, ${this.#now}`);
    }
    if (this.#running) throw new VirtualClockError('already-running', 'the clock is running already: await that run');
    this.#running = true;
    try {
      await this.#runTimers(time);
      this.#now = time;
    } finally {
      this.#running = false;
    }
  }

  #runTimers(until: Milliseconds): Promise<void> {
    return new Promise((resolve, reject) => {
      let batch = 1;
      let turnsLeft = 0;
      let over = false;
      let ranAtThisTime = 0;
      const turn = () => {
        turnsLeft -= 1;
        if (over) return;
        const timer = this.#timers.takeDue(until);
        if (timer === undefined) {
          over = true;
          resolve();
          return;
        }
        try {
          ranAtThisTime = timer.due > this.#now ? 1 : ranAtThisTime + 1;
          if (ranAtThisTime > STALL_LIMIT) {
            throw new VirtualClockError('stalled', `${STALL_LIMIT} timers ran at ${this.#now} ms: time does not go on`);
          }
          this.#now = timer.due;
          const { callback } = timer;
          timer.callback = undefined;
          callback?.();
        } catch (error) {
          over = true;
          reject(error);
          return;
        }
        if (turnsLeft === 0) askForTurns();
      };
      const askForTurns = () => {
        turnsLeft = batch;
        for (let i = 0; i < turnsLeft; i++) inNextTurn(turn);
        batch = Math.min(2 * batch, MAX_BATCH);
      };
      askForTurns();
    });
  }
}

interface PlatformTurns {
  setImmediate?(callback: () => void): unknown;
  MessageChannel: new () => {
    port1: { onmessage: (() => void) | null };
    port2: { postMessage(message: unknown): void };
  };
}

/** Calls back in a macrotask of its own. `setImmediate` where there is one (Node), otherwise a message to ourselves. */
const inNextTurn = chooseTurns(globalThis as unknown as PlatformTurns);

function chooseTurns(platform: PlatformTurns): (callback: () => void) => void {
  const { setImmediate } = platform;
  if (setImmediate !== undefined) return (callback) => void setImmediate(callback);
  const { port1, port2 } = new platform.MessageChannel();
  const waiting: (() => void)[] = [];
  port1.onmessage = () => waiting.shift()?.();
  return (callback) => {
    waiting.push(callback);
    port2.postMessage(null);
  };
}
