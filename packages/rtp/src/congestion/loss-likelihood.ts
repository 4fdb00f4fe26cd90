// The rate that loss allows, by maximum likelihood: of a few candidates, the bandwidth that explains best which packets
// of the last seconds were lost, given that the path loses some whatever is sent (libwebrtc's loss_based_bwe_v2). Loss
// that does not depend on the rate, as on a radio link, therefore hardly lowers it; loss that does, as at a policer, does.

import type { BitsPerSecond, Bytes, Milliseconds } from '../units.ts';
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

export interface LossLikelihoodOptions {
  /** An observation is made of packets that were sent over at least this much time. Default 250 ms. */
  readonly observationTime: Milliseconds;
  /** So many of them count. Default 15. */
  readonly observations: number;
  /** With fewer, loss limits nothing. Default 3. */
  readonly minObservations: number;
  /** Weight of an observation relative to the next newer one. Default 0.9. */
  readonly memory: number;
  /** Multiples of the estimate that are candidates. Default [1.02, 1, 0.95]. */
  readonly candidateScales: readonly number[];
  /** Loss that does not depend on the rate, at first. Default 0.01. */
  readonly initialInherentLoss: number;
  /** ... and at least. Default 0.001. */
  readonly minInherentLoss: number;
  /** ... and at most, plus what `inherentLossRate` adds. Default 0.05. */
  readonly maxInherentLoss: number;
  /** This, divided by the candidate, is added to the bound: what is slow may lose more. Default 100 kbit/s. */
  readonly inherentLossRate: BitsPerSecond;
  /** How much of a step of Newton's method is taken at each feedback. Default 0.75. */
  readonly newtonStep: number;
  /** How much a higher bandwidth is preferred, per kbit/s and per natural logarithm of that. Default 0.0002 and 0.02. */
  readonly linearBias: number;
  readonly logarithmicBias: number;
  /** Loss at which a lower bandwidth begins to be preferred. Default 0.2. */
  readonly biasThreshold: number;
  /** ... and how sharply. Default 0.002. */
  readonly biasSharpness: number;
  /** The estimate is at most this, divided by the loss beyond `maxInherentLoss`. Default 100 kbit/s. */
  readonly instantBound: BitsPerSecond;
  /** While loss limits it, the estimate grows by this factor at most ... Default 1.3. */
  readonly maxGrowth: number;
  /** ... in this time. Default 300 ms. */
  readonly growthWindow: Milliseconds;
  /** No sooner than this after a decrease does it grow; twice as long after each that follows soon. Default 300 ms. */
  readonly hold: Milliseconds;
  /** ... but no longer than this. Default 3000 ms (libwebrtc: 60 000). */
  readonly maxHold: Milliseconds;
  /**
   * When feedback comes back after this much silence, what was lost meanwhile was lost to an outage, which no rate could
   * have helped. Default 1000 ms.
   */
  readonly outage: Milliseconds;
}

export const LOSS_LIKELIHOOD_DEFAULTS: LossLikelihoodOptions = {
  observationTime: 250,
  observations: 15,
  minObservations: 3,
  memory: 0.9,
  candidateScales: [1.02, 1, 0.95],
  initialInherentLoss: 0.01,
  minInherentLoss: 0.001,
  maxInherentLoss: 0.05,
  inherentLossRate: 100_000,
  newtonStep: 0.75,
  linearBias: 0.0002,
  logarithmicBias: 0.02,
  biasThreshold: 0.2,
  biasSharpness: 0.002,
  instantBound: 100_000,
  maxGrowth: 1.3,
  growthWindow: 300,
  hold: 300,
  maxHold: 3_000,
  outage: 1_000,
};

/** What became of the packets of a while. Sizes in kilobytes, to keep likelihoods apart from the bias. */
interface Observation {
  readonly sendingRate: BitsPerSecond;
  readonly lost: number;
  readonly received: number;
}

/** An observation that goes on. */
interface Gathering {
  firstSent: Milliseconds;
  lastSent: Milliseconds;
  lost: Bytes;
  received: Bytes;
}

/** Packets of probes count, too: what they overshoot by is known from their rate. */
export class LossLikelihood {
  readonly #options: LossLikelihoodOptions;
  /** Newest last. */
  readonly #observations: Observation[] = [];
  readonly #weights: readonly number[];
  #gathering: Gathering | undefined;
  #feedbackAt: Milliseconds | undefined;
  #estimate: BitsPerSecond;
  #inherentLoss: number;
  #lossRatio = 0;
  #acknowledged: BitsPerSecond | undefined;
  #state: LossState = 'unlimited';
  /** There are observations that have had no effect yet. */
  #fresh = false;
  #holdUntil = Number.NEGATIVE_INFINITY;
  #hold: Milliseconds;
  #growthStart: { readonly at: Milliseconds; readonly estimate: BitsPerSecond } | undefined;

