// Traffic that yields to nobody: packets of one size at a rate that may change in steps (RFC 8867's UDP alternative).

import { ArgumentError, type Bytes, type Clock, type Milliseconds, type Random, type TimerHandle } from '@sluice/rtp';
import { Link } from './link.ts';
import { UDP_IP_OVERHEAD } from './link-model.ts';
import type { SharedQueue } from './parcel.ts';
import { checkRate, type RateOption, RateTimeline } from './rate-timeline.ts';
import { Serializer } from './serializer.ts';
import { Service } from './service.ts';

/** What the traffic is like. */
export interface UdpTrafficOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** What it goes through: a `Bottleneck`, or a `Link` for the capacity and queue of its first hop. */
  readonly via: SharedQueue;
  /** Bit/s on the wire, headers included; finite. Steps count from now: `[[0, 2e6], [40_000, 3e6]]`. */
  readonly rate: RateOption;
  /** Bytes of each packet on the wire, 28 to 65 535. Default 1200. */
  readonly packetSize?: Bytes;
}

/** The moments at which packets are due: evenly spread, whatever the rate does. Sans-I/O. */
export class UdpSource {
  readonly #line: Serializer<{ readonly bits: number }>;
  readonly #packet: { readonly bits: number };

  constructor(rate: RateOption, packetSize: Bytes, start: Milliseconds) {
    this.#line = new Serializer(new Service(new RateTimeline(rate, start), []));
    this.#packet = { bits: packetSize * 8 };
    this.#line.push(start, this.#packet);
  }

  /** When to `poll` next. */
  get due(): Milliseconds {
    return this.#line.due;
  }

  /** Does what is due. Returns whether that is a packet. */
  poll(): boolean {
    const { due } = this.#line;
    if (this.#line.run() === undefined) return false;
    this.#line.push(due, this.#packet);
    return true;
  }
}

/** The source, its clock and its way into the bottleneck. Runs until `close`. */
export class UdpTraffic {
  readonly #clock: Clock;
  readonly #source: UdpSource;
  readonly #link: Link;
  readonly #packet: Uint8Array;
  #timer: TimerHandle;

  /** @throws ArgumentError for values that are not what the options say */
  constructor({ clock, random, via, rate, packetSize = 1200 }: UdpTrafficOptions) {
    checkRate('rate', rate);
    checkFinite(rate);
    if (!(Number.isSafeInteger(packetSize) && packetSize >= UDP_IP_OVERHEAD && packetSize <= 65_535)) {
      throw new ArgumentError(`packetSize is ${String(packetSize)}: it must be whole bytes from 28 to 65535`);
    }
    this.#clock = clock;
    this.#source = new UdpSource(rate, packetSize, clock.now());
    this.#packet = new Uint8Array(packetSize - UDP_IP_OVERHEAD);
    this.#link = new Link({ clock, random, name: 'udp', options: { via }, deliver: () => {} });
    this.#schedule();
  }

  /** Bytes on the wire. */
  get stats(): { readonly sentBytes: Bytes; readonly deliveredBytes: Bytes } {
    const { sent, delivered } = this.#link.stats;
    return { sentBytes: sent.bytes, deliveredBytes: delivered.bytes };
  }

  /** Stops for good. Idempotent. */
  close(): void {
    this.#clock.clearTimeout(this.#timer);
    this.#link.close();
  }

  #schedule(): void {
    const { due } = this.#source;
    if (due === Number.POSITIVE_INFINITY) return;
    this.#timer = this.#clock.setTimeout(() => this.#send(), due - this.#clock.now());
  }

  #send(): void {
    const now = this.#clock.now();
    // What was due long ago, because nobody called for a while, is skipped: at most one packet per call.
    let packets = 0;
    while (this.#source.due <= now) packets += this.#source.poll() ? 1 : 0;
    if (packets > 0) this.#link.send(this.#packet);
    this.#schedule();
  }
}

function checkFinite(rate: RateOption): void {
  const rates =
    typeof rate === 'number'
      ? [rate]
      : 'rate' in rate
        ? [rate.rate]
        : ('steps' in rate ? rate.steps : rate).map(([, r]) => r);
  if (!rates.every(Number.isFinite)) throw new ArgumentError('rate is Infinity: traffic must have a finite rate');
}
