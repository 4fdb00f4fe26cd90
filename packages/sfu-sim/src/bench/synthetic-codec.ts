// What the four codecs of WebCodecs have in common: the state machine, the queue of work, `flush`, the `dequeue` event.
// https://www.w3.org/TR/webcodecs/#codec-processing-model

import type { Clock, Milliseconds, Random, TimerHandle } from '@sluice/rtp';
import type { OpenFrameCount } from './synthetic-frames.ts';

/** What all synthetic codecs of one participant share. */
export interface CodecEnvironment {
  readonly clock: Clock;
  readonly random: Random;
  /** Counts what the decoders put out. */
  readonly openFrames: OpenFrameCount;
  /** Work times are multiplied by this. */
  readonly timeScale: number;
  /** Overrides what the codec would do about a missing reference. */
  readonly missingReference: 'conceal' | 'error' | undefined;
  /** The number of the next codec, from 0: each has a random stream of its own. */
  nextCodecNumber(): number;
}

interface Flush {
  resolve(): void;
  reject(error: DOMException): void;
}

type Entry<Work> = { readonly work: Work } | { readonly flush: Flush };

/** A codec that works on one thing after the other, each for some time on the clock. */
export abstract class SyntheticCodec<Work> extends EventTarget {
  protected readonly environment: CodecEnvironment;
  readonly #onError: WebCodecsErrorCallback;
  #state: CodecState = 'unconfigured';
  #entries: Entry<Work>[] = [];
  #queueSize = 0;
  #current: Work | undefined;
  #timer: TimerHandle;
  #startPlanned = false;
  #dequeuePlanned = false;
  #hasListeners = false;

  /** As the platform has it. */
  abstract ondequeue: ((this: never, event: Event) => unknown) | null;

  constructor(environment: CodecEnvironment, onError: WebCodecsErrorCallback) {
    super();
    this.environment = environment;
    this.#onError = onError;
  }

  get state(): CodecState {
    return this.#state;
  }

  override addEventListener(...args: Parameters<EventTarget['addEventListener']>): void {
    this.#hasListeners = true;
    super.addEventListener(...args);
  }

  /** Ends when everything handed in so far is out. Rejects with AbortError on `reset` or `close`. */
  flush(): Promise<void> {
    if (this.#state !== 'configured') return Promise.reject(this.#invalidState('flush'));
    return new Promise((resolve, reject) => {
      this.#entries.push({ flush: { resolve, reject } });
      this.#planStart();
    });
  }

  /** Drops all work and forgets the configuration. */
  reset(): void {
    if (this.#state === 'closed') throw this.#invalidState('reset');
    this.#drop(new DOMException('the codec was reset', 'AbortError'));
    this.#state = 'unconfigured';
  }

  /** Drops all work for good. */
  close(): void {
    if (this.#state === 'closed') throw this.#invalidState('close');
    this.#drop(new DOMException('the codec was closed', 'AbortError'));
    this.#state = 'closed';
  }

  /** Work handed in that has not been started. */
  protected get queueSize(): number {
    return this.#queueSize;
  }

  /** Enters `configured`. */
  protected markConfigured(): void {
    if (this.#state === 'closed') throw this.#invalidState('configure');
    this.#state = 'configured';
  }

  protected assertConfigured(action: string): void {
    if (this.#state !== 'configured') throw this.#invalidState(action);
  }

  protected enqueue(work: Work): void {
    this.#entries.push({ work });
    this.#queueSize++;
    this.#planStart();
  }

  /** Closes the codec and reports `error`, as the platform does for what it finds out while it works. */
  protected fail(error: DOMException): void {
    if (this.#state === 'closed') return;
    this.#drop(error);
    this.#state = 'closed';
    this.#onError.call(undefined, error);
  }

  /** Like `fail`, but not before the caller of the codec's method has it back. */
  protected failSoon(error: DOMException): void {
    inMicrotask(() => this.fail(error));
  }

  /** How long this piece of work takes. */
  protected abstract timeFor(work: Work): Milliseconds;

  /** Puts the result out. */
  protected abstract finish(work: Work): void;

  /** Calls `ondequeue`, which is typed by the subclass. */
  protected abstract callOnDequeue(event: Event): void;

  #planStart(): void {
    if (this.#startPlanned || this.#current !== undefined) return;
    this.#startPlanned = true;
    inMicrotask(this.#onStart);
  }

  readonly #onStart = (): void => {
    this.#startPlanned = false;
    this.#start();
  };

  #start(): void {
    while (this.#current === undefined) {
      const entry = this.#entries.shift();
      if (entry === undefined) return;
      if ('flush' in entry) {
        entry.flush.resolve();
        continue;
      }
      this.#queueSize--;
      this.#planDequeue();
      this.#current = entry.work;
      const time = this.timeFor(entry.work) * this.environment.timeScale;
      this.#timer = this.environment.clock.setTimeout(this.#onDone, time);
    }
  }

  readonly #onDone = (): void => {
    const work = this.#current;
    this.#current = undefined;
    try {
      if (work !== undefined) this.finish(work);
    } finally {
      this.#start();
    }
  };

  #drop(reason: DOMException): void {
    this.environment.clock.clearTimeout(this.#timer);
    this.#current = undefined;
    const dropped = this.#entries;
    this.#entries = [];
    if (this.#queueSize > 0) this.#planDequeue();
    this.#queueSize = 0;
    for (const entry of dropped) if ('flush' in entry) entry.flush.reject(reason);
  }

  /** Whether anybody hears of a shorter queue. */
  get #isHeard(): boolean {
    return this.#hasListeners || this.ondequeue !== null;
  }

  /** One event for all that left the queue in this turn. */
  #planDequeue(): void {
    if (this.#dequeuePlanned || !this.#isHeard) return;
    this.#dequeuePlanned = true;
    inMicrotask(this.#onDequeue);
  }

  readonly #onDequeue = (): void => {
    this.#dequeuePlanned = false;
    const event = new Event('dequeue');
    this.callOnDequeue(event);
    this.dispatchEvent(event);
  };

  #invalidState(action: string): DOMException {
    return new DOMException(`cannot ${action}: the codec is ${this.#state}`, 'InvalidStateError');
  }
}

const settled = Promise.resolve();

/** Like `queueMicrotask`, in Node several times cheaper: it enters no asynchronous context for each. */
function inMicrotask(callback: () => void): void {
  void settled.then(callback);
}
