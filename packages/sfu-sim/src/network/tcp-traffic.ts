// TCP flows that compete for a bottleneck, as RFC 8867 §5.6 and §5.7 ask for: a long one, or downloads with pauses.

import { ArgumentError, type Bytes, type Clock, type Milliseconds, type Random, type TimerHandle } from '@sluice/rtp';
import { NewRenoWindow } from './congestion-window.ts';
import { CubicWindow } from './cubic-window.ts';
import { Link } from './link.ts';
import { UDP_IP_OVERHEAD } from './link-model.ts';
import type { HopOptions } from './link-options.ts';
import type { SharedQueue } from './parcel.ts';
import { type TcpAcknowledgement, TcpReceiver, type TcpSegment, TcpSender } from './tcp-sender.ts';

/** What a segment carries besides 40 bytes of TCP and IP headers: it takes 1500 on the wire. */
export const TCP_SEGMENT: Bytes = 1460;

/** Downloads one after the other, each on a connection of its own (the short flows of RFC 8868). */
export interface TcpDownloads {
  /** Sizes in bytes, uniform between both. Default [30 000, 50 000]. */
  readonly size?: readonly [min: Bytes, max: Bytes];
  /** Mean of the exponential pause after each, in ms. Default 10 000. */
  readonly idle?: Milliseconds;
  /** Whether it begins with a pause. Default false. */
  readonly idleFirst?: boolean;
}

/** What a TCP flow is like. */
export interface TcpTrafficOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** What it goes through: a `Bottleneck`, or a `Link` for the capacity and queue of its first hop. */
  readonly via: SharedQueue;
  /** Default `cubic`. */
  readonly control?: 'newreno' | 'cubic';
  /** Propagation after the bottleneck, one way in ms. Default 50. */
  readonly delay?: Milliseconds;
  /** What the acknowledgements go through, e.g. `{ via: uplink, delay: 20 }`. Default nothing but 50 ms of delay. */
  readonly back?: HopOptions;
  /** More of the way behind the bottleneck, e.g. `{ loss: 0.01 }`. Default nothing. */
  readonly path?: Omit<HopOptions, 'via' | 'rate' | 'queue' | 'delay'>;
  /** Pauses and sizes. Default: one flow without an end. */
  readonly downloads?: TcpDownloads;
  /** When it begins, in ms from now. Default 0. */
  readonly start?: Milliseconds;
  /** When it ends, in ms from now. Default never. */
  readonly stop?: Milliseconds;
}

/** What it has done so far. */
export interface TcpTrafficStats {
  /** Handed over in order at the far end, without headers. */
  readonly deliveredBytes: Bytes;
  readonly segmentsSent: number;
  readonly segmentsRetransmitted: number;
  /** Downloads that are complete. */
  readonly downloads: number;
  /** The smoothed round trip; `undefined` before the first. */
  readonly roundTrip: Milliseconds | undefined;
}

/** One flow, or one sequence of downloads. Connections need no handshake. Runs until `close` or its `stop`. */
export class TcpTraffic {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #options: TcpTrafficOptions;
  readonly #downloads: Required<TcpDownloads> | undefined;
  readonly #forward: Link;
  readonly #back: Link;
  #connection = 0;
  #sender: TcpSender | undefined;
  #receiver = new TcpReceiver();
  #timer: TimerHandle;
  #timerDue: Milliseconds = Number.POSITIVE_INFINITY;
  readonly #ends: TimerHandle[] = [];
  #closed = false;
  #deliveredBefore = 0;
  #completed = 0;
  #sent = 0;
  #newestSequence = -1;
  #retransmitted = 0;

