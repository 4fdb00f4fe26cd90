// When to probe and how high: at the start, on after a success, while the application sends too little to learn anything,
// when it wants more, and after a drop (libwebrtc's probe_controller; the probe on stagnation is str0m's).

import type { BitsPerSecond, Milliseconds } from '../units.ts';
import type { ProbeRequest } from './controller.ts';
import type { ProbeReason } from './decision.ts';

export interface ProbingOptions {
  /** Multiples of the start bitrate that are probed first; none: no initial probe. Default [3] (libwebrtc: 3 and 6, which floods a thin link). */
  readonly initialScales: readonly number[];
  /** Default 100 ms. */
  readonly initialDuration: Milliseconds;
  /** Default 20 ms. */
  readonly initialBurstInterval: Milliseconds;
  /** A result above this fraction of the last probe calls for another one. Default 0.7. */
  readonly continueThreshold: number;
  /** ... at this multiple of the result. Default 2. */
  readonly continueScale: number;
  /** Results are awaited this long. Default 1000 ms. */
  readonly resultTimeout: Milliseconds;
  /** Time between probes while the application is the limit. Default 5000 ms; infinite: none. */
  readonly applicationLimitedInterval: Milliseconds;
  /** ... and their multiple of the estimate. Default 2. */
  readonly applicationLimitedScale: number;
  /**
   * Time without congestion and without a probe after which the path is probed although the application uses what it has.
   * Default 3000 ms; infinite: none, as in libwebrtc.
   */
  readonly stagnationInterval: Milliseconds;
  /** ... and their multiple of the estimate; 0: none, at other times neither. Default 1.5. */
  readonly stagnationScale: number;
  /** Multiples of a changed desired bitrate that are probed while the application is the limit. Default [1, 2]. */
  readonly desiredScales: readonly number[];
  /** ... but no higher than this multiple of the estimate. Default 2. */
  readonly desiredLimitScale: number;
  /** No probe goes beyond this multiple of the desired bitrate. Default 2. */
  readonly maxDesiredScale: number;
  /** No probe goes beyond this while there is neither a maximum nor a desired bitrate. Default 5 Mbit/s. */
  readonly defaultMaxBitrate: BitsPerSecond;
  /** An estimate below this fraction of the one before is a large drop. Default 0.66. */
  readonly dropRatio: number;
  /** When the queue has drained within this time of a drop, the old rate is probed. Default 5000 ms. */
  readonly dropTimeout: Milliseconds;
  /** ... at this fraction. Default 0.85. */
  readonly dropScale: number;
  /** ... if this fraction of the probe would still be an improvement. Default 0.95. */
  readonly dropWorthwhile: number;
  /** ... at most so often. Default 5000 ms. */
  readonly dropInterval: Milliseconds;
  /** ... and only while, or this long after, the application is the limit. Default 3000 ms. */
  readonly dropApplicationLimitedTimeout: Milliseconds;
  /** No probe goes beyond this multiple of the estimate while loss limits it. Default 1.5. */
  readonly lossLimitedScale: number;
  /** How long a probe lasts, but for the initial ones. Default 50 ms (libwebrtc: 15): jitter would hide the rate of a shorter one. */
  readonly minDuration: Milliseconds;
  /** Default 5. */
  readonly minPackets: number;
  /** Default 2 ms. */
  readonly minBurstInterval: Milliseconds;
}

export const PROBING_DEFAULTS: ProbingOptions = {
  initialScales: [3],
  initialDuration: 100,
  initialBurstInterval: 20,
  continueThreshold: 0.7,
  continueScale: 2,
  resultTimeout: 1_000,
  applicationLimitedInterval: 5_000,
  applicationLimitedScale: 2,
  stagnationInterval: 3_000,
  stagnationScale: 1.5,
  desiredScales: [1, 2],
  desiredLimitScale: 2,
  maxDesiredScale: 2,
  defaultMaxBitrate: 5_000_000,
  dropRatio: 0.66,
  dropTimeout: 5_000,
  dropScale: 0.85,
  dropWorthwhile: 0.95,
  dropInterval: 5_000,
  dropApplicationLimitedTimeout: 3_000,
  lossLimitedScale: 1.5,
  minDuration: 50,
  minPackets: 5,
  minBurstInterval: 2,
};

