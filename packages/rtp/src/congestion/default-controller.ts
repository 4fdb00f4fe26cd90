// Which algorithm controls a path when nobody says.

import { GoogleCongestionControl } from './google-congestion-control.ts';
import type { CongestionControllerFactory } from './options.ts';

/** Google congestion control. */
export const defaultCongestionController: CongestionControllerFactory = (options) =>
  new GoogleCongestionControl(options);
