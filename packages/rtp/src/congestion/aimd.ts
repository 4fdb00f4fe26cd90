// The rate that follows from the detector: up while the queue is calm, down to below what arrives when it grows
// (draft-ietf-rmcat-gcc-02 §5.5; constants of libwebrtc's aimd_rate_control).

import type { BitsPerSecond, Bytes, Milliseconds } from '../units.ts';
import { LINK_CAPACITY_DEFAULTS, LinkCapacity, type LinkCapacityOptions } from './link-capacity.ts';
import type { BandwidthUsage } from './trendline.ts';

export interface AimdOptions {
  /** The estimate never sinks below this. Default 5 kbit/s. */
  readonly floor: BitsPerSecond;
  /** The estimate never rises above this. Default 30 Mbit/s. */
  readonly ceiling: BitsPerSecond;
  /** A decrease goes to this fraction of the acknowledged rate (β). Default 0.92 (libwebrtc: 0.85, which drains the queue as well). */
  readonly decreaseFactor: number;
  /** ... and to this much less, where it is more than that. Default 5 kbit/s. */
  readonly decreaseMargin: BitsPerSecond;
  /**
   * Among others who keep the queue full, a loss lowers the rate to this fraction. An overuse does as well, at most, while
   * so little is sent that what arrives says nothing of the path. Default 0.85.
   */
  readonly yieldFactor: number;
  /** No decrease goes below this fraction of the estimate at once. Default 0.5. */
  readonly minDecreaseRatio: number;
  /** An increase goes up to this multiple of the acknowledged rate. Default 1.5. */
  readonly increaseLimitFactor: number;
  /** ... plus this. Default 10 kbit/s. */
  readonly increaseLimitMargin: BitsPerSecond;
  /** Growth per second while the capacity is unknown (η). Default 1.08. */
  readonly growthPerSecond: number;
  /** ... and by at least this at each update. Default 1 kbit/s. */
  readonly minGrowth: BitsPerSecond;
  /** Growth per second near a known capacity is at least this, in bit/s per second. Default 4000. */
  readonly minAdditiveIncrease: BitsPerSecond;
  /** Frames per second and packet size that the additive increase reckons with. Default 30 and 1200 byte. */
  readonly frameRate: number;
  readonly packetSize: Bytes;
  /** The time the detector takes, added to the round-trip time. Default 100 ms. */
  readonly detectionDelay: Milliseconds;
  /**
   * The round-trip time that the additive increase reckons with, so that flows of different ones share alike; undefined:
   * that of the path, as in libwebrtc. Default 100 ms.
   */
  readonly commonRtt: Milliseconds | undefined;
  /** The round-trip time until one is known. Default 200 ms. */
  readonly initialRtt: Milliseconds;
  /** Bounds of the time between two decreases, which is one round trip. Default 300 and 300 ms (libwebrtc: 10 and 200): all flows alike. */
  readonly minDecreaseInterval: Milliseconds;
  readonly maxDecreaseInterval: Milliseconds;
  /** An acknowledged rate below this fraction of the estimate lets it decrease at once. Default 0.5. */
  readonly urgentDecreaseRatio: number;
  /** Bounds and default of `expectedDecreasePeriod`. Default 2000, 50 000 and 3000 ms. */
  readonly minPeriod: Milliseconds;
  readonly maxPeriod: Milliseconds;
  readonly defaultPeriod: Milliseconds;
  readonly linkCapacity: LinkCapacityOptions;
}

export const AIMD_DEFAULTS: AimdOptions = {
  floor: 5_000,
  ceiling: 30_000_000,
  decreaseFactor: 0.92,
  decreaseMargin: 5_000,
  yieldFactor: 0.85,
  minDecreaseRatio: 0.5,
  increaseLimitFactor: 1.5,
  increaseLimitMargin: 10_000,
  growthPerSecond: 1.08,
  minGrowth: 1_000,
  minAdditiveIncrease: 4_000,
  frameRate: 30,
  packetSize: 1_200,
  detectionDelay: 100,
  commonRtt: 100,
  initialRtt: 200,
  minDecreaseInterval: 300,
  maxDecreaseInterval: 300,
  urgentDecreaseRatio: 0.5,
  minPeriod: 2_000,
  maxPeriod: 50_000,
  defaultPeriod: 3_000,
  linkCapacity: LINK_CAPACITY_DEFAULTS,
};

