// One direction of an emulated network path, without timers: a drop-tail queue that drains at a rate, then propagation.
//
//   offer ─ loss? ─ queue full? ─▶ serialised at `rate` ─▶ `delay` ─▶ poll
//
// A lost packet is drawn before the queue and takes none of its room. The delay that counts for a packet is the one at
// the moment its last bit left; nothing overtakes.

import type { Bytes, Milliseconds, Random } from '@sluice/rtp';
import { Fifo } from './fifo.ts';
import { DEFAULT_LINK_OPTIONS, type LinkOptions, mergeLinkOptions } from './link-options.ts';
import { Serializer } from './serializer.ts';

/** Bytes of UDP (8) and IPv4 (20) headers that each packet takes on the wire besides its own. */
export const UDP_IP_OVERHEAD: Bytes = 28;

/** Bytes of TCP (20) and IPv4 (20) headers that each message takes on the wire besides its own. */
export const TCP_IP_OVERHEAD: Bytes = 40;

/** The least time after which the reliable channel sends again what was lost, in ms. Linux' TCP has the same floor. */
export const MIN_RETRANSMISSION_TIMEOUT: Milliseconds = 200;

/** Why a packet did not make it: drawn as lost, the queue was full, or the link was closed. */
export type DropReason = 'loss' | 'queue' | 'closed';

/** What comes out at the far end, in order of `arrival`. */
export type LinkArrival<Message> =
  | { readonly kind: 'packet'; readonly packet: Uint8Array; arrival: Milliseconds }
  | { readonly kind: 'message'; readonly message: Message; arrival: Milliseconds };

/** The path as a state machine: `now` and packets go in, arrivals come out. `now` must not go back. */
export class LinkModel<Message> {
  readonly #packetLoss: Random;
  readonly #messageLoss: Random;
  readonly #packets: Lane<LinkArrival<Message>>;
  readonly #messages: Lane<LinkArrival<Message>>;
  #options: Required<LinkOptions>;
  #closed = false;

  /** @throws ArgumentError when `options` are not what `LinkOptions` says */
  constructor(random: Random, options: LinkOptions = {}) {
    this.#packetLoss = random.fork('packet loss');
    this.#messageLoss = random.fork('message loss');
    this.#options = mergeLinkOptions(DEFAULT_LINK_OPTIONS, options);
    this.#packets = new Lane(this.#options.rate);
    this.#messages = new Lane(this.#messageRate);
  }

  get options(): Readonly<Required<LinkOptions>> {
    return this.#options;
  }

  /** Packets inside: queued or on their way. */
  get packetsInside(): number {
    return this.#packets.length;
  }

