// What can be set on an SFU, with its defaults.

import {
  ArgumentError,
  type Bytes,
  type CongestionControllerFactory,
  type CongestionFeedbackFormat,
  type CongestionOptions,
  checkProtection,
  defaultCongestionController,
  type FlexFecProtection,
  type KeyFrameArbiterOptions,
  MAX_DATA_SIZE,
  MAX_MESSAGE_LENGTH,
  type Milliseconds,
  startingAt,
} from '@sluice/rtp';
import type { KeyframeCacheOptions } from './keyframe-cache.ts';
import type { VideoPolicy } from './video-gate.ts';
import { resolveVideoSuspension, type VideoSuspensionOptions } from './video-suspension.ts';

const VIDEO_POLICIES: readonly VideoPolicy[] = ['allow', 'throttle', 'close'];

/** Settings of an SFU. */
export interface SfuOptions {
  /** Bounds of the key frame caches. */
  readonly keyframeCache?: KeyframeCacheOptions;
  /** How often publishers are asked for key frames. */
  readonly keyFrameArbiter?: KeyFrameArbiterOptions;
  /** Congestion control towards each subscriber. Default: that of `CongestionOptions`, but a `startBitrate` of 600 kbit/s. */
  readonly congestion?: CongestionOptions;
  /** Makes the controller of each subscriber's downlink from `congestion`. Default Google congestion control. */
  readonly congestionController?: CongestionControllerFactory;
  /**
   * How participants and SFU tell each other what arrived. `ccfb` (RFC 8888) where the other side has chosen it as well,
   * `transport-cc` otherwise. Default `transport-cc`.
   */
  readonly congestionFeedback?: CongestionFeedbackFormat;
  /**
   * Repair packets beside the video of every subscriber (RFC 8627), e.g. `{ ratio: 0.2 }` for one for every five: they
   * save the round trip of a retransmission and cost their share of the bit rate. Default none.
   */
  readonly forwardErrorCorrection?: FlexFecProtection;
  /**
   * What is done with incoming video that is not what an encoder makes, see `VideoScorer`: with encodings whose verdict is
   * `abusive`. `allow`: nothing, they are only scored. `throttle`: one whole key frame per second is forwarded, until the
   * encoding is `legitimate` again. `close`: the track is unpublished, and publisher and subscribers are told why. Default
   * `allow`.
   */
  readonly videoPolicy?: VideoPolicy;
  /** When a subscriber's path bears no video at all. Default: below 80 kbit/s, until there are 150 again. */
  readonly videoSuspension?: Partial<VideoSuspensionOptions>;
  /**
   * Whether publishers are told which encodings nobody has a use for, so that they need not make them: after five seconds
   * without anybody, and again at once. Saves their processors and uplinks; but who is the first to come for an encoding finds
   * nothing of it in the key frame cache and waits for a round trip. Default false.
   */
  readonly dynacast?: boolean;
  /**
   * Who has sent neither packet nor message for so long is taken for gone, and put out with the reason `timed-out`. The client
   * says something at least every 5 s. `Infinity`: nobody is. Default 15 000 ms.
   */
  readonly idleTimeout?: Milliseconds;
  /** Participants in the room at once; one more is refused with `room-full`. Default 1000. */
  readonly maxParticipants?: number;
  /** Tracks one participant may publish at once; one more is refused with `too-many-tracks`. Default 16. */
  readonly maxTracksPerParticipant?: number;
  /** Simulcast encodings of one track; a track with more is refused with `too-many-encodings`. Default 8. */
  readonly maxEncodingsPerTrack?: number;
  /** Characters of one message; a longer one is refused with `malformed-message`. Default 1 048 576. */
  readonly maxMessageLength?: number;
  /**
   * Messages that a participant may send per second, on average: after silence, those of two seconds at once. One more is
   * refused with `rate-limited`, and not carried out. Default 500.
   */
  readonly maxMessageRate?: number;
  /**
   * Payload bytes of a data message: a larger one is refused with `data-too-large` where it is reliable, and dropped and
   * counted where it is not. At most 65 536, the default.
   */
  readonly maxDataSize?: Bytes;
  /**
   * What happens when somebody joins under an identity that is in the room: `takeover` puts the one who was in out, with the
   * reason `duplicate-identity`; `reject` refuses the newcomer with `identity-in-use`. Default `takeover`.
   */
  readonly duplicateIdentity?: 'takeover' | 'reject';
  /** How often lost packets are asked for and waiting requests are looked at. Default 20 ms. */
  readonly tickInterval?: Milliseconds;
}

/** Every setting with a value. */
export type ResolvedSfuOptions = Required<Omit<SfuOptions, 'videoSuspension'>> & {
  readonly videoSuspension: VideoSuspensionOptions;
};

/**
 * Fills in the defaults.
 *
 * @throws ArgumentError for an impossible `forwardErrorCorrection`, `videoPolicy`, `idleTimeout`, `maxMessageRate` or `duplicateIdentity`, or
 * contradicting bitrates in `congestion` or `videoSuspension`
 */
export function resolveSfuOptions(options: SfuOptions = {}): ResolvedSfuOptions {
  if (options.forwardErrorCorrection !== undefined) checkProtection(options.forwardErrorCorrection);
  const { videoPolicy = 'allow' } = options;
  if (!VIDEO_POLICIES.includes(videoPolicy)) {
    throw new ArgumentError(`The videoPolicy is ${String(videoPolicy)}: give one of ${VIDEO_POLICIES.join(', ')}.`);
  }
  const { idleTimeout = 15_000 } = options;
  if (!(idleTimeout > 0)) throw new ArgumentError(`The idleTimeout is ${idleTimeout}: give milliseconds above 0.`);
  const { maxMessageRate = 500 } = options;
  if (!(maxMessageRate >= 1)) {
    throw new ArgumentError(`The maxMessageRate is ${maxMessageRate}: give messages per second, 1 or more.`);
  }
  const { duplicateIdentity = 'takeover' } = options;
  if (duplicateIdentity !== 'takeover' && duplicateIdentity !== 'reject') {
    throw new ArgumentError(`The duplicateIdentity is ${String(duplicateIdentity)}: give takeover or reject.`);
  }
  return {
    keyframeCache: options.keyframeCache ?? {},
    keyFrameArbiter: options.keyFrameArbiter ?? {},
    congestion: startingAt(600_000, options.congestion),
    congestionController: options.congestionController ?? defaultCongestionController,
    congestionFeedback: options.congestionFeedback ?? 'transport-cc',
    forwardErrorCorrection: options.forwardErrorCorrection ?? { ratio: 0 },
    videoPolicy,
    videoSuspension: resolveVideoSuspension(options.videoSuspension),
    dynacast: options.dynacast ?? false,
    idleTimeout,
    maxParticipants: options.maxParticipants ?? 1000,
    maxTracksPerParticipant: options.maxTracksPerParticipant ?? 16,
    maxEncodingsPerTrack: options.maxEncodingsPerTrack ?? 8,
    maxMessageLength: options.maxMessageLength ?? MAX_MESSAGE_LENGTH,
    maxMessageRate,
    maxDataSize: Math.min(options.maxDataSize ?? MAX_DATA_SIZE, MAX_DATA_SIZE),
    duplicateIdentity,
    tickInterval: options.tickInterval ?? 20,
  };
}
