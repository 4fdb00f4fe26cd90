// The sending half of a TCP-like flow: window, loss recovery, retransmission timeout. Counts segments, not bytes.
//
// Recovery is by selective acknowledgement, as TCP's is today: a transmission is taken for lost when one three later was
// acknowledged (RFC 6675 with RACK's order of transmissions, RFC 8985), so a lost retransmission is noticed too.

import type { Milliseconds } from '@sluice/rtp';
import type { CongestionWindow } from './congestion-window.ts';
import { Fifo } from './fifo.ts';

/** One transmission of a segment. */
export interface TcpSegment {
  /** Which segment of the flow, from 0. */
  readonly sequence: number;
  /** Which transmission of the flow, from 0. */
  readonly transmission: number;
  readonly sentAt: Milliseconds;
}

/** What the receiver says of one segment that came. */
export interface TcpAcknowledgement extends TcpSegment {
  /** All segments before this one have come. */
  readonly next: number;
}

/** How many later transmissions have to be acknowledged. */
const REORDERING = 3;

/** Bounds of the retransmission timeout, and its value before the first measurement (RFC 6298; the floor is Linux'). */
const MIN_TIMEOUT: Milliseconds = 200;
const MAX_TIMEOUT: Milliseconds = 60_000;
const INITIAL_TIMEOUT: Milliseconds = 1000;

/** Sans-I/O: ask `next` until it has nothing, hand in acknowledgements, call `expire` when `deadline` has come. */
export class TcpSender {
  readonly #window: CongestionWindow;
  readonly #length: number;
  /** The latest transmission of each segment that is neither acknowledged nor taken for lost. */
  readonly #inFlight = new Map<number, number>();
  /** Transmissions in their order, acknowledged ones included until they come up. */
  readonly #order = new Fifo<TcpSegment>();
  #lost = new Set<number>();
  #nextSequence = 0;
  #nextTransmission = 0;
  #acknowledged = 0;
  #newestAcknowledged = -1;
  /** Recovery lasts until everything before this is acknowledged. */
  #recoverUntil = 0;
  #recovery: 'none' | 'fast' | 'timeout' = 'none';
  #smoothed: Milliseconds | undefined;
  #variation: Milliseconds = 0;
  #timeout: Milliseconds = INITIAL_TIMEOUT;
  #deadline: Milliseconds = Number.POSITIVE_INFINITY;

  /** @param length segments to send; `Infinity` for a flow without an end */
  constructor(window: CongestionWindow, length: number) {
    this.#window = window;
    this.#length = length;
  }

  /** Whether everything was acknowledged. */
  get done(): boolean {
    return this.#acknowledged >= this.#length;
  }

  /** When to call `expire` unless an acknowledgement comes before; `Infinity` when nothing is under way. */
  get deadline(): Milliseconds {
    return this.#deadline;
  }

  /** The smoothed round trip; `undefined` before the first measurement. */
  get roundTrip(): Milliseconds | undefined {
    return this.#smoothed;
  }

  /** What may be sent now; `undefined` when the window is full or there is nothing. */
  next(now: Milliseconds): TcpSegment | undefined {
    if (this.#inFlight.size >= Math.floor(this.#window.size)) return undefined;
    const [lost] = this.#lost;
    if (lost === undefined && this.#nextSequence >= this.#length) return undefined;
    const sequence = lost ?? this.#nextSequence++;
    this.#lost.delete(sequence);
    const segment = { sequence, transmission: this.#nextTransmission++, sentAt: now };
    this.#inFlight.set(sequence, segment.transmission);
    this.#order.push(segment);
    if (this.#deadline === Number.POSITIVE_INFINITY) this.#deadline = now + this.#timeout;
    return segment;
  }

  acknowledge(now: Milliseconds, { sequence, transmission, sentAt, next }: TcpAcknowledgement): void {
    let segments = this.#forget(sequence);
    for (; this.#acknowledged < next; this.#acknowledged++) segments += this.#forget(this.#acknowledged);
    this.#newestAcknowledged = Math.max(this.#newestAcknowledged, transmission);
    if (segments === 0) return;
    this.#measure(now - sentAt);
    this.#deadline = this.#outstanding ? now + this.#timeout : Number.POSITIVE_INFINITY;
    if (this.#recovery !== 'none' && this.#acknowledged >= this.#recoverUntil) this.#recovery = 'none';
    if (this.#recovery !== 'fast') this.#window.acknowledged(now, segments, this.#smoothed ?? 0);
    if (this.#findLost() && this.#recovery === 'none') {
      this.#recovery = 'fast';
      this.#recoverUntil = this.#nextSequence;
      this.#window.lost(now);
    }
  }

  /** The deadline has come: everything under way is taken for lost. */
  expire(now: Milliseconds): void {
    if (now < this.#deadline) return;
    const lost = [...this.#lost, ...this.#inFlight.keys()];
    this.#lost = new Set(lost.sort((a, b) => a - b));
    this.#inFlight.clear();
    this.#order.clear();
    this.#recovery = 'timeout';
    this.#recoverUntil = this.#nextSequence;
    this.#window.timedOut(now);
    this.#timeout = Math.min(this.#timeout * 2, MAX_TIMEOUT);
    this.#deadline = Number.POSITIVE_INFINITY;
  }

  get #outstanding(): boolean {
    return this.#inFlight.size > 0 || this.#lost.size > 0;
  }

  /** Strikes a segment off. Returns how many that were. */
  #forget(sequence: number): number {
    const wasInFlight = this.#inFlight.delete(sequence);
    return this.#lost.delete(sequence) || wasInFlight ? 1 : 0;
  }

  /** Takes for lost what is old enough; whether anything was. */
  #findLost(): boolean {
    let found = false;
    for (;;) {
      const { first } = this.#order;
      if (first === undefined || first.transmission + REORDERING > this.#newestAcknowledged) return found;
      this.#order.shift();
      if (this.#inFlight.get(first.sequence) !== first.transmission) continue;
      this.#inFlight.delete(first.sequence);
      this.#lost.add(first.sequence);
      found = true;
    }
  }

  /** RFC 6298 §2; each transmission says when it was sent, so that retransmissions can be measured as well. */
  #measure(roundTrip: Milliseconds): void {
    if (this.#smoothed === undefined) {
      this.#smoothed = roundTrip;
      this.#variation = roundTrip / 2;
    } else {
      this.#variation = 0.75 * this.#variation + 0.25 * Math.abs(this.#smoothed - roundTrip);
      this.#smoothed = 0.875 * this.#smoothed + 0.125 * roundTrip;
    }
    this.#timeout = Math.min(Math.max(this.#smoothed + 4 * this.#variation, MIN_TIMEOUT), MAX_TIMEOUT);
  }
}

/** The receiving half: says what comes next, and acknowledges each segment at once. */
export class TcpReceiver {
  readonly #early = new Set<number>();
  #next = 0;

  /** Segments that have come in order. */
  get delivered(): number {
    return this.#next;
  }

  receive(segment: TcpSegment): TcpAcknowledgement {
    if (segment.sequence >= this.#next) this.#early.add(segment.sequence);
    while (this.#early.delete(this.#next)) this.#next += 1;
    return { ...segment, next: this.#next };
  }
}