/** How the path is used, by us and by others. */
export interface PathUse {
  /** The application sends much less than it may. Default false. */
  readonly applicationLimited?: boolean;
  /** What the path has carried for a second or more while its queue is long: the rate may fall that low at once. */
  readonly carried?: BitsPerSecond | undefined;
  /** Others keep the queue full, as TCP does. Default false. */
  readonly competing?: boolean;
}

/** Additive increase, multiplicative decrease: the delay-based estimate. */
export class Aimd {
  readonly #options: AimdOptions;
  readonly #capacity: LinkCapacity;
  #estimate: BitsPerSecond;
  #state: 'increase' | 'hold' = 'hold';
  #acknowledged: BitsPerSecond | undefined;
  #rtt: Milliseconds;
  #changedAt: Milliseconds | undefined;
  #decreasedAt: Milliseconds | undefined;
  #lastDecrease: BitsPerSecond | undefined;

  constructor(startBitrate: BitsPerSecond, options: AimdOptions = AIMD_DEFAULTS) {
    this.#options = options;
    this.#capacity = new LinkCapacity(options.linkCapacity);
    this.#estimate = this.#clamp(startBitrate);
    this.#rtt = options.initialRtt;
  }

  get estimate(): BitsPerSecond {
    return this.#estimate;
  }

  /** Where the bottleneck is believed to be; undefined while the increase is multiplicative. */
  get linkCapacity(): BitsPerSecond | undefined {
    return this.#capacity.estimate;
  }

