// The media flow of our own congestion cases: it would send more than any of their links carries.

import type { ParticipantPlan, ScenarioLink } from '@sluice/sfu-sim/bench';

/** A camera of up to 4 Mbit/s and a microphone, over that uplink; the way back has the same delay. */
export function hungryFlow(uplink: ScenarioLink, downlink: ScenarioLink = {}): ParticipantPlan {
  return {
    publish: [
      'microphone',
      { source: 'camera', width: 640, height: 360, encodings: [{ rid: 'f', maxBitrate: 4_000_000 }] },
    ],
    subscribe: false,
    uplink: { delay: 50, ...uplink },
    downlink: { delay: uplink.delay ?? 50, ...downlink },
  };
}
