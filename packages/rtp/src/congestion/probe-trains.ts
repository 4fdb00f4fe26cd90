// The probes a pacer has been asked to send: which one is on its way, when its next burst is due, when it is given up
// (constants of libwebrtc's bitrate_prober).

import type { Bytes, Milliseconds } from '../units.ts';
import type { ProbeRequest } from './controller.ts';

export interface ProbeTrainOptions {
  /** A burst that is later than this would falsify the rate: the train is given up. Default 10 ms. */
  readonly maxDelay: Milliseconds;
  /** A burst may leave this much early, so that a coarse timer does not delay it. Default 1 ms. */
  readonly maxEarly: Milliseconds;
  /** A train that has not started after this time is given up. Default 5000 ms. */
  readonly lifetime: Milliseconds;
  /** So many trains wait at most; more push out the oldest. Default 5. */
  readonly maxPending: number;
  /** Padding packets of a train are asked for with this size at least. Default 200 byte. */
  readonly minPacketSize: Bytes;
}

export const PROBE_TRAIN_DEFAULTS: ProbeTrainOptions = {
  maxDelay: 10,
  maxEarly: 1,
  lifetime: 5_000,
  maxPending: 5,
  minPacketSize: 200,
};

interface Train {
  readonly request: ProbeRequest;
  readonly requestedAt: Milliseconds;
  startedAt: Milliseconds | undefined;
  packets: number;
  bytes: Bytes;
}

export class ProbeTrains {
  readonly #options: ProbeTrainOptions;
  readonly #trains: Train[] = [];

  constructor(options: ProbeTrainOptions = PROBE_TRAIN_DEFAULTS) {
    this.#options = options;
  }

  get current(): ProbeRequest | undefined {
    return this.#trains[0]?.request;
  }

  /** Whether packets of the current train have left. */
  get started(): boolean {
    return this.#trains[0]?.startedAt !== undefined;
  }

  /** Of the current train when it has started. */
  get startedId(): number | undefined {
    return this.started ? this.current?.id : undefined;
  }

  /** How much of the current train leaves in one go. */
  get burstSize(): Bytes {
    const request = this.current;
    return request === undefined ? 0 : (request.targetBitrate * request.burstInterval) / 8_000;
  }

  add(request: ProbeRequest, now: Milliseconds): void {
    this.#trains.push({ request, requestedAt: now, startedAt: undefined, packets: 0, bytes: 0 });
    if (this.#trains.length > this.#options.maxPending) this.#trains.shift();
  }

  /** Gives up what is too late. */
  expire(now: Milliseconds): void {
    while (now >= this.expiryTime) this.#trains.shift();
  }

  /** When the current train is given up unless something is sent for it; infinite without one. */
  get expiryTime(): Milliseconds {
    const train = this.#trains[0];
    if (train === undefined) return Number.POSITIVE_INFINITY;
    const due = dueTime(train);
    return due === undefined ? train.requestedAt + this.#options.lifetime : due + this.#options.maxDelay;
  }

  isDue(now: Milliseconds): boolean {
    return this.#trains.length > 0 && this.nextTime(now) - this.#options.maxEarly <= now;
  }

  /** When the next burst is due; infinite without a train. */
  nextTime(now: Milliseconds): Milliseconds {
    const train = this.#trains[0];
    return train === undefined ? Number.POSITIVE_INFINITY : (dueTime(train) ?? now);
  }

  /** Counts a packet for the current train, which ends when it is long enough. */
  onSent(size: Bytes, now: Milliseconds): void {
    const train = this.#trains[0];
    if (train === undefined) return;
    train.startedAt ??= now;
    train.packets++;
    train.bytes += size;
    if (train.bytes >= train.request.minBytes && train.packets >= train.request.minPackets) this.#trains.shift();
  }
}

/** When what has been sent would have left at the target rate; undefined before the first packet. */
function dueTime({ request, startedAt, bytes }: Train): Milliseconds | undefined {
  return startedAt === undefined ? undefined : startedAt + (bytes * 8_000) / request.targetBitrate;
}
