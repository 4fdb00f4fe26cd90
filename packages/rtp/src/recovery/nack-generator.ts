// Which packets to ask for again, and when (RFC 4585 §6.2.1; limits after libwebrtc and mediasoup).

import type { Milliseconds } from '../units.ts';

/** Limits of a `NackGenerator`. */
export interface NackOptions {
  /** How often one packet is asked for before it is given up. Default 10. */
  readonly maxRetries?: number;
  /** How many missing packets are chased at once; beyond, all are given up. Default 1000. */
  readonly maxMissing?: number;
  /**
   * How many requests may be made in any second, each of which may ask for many packets; where that is not enough, all
   * are given up: a stream that loses so much is repaired by a key frame. Default 50.
   */
  readonly maxRequestsPerSecond?: number;
  /** How long a packet may be missing before it is asked for, to let reordered ones arrive. Default 0 ms. */
  readonly reorderingTolerance?: Milliseconds | undefined;
}

/** Between two requests for one packet, however short the round trip is. */
const MIN_INTERVAL: Milliseconds = 10;

interface MissingPacket {
  readonly sequence: number;
  readonly since: Milliseconds;
  askedAt: Milliseconds;
  retries: number;
}

/** Tracks the holes in one stream of unwrapped sequence numbers. */
export class NackGenerator {
  readonly #maxRetries: number;
  readonly #maxMissing: number;
  readonly #reorderingTolerance: Milliseconds;
  /** When the last requests were made, in a ring. */
  readonly #requestTimes: Milliseconds[];
  #requests = 0;
  #abandoned = 0;
  readonly #missing = new Map<number, MissingPacket>();
  #highest: number | undefined;
  #roundTrip: Milliseconds | undefined;

  constructor(options: NackOptions = {}) {
    this.#maxRetries = options.maxRetries ?? 10;
    this.#maxMissing = options.maxMissing ?? 1000;
    this.#reorderingTolerance = options.reorderingTolerance ?? 0;
    this.#requestTimes = new Array<Milliseconds>(options.maxRequestsPerSecond ?? 50).fill(Number.NEGATIVE_INFINITY);
  }

  /** Time from asking for a packet to getting it, smoothed; `undefined` until one was recovered at the first request. */
  get roundTrip(): Milliseconds | undefined {
    return this.#roundTrip;
  }

  /** How many packets are being chased. */
  get missing(): number {
    return this.#missing.size;
  }

  /** Packets that were given up, so that only a key frame helps. */
  get abandoned(): number {
    return this.#abandoned;
  }

  /** A packet has arrived, by itself or as a retransmission. */
  onPacket(sequence: number, now: Milliseconds): void {
    const found = this.#missing.get(sequence);
    if (found !== undefined) {
      this.#missing.delete(sequence);
      // Only the answer to a single request tells which request it answers (Karn's rule).
      if (found.retries === 1) this.#onRoundTrip(now - found.askedAt);
      return;
    }
    if (this.#highest === undefined) {
      this.#highest = sequence;
      return;
    }
    if (sequence <= this.#highest) return;
    if (sequence - this.#highest - 1 + this.#missing.size > this.#maxMissing) {
      this.#abandoned += sequence - this.#highest - 1;
      this.#abandonAll();
    } else {
      for (let hole = this.#highest + 1; hole < sequence; hole++) {
        this.#missing.set(hole, { sequence: hole, since: now, askedAt: Number.NEGATIVE_INFINITY, retries: 0 });
      }
    }
    this.#highest = sequence;
  }

  /** Nothing before `sequence` is of use any more: a key frame starts there. */
  forgetBefore(sequence: number): void {
    for (const missing of this.#missing.keys()) {
      if (missing >= sequence) return;
      this.#missing.delete(missing);
    }
  }

  /**
   * The sequence numbers to ask for now: each at most once per two round trips, oldest first.
   *
   * @param roundTrip - as measured elsewhere, for as long as no request was answered. Default 50 ms
   */
  due(now: Milliseconds, roundTrip: Milliseconds = 50): number[] {
    const due: number[] = [];
    const interval = Math.max(MIN_INTERVAL, 2 * (this.#roundTrip ?? roundTrip));
    for (const missing of this.#missing.values()) {
      if (now - missing.since < this.#reorderingTolerance || now - missing.askedAt < interval) continue;
      if (missing.retries >= this.#maxRetries) {
        this.#missing.delete(missing.sequence);
        this.#abandoned += 1;
        continue;
      }
      missing.retries += 1;
      missing.askedAt = now;
      due.push(missing.sequence);
    }
    if (due.length === 0) return due;
    const slot = this.#requests % this.#requestTimes.length;
    if (now - (this.#requestTimes[slot] ?? 0) < 1000) {
      this.#abandonAll();
      return [];
    }
    this.#requestTimes[slot] = now;
    this.#requests += 1;
    return due;
  }

  #abandonAll(): void {
    this.#abandoned += this.#missing.size;
    this.#missing.clear();
  }

  #onRoundTrip(sample: Milliseconds): void {
    this.#roundTrip = this.#roundTrip === undefined ? sample : this.#roundTrip * 0.875 + sample * 0.125;
  }
}
