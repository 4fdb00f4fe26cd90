// The queue in front of a capacity, shared by all the paths that cross it: first in, first out.

import type { BitsPerSecond, Bytes, Milliseconds } from '@sluice/rtp';
import type { Agenda, Stage } from './agenda.ts';
import { Codel, type CodelQueue } from './codel.ts';
import { type Intervals, Outages } from './outages.ts';
import type { DropReason, Parcel } from './parcel.ts';
import { type QueueLimits, type QueueOption, queueLimits } from './queue-options.ts';
import { type RateOption, RateTimeline } from './rate-timeline.ts';
import { Serializer } from './serializer.ts';
import { Service } from './service.ts';

/** What a queue is like. */
export interface QueueSettings {
  readonly rate: RateOption;
  readonly queue: QueueOption;
  readonly down: Intervals;
  readonly up: boolean;
}

/** Packets and their bytes on the wire. */
export interface PacketTally {
  packets: number;
  bytes: Bytes;
}

/** A queue and what drains it. `now` must not go back; its agenda is advanced to `now` before anything is handed in. */
export class PacketQueue implements Stage, CodelQueue {
  /** Whose events these are, together with those of the paths that cross it. */
  readonly agenda: Agenda;
  /** Whether packets of several paths may be inside. */
  shared: boolean;
  readonly passed: PacketTally = { packets: 0, bytes: 0 };
  readonly dropped: { queue: PacketTally; codel: PacketTally; down: PacketTally } = {
    queue: { packets: 0, bytes: 0 },
    codel: { packets: 0, bytes: 0 },
    down: { packets: 0, bytes: 0 },
  };
  readonly #origin: Milliseconds;
  readonly #followers = new Set<(now: Milliseconds) => void>();
  #settings: QueueSettings;
  #limits: QueueLimits;
  #codel: Codel | undefined;
  #rate: RateTimeline;
  #outages: Outages;
  #service: Service;
  readonly #line: Serializer<Parcel>;

  constructor(agenda: Agenda, settings: QueueSettings, origin: Milliseconds, shared: boolean) {
    this.agenda = agenda;
    this.shared = shared;
    this.#origin = origin;
    this.#settings = settings;
    this.#limits = queueLimits(settings.queue);
    this.#codel = this.#createCodel();
    this.#rate = new RateTimeline(settings.rate, origin);
    this.#outages = new Outages(settings.down, settings.up, origin);
    this.#service = new Service(this.#rate, [this.#outages]);
    this.#line = new Serializer(this.#service);
    agenda.add(this);
  }

  get settings(): QueueSettings {
    return this.#settings;
  }

  get rate(): RateTimeline {
    return this.#rate;
  }

  get outages(): Outages {
    return this.#outages;
  }

  get due(): Milliseconds {
    return this.#line.due;
  }

  get wake(): Milliseconds {
    const { due, head } = this.#line;
    if (head === undefined || this.shared || this.#codel !== undefined || due < this.#line.departure) return due;
    return head.hop.arrivalAfter(head, due);
  }

  run(): void {
    const at = this.#line.due;
    const parcel = this.#line.run();
    if (parcel === undefined) return;
    add(this.passed, parcel);
    this.#codel?.dequeue(at, this);
    parcel.hop.departed(parcel, at);
  }

  /** Takes a packet, or says why not. */
  offer(now: Milliseconds, parcel: Parcel): DropReason | undefined {
    const reason = this.#outages.isDown(now) ? 'down' : this.#hasRoom(now, parcel.bits) ? undefined : 'queue';
    if (reason !== undefined) {
      add(this.dropped[reason], parcel);
      return reason;
    }
    parcel.queuedAt = now;
    this.#line.push(now, parcel);
    if (this.#line.length === 1) this.#codel?.dequeue(now, this);
    return undefined;
  }

  /** Changes it as of `now`; what is inside stays. */
  set(now: Milliseconds, settings: QueueSettings): void {
    const { rate, queue, down, up } = this.#settings;
    this.#settings = settings;
    if (settings.queue !== queue) {
      this.#limits = queueLimits(settings.queue);
      this.#codel = this.#createCodel();
    }
    const sameOutages = settings.down === down && settings.up === up;
    if (settings.rate === rate && sameOutages) return;
    if (settings.rate !== rate) this.#rate = new RateTimeline(settings.rate, this.#origin);
    if (!sameOutages) this.#outages = new Outages(settings.down, settings.up, this.#origin);
    this.#service = new Service(this.#rate, [this.#outages]);
    this.#line.setService(now, this.#service);
    for (const follow of this.#followers) follow(now);
  }

  /** Calls `follower` when rate or outages are others. Returns how to stop it. */
  follow(follower: (now: Milliseconds) => void): () => void {
    this.#followers.add(follower);
    return () => this.#followers.delete(follower);
  }

  /** Bit/s at `now`: 0 while it is down, the mean of a trace. */
  rateAt(now: Milliseconds): BitsPerSecond {
    return this.#service.at(now).rate;
  }

  /** The first moment after `now` at which `rateAt` may be another without anybody setting it. */
  nextRateChange(now: Milliseconds): Milliseconds {
    return this.#service.nextChange(now);
  }

  /** How long a packet handed in at `now` would wait before its first bit is sent; `Infinity` at a rate of 0. */
  delay(now: Milliseconds): Milliseconds {
    return this.#service.at(now).duration(now, this.#line.backlog(now));
  }

  /** Throws out everything, as when the only path that crosses it is closed. */
  clear(): void {
    this.#line.clear();
  }

  sojourn(now: Milliseconds): Milliseconds | undefined {
    const { head } = this.#line;
    return head === undefined ? undefined : now - head.queuedAt;
  }

  get queuedBytes(): Bytes {
    const { head } = this.#line;
    return head === undefined ? 0 : (head.bits + this.#line.waiting) / 8;
  }

  dropHead(now: Milliseconds): void {
    const parcel = this.#line.discard();
    if (parcel === undefined) return;
    add(this.dropped.codel, parcel);
    parcel.hop.dropped(parcel, now, 'codel');
  }

  #hasRoom(now: Milliseconds, bits: number): boolean {
    const backlog = this.#line.backlog(now);
    if (backlog === 0) return true;
    const { time, bytes } = this.#limits;
    const { rate } = this.#service.at(now);
    if (rate !== Number.POSITIVE_INFINITY && backlog > (rate * time) / 1000) return false;
    return backlog + bits <= bytes * 8;
  }

  #createCodel(): Codel | undefined {
    const { discipline, target, interval } = this.#limits;
    return discipline === 'codel' ? new Codel(target, interval) : undefined;
  }
}

function add(tally: PacketTally, parcel: Parcel): void {
  tally.packets += 1;
  tally.bytes += parcel.bits / 8;
}
