// The shell around `LinkModel`: one timer, counters, trace.

import type { Bytes, Clock, Milliseconds, Random, TimerHandle, Tracer } from '@sluice/rtp';
import { type DropReason, LinkModel, UDP_IP_OVERHEAD } from './link-model.ts';
import type { LinkOptions } from './link-options.ts';

export type { LinkOptions } from './link-options.ts';

/** What a `Link` is made of. */
export interface LinkInit {
  clock: Clock;
  random: Random;
  /** What the trace calls it, e.g. `bob/downlink`. */
  name: string;
  /** Receives `packet-sent`, `packet-dropped` and `packet-arrived`. Default: nobody. */
  tracer?: Tracer | undefined;
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

/** What a `Link` has done so far: sent = delivered + dropped + what is still inside. */
export interface LinkStats {
  /** Handed to `send`. */
  readonly sent: LinkCount;
  readonly delivered: LinkCount;
  readonly dropped: Readonly<Record<DropReason, LinkCount>>;
  /** How long a packet sent now would wait before its first bit is sent; `Infinity` behind a rate of 0. */
  readonly queueDelay: Milliseconds;
}

/** One direction of an emulated network path: see `LinkModel` for what happens inside. */
export class Link {
  readonly name: string;
  readonly #clock: Clock;
  readonly #tracer: Tracer | undefined;
  readonly #deliver: LinkInit['deliver'];
  readonly #model: LinkModel<ReliableMessage>;
  readonly #sent = new Counter();
  readonly #delivered = new Counter();
  readonly #dropped = { loss: new Counter(), queue: new Counter(), closed: new Counter() };
  #timer: TimerHandle;
  /** When `#timer` is due; `Infinity` when none is pending. */
  #due: Milliseconds = Number.POSITIVE_INFINITY;
  #delivering = false;

  /** @throws ArgumentError when `options` are not what `LinkOptions` says */
  constructor({ clock, random, name, tracer, options, deliver }: LinkInit) {
    this.name = name;
    this.#clock = clock;
    this.#tracer = tracer;
    this.#deliver = deliver;
    this.#model = new LinkModel(random, options);
  }

  /** What the path is like now. */
  get options(): Readonly<Required<LinkOptions>> {
    return this.#model.options;
  }

  get stats(): LinkStats {
    const { loss, queue, closed } = this.#dropped;
    return {
      sent: this.#sent.snapshot(),
      delivered: this.#delivered.snapshot(),
      dropped: { loss: loss.snapshot(), queue: queue.snapshot(), closed: closed.snapshot() },
      queueDelay: this.#model.queueDelay(this.#clock.now()),
    };
  }

  /**
   * Changes the path while it runs; a new rate counts at once for what is queued. A lower rate or a shorter queue drops
   * nothing that is already inside.
   *
   * @throws ArgumentError when a value is not what `LinkOptions` says; then nothing changes
   */
  set(change: LinkOptions): void {
    this.#model.set(this.#clock.now(), change);
    this.#schedule();
  }

  /** Sends one packet. The bytes belong to the link afterwards. After `close` it is dropped. */
  send(packet: Uint8Array): void {
    const now = this.#clock.now();
    const size = packet.byteLength;
    this.#sent.add(size);
    this.#tracer?.({ at: now, type: 'packet-sent', link: this.name, size });
    const reason = this.#model.offer(now, packet);
    if (reason === undefined) return this.#schedule();
    this.#dropped[reason].add(size);
    this.#tracer?.({ at: now, type: 'packet-dropped', link: this.name, size, reason });
  }

  /**
   * Sends `text` over the reliable channel of the same path and hands it to `deliver` at the far end: in order, never
   * lost, late by one retransmission timeout for every loss that is drawn (see `LinkModel.offerMessage`). Not counted in
   * `stats`. After `close` it is dropped.
   */
  sendMessage(text: string, deliver: (text: string) => void): void {
    this.#model.offerMessage(this.#clock.now(), { text, deliver }, utf8Length(text));
    this.#schedule();
  }

  /** Stops for good: no timer stays, everything inside is dropped. Idempotent. */
  close(): void {
    this.#clock.clearTimeout(this.#timer);
    this.#due = Number.POSITIVE_INFINITY;
    const sent = this.#sent;
    const { loss, queue, closed } = this.#dropped;
    const gone = this.#delivered.bytes + loss.bytes + queue.bytes + closed.bytes;
    closed.addMany(this.#model.close(), sent.bytes - gone);
  }

  /** Keeps the one timer at the model's next event. It never moves forward when a packet is added, only on `set`. */
  #schedule(): void {
    if (this.#delivering) return;
    const due = this.#model.nextEventTime();
    if (due === this.#due) return;
    if (this.#due !== Number.POSITIVE_INFINITY) this.#clock.clearTimeout(this.#timer);
    this.#due = due;
    if (due !== Number.POSITIVE_INFINITY) this.#timer = this.#clock.setTimeout(this.#onTimer, due - this.#clock.now());
  }

  readonly #onTimer = (): void => {
    this.#due = Number.POSITIVE_INFINITY;
    this.#delivering = true;
    try {
      this.#deliverArrived(this.#clock.now());
    } finally {
      this.#delivering = false;
      this.#schedule();
    }
  };

  #deliverArrived(now: Milliseconds): void {
    for (let item = this.#model.poll(now); item !== undefined; item = this.#model.poll(now)) {
      if (item.kind === 'message') {
        item.message.deliver(item.message.text);
        continue;
      }
      const { packet, arrival } = item;
      this.#delivered.add(packet.byteLength);
      this.#tracer?.({ at: arrival, type: 'packet-arrived', link: this.name, size: packet.byteLength });
      this.#deliver(packet, arrival);
    }
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

const encoder = new TextEncoder();

function utf8Length(text: string): Bytes {
  return encoder.encode(text).byteLength;
}