  /** @throws ArgumentError for values that are not what the options say */
  constructor(options: TcpTrafficOptions) {
    const { clock, random, via, control = 'cubic', delay = 50, back = { delay: 50 }, path = {} } = options;
    const { start = 0, stop = Number.POSITIVE_INFINITY } = options;
    checkTimes(start, stop);
    if (control !== 'newreno' && control !== 'cubic') {
      throw new ArgumentError(`control is ${String(control)}: it must be 'newreno' or 'cubic'`);
    }
    this.#options = options;
    this.#clock = clock;
    this.#random = random.fork('downloads');
    this.#downloads = options.downloads && checkDownloads(options.downloads);
    this.#forward = new Link({
      clock,
      random: random.fork('forward'),
      name: 'tcp/forward',
      options: { ...path, via, delay },
      deliver: (packet) => this.#receive(packet),
    });
    this.#back = new Link({
      clock,
      random: random.fork('back'),
      name: 'tcp/back',
      options: back,
      deliver: (packet) => this.#acknowledge(packet),
    });
    this.#ends.push(clock.setTimeout(() => (this.#downloads?.idleFirst ? this.#pause() : this.#connect()), start));
    if (stop !== Number.POSITIVE_INFINITY) this.#ends.push(clock.setTimeout(() => this.close(), stop));
  }

  get stats(): TcpTrafficStats {
    return {
      deliveredBytes: (this.#deliveredBefore + this.#receiver.delivered) * TCP_SEGMENT,
      segmentsSent: this.#sent,
      segmentsRetransmitted: this.#retransmitted,
      downloads: this.#completed,
      roundTrip: this.#sender?.roundTrip,
    };
  }

  /** Stops for good; what is under way is gone. Idempotent. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#clock.clearTimeout(this.#timer);
    for (const timer of this.#ends) this.#clock.clearTimeout(timer);
    this.#forward.close();
    this.#back.close();
  }

  #connect(): void {
    const { control = 'cubic' } = this.#options;
    const size = this.#downloads?.size;
    const length = size === undefined ? Number.POSITIVE_INFINITY : this.#random.integer(...size) / TCP_SEGMENT;
    this.#deliveredBefore += this.#receiver.delivered;
    this.#receiver = new TcpReceiver();
    this.#connection += 1;
    this.#newestSequence = -1;
    this.#sender = new TcpSender(control === 'cubic' ? new CubicWindow() : new NewRenoWindow(), Math.ceil(length));
    this.#send(this.#sender);
  }

  #pause(): void {
    const mean = this.#downloads?.idle ?? 0;
    this.#setTimer(() => this.#connect(), -mean * Math.log(1 - this.#random.next()));
  }

  #send(sender: TcpSender): void {
    const now = this.#clock.now();
    for (let segment = sender.next(now); segment !== undefined; segment = sender.next(now)) {
      this.#sent += 1;
      if (segment.sequence <= this.#newestSequence) this.#retransmitted += 1;
      this.#newestSequence = Math.max(this.#newestSequence, segment.sequence);
      this.#forward.send(encode(new Uint8Array(TCP_SEGMENT + 40 - UDP_IP_OVERHEAD), this.#connection, segment));
    }
    this.#watch(sender);
  }

  #receive(packet: Uint8Array): void {
    if (connectionOf(packet) !== this.#connection) return;
    const acknowledgement = this.#receiver.receive(decode(packet));
    this.#back.send(encode(new Uint8Array(ACKNOWLEDGEMENT_SIZE), this.#connection, acknowledgement));
  }

  #acknowledge(packet: Uint8Array): void {
    const sender = this.#sender;
    if (sender === undefined || connectionOf(packet) !== this.#connection) return;
    sender.acknowledge(this.#clock.now(), decode(packet));
    if (!sender.done) return this.#send(sender);
    this.#sender = undefined;
    this.#completed += 1;
    this.#pause();
  }

  /** Keeps a timer at the deadline or before it; one that comes too early is set again. */
  #watch(sender: TcpSender): void {
    if (sender.deadline >= this.#timerDue || sender.deadline === Number.POSITIVE_INFINITY) return;
    this.#setTimer(() => {
      if (this.#sender !== sender) return;
      sender.expire(this.#clock.now());
      this.#send(sender);
    }, sender.deadline - this.#clock.now());
  }

  #setTimer(callback: () => void, delay: Milliseconds): void {
    this.#clock.clearTimeout(this.#timer);
    this.#timerDue = this.#clock.now() + delay;
    this.#timer = this.#clock.setTimeout(() => {
      this.#timerDue = Number.POSITIVE_INFINITY;
      callback();
    }, delay);
  }
}

/** Bytes that an acknowledgement needs, and sooner more than the 12 that fill up its 40 on the wire. */
const ACKNOWLEDGEMENT_SIZE: Bytes = 24;

function encode(packet: Uint8Array, connection: number, segment: TcpSegment & { readonly next?: number }): Uint8Array {
  const view = new DataView(packet.buffer);
  view.setUint32(0, connection);
  view.setUint32(4, segment.sequence);
  view.setUint32(8, segment.transmission);
  view.setUint32(12, segment.next ?? 0);
  view.setFloat64(16, segment.sentAt);
  return packet;
}

function connectionOf(packet: Uint8Array): number {
  return new DataView(packet.buffer, packet.byteOffset).getUint32(0);
}

function decode(packet: Uint8Array): TcpAcknowledgement {
  const view = new DataView(packet.buffer, packet.byteOffset);
  return {
    sequence: view.getUint32(4),
    transmission: view.getUint32(8),
    next: view.getUint32(12),
    sentAt: view.getFloat64(16),
  };
}

function checkTimes(start: unknown, stop: unknown): void {
  if (!(typeof start === 'number' && start >= 0 && start <= Number.MAX_SAFE_INTEGER)) {
    throw new ArgumentError(`start is ${String(start)}: it must be finite milliseconds, 0 or more`);
  }
  if (!(typeof stop === 'number' && stop >= start)) {
    throw new ArgumentError(`stop is ${String(stop)}: it must be milliseconds, ${start} or more`);
  }
}

function checkDownloads({
  size = [30_000, 50_000],
  idle = 10_000,
  idleFirst = false,
}: TcpDownloads): Required<TcpDownloads> {
  const [min, max] = size;
  if (!(Number.isSafeInteger(min) && Number.isSafeInteger(max) && min >= 1 && max >= min && max <= 2 ** 31)) {
    throw new ArgumentError(`downloads.size is ${String(size)}: it must be [min, max] in whole bytes, 1 or more`);
  }
  if (!(typeof idle === 'number' && idle > 0 && idle <= Number.MAX_SAFE_INTEGER)) {
    throw new ArgumentError(`downloads.idle is ${String(idle)}: it must be finite milliseconds above 0`);
  }
  return { size, idle, idleFirst };
}
