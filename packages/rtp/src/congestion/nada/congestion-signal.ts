// The one number that NADA goes by: delay, loss and marking expressed as a delay (RFC 8698 §4.2).

import type { Milliseconds } from '../../units.ts';
import type { ResolvedNadaOptions } from './nada-options.ts';

type WarpOptions = Pick<ResolvedNadaOptions, 'warpThreshold' | 'warpExponent'>;
type PenaltyOptions = Pick<
  ResolvedNadaOptions,
  'lossPenalty' | 'referenceLossRatio' | 'markingPenalty' | 'referenceMarkingRatio' | 'maxSignal'
>;

/**
 * The queuing delay as it counts beside loss: the longer it is beyond the threshold, the less, so that flows that fill
 * the queue until it overflows can be held against (RFC 8698 §4.2, equation 1).
 */
export function warpedDelay(queuingDelay: Milliseconds, { warpThreshold, warpExponent }: WarpOptions): Milliseconds {
  if (queuingDelay < warpThreshold) return queuingDelay;
  return warpThreshold * Math.exp((-warpExponent * (queuingDelay - warpThreshold)) / warpThreshold);
}

/** The penalty for a loss ratio: quadratic, `lossPenalty` at the reference (RFC 8698 §4.2, equation 2). */
export function lossPenaltyOf(
  ratio: number,
  { lossPenalty, referenceLossRatio }: Pick<PenaltyOptions, 'lossPenalty' | 'referenceLossRatio'>,
): Milliseconds {
  return lossPenalty * (ratio / referenceLossRatio) ** 2;
}

/**
 * The aggregate congestion signal, x_curr (RFC 8698 §4.2, equation 2).
 *
 * @param delay - the queuing delay, warped or not
 * @param lossRatio - smoothed, in [0, 1]
 * @param markingRatio - smoothed, in [0, 1]
 */
export function congestionSignal(
  delay: Milliseconds,
  lossRatio: number,
  markingRatio: number,
  options: PenaltyOptions,
): Milliseconds {
  const { markingPenalty, referenceMarkingRatio, maxSignal } = options;
  const marking = markingPenalty * (markingRatio / referenceMarkingRatio) ** 2;
  return Math.min(delay + marking + lossPenaltyOf(lossRatio, options), maxSignal);
}
