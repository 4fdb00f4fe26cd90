// The delay-based half of the controller: groups, trend, and the rate that follows (draft-ietf-rmcat-gcc-02 §5).

import type { BitsPerSecond, Milliseconds } from '../units.ts';
import { AIMD_DEFAULTS, Aimd, type AimdOptions } from './aimd.ts';
import type { PacketResult } from './controller.ts';
import type { DecreaseReason } from './decision.ts';
import { INTER_ARRIVAL_DEFAULTS, InterArrival, type InterArrivalOptions } from './inter-arrival.ts';
import { QUEUE_DELAY_DEFAULTS, QueueDelay, type QueueDelayOptions } from './queue-delay.ts';
import { type DrainPhase, QUEUE_DRAIN_DEFAULTS, QueueDrain, type QueueDrainOptions } from './queue-drain.ts';
import { type BandwidthUsage, TRENDLINE_DEFAULTS, Trendline, type TrendlineOptions } from './trendline.ts';

export interface DelayBasedOptions {
  readonly interArrival: InterArrivalOptions;
  readonly trendline: TrendlineOptions;
  readonly aimd: AimdOptions;
  readonly queueDelay: QueueDelayOptions;
  readonly queueDrain: QueueDrainOptions;
  /** More than this share of the estimate arrives: what is sent gets through, if late. Default 0.5. */
  readonly deliveredRatio: number;
  /** Without feedback for this long, the groups and the trend are forgotten. Default 2000 ms. */
  readonly streamTimeout: Milliseconds;
}

export const DELAY_BASED_DEFAULTS: DelayBasedOptions = {
  interArrival: INTER_ARRIVAL_DEFAULTS,
  trendline: TRENDLINE_DEFAULTS,
  aimd: AIMD_DEFAULTS,
  queueDelay: QUEUE_DELAY_DEFAULTS,
  queueDrain: QUEUE_DRAIN_DEFAULTS,
  deliveredRatio: 0.5,
  streamTimeout: 2_000,
};

/** What arrives at the other end; undefined while too little is known. */
export interface Throughput {
  /** Over a second or more. */
  readonly average: BitsPerSecond | undefined;
  /** Over the last moments: what the bottleneck carries while it is overused. */
  readonly recent: BitsPerSecond | undefined;
  /** The application sends so little that neither says anything of the path. */
  readonly applicationLimited: boolean;
}

/** What a feedback did to the estimate. */
export interface DelayBasedUpdate {
  /** The result of a probe was taken over. */
  readonly probed: boolean;
  /** The queue has drained after an overuse. */
  readonly recovered: boolean;
  /** Why the estimate was lowered; undefined when it was not. */
  readonly decreased: DecreaseReason | undefined;
}

export class DelayBased {
  readonly #options: DelayBasedOptions;
  readonly #aimd: Aimd;
  readonly #interArrival: InterArrival;
  readonly #queue: QueueDelay;
  readonly #drain: QueueDrain;
  #rtt: Milliseconds;
  #standingAtDecrease: Milliseconds = 0;
  #trendline: Trendline;
  #lastFeedbackAt: Milliseconds | undefined;

  constructor(startBitrate: BitsPerSecond, options: DelayBasedOptions = DELAY_BASED_DEFAULTS) {
    this.#options = options;
    this.#aimd = new Aimd(startBitrate, options.aimd);
    this.#interArrival = new InterArrival(options.interArrival);
    this.#trendline = new Trendline(options.trendline);
    this.#queue = new QueueDelay(options.queueDelay);
    this.#drain = new QueueDrain(options.queueDrain);
    this.#rtt = options.aimd.initialRtt;
  }

  /** What is done about the queue. */
  get drainPhase(): DrainPhase {
    return this.#drain.phase;
  }

  /** What the target is to be multiplied by, in (0, 1], until a queue has drained. */
  get drainFactor(): number {
    return this.#drain.factor;
  }

  /** How long packets wait in queues. */
  get queueDelay(): Milliseconds {
    return this.#queue.standing;
  }

  get estimate(): BitsPerSecond {
    return this.#aimd.estimate;
  }

  get usage(): BandwidthUsage {
    return this.#trendline.usage;
  }

  setRtt(rtt: Milliseconds): void {
    this.#rtt = rtt;
    this.#aimd.setRtt(rtt);
  }

