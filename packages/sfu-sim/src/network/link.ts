// The shell around `LinkModel`: time, counters, trace.

import { ArgumentError, type Bytes, type Clock, type Milliseconds, type Random, type Tracer } from '@sluice/rtp';
import { type DrivenLink, LinkDriver } from './link-driver.ts';
import { type DropReason, LinkModel, type PathObserver, UDP_IP_OVERHEAD } from './link-model.ts';
import { checkLinkKeys, type LinkOptions, type LinkSettings } from './link-options.ts';
import { type LinkObserver, linkChangedEvent, packetEvent } from './link-trace.ts';
import type { PacketQueue } from './packet-queue.ts';
import type { SharedQueue } from './parcel.ts';

export type { DropReason } from './link-model.ts';
export type { LinkOptions } from './link-options.ts';
export type { LinkObserver } from './link-trace.ts';

/** What a `Link` is made of. */
export interface LinkInit {
  clock: Clock;
  random: Random;
  /** What the trace calls it, e.g. `bob/downlink`. */
  name: string;
  /**
   * Receives `link-changed`, `packet-sent`, `packet-dropped` with its `reason`, `packet-duplicated`, `packet-corrupted`
   * and `packet-arrived`; what happens behind the first hop has its number as `hop`. Default: nobody.
   */
  tracer?: Tracer | undefined;
  /** Sees each packet once: where it arrives or is dropped. Default: nobody. */
  observer?: LinkObserver | undefined;
  /** What the path is like. Default: no limit, no delay, no loss. */
  options?: LinkOptions | undefined;
  /**
   * Receives what arrives, never from within `send`. `arrival` is the emulated time, exact even when the timer is late.
   */
  deliver(packet: Uint8Array, arrival: Milliseconds): void;
}

/** Packets and their bytes on the wire, `UDP_IP_OVERHEAD` included. */
export interface LinkCount {
  readonly packets: number;
  readonly bytes: Bytes;
}

/** What a `Link` has done so far: sent + duplicated = delivered + dropped + what is still inside. */
export interface LinkStats {
  /** Handed to `send`. */
  readonly sent: LinkCount;
  /** Copies that the path made. */
  readonly duplicated: LinkCount;
  readonly delivered: LinkCount;
  readonly dropped: Readonly<Record<DropReason, LinkCount>>;
  /** Damaged under way; they are delivered or dropped like others. */
  readonly corrupted: LinkCount;
  /** How long a packet sent now would wait in the first hop before its first bit is sent; `Infinity` at a rate of 0. */
  readonly queueDelay: Milliseconds;
}

