// Every constant of NADA in one object: those of RFC 8698 §4.1 under names that say what they are, and those of what
// the RFC leaves open.

import { ArgumentError } from '../../errors.ts';
import type { BitsPerSecond, Milliseconds } from '../../units.ts';
import type { BitrateBounds } from '../controller.ts';

/** What is not said keeps its default, that of RFC 8698 §4.1 (Table 2) where a symbol is given. */
export interface NadaOptions {
  /** RMIN: the target never sinks below this. Default 150 kbit/s. */
  readonly minBitrate?: BitsPerSecond;
  /** The target before anything is known. Default `minBitrate` (RFC 8698 §4.3). */
  readonly startBitrate?: BitsPerSecond;
  /** RMAX as a bound: the target never rises above this. Default 1.5 Mbit/s. */
  readonly maxBitrate?: BitsPerSecond;
  /**
   * RMAX as a weight (§4.3, equation 5): alone on a path, the queue settles at `referenceSignal · weight ·
   * referenceBitrate / target`, 10 ms at this rate, and flows share by it. Apart from `maxBitrate`, so that a bound far
   * above what the path carries does not mean a long queue. Default 1.5 Mbit/s.
   */
  readonly referenceBitrate?: BitsPerSecond;
  /** PRIO: the weight of this flow among others. Default 1. */
  readonly weight?: number;
  /** XREF: the congestion signal at which the target rests when it is `referenceBitrate`. Default 10 ms. */
  readonly referenceSignal?: Milliseconds;
  /** KAPPA: the gain of gradual updates. Default 0.5. */
  readonly gain?: number;
  /** ETA: how much more a change of the signal counts than its value. Default 2. */
  readonly changeGain?: number;
  /** TAU: the time scale of gradual updates, an upper bound of the round trip. Default 500 ms. */
  readonly timeScale?: Milliseconds;
  /** DELTA: the least time between two updates. Default 100 ms. */
  readonly updateInterval?: Milliseconds;
  /** LOGWIN: how long packets are observed. Default 500 ms. */
  readonly observationWindow?: Milliseconds;
  /** QEPS: a queuing delay below this does not hinder the ramp-up. Default 10 ms. */
  readonly rampUpQueuingDelay?: Milliseconds;
  /** DFILT: how much later a queue is seen because of filtering. Default 120 ms. */
  readonly filterDelay?: Milliseconds;
  /** GAMMA_MAX: the most by which the ramp-up exceeds what arrives. Default 0.5. */
  readonly maxRampUp?: number;
  /** QBOUND: the most queuing delay the ramp-up may bring about. Default 50 ms. */
  readonly rampUpQueueBound?: Milliseconds;
  /** MULTILOSS: after so many average loss intervals without a loss, losses are over. Default 7. */
  readonly lossExpiry?: number;
  /** QTH: a queuing delay above this is warped while there are losses. Default 50 ms. */
  readonly warpThreshold?: Milliseconds;
  /** LAMBDA: how fast the warped delay falls. Default 0.5. */
  readonly warpExponent?: number;
  /** PLRREF: the loss ratio at which the penalty is `lossPenalty`. Default 0.01. */
  readonly referenceLossRatio?: number;
  /** PMRREF: the marking ratio at which the penalty is `markingPenalty`. Default 0.01. */
  readonly referenceMarkingRatio?: number;
  /** DLOSS. Default 10 ms. */
  readonly lossPenalty?: Milliseconds;
  /** DMARK. Default 2 ms. */
  readonly markingPenalty?: Milliseconds;
  /** ALPHA: the weight of a new observation in the loss and marking ratios. Default 0.1. */
  readonly ratioWeight?: number;
  /** Samples of the minimum filter on the queuing delay (§5.1.1), a positive integer. Default 15. */
  readonly delayFilterSize?: number;