/** Whether the path can bear a probe: freely, a little beyond the estimate, or not at all. */
export type ProbePermission = 'free' | 'capped' | 'blocked';

/** Decides on probes and hands them out; whether one is still awaited, and what comes next, depends on the estimate. */
export class ProbeController {
  readonly #options: ProbingOptions;
  #estimate: BitsPerSecond;
  #max: BitsPerSecond;
  #desired: BitsPerSecond | undefined;
  #permission: ProbePermission = 'free';
  #requests: ProbeRequest[] = [];
  #nextId = 1;
  #started = false;
  /** While a result is awaited that may call for another probe: what it must exceed. */
  #continueAbove: BitsPerSecond | undefined;
  #probedAt = Number.NEGATIVE_INFINITY;
  #congestedAt = Number.NEGATIVE_INFINITY;
  #limitedSince: Milliseconds | undefined;
  #limitedUntil = Number.NEGATIVE_INFINITY;
  #droppedAt = Number.NEGATIVE_INFINITY;
  #beforeDrop: BitsPerSecond = 0;
  #dropProbedAt = Number.NEGATIVE_INFINITY;

  constructor(startBitrate: BitsPerSecond, maxBitrate: BitsPerSecond, options: ProbingOptions = PROBING_DEFAULTS) {
    this.#options = options;
    this.#estimate = startBitrate;
    this.#max = maxBitrate;
  }

  /** The probes decided on since the last call. */
  takeRequests(): readonly ProbeRequest[] {
    const requests = this.#requests;
    if (requests.length > 0) this.#requests = [];
    return requests;
  }

