// How NADA's reference rate, r_ref, moves: two rules, one for a path that is not full and one for the rest
// (RFC 8698 §4.3).

import type { BitsPerSecond, Milliseconds } from '../../units.ts';
import type { ResolvedNadaOptions } from './nada-options.ts';

type RampUpOptions = Pick<ResolvedNadaOptions, 'maxRampUp' | 'rampUpQueueBound' | 'updateInterval' | 'filterDelay'>;
type GradualOptions = Pick<
  ResolvedNadaOptions,
  'weight' | 'referenceSignal' | 'referenceBitrate' | 'gain' | 'changeGain' | 'timeScale'
>;

/**
 * By how much the ramp-up may exceed what arrives, gamma: so much that the queue it builds until that is noticed stays
 * within bounds (RFC 8698 §4.3, equation 3).
 */
export function rampUpFactor(rtt: Milliseconds, options: RampUpOptions): number {
  const { maxRampUp, rampUpQueueBound, updateInterval, filterDelay } = options;
  return Math.min(maxRampUp, rampUpQueueBound / (rtt + updateInterval + filterDelay));
}

/** The rate after an accelerated ramp-up (RFC 8698 §4.3, equation 4). */
export function rampUp(
  rate: BitsPerSecond,
  receivingRate: BitsPerSecond,
  rtt: Milliseconds,
  options: RampUpOptions,
): BitsPerSecond {
  return Math.max(rate, (1 + rampUpFactor(rtt, options)) * receivingRate);
}

/** What a gradual update goes by. */
export interface GradualUpdate {
  /** x_curr. */
  readonly signal: Milliseconds;
  /** x_prev, that of the update before. */
  readonly previousSignal: Milliseconds;
  /** delta: how long that was ago. */
  readonly elapsed: Milliseconds;
}

/**
 * The rate after a gradual update (RFC 8698 §4.3, equations 5 to 7). Not clipped: a steep rise of the signal can make it
 * negative.
 */
export function gradualUpdate(
  rate: BitsPerSecond,
  { signal, previousSignal, elapsed }: GradualUpdate,
  options: GradualOptions,
): BitsPerSecond {
  const { weight, referenceSignal, referenceBitrate, gain, changeGain, timeScale } = options;
  const offset = signal - (weight * referenceSignal * referenceBitrate) / rate;
  const change = signal - previousSignal;
  return (
    rate - gain * (elapsed / timeScale) * (offset / timeScale) * rate - gain * changeGain * (change / timeScale) * rate
  );
}
