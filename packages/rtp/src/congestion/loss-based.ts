// The rate that follows from loss: the rules of draft-ietf-rmcat-gcc-02 §6, as libwebrtc falls back on them when its
// second estimator has too little to go by. Behind an interface, so that a better one can take its place.

import type { BitsPerSecond, Milliseconds } from '../units.ts';
import type { PacketResult } from './controller.ts';

/** What a loss-based estimator is told with each feedback. */
export interface LossBasedInput {
  readonly at: Milliseconds;
  readonly packets: readonly PacketResult[];
  /** What arrives; undefined while unknown. */
  readonly acknowledged: BitsPerSecond | undefined;
}

/** Whether loss leaves the rate alone, lets it rise again after having limited it, keeps it, or lowers it. */
export type LossState = 'unlimited' | 'increasing' | 'holding' | 'decreasing';

export interface LossBasedEstimator {
  onFeedback(input: LossBasedInput): void;
  /** Takes over the result of a probe. */
  setEstimate(bitrate: BitsPerSecond, now: Milliseconds): void;
  /** The rate that loss allows, at most `limit`, which the delay allows. To be called at each feedback and regularly. */
  update(limit: BitsPerSecond, rtt: Milliseconds, now: Milliseconds): BitsPerSecond;
  /** Share of packets lost in the last observation, in [0, 1]. */
  readonly lossRatio: number;
  readonly state: LossState;
}

export interface LossRulesOptions {
  /** Loss up to this lets the rate grow. Default 0.02. */
  readonly lowLoss: number;
  /** Loss above this lowers it; between the two it holds. Default 0.1. */
  readonly highLoss: number;
  /** Growth relative to the lowest rate of the last `increaseInterval`. Default 1.08. */
  readonly increaseFactor: number;
  /** ... plus this. Default 1 kbit/s. */
  readonly increaseMargin: BitsPerSecond;
  /** Default 1000 ms. */
  readonly increaseInterval: Milliseconds;
  /** A decrease is this fraction of the loss ratio. Default 0.5. */
  readonly decreaseFactor: number;
  /** Decreases are apart by this plus one round trip. Default 300 ms. */
  readonly decreaseInterval: Milliseconds;
  /** An observation has at least so many packets. Default 20. */
  readonly minPackets: number;
  /** ... and lasts at least this long. Default 500 ms (libwebrtc: 1000). */
  readonly observationTime: Milliseconds;
  /** An observation older than this decides nothing. Default 6000 ms. */
  readonly maxObservationAge: Milliseconds;
  /** So long after the first feedback the delay alone rules, unless there is loss. Default 2000 ms. */
  readonly startPhase: Milliseconds;
}

export const LOSS_RULES_DEFAULTS: LossRulesOptions = {
  lowLoss: 0.02,
  highLoss: 0.1,
  increaseFactor: 1.08,
  increaseMargin: 1_000,
  increaseInterval: 1_000,
  decreaseFactor: 0.5,
  decreaseInterval: 300,
  minPackets: 20,
  observationTime: 500,
  maxObservationAge: 6_000,
  startPhase: 2_000,
};

/** Grow below 2 %, hold up to 10 %, decrease above. Packets of probes do not count: they are meant to overshoot. */
export class LossRules implements LossBasedEstimator {
  readonly #options: LossRulesOptions;
  #estimate: BitsPerSecond;
  #state: LossState = 'unlimited';
  #lossRatio = 0;
  #startedAt: Milliseconds | undefined;
  #observedAt: Milliseconds | undefined;
  #expected = 0;
  #lost = 0;
  /** Whether the last observation has had its effect. */
  #spent = true;
  #decreasedAt = Number.NEGATIVE_INFINITY;
  /** Candidates for the lowest rate of the last interval: later and higher ones follow. */
  #lowest: { readonly at: Milliseconds; readonly bitrate: BitsPerSecond }[] = [];

  constructor(startBitrate: BitsPerSecond, options: LossRulesOptions = LOSS_RULES_DEFAULTS) {
    this.#options = options;
    this.#estimate = startBitrate;
  }

  get lossRatio(): number {
    return this.#lossRatio;
  }

  get state(): LossState {
    return this.#state;
  }

  onFeedback({ at, packets }: LossBasedInput): void {
    this.#startedAt ??= at;
    this.#observedAt ??= at;
    for (const packet of packets) {
      if (packet.probeCluster !== undefined) continue;
      if (packet.previouslyLost) this.#lost--;
      else this.#expected++;
      if (packet.receivedAt === undefined) this.#lost++;
    }
    const { minPackets, observationTime } = this.#options;
    if (this.#expected < minPackets || at - this.#observedAt < observationTime) return;
    this.#lossRatio = Math.min(Math.max(this.#lost / this.#expected, 0), 1);
    this.#observedAt = at;
    this.#expected = 0;
    this.#lost = 0;
    this.#spent = false;
  }

  setEstimate(bitrate: BitsPerSecond, now: Milliseconds): void {
    this.#estimate = bitrate;
    this.#lowest = [{ at: now, bitrate }];
  }

  update(limit: BitsPerSecond, rtt: Milliseconds, now: Milliseconds): BitsPerSecond {
    if (this.#startedAt === undefined) return this.#settle(limit);
    if (this.#lossRatio === 0 && now - this.#startedAt < this.#options.startPhase) {
      this.setEstimate(Math.max(this.#estimate, limit), now);
      return this.#settle(limit);
    }
    this.#remember(now);
    const { maxObservationAge, lowLoss, highLoss, decreaseFactor, decreaseInterval } = this.#options;
    if (now - (this.#observedAt ?? now) > maxObservationAge) return this.#settle(limit);

    if (this.#lossRatio <= lowLoss) {
      this.#grow();
    } else if (this.#lossRatio <= highLoss) {
      this.#state = 'holding';
    } else {
      this.#state = 'decreasing';
      if (!this.#spent && now - this.#decreasedAt >= decreaseInterval + rtt) {
        this.#spent = true;
        this.#decreasedAt = now;
        this.#estimate *= 1 - decreaseFactor * this.#lossRatio;
      }
    }
    return this.#settle(limit);
  }

  #grow(): void {
    const { increaseFactor, increaseMargin } = this.#options;
    const lowest = this.#lowest[0]?.bitrate ?? this.#estimate;
    this.#estimate = Math.max(this.#estimate, lowest * increaseFactor + increaseMargin);
    if (this.#state !== 'unlimited') this.#state = 'increasing';
  }

  #settle(limit: BitsPerSecond): BitsPerSecond {
    if (this.#estimate >= limit) {
      this.#estimate = limit;
      this.#state = 'unlimited';
    }
    return this.#estimate;
  }

  #remember(now: Milliseconds): void {
    const recent = this.#lowest.filter(({ at }) => now - at <= this.#options.increaseInterval);
    while ((recent.at(-1)?.bitrate ?? Number.NEGATIVE_INFINITY) >= this.#estimate) recent.pop();
    recent.push({ at: now, bitrate: this.#estimate });
    this.#lowest = recent;
  }
}