  /** Takes over a rate that was decided elsewhere. */
  setEstimate(bitrate: BitsPerSecond, now: Milliseconds): void {
    this.#aimd.setEstimate(bitrate, now);
  }

  /** `arrived`: the packets acknowledged, in the order they were received. `probe`: the result of one, if there is any. */
  onFeedback(
    arrived: readonly PacketResult[],
    throughput: Throughput,
    probe: BitsPerSecond | undefined,
    lost: boolean,
    now: Milliseconds,
  ): DelayBasedUpdate {
    if (now - (this.#lastFeedbackAt ?? now) > this.#options.streamTimeout) {
      this.#interArrival.reset();
      this.#trendline = new Trendline(this.#options.trendline);
    }
    this.#lastFeedbackAt = now;

    let recovered = false;
    for (const { sentAt, receivedAt } of arrived) {
      if (receivedAt === undefined) continue;
      const delta = this.#interArrival.onPacket(sentAt, receivedAt, now);
      if (delta === undefined) continue;
      const before = this.#trendline.usage;
      this.#trendline.update(delta.sendDelta, delta.arrivalDelta, receivedAt);
      if (before === 'underuse' && this.#trendline.usage === 'normal') recovered = true;
    }

    this.#queue.onFeedback(arrived, now);
    const { standing } = this.#queue;
    if (lost) this.#drain.onLoss(now);
    const draining = this.#drain.phase === 'drain';
    const delivered = (throughput.average ?? 0) >= this.#options.deliveredRatio * this.#aimd.estimate;
    this.#drain.update(standing, this.#rtt, delivered, now);
    const { usage } = this.#trendline;
    const competing = this.#drain.phase === 'truce';
    if (!competing && (usage === 'overuse' || this.#drain.isDue(standing)) && !this.#isOwnProbe(arrived)) {
      const before = this.#aimd.estimate;
      const reason = usage === 'overuse' ? 'trend' : 'queue';
      this.#decrease(throughput, draining, now);
      return { probed: false, recovered, decreased: this.#aimd.estimate < before ? reason : undefined };
    }
    const yielded = competing && lost && this.#aimd.yield(now);
    if (probe !== undefined) {
      this.#aimd.setProbeResult(probe, now);
      return { probed: true, recovered: false, decreased: undefined };
    }
    if (this.#drain.permitsGrowth(standing)) {
      this.#aimd.update(usage === 'overuse' ? 'normal' : usage, throughput.average, now, { competing });
    }
    return { probed: false, recovered, decreased: yielded ? 'others' : undefined };
  }

  #decrease({ average, recent = average, applicationLimited }: Throughput, draining: boolean, now: Milliseconds): void {
    const { standing } = this.#queue;
    const { empty, noise } = this.#options.queueDrain;
    // Who fills a long queue uses all that the path carries, however little it is of what the application may.
    const limited = applicationLimited && !this.#isLong;
    const measured = limited ? this.#aimd.estimate : recent;
    // A queue that shrinks says that the last decrease was enough.
    const shrinks = draining && standing < this.#standingAtDecrease - empty;
    if (recent === undefined || measured === undefined) this.#aimd.halve(now);
    else if (!shrinks && this.#aimd.mayDecrease(measured, standing > noise, now)) {
      // What arrives of a rate that has been lowered already says nothing of the path, as long as the queue is short: who has
      // the shortest round trip would see it first, and give way to all others.
      const lowered = draining && !this.#isLong;
      const use = { applicationLimited: limited, carried: this.#isLong ? average : undefined };
      this.#aimd.update('overuse', lowered ? this.#aimd.estimate : recent, now, use);
      this.#standingAtDecrease = standing;
    }
    this.#drain.start(standing);
    this.#drain.update(standing, this.#rtt, false, now);
  }

  /** Whether the queue is so long that it cannot be but for us or others who overuse the path. */
  get #isLong(): boolean {
    return this.#queue.standing > this.#options.queueDrain.limit;
  }

  /** Whether a short queue is the work of our own probe, whose result says more than the queue does. */
  #isOwnProbe(arrived: readonly PacketResult[]): boolean {
    return !this.#isLong && arrived.some(({ probeCluster }) => probeCluster !== undefined);
  }
}
