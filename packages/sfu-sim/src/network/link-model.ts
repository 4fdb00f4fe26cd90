// One direction of an emulated network path, without timers: one hop or several, from the first packet to the last.
//
// `Hop` says what happens in each. Paths that cross a shared bottleneck have one `Agenda`, so that what any of them does
// is seen by the others in the order of time.

import type { Bytes, Milliseconds, Random } from '@sluice/rtp';
import { Agenda } from './agenda.ts';
import { Fifo } from './fifo.ts';
import { Hop, type HopPath } from './hop.ts';
import {
  createLinkSettings,
  type HopSettings,
  type LinkOptions,
  type LinkSettings,
  mergeLinkOptions,
} from './link-options.ts';
import { type MessageItem, TCP_IP_OVERHEAD } from './message-lane.ts';
import { PacketQueue } from './packet-queue.ts';
import { type DropReason, type Parcel, type ParcelHop, wireBits } from './parcel.ts';

export { MIN_RETRANSMISSION_TIMEOUT, TCP_IP_OVERHEAD } from './message-lane.ts';
export { type DropReason, UDP_IP_OVERHEAD } from './parcel.ts';

/** What comes out at the far end, in order of `arrival`. */
export type LinkArrival<Message> = Parcel | MessageItem<Message>;

/** Hears of what happens to packets besides arriving. `hop` counts from 0. */
export interface PathObserver {
  /** Dropped after `offer` had taken it, or a copy. */
  dropped(at: Milliseconds, packet: Uint8Array, reason: DropReason, hop: number): void;
  /** One packet more is inside (or dropped in a moment). */
  duplicated(at: Milliseconds, packet: Uint8Array, hop: number): void;
  corrupted(at: Milliseconds, packet: Uint8Array, hop: number): void;
}

/** What else a path may be given. */
export interface LinkModelInit {
  /** When the path was made: the 0 of its timelines, in ms. Default 0. */
  readonly start?: Milliseconds;
  /** Default: nobody. */
  readonly observer?: PathObserver | undefined;
}

/** The path as a state machine: `now` and packets go in, arrivals come out. `now` must not go back. */
export class LinkModel<Message> implements HopPath<Message> {
  readonly #agenda: Agenda;
  readonly #hops: readonly Hop<Message>[];
  readonly #first: Hop<Message>;
  readonly #observer: PathObserver | undefined;
  readonly #packets = new Fifo<Parcel>();
  readonly #messages = new Fifo<MessageItem<Message>>();
  #settings: LinkSettings;
  #packetsInside = 0;
  #closed = false;

