// Spreads packets over time: a leaky bucket with priorities, which sends probes on request
// (draft-ietf-rmcat-gcc-02 §4; constants of libwebrtc's pacing_controller and bitrate_prober).

import type { BitsPerSecond, Bytes, Milliseconds } from '../units.ts';
import type { ProbeRequest } from './controller.ts';
import { type PacerPriority, PacerQueue } from './pacer-queue.ts';
import { PROBE_TRAIN_DEFAULTS, type ProbeTrainOptions, ProbeTrains } from './probe-trains.ts';

export interface PacerOptions {
  /** The rate until `setPacingRate` is called. Default 300 kbit/s. */
  readonly pacingRate: BitsPerSecond;
  /** What is queued shall have left within this time; the rate is raised for it when need be. Default 2000 ms. */
  readonly maxQueueTime: Milliseconds;
  /** What was sent beyond the rate is forgotten beyond this much time of it. Default 500 ms. */
  readonly maxDebtTime: Milliseconds;
  /** A late `process` makes up for at most this much in one go. Default 63 000 byte. */
  readonly maxBurst: Bytes;
  /** After this much silence one packet of padding is asked for; infinite: none. Default 500 ms. */
  readonly keepAliveInterval: Milliseconds;
  /** How much padding is asked for then. Default 1 byte. */
  readonly keepAliveSize: Bytes;
  /** The drain time that counts for packets that are overdue already. Default 1 ms. */
  readonly minDrainTime: Milliseconds;
  readonly probing: ProbeTrainOptions;
}

export const PACER_DEFAULTS: PacerOptions = {
  pacingRate: 300_000,
  maxQueueTime: 2_000,
  maxDebtTime: 500,
  maxBurst: 63_000,
  keepAliveInterval: 500,
  keepAliveSize: 1,
  minDrainTime: 1,
  probing: PROBE_TRAIN_DEFAULTS,
};

/** A packet made to fill a probe. */
export interface PaddingPacket<Packet> {
  readonly packet: Packet;
  readonly size: Bytes;
}

/** Makes a packet of about `bytes` bytes, by retransmission or padding; undefined when it cannot, e.g. before any media. */
export type PaddingSource<Packet> = (bytes: Bytes) => PaddingPacket<Packet> | undefined;

/** Sends a packet now. `probeCluster`: the `ProbeRequest.id` it counts for, to be told to the congestion controller. */
export type PacerOutput<Packet> = (packet: Packet, probeCluster: number | undefined) => void;

/**
 * Holds packets back until the rate allows them. `process` is to be called after `enqueue` and whenever
 * `nextProcessTime` says; the queue has no bound of its own, since the rate follows it.
 */
export class Pacer<Packet> {
  readonly #options: PacerOptions;
  readonly #padding: PaddingSource<Packet> | undefined;
  readonly #queue = new PacerQueue<Packet>();
  readonly #trains: ProbeTrains;
  #rate: BitsPerSecond;
  /** Bytes sent ahead of the rate; negative: bytes that may be sent at once. */
  #debt: Bytes = 0;
  #updatedAt: Milliseconds | undefined;
  #lastSentAt: Milliseconds | undefined;
  /** The current probe has found neither packets nor padding; new packets may end that. */
  #starved = false;

  /** `padding`: fills probes and keeps the path alive; without it a probe waits for packets. */
  constructor(options: Partial<PacerOptions> = {}, padding?: PaddingSource<Packet>) {
    this.#options = { ...PACER_DEFAULTS, ...options };
    this.#padding = padding;
    this.#rate = this.#options.pacingRate;
    this.#trains = new ProbeTrains(this.#options.probing);
  }

  /** Bytes that wait. */
  get queueSize(): Bytes {
    return this.#queue.bytes;
  }

  /** Packets that wait. */
  get queueLength(): number {
    return this.#queue.length;
  }

  /** The rate set; the queue may call for a higher one. */
  get pacingRate(): BitsPerSecond {
    return this.#rate;
  }

  /** Whether a probe is under way or waits. */
  get probing(): boolean {
    return this.#trains.current !== undefined;
  }

  /** How long until a packet of low priority that is enqueued now would leave. Infinite at a rate of 0. */
  expectedQueueTime(now: Milliseconds): Milliseconds {
    const bytes = this.#queue.bytes + Math.max(0, this.#debtAt(now));
    return bytes === 0 ? 0 : (bytes * 8_000) / this.#effectiveRate(now);
  }

  setPacingRate(rate: BitsPerSecond, now: Milliseconds): void {
    this.#advance(now);
    this.#rate = Math.max(0, rate);
  }

  enqueue(packet: Packet, size: Bytes, priority: PacerPriority, now: Milliseconds): void {
    this.#advance(now);
    this.#queue.push(packet, size, priority, now);
    this.#starved = false;
  }

