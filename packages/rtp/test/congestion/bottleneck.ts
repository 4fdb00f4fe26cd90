// A sender, a bottleneck and a receiver in steps of one millisecond: just enough to close the loop. Deterministic.

import type { CongestionController } from '../../src/congestion/controller.ts';
import { GoogleCongestionControl } from '../../src/congestion/google-congestion-control.ts';
import type { CongestionOptions } from '../../src/congestion/options.ts';
import { Pacer } from '../../src/congestion/pacer.ts';
import { SendHistory } from '../../src/congestion/send-history.ts';

export interface LoopOptions {
  /** Capacity over time: [from ms, bit/s], ascending, the first one from 0. */
  readonly capacity: readonly (readonly [number, number])[];
  /** What the source sends at a given target: all of it (the default) or at most so many bit/s, as 30 frames/s of video. */
  readonly source?: 'target' | 'audio-30k' | number;
  /** Loss independent of the queue, in [0, 1], now or at a time. Default 0. */
  readonly loss?: number | ((now: number) => number);
  readonly feedbackInterval?: number;
  /** Whether the feedback made at a time gets lost. Default: none does. */
  readonly feedbackLost?: (now: number) => boolean;
  /** What the receiver's clock shows at a time. Default: another origin, the same pace. */
  readonly receiverClock?: (now: number) => number;
  /** Default: `GoogleCongestionControl`. */
  readonly controller?: CongestionController;
  /** Options of the default controller. */
  readonly congestion?: CongestionOptions;
  readonly desired?: number;
}

interface Packet {
  readonly sequence: number;
  readonly size: number;
}

const ONE_WAY_DELAY = 25;
const QUEUE_TIME = 300;
const FIRST_SEQUENCE = 65_000;
const RECEIVER_CLOCK_OFFSET = 123_456_789;

export class Loop {
  readonly controller: CongestionController;
  readonly targets: number[] = [];
  readonly queueDelays: number[] = [];
  delivered = 0;
  dropped = 0;
  now = 0;
  readonly #options: LoopOptions;
  readonly #pacer: Pacer<{ size: number }>;
  readonly #history = new SendHistory();
  #sequence = FIRST_SEQUENCE;
  #queue: Packet[] = [];
  #queuedBytes = 0;
  #headSent = 0;
  #arrivals = new Map<number, number>();
  #nextReported = FIRST_SEQUENCE;
  #feedbackCount = 0;
  #feedback: { at: number; base: number; count: number; arrivals: (number | undefined)[] }[] = [];
  #random = 42;