  constructor(startBitrate: BitsPerSecond, options: LossLikelihoodOptions = LOSS_LIKELIHOOD_DEFAULTS) {
    this.#options = options;
    this.#estimate = startBitrate;
    this.#inherentLoss = options.initialInherentLoss;
    this.#hold = options.hold;
    this.#weights = Array.from({ length: options.observations }, (_, age) => options.memory ** age);
  }

  /** Share of what was sent that was lost, in [0, 1], recent observations counting more. */
  get lossRatio(): number {
    return this.#lossRatio;
  }

  get state(): LossState {
    return this.#state;
  }

  /** Loss that does not depend on the rate, in [0, 1]. */
  get inherentLoss(): number {
    return this.#inherentLoss;
  }

  onFeedback({ at, packets, acknowledged }: LossBasedInput): void {
    this.#acknowledged = acknowledged;
    const outage = this.#feedbackAt !== undefined && at - this.#feedbackAt > this.#options.outage;
    this.#feedbackAt = at;
    if (outage) {
      this.#gathering = undefined;
      return;
    }
    for (const packet of packets) this.#gather(packet);
    const { observationTime, observations } = this.#options;
    const gathered = this.#gathering;
    if (gathered === undefined || gathered.lastSent - gathered.firstSent < observationTime) return;
    this.#gathering = undefined;
    const { lost, received, firstSent, lastSent } = gathered;
    const sendingRate = ((lost + received) * 8_000) / (lastSent - firstSent);
    this.#observations.push({ sendingRate, lost: lost / 1_000, received: received / 1_000 });
    if (this.#observations.length > observations) this.#observations.shift();
    this.#lossRatio = this.#averageLoss();
    this.#fresh = true;
  }

  /** What was lost so far says nothing of what comes. */
  forget(): void {
    this.#observations.length = 0;
    this.#lossRatio = 0;
  }

  /** Takes over the result of a probe. */
  setEstimate(bitrate: BitsPerSecond): void {
    this.#estimate = bitrate;
  }

  /** The rate that loss allows, at most `limit`, which the delay allows. To be called at each feedback and regularly. */
  update(limit: BitsPerSecond, now: Milliseconds): BitsPerSecond {
    if (this.#observations.length < this.#options.minObservations) {
      this.#estimate = limit;
    } else if (this.#fresh) {
      this.#fresh = false;
      this.#choose(limit, now);
    }
    if (this.#estimate >= limit) {
      this.#state = 'unlimited';
      this.#hold = this.#options.hold;
      this.#growthStart = undefined;
      // Beyond what the delay allows nothing is known of loss.
      this.#estimate = limit;
    }
    return Math.min(this.#estimate, limit);
  }

  #gather({ size, sentAt, receivedAt, previouslyLost }: PacketResult): void {
    if (previouslyLost) return;
    this.#gathering ??= { firstSent: sentAt, lastSent: sentAt, lost: 0, received: 0 };
    const gathering = this.#gathering;
    gathering.firstSent = Math.min(gathering.firstSent, sentAt);
    gathering.lastSent = Math.max(gathering.lastSent, sentAt);
    if (receivedAt === undefined) gathering.lost += size;
    else gathering.received += size;
  }

  /** The candidate that is likeliest, within what loss and growth allow. */
  #choose(limit: BitsPerSecond, now: Milliseconds): void {
    const before = this.#estimate;
    const bias = this.#biasFactor();
    let best = { bandwidth: before, inherentLoss: this.#inherentLoss, objective: Number.NEGATIVE_INFINITY };
    for (const bandwidth of this.#candidates(limit)) {
      const inherentLoss = this.#refine(bandwidth);
      const objective = this.#objective(bandwidth, inherentLoss, bias);
      if (objective > best.objective) best = { bandwidth, inherentLoss, objective };
    }
    this.#inherentLoss = best.inherentLoss;
    const bounded = Math.min(best.bandwidth, this.#instantBound);
    if (bounded < before) this.#decrease(bounded, now);
    else if (bounded > before) this.#increase(bounded, now);
    else this.#state = 'holding';
  }

  #decrease(to: BitsPerSecond, now: Milliseconds): void {
    // What arrives demonstrably gets through.
    this.#estimate = Math.min(this.#estimate, Math.max(to, this.#acknowledged ?? 0));
    this.#state = 'decreasing';
    this.#growthStart = undefined;
    this.#holdUntil = now + this.#hold;
    this.#hold = Math.min(2 * this.#hold, this.#options.maxHold);
  }

  #increase(to: BitsPerSecond, now: Milliseconds): void {
    if (this.#state !== 'unlimited') {
      // More is lost than the path loses anyway: the rate has its part in it.
      if (now < this.#holdUntil || this.#lossRatio > this.#inherentLoss) {
        this.#state = 'holding';
        return;
      }
      this.#state = 'increasing';
    }
    const { growthWindow, maxGrowth } = this.#options;
    if (this.#growthStart === undefined || now - this.#growthStart.at > growthWindow) {
      this.#growthStart = { at: now, estimate: this.#estimate };
    }
    this.#estimate = Math.max(this.#estimate, Math.min(to, maxGrowth * this.#growthStart.estimate));
  }

