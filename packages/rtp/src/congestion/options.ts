// Every constant of send-side congestion control in one object: what is not said keeps its default.

import { ArgumentError } from '../errors.ts';
import type { BitsPerSecond, Milliseconds } from '../units.ts';
import { ACKNOWLEDGED_RATE_DEFAULTS, type AcknowledgedRateOptions } from './acknowledged-rate.ts';
import type { AimdOptions } from './aimd.ts';
import { APPLICATION_LIMITED_DEFAULTS, type ApplicationLimitedOptions } from './application-limited.ts';
import type { BitrateBounds, CongestionController } from './controller.ts';
import type { DecisionListener } from './decision.ts';
import { DELAY_BASED_DEFAULTS, type DelayBasedOptions } from './delay-based.ts';
import type { InterArrivalOptions } from './inter-arrival.ts';
import { LOSS_LIKELIHOOD_DEFAULTS, type LossLikelihoodOptions } from './loss-likelihood.ts';
import { PROBE_RATE_DEFAULTS, type ProbeRateOptions } from './probe-rate.ts';
import { PROBING_DEFAULTS, type ProbingOptions } from './probing.ts';
import type { QueueDelayOptions } from './queue-delay.ts';
import type { QueueDrainOptions } from './queue-drain.ts';
import { RTT_BACKOFF_DEFAULTS, type RttBackoffOptions } from './rtt-backoff.ts';
import type { TrendlineOptions } from './trendline.ts';

export interface CongestionOptions {
  /** The target before anything is known, and what the first probes are multiples of. Default 300 kbit/s (libwebrtc). */
  readonly startBitrate?: BitsPerSecond;
  /** The target never sinks below this. Default 5 kbit/s (libwebrtc's floor). */
  readonly minBitrate?: BitsPerSecond;
  /** The target never rises above this. Default 30 Mbit/s (libwebrtc's ceiling). */
  readonly maxBitrate?: BitsPerSecond;
  /** Pacing rate relative to the target. Default 1.1 (libwebrtc with send-side estimation). */
  readonly pacingFactor?: number;
  /** ... until the first feedback. Default 2.5 (libwebrtc without feedback). */
  readonly pacingFactorBeforeFeedback?: number;
  /** Weight of a new measurement in the smoothed round-trip time. Default 1/8 (RFC 6298 §2). */
  readonly rttWeight?: number;
  /** A probe's result may lower the estimate, but not below this fraction of the acknowledged rate. Default 1 (libwebrtc: 0.85): the second says more than the moment. */
  readonly probeDropFraction?: number;
  /** A probe that saturates the path has to find this multiple of the estimate to change it. Default 1.15. */
  readonly probeGain?: number;
  /** A probe that finds this multiple of the target has found another path: what the old one lost no longer counts. Default 1.75. */
  readonly newPathGain?: number;
  /** A longer time between two calls of `onProcess` says that the clock was set, or the sender suspended. Default 2000 ms. */
  readonly maxProcessInterval?: Milliseconds;
  /** Is told of each decision and its reason, as it is taken. Default: nobody. */
  readonly onDecision?: DecisionListener | undefined;
  readonly interArrival?: Partial<InterArrivalOptions>;
  readonly trendline?: Partial<TrendlineOptions>;
  readonly aimd?: Partial<AimdOptions>;
  readonly queueDelay?: Partial<QueueDelayOptions>;
  readonly queueDrain?: Partial<QueueDrainOptions>;
  /** `DelayBasedOptions.deliveredRatio`. Default 0.5. */
  readonly deliveredRatio?: number;
  /** `DelayBasedOptions.streamTimeout`. Default 2000 ms. */
  readonly streamTimeout?: Milliseconds;
  readonly acknowledgedRate?: Partial<AcknowledgedRateOptions>;
  readonly applicationLimited?: Partial<ApplicationLimitedOptions>;
  readonly probing?: Partial<ProbingOptions>;
  readonly probeRate?: Partial<ProbeRateOptions>;
  readonly lossLikelihood?: Partial<LossLikelihoodOptions>;
  readonly rttBackoff?: Partial<RttBackoffOptions>;
}