  /** @throws ArgumentError when `options` are not what `LinkOptions` says */
  constructor(random: Random, options: LinkOptions = {}, { start = 0, observer }: LinkModelInit = {}) {
    this.#settings = createLinkSettings(options);
    this.#observer = observer;
    const hops = [this.#settings, ...this.#settings.hops];
    const shared = hops.flatMap(({ via }) => (via === undefined ? [] : [via.queue.agenda.root]));
    this.#agenda = shared[0] ?? new Agenda();
    for (const agenda of shared) {
      agenda.advance(start);
      this.#agenda.absorb(agenda.root);
    }
    this.#hops = hops.map((settings, index) => this.#createHop(random, settings, index, start));
    this.#first = this.#hops[0] as Hop<Message>;
  }

  get options(): LinkSettings {
    return this.#settings;
  }

  get agenda(): Agenda {
    return this.#agenda.root;
  }

  /** The queue of the first hop. */
  get queue(): PacketQueue {
    return this.#first.queue;
  }

  /** Packets inside: queued or on their way. */
  get packetsInside(): number {
    return this.#packetsInside;
  }

  /** Propagation of all hops. */
  get delay(): Milliseconds {
    let delay = 0;
    for (const hop of this.#hops) delay += hop.delay;
    return delay;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Hands in a packet. Returns why the first hop drops it, or `undefined` when it is on its way. */
  offer(now: Milliseconds, packet: Uint8Array): DropReason | undefined {
    if (this.#closed) return 'closed';
    this.agenda.advance(now);
    const hop: ParcelHop = this.#first;
    const parcel: Parcel = {
      kind: 'packet',
      packet,
      bits: wireBits(packet.byteLength),
      arrival: 0,
      hop,
      queuedAt: now,
      queued: 0,
      jitter: 0,
      loose: false,
    };
    // Counted before it is offered: CoDel may drop from the queue, and what it drops was inside.
    this.#packetsInside += 1;
    const reason = this.#first.offer(now, parcel);
    if (reason !== undefined) this.#packetsInside -= 1;
    return reason;
  }

  /**
   * Hands in a message of `bytes` for the reliable channel, which stands for a TCP connection of its own along the same
   * path: ordered, never lost, sent at the rate but beside the packet queue, because its few bytes are negligible there.
   * Each loss that is drawn costs it one retransmission timeout, max(200 ms, 2 · delay). It waits while the rate is 0, the
   * path is down or the loss is 1. Does nothing once closed.
   */
  offerMessage(now: Milliseconds, message: Message, bytes: Bytes): void {
    if (this.#closed) return;
    this.agenda.advance(now);
    this.#first.lane.push(now, { kind: 'message', message, arrival: 0 }, (bytes + TCP_IP_OVERHEAD) * 8);
  }

  /**
   * Changes the path as of `now`, for what is queued too; what has left the queue is not affected. A lower rate or a
   * shorter queue drops nothing that is already inside.
   *
   * @throws ArgumentError when a value is not what `LinkOptions` says; then nothing changes
   */
  set(now: Milliseconds, change: LinkOptions): void {
    const settings = mergeLinkOptions(this.#settings, change);
    this.agenda.advance(now);
    this.#settings = settings;
    this.#first.set(now, settings);
    for (const [index, hop] of settings.hops.entries()) this.#hops[index + 1]?.set(now, hop);
  }

  /**
   * How long a packet handed in at `now` would wait in the first hop before its first bit is sent, at the rate of the
   * moment; `Infinity` behind a rate of 0.
   */
  queueDelay(now: Milliseconds): Milliseconds {
    this.agenda.advance(now);
    return this.#first.queue.delay(now);
  }

  /** When to `poll` next: nothing arrives before it unless something changes. `Infinity` when there is nothing to do. */
  nextEventTime(): Milliseconds {
    return Math.min(this.nextArrived, this.agenda.wake);
  }

  /** The arrival of what `poll` returns next without anything happening before; `Infinity` when there is nothing. */
  get nextArrived(): Milliseconds {
    return Math.min(
      this.#packets.first?.arrival ?? Number.POSITIVE_INFINITY,
      this.#messages.first?.arrival ?? Number.POSITIVE_INFINITY,
    );
  }

  /** The next arrival up to and including `now`, packets first; call it until it returns `undefined`. */
  poll(now: Milliseconds): LinkArrival<Message> | undefined {
    this.agenda.advance(now);
    return this.take(now);
  }

  /** Like `poll`, when everything up to `now` has happened already. */
  take(now: Milliseconds): LinkArrival<Message> | undefined {
    const packet = this.#packets.first?.arrival ?? Number.POSITIVE_INFINITY;
    const message = this.#messages.first?.arrival ?? Number.POSITIVE_INFINITY;
    if (message < packet) return message <= now ? this.#messages.shift() : undefined;
    if (!(packet <= now)) return undefined;
    this.#packetsInside -= 1;
    return this.#packets.shift();
  }

  /** Ends the path. Returns how many packets were inside; they are gone, and so are the messages. */
  close(): number {
    const inside = this.#packetsInside;
    this.#closed = true;
    this.#packetsInside = 0;
    this.#packets.clear();
    this.#messages.clear();
    for (const hop of this.#hops) {
      hop.close();
      this.agenda.remove(hop, hop.lane);
      if (!hop.queue.shared) this.agenda.remove(hop.queue);
    }
    return inside;
  }

  passed(parcel: Parcel, hop: number): void {
    const next = this.#hops[hop + 1];
    if (next === undefined) {
      this.#packets.push(parcel);
      return;
    }
    const reason = next.offer(parcel.arrival, parcel);
    if (reason !== undefined) this.dropped(parcel, parcel.arrival, reason, hop + 1);
  }

  passedMessage(item: MessageItem<Message>, bits: number, hop: number): void {
    const next = this.#hops[hop + 1];
    if (next === undefined) this.#messages.push(item);
    else next.lane.push(item.arrival, item, bits);
  }

  dropped(parcel: Parcel, at: Milliseconds, reason: DropReason, hop: number): void {
    if (this.#closed) return;
    this.#packetsInside -= 1;
    this.#observer?.dropped(at, parcel.packet, reason, hop);
  }

  duplicated(parcel: Parcel, at: Milliseconds, hop: number): void {
    this.#packetsInside += 1;
    this.#observer?.duplicated(at, parcel.packet, hop);
  }

  corrupted(parcel: Parcel, at: Milliseconds, hop: number): void {
    this.#observer?.corrupted(at, parcel.packet, hop);
  }

  #createHop(random: Random, settings: HopSettings, index: number, start: Milliseconds): Hop<Message> {
    const queue = settings.via?.queue ?? new PacketQueue(this.#agenda, settings, start, false);
    if (settings.via !== undefined) queue.shared = true;
    const ownRandom = index === 0 ? random : random.fork(`hop ${index}`);
    const hop = new Hop<Message>(this, index, ownRandom, settings, queue, start);
    this.#agenda.add(hop, hop.lane);
    return hop;
  }
}