  /** Sends probes as `CongestionController` asked for them, one after the other. */
  startProbe(request: ProbeRequest, now: Milliseconds): void {
    this.#trains.add(request, now);
    this.#starved = false;
  }

  /** Drops the packets for which `predicate` holds; how many there were. */
  flush(predicate: (packet: Packet) => boolean): number {
    return this.#queue.remove(predicate);
  }

  /** Sends what is due at `now`. */
  process(now: Milliseconds, send: PacerOutput<Packet>): void {
    this.#advance(now);
    while (this.#queue.hasAudio && this.#sendNext(now, send));
    this.#trains.expire(now);
    while (this.#trains.isDue(now) && this.#sendBurst(now, send));
    // Less than a byte is a rounding error: to wait for it could take no time at all.
    if (!this.#trains.started) while (this.#rate > 0 && this.#debt < 1 && this.#sendNext(now, send));
    this.#keepAlive(now, send);
  }

  /** When `process` has something to do next; undefined when only new packets can bring that about. */
  nextProcessTime(now: Milliseconds): Milliseconds | undefined {
    if (this.#queue.hasAudio) return now;
    let next = this.#keepAliveTime;
    next = Math.min(next, this.#starved ? this.#trains.expiryTime : this.#trains.nextTime(now));
    if (!this.#trains.started && this.#queue.length > 0 && this.#rate > 0) {
      next = Math.min(next, now + (Math.max(0, this.#debtAt(now)) * 8_000) / this.#effectiveRate(now));
    }
    return next === Number.POSITIVE_INFINITY ? undefined : next;
  }

  /** One burst of the current probe; false when there was nothing to send. */
  #sendBurst(now: Milliseconds, send: PacerOutput<Packet>): boolean {
    const train = this.#trains.current;
    if (train === undefined) return false;
    const burst = this.#trains.burstSize;
    let sent: Bytes = 0;
    while (sent < burst && this.#trains.current === train) {
      const queued = this.#queue.headSize;
      if (queued !== undefined) {
        this.#sendNext(now, send, train.id);
        sent += queued;
        continue;
      }
      const padding = this.#padding?.(Math.max(burst - sent, this.#options.probing.minPacketSize));
      if (padding === undefined || padding.size <= 0) break;
      this.#sent(padding.size, now, train.id);
      send(padding.packet, train.id);
      sent += padding.size;
    }
    this.#starved = sent === 0;
    return !this.#starved;
  }

  /** What is sent while a train is on its way is part of it. */
  #sendNext(now: Milliseconds, send: PacerOutput<Packet>, cluster = this.#trains.startedId): boolean {
    const entry = this.#queue.shift();
    if (entry === undefined) return false;
    this.#sent(entry.size, now, cluster);
    send(entry.packet, cluster);
    return true;
  }

  #sent(size: Bytes, now: Milliseconds, cluster: number | undefined): void {
    const maxDebt = (this.#rate * this.#options.maxDebtTime) / 8_000;
    this.#debt = Math.min(this.#debt + size, Math.max(maxDebt, 0));
    this.#lastSentAt = now;
    if (cluster !== undefined) this.#trains.onSent(size, now);
  }

  #advance(now: Milliseconds): void {
    this.#debt = this.#debtAt(now);
    this.#updatedAt = now;
  }

  /** Credit is only earned while packets wait: an idle sender does not save up. */
  #debtAt(now: Milliseconds): Bytes {
    const elapsed = Math.max(0, now - (this.#updatedAt ?? now));
    const debt = this.#debt - (this.#effectiveRate(now) * elapsed) / 8_000;
    return Math.max(debt, this.#queue.length === 0 ? 0 : -this.#options.maxBurst);
  }

  #effectiveRate(now: Milliseconds): BitsPerSecond {
    const { maxQueueTime, minDrainTime } = this.#options;
    if (this.#queue.length === 0 || this.#rate === 0) return this.#rate;
    const timeLeft = Math.max(maxQueueTime - this.#queue.averageAge(now), minDrainTime);
    return Math.max(this.#rate, (this.#queue.bytes * 8_000) / timeLeft);
  }

  get #keepAliveTime(): Milliseconds {
    if (this.#lastSentAt === undefined || this.#padding === undefined) return Number.POSITIVE_INFINITY;
    return this.#lastSentAt + this.#options.keepAliveInterval;
  }

  #keepAlive(now: Milliseconds, send: PacerOutput<Packet>): void {
    if (now < this.#keepAliveTime) return;
    // Counts as sent even when there is no padding, or it would be asked for again and again.
    this.#lastSentAt = now;
    const padding = this.#padding?.(this.#options.keepAliveSize);
    if (padding === undefined) return;
    this.#sent(padding.size, now, undefined);
    send(padding.packet, undefined);
  }
}