  /** Hands in a packet. Returns why it is dropped, or `undefined` when it is on its way. */
  offer(now: Milliseconds, packet: Uint8Array): DropReason | undefined {
    if (this.#closed) return 'closed';
    this.#advance(now);
    // One draw per packet whatever happens to it: which packets are lost depends on nothing but their number.
    if (this.#packetLoss.next() < this.#options.loss) return 'loss';
    const { rate, queue } = this.#options;
    if (rate !== Number.POSITIVE_INFINITY && this.#packets.backlog(now) > (rate * queue) / 1000) return 'queue';
    const bits = (packet.byteLength + UDP_IP_OVERHEAD) * 8;
    this.#packets.push(now, { kind: 'packet', packet, arrival: 0 }, bits);
    return undefined;
  }

  /**
   * Hands in a message of `bytes` for the reliable channel, which stands for a TCP connection of its own along the same
   * path: ordered, never lost, sent at the rate but beside the packet queue, because its few bytes are negligible there.
   * Each loss that is drawn costs it one retransmission timeout, max(200 ms, 2 · delay). It waits while the rate is 0 or
   * the loss is 1. Does nothing once closed.
   */
  offerMessage(now: Milliseconds, message: Message, bytes: Bytes): void {
    if (this.#closed) return;
    this.#advance(now);
    this.#messages.push(now, { kind: 'message', message, arrival: 0 }, (bytes + TCP_IP_OVERHEAD) * 8);
  }

  /**
   * Changes the path as of `now`, for what is queued too; what has left the queue is not affected. A lower rate or a
   * shorter queue drops nothing that is already inside.
   *
   * @throws ArgumentError when a value is not what `LinkOptions` says; then nothing changes
   */
  set(now: Milliseconds, change: LinkOptions): void {
    const options = mergeLinkOptions(this.#options, change);
    this.#advance(now);
    this.#options = options;
    this.#packets.setRate(now, options.rate);
    this.#messages.setRate(now, this.#messageRate);
  }

  /** How long a packet handed in at `now` would wait before its first bit is sent; `Infinity` behind a rate of 0. */
  queueDelay(now: Milliseconds): Milliseconds {
    this.#advance(now);
    const backlog = this.#packets.backlog(now);
    return backlog === 0 ? 0 : (backlog / this.#options.rate) * 1000;
  }

  /** When to `poll` next: nothing arrives before it unless something changes. `Infinity` when there is nothing to do. */
  nextEventTime(): Milliseconds {
    const { delay } = this.#options;
    return Math.min(this.#packets.nextArrival(delay), this.#messages.nextArrival(delay));
  }

  /** The next arrival up to and including `now`; call it until it returns `undefined`. */
  poll(now: Milliseconds): LinkArrival<Message> | undefined {
    this.#advance(now);
    const packet = this.#packets.arrived;
    const message = this.#messages.arrived;
    const lane =
      message !== undefined && message.arrival < (packet?.arrival ?? Number.POSITIVE_INFINITY)
        ? this.#messages
        : this.#packets;
    return (lane.arrived?.arrival ?? Number.POSITIVE_INFINITY) <= now ? lane.take() : undefined;
  }

  /** Ends the path. Returns how many packets were inside; they are gone, and so are the messages. */
  close(): number {
    const inside = this.packetsInside;
    this.#closed = true;
    this.#packets.clear();
    this.#messages.clear();
    return inside;
  }

  get #messageRate(): number {
    return this.#options.loss < 1 ? this.#options.rate : 0;
  }

  /** Moves everything whose last bit was sent by `now` from the queues to the wire. */
  #advance(now: Milliseconds): void {
    const { delay } = this.#options;
    while (this.#packets.departure <= now) this.#packets.depart(delay);
    while (this.#messages.departure <= now) this.#messages.depart(delay + this.#retransmissions());
  }

  #retransmissions(): Milliseconds {
    const { delay, loss } = this.#options;
    let time = 0;
    while (this.#messageLoss.next() < loss) time += Math.max(MIN_RETRANSMISSION_TIMEOUT, 2 * delay);
    return time;
  }
}

/** A queue and the wire behind it, both in order. */
class Lane<Item extends { arrival: Milliseconds }> {
  readonly #queue: Serializer<Item>;
  readonly #wire = new Fifo<Item>();
  #lastArrival: Milliseconds = Number.NEGATIVE_INFINITY;

  constructor(rate: number) {
    this.#queue = new Serializer(rate);
  }

  get length(): number {
    return this.#queue.length + this.#wire.length;
  }

  get departure(): Milliseconds {
    return this.#queue.departure;
  }

  /** The first item on the wire. */
  get arrived(): Item | undefined {
    return this.#wire.first;
  }

  push(now: Milliseconds, item: Item, bits: number): void {
    this.#queue.push(now, item, bits);
  }

  /** Puts the head of the queue on the wire for `flight` ms. It arrives after its predecessor even so. */
  depart(flight: Milliseconds): void {
    const { departure } = this.#queue;
    const item = this.#queue.shift();
    if (item === undefined) return;
    this.#lastArrival = Math.max(this.#lastArrival, departure + flight);
    item.arrival = this.#lastArrival;
    this.#wire.push(item);
  }

  /** When the next item arrives, should `delay` stay what it is and nothing need a retransmission. */
  nextArrival(delay: Milliseconds): Milliseconds {
    const { first } = this.#wire;
    return first === undefined ? Math.max(this.#lastArrival, this.departure + delay) : first.arrival;
  }

  take(): Item | undefined {
    return this.#wire.shift();
  }

  setRate(now: Milliseconds, rate: number): void {
    this.#queue.setRate(now, rate);
  }

  backlog(now: Milliseconds): number {
    return this.#queue.backlog(now);
  }

  clear(): void {
    this.#queue.clear();
    this.#wire.clear();
  }
}
