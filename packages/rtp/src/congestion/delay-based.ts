// The delay-based half of the controller: groups, trend, and the rate that follows (draft-ietf-rmcat-gcc-02 §5).

import type { BitsPerSecond, Milliseconds } from '../units.ts';
import { AIMD_DEFAULTS, Aimd, type AimdOptions } from './aimd.ts';
import type { PacketResult } from './controller.ts';
import { INTER_ARRIVAL_DEFAULTS, InterArrival, type InterArrivalOptions } from './inter-arrival.ts';
import { type BandwidthUsage, TRENDLINE_DEFAULTS, Trendline, type TrendlineOptions } from './trendline.ts';

export interface DelayBasedOptions {
  readonly interArrival: InterArrivalOptions;
  readonly trendline: TrendlineOptions;
  readonly aimd: AimdOptions;
  /** Without feedback for this long, the groups and the trend are forgotten. Default 2000 ms. */
  readonly streamTimeout: Milliseconds;
}

export const DELAY_BASED_DEFAULTS: DelayBasedOptions = {
  interArrival: INTER_ARRIVAL_DEFAULTS,
  trendline: TRENDLINE_DEFAULTS,
  aimd: AIMD_DEFAULTS,
  streamTimeout: 2_000,
};

/** What arrives at the other end; undefined while too little is known. */
export interface Throughput {
  /** Over a second or more. */
  readonly average: BitsPerSecond | undefined;
  /** Over the last moments: what the bottleneck carries while it is overused. */
  readonly recent: BitsPerSecond | undefined;
}

/** What a feedback did to the estimate. */
export interface DelayBasedUpdate {
  /** The result of a probe was taken over. */
  readonly probed: boolean;
  /** The queue has drained after an overuse. */
  readonly recovered: boolean;
}

export class DelayBased {
  readonly #options: DelayBasedOptions;
  readonly #aimd: Aimd;
  readonly #interArrival: InterArrival;
  #trendline: Trendline;
  #lastFeedbackAt: Milliseconds | undefined;

  constructor(startBitrate: BitsPerSecond, options: DelayBasedOptions = DELAY_BASED_DEFAULTS) {
    this.#options = options;
    this.#aimd = new Aimd(startBitrate, options.aimd);
    this.#interArrival = new InterArrival(options.interArrival);
    this.#trendline = new Trendline(options.trendline);
  }

  get estimate(): BitsPerSecond {
    return this.#aimd.estimate;
  }

  get usage(): BandwidthUsage {
    return this.#trendline.usage;
  }

  setRtt(rtt: Milliseconds): void {
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

    const overused = this.#trendline.usage === 'overuse';
    if (!overused && probe !== undefined) {
      this.#aimd.setProbeResult(probe, now);
      return { probed: true, recovered: false };
    }
    if (!overused) this.#aimd.update(this.#trendline.usage, throughput.average, now);
    else if (throughput.recent === undefined) this.#aimd.halve(now);
    else if (this.#aimd.mayDecrease(throughput.recent, now)) this.#aimd.update('overuse', throughput.recent, now);
    return { probed: false, recovered };
  }
}
