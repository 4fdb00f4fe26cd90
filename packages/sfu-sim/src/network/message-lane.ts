// The reliable channel through one hop: a TCP connection of its own beside the packets, ordered and never lost.

import type { Bytes, Milliseconds, Random } from '@sluice/rtp';
import type { Stage } from './agenda.ts';
import { Fifo } from './fifo.ts';
import { Outages } from './outages.ts';
import type { PacketQueue } from './packet-queue.ts';
import { Serializer } from './serializer.ts';
import { Service } from './service.ts';

/** Bytes of TCP (20) and IPv4 (20) headers that each message takes on the wire besides its own. */
export const TCP_IP_OVERHEAD: Bytes = 40;

/** The least time after which the reliable channel sends again what was lost, in ms. Linux' TCP has the same floor. */
export const MIN_RETRANSMISSION_TIMEOUT: Milliseconds = 200;

/** A message on its way. */
export interface MessageItem<Message> {
  readonly kind: 'message';
  readonly message: Message;
  /** When it comes out of the hop it is in. */
  arrival: Milliseconds;
}

/** What the lane asks of the hop it is a lane of. */
export interface LaneHop<Message> {
  readonly delay: Milliseconds;
  /** Propagation of the whole path. */
  readonly pathDelay: Milliseconds;
  /** Share of the packets that is lost. */
  readonly lossRatio: number;
  readonly outages: Outages;
  messageArrived(item: MessageItem<Message>, bits: number): void;
}

interface Entry<Message> {
  readonly item: MessageItem<Message>;
  readonly bits: number;
}

/** A queue of messages and the wire behind it, both in order. */
export class MessageLane<Message> implements Stage {
  readonly #hop: LaneHop<Message>;
  readonly #queue: PacketQueue;
  readonly #random: Random;
  readonly #line: Serializer<Entry<Message>>;
  readonly #wire = new Fifo<Entry<Message>>();
  readonly #unfollow: () => void;
  #lastArrival: Milliseconds = Number.NEGATIVE_INFINITY;

  constructor(hop: LaneHop<Message>, queue: PacketQueue, random: Random) {
    this.#hop = hop;
    this.#queue = queue;
    this.#random = random.fork('message loss');
    this.#line = new Serializer(this.#createService());
    this.#unfollow = queue.follow((now) => this.follow(now));
  }

  get due(): Milliseconds {
    return Math.min(this.#line.due, this.#wire.first?.item.arrival ?? Number.POSITIVE_INFINITY);
  }

  get wake(): Milliseconds {
    const { first } = this.#wire;
    if (first !== undefined) return first.item.arrival;
    const { due } = this.#line;
    return due < this.#line.departure ? due : Math.max(this.#lastArrival, due + this.#hop.delay);
  }

  run(): void {
    const { due } = this.#line;
    const { first } = this.#wire;
    if (first !== undefined && first.item.arrival < due) {
      this.#wire.shift();
      this.#hop.messageArrived(first.item, first.bits);
      return;
    }
    const sent = this.#line.run();
    if (sent === undefined) return;
    this.#lastArrival = Math.max(this.#lastArrival, due + (this.#hop.delay + this.#retransmissions()));
    sent.item.arrival = this.#lastArrival;
    this.#wire.push(sent);
  }

  push(now: Milliseconds, item: MessageItem<Message>, bits: number): void {
    this.#line.push(now, { item, bits });
  }

  /** Takes over what the hop and the queue are like as of `now`. */
  follow(now: Milliseconds): void {
    this.#line.setService(now, this.#createService());
  }

  /** Throws out everything for good. */
  close(): void {
    this.#unfollow();
    this.#line.clear();
    this.#wire.clear();
  }

  #createService(): Service {
    const allLost = new Outages([], this.#hop.lossRatio < 1, 0);
    return new Service(this.#queue.rate, [this.#queue.outages, this.#hop.outages, allLost]);
  }

  #retransmissions(): Milliseconds {
    const { lossRatio, pathDelay } = this.#hop;
    let time = 0;
    while (this.#random.next() < lossRatio) time += Math.max(MIN_RETRANSMISSION_TIMEOUT, 2 * pathDelay);
    return time;
  }
}