  setMaxBitrate(max: BitsPerSecond, now: Milliseconds): void {
    const raised = max > this.#max && this.#estimate < max;
    this.#max = max;
    if (raised && this.#started && this.#continueAbove === undefined) this.#probe([max], 'max', false, now);
  }

  /** What the application would send. When it changes while the application is the limit, it is probed at once. */
  setDesiredBitrate(desired: BitsPerSecond | undefined, now: Milliseconds): void {
    const changed = desired !== this.#desired;
    this.#desired = desired;
    if (!changed || desired === undefined || !this.#started || this.#continueAbove !== undefined) return;
    if (this.#limitedSince === undefined || this.#estimate >= Math.min(desired, this.#max)) return;

    const limit = this.#options.desiredLimitScale * this.#estimate;
    const bitrates: BitsPerSecond[] = [];
    let limited = false;
    for (const scale of this.#options.desiredScales) {
      if (limited) break;
      limited = scale * desired > limit;
      bitrates.push(Math.min(scale * desired, limit));
    }
    this.#probe(bitrates, 'desired', limited, now);
  }

  /** Since when the application is the limit; undefined: it is not. */
  setApplicationLimited(since: Milliseconds | undefined, now: Milliseconds): void {
    if (since === undefined && this.#limitedSince !== undefined) this.#limitedUntil = now;
    this.#limitedSince = since;
  }

  /** Takes in a new target and whether the path can bear probes; a success calls for the next one. */
  setEstimate(estimate: BitsPerSecond, permission: ProbePermission, now: Milliseconds): void {
    const { dropRatio, continueScale, maxDesiredScale } = this.#options;
    this.#permission = permission;
    if (estimate < dropRatio * this.#estimate) {
      this.#droppedAt = now;
      this.#beforeDrop = this.#estimate;
    }
    if (estimate < this.#estimate || permission === 'blocked') this.#congestedAt = now;
    this.#estimate = estimate;
    if (this.#continueAbove === undefined || estimate <= this.#continueAbove) return;
    const enough = this.#desired === undefined ? this.#max : Math.min(this.#max, maxDesiredScale * this.#desired);
    if (estimate < enough) this.#probe([continueScale * estimate], 'success', true, now);
  }

  /** The queue has drained after an overuse: what was there before the drop may be there again. */
  onRecovered(now: Milliseconds): void {
    const { dropScale, dropWorthwhile, dropTimeout, dropInterval, dropApplicationLimitedTimeout } = this.#options;
    const limited = this.#limitedSince !== undefined || now - this.#limitedUntil < dropApplicationLimitedTimeout;
    if (!limited || this.#continueAbove !== undefined) return;
    const bitrate = dropScale * this.#beforeDrop;
    if (dropWorthwhile * bitrate <= this.#estimate) return;
    if (now - this.#droppedAt >= dropTimeout || now - this.#dropProbedAt <= dropInterval) return;
    this.#dropProbedAt = now;
    this.#probe([bitrate], 'recovered', false, now);
  }

  /** Others who kept the queue full are gone: there is no need to wait whether it stays that way. */
  onOthersGone(now: Milliseconds): void {
    if (this.#continueAbove === undefined)
      this.#probe([this.#options.stagnationScale * this.#estimate], 'recovered', true, now);
  }

  /** The path is back after an outage: it may carry what it carried before. */
  onReturned(before: BitsPerSecond, now: Milliseconds): void {
    if (before > this.#estimate) this.#probe([before], 'outage', false, now);
  }

  /** The first call probes for the first time; later ones probe when it is time to. */
  process(now: Milliseconds): void {
    const { initialScales, resultTimeout, applicationLimitedInterval, applicationLimitedScale } = this.#options;
    if (!this.#started) {
      this.#started = true;
      this.#probedAt = now;
      const bitrates = initialScales.map((scale) => scale * this.#estimate);
      this.#probe(bitrates, 'start', true, now);
      return;
    }
    if (now - this.#probedAt > resultTimeout) this.#continueAbove = undefined;
    if (this.#continueAbove !== undefined) return;

    if (this.#limitedSince !== undefined) {
      const due = Math.max(this.#limitedSince, this.#probedAt) + applicationLimitedInterval;
      if (now >= due) this.#probe([applicationLimitedScale * this.#estimate], 'application-limited', true, now);
    } else {
      const due = Math.max(this.#congestedAt, this.#probedAt) + this.#options.stagnationInterval;
      if (now >= due) this.#probe([this.#options.stagnationScale * this.#estimate], 'stagnation', true, now);
    }
  }

  /** `proceed`: a success calls for another one. */
  #probe(bitrates: readonly BitsPerSecond[], reason: ProbeReason, proceed: boolean, now: Milliseconds): void {
    const { maxDesiredScale, lossLimitedScale, continueThreshold, defaultMaxBitrate } = this.#options;
    this.#continueAbove = undefined;
    if (bitrates.length === 0 || this.#permission === 'blocked') return;
    if (this.#estimate >= Math.min(this.#max, this.#desired ?? this.#max)) return;

    const bounded = Number.isFinite(this.#max) ? this.#max : defaultMaxBitrate;
    const ceiling = this.#desired === undefined ? bounded : Math.min(this.#max, maxDesiredScale * this.#desired);
    const cap = this.#permission === 'capped' ? lossLimitedScale * this.#estimate : Number.POSITIVE_INFINITY;
    let highest: BitsPerSecond = 0;
    let further = proceed;
    for (const bitrate of bitrates) {
      const target = Math.min(bitrate, cap, ceiling);
      if (target >= ceiling) further = false;
      // Limited to the same rate as the one before: once is enough.
      if (target <= highest) continue;
      highest = target;
      this.#requests.push(this.#request(target, reason));
    }
    if (highest === 0) return;
    this.#probedAt = now;
    if (further) this.#continueAbove = continueThreshold * highest;
  }

  #request(targetBitrate: BitsPerSecond, reason: ProbeReason): ProbeRequest {
    const initial = reason === 'start';
    const duration = initial ? this.#options.initialDuration : this.#options.minDuration;
    return {
      id: this.#nextId++,
      targetBitrate,
      duration,
      minPackets: this.#options.minPackets,
      minBytes: Math.round((targetBitrate * duration) / 8_000),
      burstInterval: initial ? this.#options.initialBurstInterval : this.#options.minBurstInterval,
      reason,
    };
  }
}