  /** Growth near a known capacity, in bit/s per second: about half a packet per response time. */
  get additiveIncrease(): BitsPerSecond {
    const { frameRate, packetSize, detectionDelay, commonRtt = this.#rtt, minAdditiveIncrease } = this.#options;
    const frameBits = this.#estimate / frameRate;
    const packetBits = frameBits / Math.ceil(frameBits / (8 * packetSize));
    const responseSeconds = (2 * (commonRtt + detectionDelay)) / 1_000;
    return Math.max(minAdditiveIncrease, packetBits / responseSeconds);
  }

  /** The expected time from one decrease to the next: how long it takes to win back what the last one cost. */
  get expectedDecreasePeriod(): Milliseconds {
    const { minPeriod, maxPeriod, defaultPeriod } = this.#options;
    if (this.#lastDecrease === undefined) return defaultPeriod;
    return Math.min(Math.max((this.#lastDecrease / this.additiveIncrease) * 1_000, minPeriod), maxPeriod);
  }

  setRtt(rtt: Milliseconds): void {
    this.#rtt = rtt;
  }

  /** Takes over a rate that was measured otherwise, e.g. by a probe. */
  setEstimate(bitrate: BitsPerSecond, now: Milliseconds): void {
    const before = this.#estimate;
    this.#estimate = this.#clamp(bitrate);
    this.#changedAt = now;
    if (this.#estimate < before) this.#decreasedAt = now;
  }

  /** Takes over the result of a probe, which also says something about the capacity. */
  setProbeResult(bitrate: BitsPerSecond, now: Milliseconds): void {
    this.#capacity.onProbe(bitrate);
    this.setEstimate(bitrate, now);
  }

  /** Whether an overuse may decrease the rate already: once per round trip, or at once when next to nothing arrives. */
  mayDecrease(acknowledged: BitsPerSecond, urgent: boolean, now: Milliseconds): boolean {
    const { minDecreaseInterval, maxDecreaseInterval, urgentDecreaseRatio } = this.#options;
    const interval = Math.min(Math.max(this.#rtt, minDecreaseInterval), maxDecreaseInterval);
    const since = urgent ? this.#decreasedAt : this.#changedAt;
    if (since === undefined || now - since >= interval) return true;
    return acknowledged < urgentDecreaseRatio * this.#estimate;
  }

  /** Gives way to others as TCP would on a loss: by `yieldFactor`, at most once in two round trips. Whether it did. */
  yield(now: Milliseconds): boolean {
    if (this.#decreasedAt !== undefined && now - this.#decreasedAt < 2 * this.#rtt) return false;
    this.setEstimate(this.#options.yieldFactor * this.#estimate, now);
    return true;
  }

  /** Halves the rate on an overuse before anything was acknowledged, at most every `maxDecreaseInterval`. */
  halve(now: Milliseconds): boolean {
    if (this.#decreasedAt !== undefined && now - this.#decreasedAt < this.#options.maxDecreaseInterval) return false;
    this.setEstimate(this.#estimate / 2, now);
    this.#decreasedAt = now;
    return true;
  }

  /**
   * One step. `acknowledged`: undefined when unknown, then the last known one counts.
   */
  update(
    usage: BandwidthUsage,
    acknowledged: BitsPerSecond | undefined,
    now: Milliseconds,
    { applicationLimited = false, carried = Number.POSITIVE_INFINITY, competing = false }: PathUse = {},
  ): void {
    this.#acknowledged = acknowledged ?? this.#acknowledged;
    if (usage === 'overuse') {
      const { yieldFactor, minDecreaseRatio, decreaseFactor } = this.#options;
      const ratio = applicationLimited ? yieldFactor : minDecreaseRatio;
      const least = Math.min(ratio * this.#estimate, decreaseFactor * carried);
      this.#decrease(this.#acknowledged ?? this.#estimate, least, now);
      this.#state = 'hold';
    } else if (usage === 'underuse') {
      this.#state = 'hold';
    } else {
      if (this.#state === 'hold') this.#changedAt = now;
      this.#state = 'increase';
      this.#increase(competing, now);
    }
  }

  #increase(competing: boolean, now: Milliseconds): void {
    const { increaseLimitFactor, increaseLimitMargin } = this.#options;
    const acknowledged = this.#acknowledged ?? Number.POSITIVE_INFINITY;
    if (this.#acknowledged !== undefined && acknowledged > this.#capacity.upperBound) this.#capacity.reset();
    const limit = increaseLimitFactor * acknowledged + increaseLimitMargin;
    if (this.#estimate < limit)
      this.#estimate = this.#clamp(Math.min(this.#estimate + this.#growth(competing, now), limit));
    this.#changedAt = now;
  }

  #growth(competing: boolean, now: Milliseconds): BitsPerSecond {
    const seconds = (now - (this.#changedAt ?? now)) / 1_000;
    const rival = competing ? this.#growthOfTcp * seconds : 0;
    if (this.#capacity.estimate !== undefined) return Math.max(this.additiveIncrease * seconds, rival);
    const factor = this.#options.growthPerSecond ** Math.min(seconds, 1);
    return Math.max(this.#estimate * (factor - 1), this.#options.minGrowth, rival);
  }

  /** A packet more per round trip in each round trip, in bit/s per second (RFC 5681 §3.1). */
  get #growthOfTcp(): BitsPerSecond {
    const { packetSize, commonRtt = this.#rtt } = this.#options;
    return (8 * packetSize) / (Math.max(this.#rtt, commonRtt) / 1_000) ** 2;
  }

  #decrease(acknowledged: BitsPerSecond, least: BitsPerSecond, now: Milliseconds): void {
    const { decreaseFactor, decreaseMargin } = this.#options;
    const before = this.#estimate;
    let decreased = decreaseFactor * acknowledged;
    if (decreased > decreaseMargin) decreased -= decreaseMargin;
    // More arrives than was allowed: what the link was known to carry is the better guide.
    if (decreased > before && this.#capacity.estimate !== undefined)
      decreased = decreaseFactor * this.#capacity.estimate;
    if (decreased < before) this.#estimate = this.#clamp(Math.max(decreased, least));
    if (acknowledged < before) this.#lastDecrease = before - this.#estimate;
    if (acknowledged < this.#capacity.lowerBound) this.#capacity.reset();
    this.#capacity.onOveruse(acknowledged);
    this.#changedAt = now;
    this.#decreasedAt = now;
  }

  #clamp(bitrate: BitsPerSecond): BitsPerSecond {
    return Math.min(Math.max(bitrate, this.#options.floor), this.#options.ceiling);
  }
}