  #candidates(limit: BitsPerSecond): BitsPerSecond[] {
    const candidates = this.#options.candidateScales.map((scale) => scale * this.#estimate);
    if (this.#acknowledged !== undefined) candidates.push(this.#acknowledged);
    candidates.push(limit);
    return candidates.map((bandwidth) => Math.min(bandwidth, limit));
  }

  /** One damped step of Newton's method towards the inherent loss that explains the observations best. */
  #refine(bandwidth: BitsPerSecond): number {
    const inherent = this.#inherentLoss;
    let first = 0;
    let second = 0;
    this.#forEachObservation(({ sendingRate, lost, received }, weight) => {
      const probability = lossProbability(inherent, bandwidth, sendingRate);
      const slope = 1 - overload(bandwidth, sendingRate);
      first += weight * (lost / probability - received / (1 - probability)) * slope;
      second -= weight * (lost / probability ** 2 + received / (1 - probability) ** 2) * slope ** 2;
    });
    const stepped = second < 0 ? inherent - this.#options.newtonStep * (first / second) : inherent;
    const { minInherentLoss, maxInherentLoss, inherentLossRate } = this.#options;
    return Math.max(minInherentLoss, Math.min(stepped, maxInherentLoss + inherentLossRate / bandwidth));
  }

  #objective(bandwidth: BitsPerSecond, inherentLoss: number, bias: number): number {
    const { linearBias, logarithmicBias } = this.#options;
    const kbps = bandwidth / 1_000;
    const preference = bias * (linearBias * kbps + logarithmicBias * Math.log(1 + kbps));
    let objective = 0;
    this.#forEachObservation(({ sendingRate, lost, received }, weight) => {
      const probability = lossProbability(inherentLoss, bandwidth, sendingRate);
      const likelihood = lost * Math.log(probability) + received * Math.log(1 - probability);
      objective += weight * (likelihood + preference * (lost + received));
    });
    return objective;
  }

  /** From 1 where hardly anything is lost to −1 where much is. */
  #biasFactor(): number {
    const { biasThreshold, biasSharpness } = this.#options;
    const distance = biasThreshold - this.#lossRatio;
    return distance / (biasSharpness + Math.abs(distance));
  }

  get #instantBound(): BitsPerSecond {
    const { instantBound, maxInherentLoss } = this.#options;
    const excess = this.#lossRatio - maxInherentLoss;
    return excess > 0 ? instantBound / excess : Number.POSITIVE_INFINITY;
  }

  #averageLoss(): number {
    let lost = 0;
    let total = 0;
    this.#forEachObservation((observation, weight) => {
      lost += weight * observation.lost;
      total += weight * (observation.lost + observation.received);
    });
    return total === 0 ? 0 : lost / total;
  }

  #forEachObservation(visit: (observation: Observation, weight: number) => void): void {
    const last = this.#observations.length - 1;
    for (const [i, observation] of this.#observations.entries()) visit(observation, this.#weights[last - i] ?? 0);
  }
}

/** Share of what is sent that does not fit. */
function overload(bandwidth: BitsPerSecond, sendingRate: BitsPerSecond): number {
  return sendingRate > bandwidth ? (sendingRate - bandwidth) / sendingRate : 0;
}

function lossProbability(inherentLoss: number, bandwidth: BitsPerSecond, sendingRate: BitsPerSecond): number {
  const probability = inherentLoss + (1 - inherentLoss) * overload(bandwidth, sendingRate);
  return Math.min(Math.max(probability, 1e-6), 1 - 1e-6);
}