  /** The congestion signal counts as this at most (XMAX of the authors' ns-3 model). Default 500 ms. */
  readonly maxSignal?: Milliseconds;
  /**
   * For how long a least one-way delay holds. Shorter than the tens of minutes of §5.1.1, so that a receiver's clock may
   * drift by hundreds of ppm. Default 30 000 ms.
   */
  readonly baselineWindow?: Milliseconds;
  /**
   * After so long without a one-way delay near the baseline, packets leave slowly for a moment, so that the queue drains
   * and the baseline does not become that of a standing queue (as in LEDBAT++, draft-irtf-iccrg-ledbat-plus-plus §4.4).
   * Less than `baselineWindow`. Default 20 000 ms.
   */
  readonly slowdownInterval?: Milliseconds;
  /** The pacing rate in such a moment, relative to the target; below 1. Default 0.5. */
  readonly slowdownFactor?: number;
  /** How much more is drained than the queue is thought to hold, so that packets meet it empty. Default 20 ms. */
  readonly slowdownMargin?: Milliseconds;
  /** Without feedback for this long and a round trip, while packets leave, the target sinks. Default 500 ms. */
  readonly feedbackTimeout?: Milliseconds;
  /** ... to this fraction, and again after each such time. Default 0.8. */
  readonly timeoutFactor?: number;
  /**
   * While the application sends less than it may, the target rises, gradually, up to this multiple of what arrives: what
   * the path would carry is not known then. Default 4, the next layer of a simulcast.
   */
  readonly applicationLimitFactor?: number;
  /**
   * Sending less than this fraction of the target is less than it may. Above the 0.65 of libwebrtc: the ramp-up alone
   * never leaves a sender that far behind. Default 0.9.
   */
  readonly applicationLimitUsage?: number;
  /** Pacing rate relative to the target (§5.2.2 has 1.05 for the buffer that the pacer is here). Default 1.25. */
  readonly pacingFactor?: number;
  /** Weight of a new measurement in the smoothed round-trip time. Default 1/8 (RFC 6298 §2). */
  readonly rttWeight?: number;
}

/** `NadaOptions` with nothing left open. */
export type ResolvedNadaOptions = Required<NadaOptions> & BitrateBounds;

export const NADA_DEFAULTS: ResolvedNadaOptions = {
  minBitrate: 150_000,
  startBitrate: 150_000,
  maxBitrate: 1_500_000,
  referenceBitrate: 1_500_000,
  weight: 1,
  referenceSignal: 10,
  gain: 0.5,
  changeGain: 2,
  timeScale: 500,
  updateInterval: 100,
  observationWindow: 500,
  rampUpQueuingDelay: 10,
  filterDelay: 120,
  maxRampUp: 0.5,
  rampUpQueueBound: 50,
  lossExpiry: 7,
  warpThreshold: 50,
  warpExponent: 0.5,
  referenceLossRatio: 0.01,
  referenceMarkingRatio: 0.01,
  lossPenalty: 10,
  markingPenalty: 2,
  ratioWeight: 0.1,
  delayFilterSize: 15,
  maxSignal: 500,
  baselineWindow: 30_000,
  slowdownInterval: 20_000,
  slowdownFactor: 0.5,
  slowdownMargin: 20,
  feedbackTimeout: 500,
  timeoutFactor: 0.8,
  applicationLimitFactor: 4,
  applicationLimitUsage: 0.9,
  pacingFactor: 1.25,
  rttWeight: 1 / 8,
};

/** Those that are shares of a whole. */
const FRACTIONS = ['ratioWeight', 'timeoutFactor', 'applicationLimitUsage', 'rttWeight'] as const;

/**
 * Fills in the defaults.
 *
 * @throws ArgumentError when the bitrates are not 0 < min ≤ start ≤ max, or another option is out of its range
 */
export function resolveNadaOptions(options: NadaOptions = {}): ResolvedNadaOptions {
  const minBitrate = options.minBitrate ?? NADA_DEFAULTS.minBitrate;
  const resolved: ResolvedNadaOptions = { ...NADA_DEFAULTS, startBitrate: minBitrate, ...options };
  const { startBitrate, maxBitrate, delayFilterSize, baselineWindow, slowdownInterval, slowdownFactor } = resolved;
  if (!(minBitrate > 0 && minBitrate <= startBitrate && startBitrate <= maxBitrate)) {
    throw new ArgumentError(
      `Bitrates must satisfy 0 < minBitrate <= startBitrate <= maxBitrate, got ${minBitrate}, ${startBitrate}, ${maxBitrate}.`,
    );
  }
  for (const [name, value] of Object.entries(resolved)) {
    if (!(value > 0 && value < Number.POSITIVE_INFINITY)) {
      throw new ArgumentError(`${name} of NADA is ${value}: give a finite number above 0.`);
    }
  }
  for (const name of FRACTIONS) {
    if (resolved[name] > 1) throw new ArgumentError(`${name} of NADA is ${resolved[name]}: give at most 1.`);
  }
  if (slowdownFactor >= 1) {
    throw new ArgumentError(`slowdownFactor of NADA is ${slowdownFactor}: give less than 1.`);
  }
  if (!Number.isInteger(delayFilterSize)) {
    throw new ArgumentError(`delayFilterSize of NADA is ${delayFilterSize}: give an integer.`);
  }
  if (slowdownInterval >= baselineWindow) {
    throw new ArgumentError(
      `slowdownInterval of NADA is ${slowdownInterval} ms: give less than the baselineWindow of ${baselineWindow} ms.`,
    );
  }
  return resolved;
}