/** Makes the congestion controller of one path. What an algorithm has no use for in the options it ignores. */
export type CongestionControllerFactory = (options: CongestionOptions) => CongestionController;

/** `CongestionOptions` with nothing left open. */
export interface ResolvedCongestionOptions extends BitrateBounds {
  readonly pacingFactor: number;
  readonly pacingFactorBeforeFeedback: number;
  readonly rttWeight: number;
  readonly probeDropFraction: number;
  readonly probeGain: number;
  readonly newPathGain: number;
  readonly maxProcessInterval: Milliseconds;
  readonly onDecision: DecisionListener | undefined;
  readonly delayBased: DelayBasedOptions;
  readonly acknowledgedRate: AcknowledgedRateOptions;
  readonly applicationLimited: ApplicationLimitedOptions;
  readonly probing: ProbingOptions;
  readonly probeRate: ProbeRateOptions;
  readonly lossLikelihood: LossLikelihoodOptions;
  readonly rttBackoff: RttBackoffOptions;
}

/** Fills in the defaults. Throws an `ArgumentError` when the bitrates are not 0 < min ≤ start ≤ max. */
export function resolveCongestionOptions(options: CongestionOptions = {}): ResolvedCongestionOptions {
  const { startBitrate = 300_000, minBitrate = 5_000, maxBitrate = 30_000_000 } = options;
  if (!(minBitrate > 0 && minBitrate <= startBitrate && startBitrate <= maxBitrate)) {
    throw new ArgumentError(
      `Bitrates must satisfy 0 < minBitrate <= startBitrate <= maxBitrate, got ${minBitrate}, ${startBitrate}, ${maxBitrate}.`,
    );
  }
  return {
    startBitrate,
    minBitrate,
    maxBitrate,
    pacingFactor: options.pacingFactor ?? 1.1,
    pacingFactorBeforeFeedback: options.pacingFactorBeforeFeedback ?? 2.5,
    rttWeight: options.rttWeight ?? 1 / 8,
    probeDropFraction: options.probeDropFraction ?? 1,
    probeGain: options.probeGain ?? 1.15,
    newPathGain: options.newPathGain ?? 1.75,
    maxProcessInterval: options.maxProcessInterval ?? 2_000,
    onDecision: options.onDecision,
    delayBased: {
      interArrival: { ...DELAY_BASED_DEFAULTS.interArrival, ...options.interArrival },
      trendline: { ...DELAY_BASED_DEFAULTS.trendline, ...options.trendline },
      aimd: { ...DELAY_BASED_DEFAULTS.aimd, floor: minBitrate, ...options.aimd },
      queueDelay: { ...DELAY_BASED_DEFAULTS.queueDelay, ...options.queueDelay },
      queueDrain: { ...DELAY_BASED_DEFAULTS.queueDrain, ...options.queueDrain },
      deliveredRatio: options.deliveredRatio ?? DELAY_BASED_DEFAULTS.deliveredRatio,
      streamTimeout: options.streamTimeout ?? DELAY_BASED_DEFAULTS.streamTimeout,
    },
    acknowledgedRate: { ...ACKNOWLEDGED_RATE_DEFAULTS, ...options.acknowledgedRate },
    applicationLimited: { ...APPLICATION_LIMITED_DEFAULTS, ...options.applicationLimited },
    probing: { ...PROBING_DEFAULTS, ...options.probing },
    probeRate: { ...PROBE_RATE_DEFAULTS, ...options.probeRate },
    lossLikelihood: { ...LOSS_LIKELIHOOD_DEFAULTS, ...options.lossLikelihood },
    rttBackoff: { ...RTT_BACKOFF_DEFAULTS, ...options.rttBackoff },
  };
}