  constructor(options: LoopOptions) {
    this.#options = options;
    this.controller = options.controller ?? new GoogleCongestionControl(options.congestion);
    if (options.desired !== undefined) this.controller.setDesiredBitrate(options.desired, 0);
    this.#pacer = new Pacer({}, (bytes) => {
      const size = Math.min(bytes, 255);
      return { packet: { size }, size };
    });
  }

  /** The target at a time that has passed. */
  targetAt(time: number): number {
    return this.targets[Math.floor(time)] ?? Number.NaN;
  }

  /** The first time from `from` on at which the target fulfils a condition. */
  firstTime(from: number, holds: (target: number) => boolean): number {
    const index = this.targets.findIndex((target, time) => time >= from && holds(target));
    return index < 0 ? Number.POSITIVE_INFINITY : index;
  }

  runUntil(end: number): this {
    for (; this.now < end; this.now++) this.#step();
    return this;
  }

  #step(): void {
    const { now, controller } = this;
    if (now % 25 === 0) controller.onProcess(now);
    for (const { at, base, count, arrivals } of this.#feedback.filter((feedback) => feedback.at === now)) {
      const feedback = { baseSequence: base & 0xffff, feedbackCount: count & 0xff, arrivals };
      controller.onFeedback(this.#history.onFeedback(feedback, at));
    }
    this.#feedback = this.#feedback.filter((feedback) => feedback.at > now);
    for (const probe of controller.takeProbeRequests()) this.#pacer.startProbe(probe, now);
    this.#pacer.setPacingRate(controller.pacingRate, now);

    this.#produce();
    this.#pacer.process(now, (packet, probeCluster) => this.#send(packet.size, probeCluster));
    this.#drain();
    if (now % (this.#options.feedbackInterval ?? 50) === 0) this.#report();
    this.targets.push(controller.targetBitrate);
  }

  #produce(): void {
    const { now } = this;
    if (now % 20 === 0) this.#pacer.enqueue({ size: 75 }, 75, 'audio', now); // 30 kbit/s
    const { source } = this.#options;
    if (source === 'audio-30k' || now % 33 !== 0) return;
    const rate = Math.min(
      this.controller.targetBitrate,
      typeof source === 'number' ? source : Number.POSITIVE_INFINITY,
    );
    let bytes = Math.max(0, ((rate - 30_000) * 33) / 8_000);
    for (; bytes > 0; bytes -= 1_200) {
      const size = Math.max(100, Math.min(1_200, Math.round(bytes)));
      this.#pacer.enqueue({ size }, size, 'video', now);
    }
  }

  #send(size: number, probeCluster: number | undefined): void {
    const sequence = this.#sequence++;
    const sent = { sequence, size, sentAt: this.now, probeCluster };
    this.#history.onPacketSent(sent);
    this.controller.onPacketSent(sent);
    const { loss = 0 } = this.#options;
    const lost = this.#nextRandom() < (typeof loss === 'number' ? loss : loss(this.now));
    if (lost || this.#queuedBytes + size > (this.#capacity() * QUEUE_TIME) / 8_000) {
      this.dropped++;
      return;
    }
    this.#queue.push({ sequence, size });
    this.#queuedBytes += size;
  }

  /** Serves the queue for one millisecond; packets leave at the exact time within it. */
  #drain(): void {
    const bytesPerMs = this.#capacity() / 8_000;
    let elapsed = 0;
    for (let head = this.#queue[0]; head !== undefined; head = this.#queue[0]) {
      const time = (head.size - this.#headSent) / bytesPerMs;
      if (elapsed + time > 1) {
        this.#headSent += (1 - elapsed) * bytesPerMs;
        break;
      }
      elapsed += time;
      this.#headSent = 0;
      this.#queue.shift();
      this.#queuedBytes -= head.size;
      this.delivered += head.size;
      this.#arrivals.set(head.sequence, this.now + elapsed + ONE_WAY_DELAY);
    }
    this.queueDelays.push(this.#queuedBytes / bytesPerMs);
  }

  /** The receiver's feedback on what has arrived by now, in ticks of 250 µs on its own clock. */
  #report(): void {
    const arrived = [...this.#arrivals].filter(([, at]) => at <= this.now);
    if (arrived.length === 0) return;
    const last = Math.max(...arrived.map(([sequence]) => sequence));
    const arrivals: (number | undefined)[] = [];
    for (let sequence = this.#nextReported; sequence <= last; sequence++) {
      const at = this.#arrivals.get(sequence);
      arrivals.push(at === undefined ? undefined : Math.round(this.#receiverClock(at) * 4) / 4);
      this.#arrivals.delete(sequence);
    }
    const feedback = { at: this.now + ONE_WAY_DELAY, base: this.#nextReported, count: this.#feedbackCount++, arrivals };
    this.#nextReported = last + 1;
    if (!this.#options.feedbackLost?.(this.now)) this.#feedback.push(feedback);
  }

  #receiverClock(now: number): number {
    return this.#options.receiverClock?.(now) ?? RECEIVER_CLOCK_OFFSET + now;
  }

  #capacity(): number {
    return this.#options.capacity.findLast(([from]) => from <= this.now)?.[1] ?? 0;
  }

  #nextRandom(): number {
    this.#random = (Math.imul(this.#random, 1_664_525) + 1_013_904_223) >>> 0;
    return this.#random / 2 ** 32;
  }
}
