// Everything in this package that is fuzzed.

import type { FuzzTarget } from '../../../scripts/fuzz/target.ts';
import { congestionTargets } from './targets/congestion.ts';
import { dependencyDescriptorTargets } from './targets/dependency-descriptor.ts';
import { flexFecTargets } from './targets/flexfec.ts';
import { payloadTargets } from './targets/payloads.ts';
import { recoveryTargets } from './targets/recovery.ts';
import { rtcpTargets } from './targets/rtcp.ts';
import { rtpTargets } from './targets/rtp.ts';
import { sessionTargets } from './targets/sessions.ts';
import { streamTargets } from './targets/streams.ts';
import { textTargets } from './targets/text.ts';

export const targets: readonly FuzzTarget[] = [
  ...rtpTargets,
  ...rtcpTargets,
  ...payloadTargets,
  ...dependencyDescriptorTargets,
  ...streamTargets,
  ...recoveryTargets,
  ...flexFecTargets,
  ...congestionTargets,
  ...sessionTargets,
  ...textTargets,
];
