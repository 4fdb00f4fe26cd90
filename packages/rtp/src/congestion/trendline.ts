// Is the queue growing? The slope of the smoothed one-way delay against an adaptive threshold (Carlucci et al., "Analysis
// and design of the Google congestion control for web real-time communication", MMSys 2016; libwebrtc's trendline filter,
// whose constants differ from those of the Kalman filter in draft-ietf-rmcat-gcc-02).

import type { Milliseconds } from '../units.ts';

export interface TrendlineOptions {
  /** Samples of the line, in [10, 200]. Default 20. */
  readonly windowSize: number;
  /** Weight of the past in the smoothed delay. Default 0.9. */
  readonly smoothing: number;
  /** Multiplies the slope before it is compared. Default 4. */
  readonly gain: number;
  /** The slope is multiplied by the number of samples so far, up to this. Default 60. */
  readonly maxSampleFactor: number;
  /** Where the threshold starts. Default 12.5 ms. */
  readonly initialThreshold: Milliseconds;
  /** Default 6 ms. */
  readonly minThreshold: Milliseconds;
  /** Default 600 ms. */
  readonly maxThreshold: Milliseconds;
  /** How fast the threshold rises, per ms, while the trend is beyond it (K_u of the paper). Default 0.0087. */
  readonly thresholdRise: number;
  /** How fast the threshold sinks, per ms, while the trend is within it (K_d of the paper). Default 0.039. */
  readonly thresholdFall: number;
  /** A trend that exceeds the threshold by more than this does not move it: a spike, not a competitor. Default 15 ms. */
  readonly maxAdaptOffset: Milliseconds;
  /** At most so much time counts for one step of the threshold. Default 100 ms. */
  readonly maxAdaptInterval: Milliseconds;
  /** How long the trend must stay beyond the threshold before it is overuse. Default 10 ms. */
  readonly overuseTime: Milliseconds;
}

export const TRENDLINE_DEFAULTS: TrendlineOptions = {
  windowSize: 20,
  smoothing: 0.9,
  gain: 4,
  maxSampleFactor: 60,
  initialThreshold: 12.5,
  minThreshold: 6,
  maxThreshold: 600,
  thresholdRise: 0.0087,
  thresholdFall: 0.039,
  maxAdaptOffset: 15,
  maxAdaptInterval: 100,
  overuseTime: 10,
};

/** Whether the queue keeps its length, grows or drains. */
export type BandwidthUsage = 'normal' | 'overuse' | 'underuse';

/** The trendline filter and its detector. */
export class Trendline {
  readonly #options: TrendlineOptions;
  readonly #window: { readonly time: Milliseconds; readonly delay: Milliseconds }[] = [];
  #samples = 0;
  #firstArrival: Milliseconds | undefined;
  #accumulated: Milliseconds = 0;
  #smoothed: Milliseconds = 0;
  #trend = 0;
  #previousTrend = 0;
  #threshold: Milliseconds;
  #thresholdAt: Milliseconds | undefined;
  #overusedFor: Milliseconds | undefined;
  #overusedSamples = 0;
  #usage: BandwidthUsage = 'normal';

  constructor(options: TrendlineOptions = TRENDLINE_DEFAULTS) {
    this.#options = options;
    this.#threshold = options.initialThreshold;
  }

  get usage(): BandwidthUsage {
    return this.#usage;
  }

  /** Slope of the delay: ms of queueing per ms. */
  get trend(): number {
    return this.#trend;
  }

  get threshold(): Milliseconds {
    return this.#threshold;
  }

  /** Takes in the spacing of two groups, the later of which arrived at `arrival`. */
  update(sendDelta: Milliseconds, arrivalDelta: Milliseconds, arrival: Milliseconds): void {
    const { windowSize, smoothing, maxSampleFactor } = this.#options;
    this.#firstArrival ??= arrival;
    this.#samples = Math.min(this.#samples + 1, maxSampleFactor);
    this.#accumulated += arrivalDelta - sendDelta;
    this.#smoothed = smoothing * this.#smoothed + (1 - smoothing) * this.#accumulated;
    this.#window.push({ time: arrival - this.#firstArrival, delay: this.#smoothed });
    if (this.#window.length > windowSize) this.#window.shift();
    if (this.#window.length === windowSize) this.#trend = this.#slope() ?? this.#trend;
    this.#detect(sendDelta, arrival);
  }

  /** Least squares; undefined when all samples arrived at once. */
  #slope(): number | undefined {
    let meanTime = 0;
    let meanDelay = 0;
    for (const { time, delay } of this.#window) {
      meanTime += time / this.#window.length;
      meanDelay += delay / this.#window.length;
    }
    let covariance = 0;
    let variance = 0;
    for (const { time, delay } of this.#window) {
      covariance += (time - meanTime) * (delay - meanDelay);
      variance += (time - meanTime) ** 2;
    }
    return variance === 0 ? undefined : covariance / variance;
  }

  #detect(sendDelta: Milliseconds, now: Milliseconds): void {
    if (this.#samples < 2) return;
    const modified = this.#samples * this.#trend * this.#options.gain;
    if (modified > this.#threshold) {
      // Half of the first interval: the trend crossed the threshold somewhere within it.
      this.#overusedFor = this.#overusedFor === undefined ? sendDelta / 2 : this.#overusedFor + sendDelta;
      this.#overusedSamples++;
      const persistent = this.#overusedFor > this.#options.overuseTime && this.#overusedSamples > 1;
      if (persistent && this.#trend >= this.#previousTrend) {
        this.#overusedFor = 0;
        this.#overusedSamples = 0;
        this.#usage = 'overuse';
      }
    } else {
      this.#overusedFor = undefined;
      this.#overusedSamples = 0;
      this.#usage = modified < -this.#threshold ? 'underuse' : 'normal';
    }
    this.#previousTrend = this.#trend;
    this.#adaptThreshold(modified, now);
  }

  #adaptThreshold(modified: Milliseconds, now: Milliseconds): void {
    const { maxAdaptOffset, maxAdaptInterval, thresholdRise, thresholdFall, minThreshold, maxThreshold } =
      this.#options;
    const distance = Math.abs(modified) - this.#threshold;
    if (distance <= maxAdaptOffset) {
      const elapsed = Math.min(now - (this.#thresholdAt ?? now), maxAdaptInterval);
      const gain = distance < 0 ? thresholdFall : thresholdRise;
      const adapted = this.#threshold + gain * distance * elapsed;
      this.#threshold = Math.min(Math.max(adapted, minThreshold), maxThreshold);
    }
    this.#thresholdAt = now;
  }
}
