// The congestion controllers that a scenario can name.

import {
  type BitsPerSecond,
  type CongestionControllerFactory,
  GoogleCongestionControl,
  NadaCongestionControl,
} from '@sluice/rtp';
import type { CongestionControlName } from './scenario.ts';

/** Where RFC 8698 has 1.5 Mbit/s, the most of its example, NADA gets the ceiling that the other controller has. */
const NADA_MAX_BITRATE: BitsPerSecond = 30_000_000;

/** Makes a controller, by its name. Of options for another algorithm only the bounds of the rate count. */
export const CONGESTION_CONTROLLERS: Readonly<Record<CongestionControlName, CongestionControllerFactory>> = {
  gcc: (options) => new GoogleCongestionControl(options),
  nada: ({ startBitrate, minBitrate, maxBitrate = NADA_MAX_BITRATE }) =>
    new NadaCongestionControl({
      ...(startBitrate !== undefined && { startBitrate }),
      ...(minBitrate !== undefined && { minBitrate }),
      maxBitrate,
    }),
};
