// Which algorithm controls a path, and where it starts, when nobody says.

import type { BitsPerSecond } from '../units.ts';
import { GoogleCongestionControl } from './google-congestion-control.ts';
import { type CongestionControllerFactory, type CongestionOptions, resolveCongestionOptions } from './options.ts';

/** Google congestion control. */
export const defaultCongestionController: CongestionControllerFactory = (options) =>
  new GoogleCongestionControl(options);

/**
 * The options with another default for `startBitrate`, as far as their bounds allow it.
 *
 * @throws ArgumentError when the bitrates contradict each other
 */
export function startingAt(startBitrate: BitsPerSecond, options: CongestionOptions = {}): CongestionOptions {
  const { minBitrate = 0, maxBitrate = Number.POSITIVE_INFINITY } = options;
  const started = { startBitrate: Math.max(minBitrate, Math.min(startBitrate, maxBitrate)), ...options };
  resolveCongestionOptions(started);
  return started;
}
