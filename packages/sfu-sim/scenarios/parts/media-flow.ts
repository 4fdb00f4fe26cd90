// The media flow of RFC 8867 §5: a publisher's uplink, through a bottleneck, to an SFU behind which somebody watches.

import type { ParticipantPlan } from '@sluice/sfu-sim/bench';

/** What a flow is like; what is left out is as in RFC 8867 §5. */
export interface MediaFlow {
  /** The bottleneck that its media goes through. */
  readonly via: string;
  /** The bottleneck that its feedback goes through. Default none: an unlimited link. */
  readonly feedbackVia?: string;
  /** One way, in ms. Default 50. */
  readonly delay?: number;
  /** When it begins. Default 0. */
  readonly joinAt?: number;
}

/**
 * The most and the least that it sends, on the wire: 1.5 Mbit/s and 150 kbit/s of video, 20 kbit/s of audio, and what the
 * headers of RTP, UDP and IP add to packets of that size.
 */
export const MAX_RATE = 1_630_000;
export const MIN_RATE = 210_000;

/** What counts as no less than the least rate, in any second: frames differ in size, and some lie across its ends. */
export const LEAST_RATE = 0.9 * MIN_RATE;

/**
 * Camera and microphone of 20 kbit/s. The camera is small, as an encoder cannot make 150 kbit/s of a large one; and its key
 * frames come on request only, as RFC 8593 §5 knows none.
 */
export function mediaFlow({ via, feedbackVia, delay = 50, joinAt = 0 }: MediaFlow): ParticipantPlan {
  return {
    publish: [
      { source: 'microphone', audioBitrate: 20_000 },
      {
        source: 'camera',
        width: 640,
        height: 360,
        encodings: [{ rid: 'f', maxBitrate: 1_500_000 }],
        keyframeInterval: Number.POSITIVE_INFINITY,
      },
    ],
    subscribe: false,
    joinAt,
    // What its least rate needs, and a little for what is lost: RFC 8867 §5 sets the least rate of the media.
    congestion: { startBitrate: 210_000, minBitrate: 210_000 },
    uplink: { via, delay, jitter: 'rfc8868' },
    downlink: { ...(feedbackVia !== undefined && { via: feedbackVia }), delay, jitter: 'rfc8868' },
  };
}

/** Who watches one of the flows, over a link that nothing happens on: of the others the SFU forwards nothing. */
export function viewerOf(flow: string): ParticipantPlan {
  return { subscribe: [flow], uplink: { delay: 10 }, downlink: { delay: 10 } };
}