/** One direction of an emulated network path: see `LinkModel` for what happens inside. */
export class Link implements SharedQueue {
  readonly name: string;
  readonly #clock: Clock;
  readonly #tracer: Tracer | undefined;
  readonly #observer: LinkObserver | undefined;
  readonly #deliver: LinkInit['deliver'];
  readonly #model: LinkModel<ReliableMessage>;
  readonly #driven: DrivenLink;
  readonly #sent = new Counter();
  readonly #duplicated = new Counter();
  readonly #delivered = new Counter();
  readonly #corrupted = new Counter();
  readonly #dropped: Record<DropReason, Counter> = {
    loss: new Counter(),
    queue: new Counter(),
    codel: new Counter(),
    down: new Counter(),
    closed: new Counter(),
  };
  /** When the capacity changes next by itself, for the trace; `Infinity` when there is none. */
  #rateChange: Milliseconds = Number.POSITIVE_INFINITY;
  #unfollow: (() => void) | undefined;

  /** @throws ArgumentError when `options` are not what `LinkOptions` says */
  constructor({ clock, random, name, tracer, observer, options = {}, deliver }: LinkInit) {
    this.name = name;
    this.#clock = clock;
    this.#tracer = tracer;
    this.#observer = observer;
    this.#deliver = deliver;
    checkLinkKeys(options);
    checkClock(options, clock);
    this.#model = new LinkModel(random, options, { start: clock.now(), observer: this.#createPathObserver() });
    this.#driven = new Arrivals(this.#model, (now) => this.#deliverNext(now));
    this.#driver.add(this.#driven);
    if (tracer === undefined) return;
    this.#traceChange(clock.now());
    if (options.via !== undefined) this.#unfollow = this.queue.follow((now) => this.#traceChange(now));
  }

  /** What the path is like now. */
  get options(): LinkSettings {
    return this.#model.options;
  }

  /** The capacity of the first hop at this moment, in bit/s: 0 while it is down, the mean of a trace. */
  get rate(): number {
    return this.#model.queue.rateAt(this.#clock.now());
  }

  /** The queue of the first hop, for others to cross: `via: link`. */
  get queue(): PacketQueue {
    return this.#model.queue;
  }

  get stats(): LinkStats {
    const { loss, queue, codel, down, closed } = this.#dropped;
    // First, because it does what is due, which counts.
    const queueDelay = this.#model.queueDelay(this.#clock.now());
    return {
      sent: this.#sent.snapshot(),
      duplicated: this.#duplicated.snapshot(),
      delivered: this.#delivered.snapshot(),
      dropped: {
        loss: loss.snapshot(),
        queue: queue.snapshot(),
        codel: codel.snapshot(),
        down: down.snapshot(),
        closed: closed.snapshot(),
      },
      corrupted: this.#corrupted.snapshot(),
      queueDelay,
    };
  }

  /**
   * Changes the path while it runs; a new rate counts at once for what is queued. A lower rate or a shorter queue drops
   * nothing that is already inside. Only the number of hops and what they go `via` stay.
   *
   * @throws ArgumentError when a value is not what `LinkOptions` says; then nothing changes
   */
  set(change: LinkOptions): void {
    checkLinkKeys(change);
    const now = this.#clock.now();
    this.#traceChangesUntil(now);
    this.#model.set(now, change);
    this.#traceChange(now);
    this.#driver.schedule();
  }

  /** Sends one packet. The bytes belong to the link afterwards. After `close` it is dropped. */
  send(packet: Uint8Array): void {
    const now = this.#clock.now();
    this.#sent.add(packet.byteLength);
    this.#traceChangesUntil(now);
    this.#tracer?.(packetEvent('packet-sent', now, this.name, packet));
    const reason = this.#model.offer(now, packet);
    if (reason !== undefined) this.#drop(now, packet, reason, 0);
    if (reason !== 'closed') this.#driver.schedule();
  }

  /**
   * Sends `text` over the reliable channel of the same path and hands it to `deliver` at the far end: in order, never
   * lost, late by one retransmission timeout for every loss that is drawn (see `LinkModel.offerMessage`). Not counted in
   * `stats`. After `close` it is dropped.
   */
  sendMessage(text: string, deliver: (text: string) => void): void {
    if (this.#model.closed) return;
    this.#model.offerMessage(this.#clock.now(), { text, deliver }, utf8Length(text));
    this.#driver.schedule();
  }

  /** Stops for good: no timer stays, everything inside is dropped. Idempotent. */
  close(): void {
    if (this.#model.closed) return;
    this.#unfollow?.();
    const driver = this.#driver;
    let gone = this.#delivered.bytes;
    for (const counter of Object.values(this.#dropped)) gone += counter.bytes;
    this.#dropped.closed.addMany(this.#model.close(), this.#sent.bytes + this.#duplicated.bytes - gone);
    driver.remove(this.#driven);
  }

  get #driver(): LinkDriver {
    return LinkDriver.of(this.#model.agenda, this.#clock);
  }

  #createPathObserver(): PathObserver {
    return {
      dropped: (at, packet, reason, hop) => this.#drop(at, packet, reason, hop),
      duplicated: (at, packet, hop) => {
        this.#duplicated.add(packet.byteLength);
        this.#tracer?.({ ...packetEvent('packet-duplicated', at, this.name, packet), ...place(hop) });
      },
      corrupted: (at, packet, hop) => {
        this.#corrupted.add(packet.byteLength);
        this.#tracer?.({ ...packetEvent('packet-corrupted', at, this.name, packet), ...place(hop) });
      },
    };
  }

  #drop(at: Milliseconds, packet: Uint8Array, reason: DropReason, hop: number): void {
    this.#dropped[reason].add(packet.byteLength);
    this.#tracer?.({ ...packetEvent('packet-dropped', at, this.name, packet), reason, ...place(hop) });
    this.#observer?.(packet, at, reason);
  }

  #traceChange(now: Milliseconds): void {
    if (this.#tracer === undefined) return;
    const { queue, options } = this.#model;
    this.#tracer(linkChangedEvent(now, this.name, queue.rateAt(now), options));
    this.#rateChange = queue.nextRateChange(now);
  }

  /** Tells of the steps of the capacity since it was last told: late, but with the time at which they happened. */
  #traceChangesUntil(now: Milliseconds): void {
    while (this.#rateChange <= now) this.#traceChange(this.#rateChange);
  }

  #deliverNext(now: Milliseconds): void {
    const item = this.#model.take(now);
    if (item === undefined) return;
    if (item.kind === 'message') {
      item.message.deliver(item.message.text);
      return;
    }
    const { packet, arrival, queued } = item;
    this.#delivered.add(packet.byteLength);
    this.#traceChangesUntil(arrival);
    this.#tracer?.({ ...packetEvent('packet-arrived', arrival, this.name, packet), queued });
    this.#observer?.(packet, arrival, undefined);
    this.#deliver(packet, arrival);
  }
}

/** What the driver sees of a link. */
class Arrivals implements DrivenLink {
  readonly deliverNext: DrivenLink['deliverNext'];
  readonly #model: LinkModel<ReliableMessage>;

  constructor(model: LinkModel<ReliableMessage>, deliverNext: DrivenLink['deliverNext']) {
    this.#model = model;
    this.deliverNext = deliverNext;
  }

  get nextArrived(): Milliseconds {
    return this.#model.nextArrived;
  }
}

interface ReliableMessage {
  readonly text: string;
  deliver(text: string): void;
}

class Counter {
  packets = 0;
  bytes: Bytes = 0;

  add(payload: Bytes): void {
    this.addMany(1, payload + UDP_IP_OVERHEAD);
  }

  addMany(packets: number, bytes: Bytes): void {
    this.packets += packets;
    this.bytes += bytes;
  }

  snapshot(): LinkCount {
    return { packets: this.packets, bytes: this.bytes };
  }
}

/** Where on the path, for the trace: nothing on the first hop, which is mostly the only one. */
function place(hop: number): { readonly hop: number } | undefined {
  return hop === 0 ? undefined : { hop };
}

/** What several links cross has one time. */
function checkClock(options: LinkOptions, clock: Clock): void {
  for (const { via } of [options, ...(Array.isArray(options.hops) ? options.hops : [])]) {
    const driver = via?.queue?.agenda?.root.driver;
    if (!(driver instanceof LinkDriver) || driver.clock === clock) continue;
    throw new ArgumentError(
      'link option via is a bottleneck with another clock than this link: give both the same one',
    );
  }
}

const encoder = new TextEncoder();

function utf8Length(text: string): Bytes {
  return encoder.encode(text).byteLength;
}
