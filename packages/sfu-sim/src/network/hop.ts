// One hop of a path: loss, duplication and corruption at its beginning, then a queue, then propagation.
//
//   offer ─ lost? corrupted? duplicated? ─▶ queue (own, or a shared one) ─▶ delay + jitter ─▶ the next hop
//
// A lost packet takes no room in the queue. The delay that counts is the one at the moment the last bit left the queue;
// everything random is drawn when a packet comes in.

import type { Milliseconds, Random } from '@sluice/rtp';
import type { Stage } from './agenda.ts';
import { corrupted } from './corruption.ts';
import { JitterModel } from './jitter.ts';
import type { HopSettings } from './link-options.ts';
import { LossModel } from './loss-model.ts';
import { type LaneHop, type MessageItem, MessageLane } from './message-lane.ts';
import { Outages } from './outages.ts';
import type { PacketQueue } from './packet-queue.ts';
import type { DropReason, Parcel, ParcelHop } from './parcel.ts';
import { Wire } from './wire.ts';

/** What a hop asks of the path it is part of. */
export interface HopPath<Message> {
  /** Propagation of all hops. */
  readonly delay: Milliseconds;
  readonly closed: boolean;
  passed(parcel: Parcel, hop: number): void;
  passedMessage(item: MessageItem<Message>, bits: number, hop: number): void;
  dropped(parcel: Parcel, at: Milliseconds, reason: DropReason, hop: number): void;
  duplicated(parcel: Parcel, at: Milliseconds, hop: number): void;
  corrupted(parcel: Parcel, at: Milliseconds, hop: number): void;
}

/** One hop; as a stage, its propagation. */
export class Hop<Message> implements Stage, ParcelHop, LaneHop<Message> {
  readonly queue: PacketQueue;
  readonly lane: MessageLane<Message>;
  readonly #path: HopPath<Message>;
  readonly #index: number;
  readonly #origin: Milliseconds;
  readonly #loss: LossModel;
  readonly #duplication: Random;
  readonly #corruption: Random;
  readonly #jitter: JitterModel;
  readonly #reordering: Random;
  readonly #wire = new Wire();
  #outages: Outages;
  #settings: HopSettings;

  constructor(
    path: HopPath<Message>,
    index: number,
    random: Random,
    settings: HopSettings,
    queue: PacketQueue,
    origin: Milliseconds,
  ) {
    this.queue = queue;
    this.#path = path;
    this.#index = index;
    this.#origin = origin;
    this.#settings = settings;
    this.#loss = new LossModel(random, settings.loss);
    this.#duplication = random.fork('duplication');
    this.#corruption = random.fork('corruption');
    this.#jitter = new JitterModel(random.fork('jitter'), settings.jitter);
    this.#reordering = random.fork('reordering');
    this.#outages = this.#createOutages();
    this.lane = new MessageLane(this, queue, random);
  }

  get settings(): HopSettings {
    return this.#settings;
  }

  get delay(): Milliseconds {
    return this.#settings.delay;
  }

  get pathDelay(): Milliseconds {
    return this.#path.delay;
  }

  get lossRatio(): number {
    return this.#loss.ratio;
  }

  get outages(): Outages {
    return this.#outages;
  }

  get due(): Milliseconds {
    return this.#wire.due;
  }

  get wake(): Milliseconds {
    return this.#wire.due;
  }

  run(): void {
    const parcel = this.#wire.take();
    if (parcel !== undefined) this.#path.passed(parcel, this.#index);
  }

  /** Takes a packet at the beginning of the hop. Returns why it is dropped, or `undefined` when it is on its way. */
  offer(now: Milliseconds, parcel: Parcel): DropReason | undefined {
    const { duplicate, corrupt } = this.#settings;
    const lost = this.#loss.next();
    const twice = duplicate > 0 && this.#duplication.next() < duplicate;
    const damaged = corrupt > 0 && this.#corruption.next() < corrupt;
    if (this.#outages.isDown(now)) return 'down';
    if (lost) return 'loss';
    if (damaged && parcel.packet.byteLength > 0) {
      parcel.packet = corrupted(parcel.packet, this.#corruption);
      this.#path.corrupted(parcel, now, this.#index);
    }
    const reason = this.#enqueue(now, parcel);
    if (twice) this.#enqueueCopy(now, parcel);
    return reason;
  }

  departed(parcel: Parcel, at: Milliseconds): void {
    const transmission = (parcel.bits * 1000) / this.queue.rateAt(at);
    parcel.queued += Math.max(0, at - parcel.queuedAt - transmission);
    if (!this.#path.closed) this.#wire.put(parcel, at, this.#settings.delay + parcel.jitter);
  }

  dropped(parcel: Parcel, at: Milliseconds, reason: DropReason): void {
    this.#path.dropped(parcel, at, reason, this.#index);
  }

  arrivalAfter(parcel: Parcel, at: Milliseconds): Milliseconds {
    return this.#wire.arrivalAfter(parcel, at, this.#settings.delay + parcel.jitter);
  }

  messageArrived(item: MessageItem<Message>, bits: number): void {
    this.#path.passedMessage(item, bits, this.#index);
  }

  /** Changes the hop as of `now`; what is inside stays. */
  set(now: Milliseconds, settings: HopSettings): void {
    const { loss, jitter, down, up, via } = this.#settings;
    const passable = this.lossRatio < 1;
    this.#settings = settings;
    if (settings.loss !== loss) this.#loss.set(settings.loss);
    if (settings.jitter !== jitter) this.#jitter.set(settings.jitter);
    const otherOutages = settings.down !== down || settings.up !== up;
    if (otherOutages) this.#outages = this.#createOutages();
    if (otherOutages || this.lossRatio < 1 !== passable) this.lane.follow(now);
    if (via === undefined) this.queue.set(now, settings);
  }

  /** Throws out everything for good. */
  close(): void {
    this.#wire.clear();
    this.lane.close();
    if (!this.queue.shared) this.queue.clear();
  }

  #enqueue(now: Milliseconds, parcel: Parcel): DropReason | undefined {
    const { reordering } = this.#settings;
    parcel.hop = this;
    parcel.jitter = this.#jitter.next();
    parcel.loose = this.#jitter.reordering;
    if (reordering.ratio > 0 && this.#reordering.next() < reordering.ratio) {
      parcel.jitter += reordering.delay;
      parcel.loose = true;
    }
    return this.queue.offer(now, parcel);
  }

  #enqueueCopy(now: Milliseconds, { packet, bits }: Parcel): void {
    const copy: Parcel = {
      kind: 'packet',
      packet: packet.slice(),
      bits,
      arrival: 0,
      hop: this,
      queuedAt: now,
      queued: 0,
      jitter: 0,
      loose: false,
    };
    this.#path.duplicated(copy, now, this.#index);
    const reason = this.#enqueue(now, copy);
    if (reason !== undefined) this.#path.dropped(copy, now, reason, this.#index);
  }

  #createOutages(): Outages {
    return new Outages(this.#settings.down, this.#settings.up, this.#origin);
  }
}
