// One simulcast encoding of a producer: its incoming stream, its key frame cache, its key frame arbiter.

import {
  type BitsPerSecond,
  KeyFrameArbiter,
  type KeyFrameArbiterOptions,
  KeyFrameShare,
  type Milliseconds,
  ntpToClock,
  type PayloadFormat,
  RateMeter,
  type ReceivedPacket,
  type Resolution,
  RtpReceiveStream,
  type TrackKind,
} from '@sluice/rtp';
import { type ForwardedPacket, KeyframeCache, type KeyframeCacheOptions } from './keyframe-cache.ts';
import { TemporalShares } from './temporal-shares.ts';
import type { UplinkResponse } from './uplink-response.ts';
import { VideoGate, type VideoPolicy } from './video-gate.ts';

/**
 * A layer is taken for stopped when nothing has come of it for so many of its mean frame intervals, but not before the
 * least and not after the most of these times: a screen share may send a slide every second.
 */
const STOPPED_AFTER = { frames: 4, least: 400, most: 5000 } as const;

/** Of two key frames or more by default: what one of them takes is no reason to change layers. */
const RATE_WINDOW: Milliseconds = 4000;

/** Weight of a new frame interval in the mean one. */
const INTERVAL_WEIGHT = 1 / 4;

/** What a layer is made of. */
export interface ProducerLayerOptions {
  readonly kind: TrackKind;
  /** `undefined` for the only stream of a track without simulcast. */
  readonly rid: string | undefined;
  /** The most it will be sent at, by what the publisher says. */
  readonly maxBitrate: BitsPerSecond | undefined;
  readonly format: PayloadFormat;
  readonly clockRate: number;
  readonly nack: boolean;
  /** Repair packets come beside it (RFC 8627). */
  readonly forwardErrorCorrection: boolean;
  /** Identifier of the `colorSpace` extension on its packets, where it was negotiated. */
  readonly colorSpaceId: number | undefined;
  /** Identifier of the `audioLevel` extension on its packets, where it was negotiated. Default: it was not. */
  readonly audioLevelId?: number | undefined;
  readonly keyframeCache: KeyframeCacheOptions;
  readonly keyFrameArbiter: KeyFrameArbiterOptions;
  /** What is done when it is abusive. Default `allow`. */
  readonly videoPolicy?: VideoPolicy | undefined;
  /** Whether its publisher gives way when it has to. Default: not known. */
  readonly uplinkResponse?: UplinkResponse | undefined;
}

/** One incoming encoding. */
export class ProducerLayer {
  readonly rid: string | undefined;
  readonly clockRate: number;
  readonly format: PayloadFormat;
  readonly cache: KeyframeCache;
  readonly arbiter: KeyFrameArbiter;
  /** What it is taken for, and what is let through; `undefined` for audio. */
  readonly gate: VideoGate | undefined;
  readonly #kind: TrackKind;
  readonly #nack: boolean;
  readonly #forwardErrorCorrection: boolean;
  readonly #colorSpaceId: number | undefined;
  readonly #audioLevelId: number | undefined;
  #stream: RtpReceiveStream | undefined;
  readonly #maxBitrate: BitsPerSecond | undefined;
  readonly #rate = new RateMeter(RATE_WINDOW);
  readonly #keyFrameShare = new KeyFrameShare();
  readonly #temporalShares = new TemporalShares();
  /** Of the newest packet that could say it. */
  #temporalLayer = 0;
  #lastArrival: Milliseconds = Number.NEGATIVE_INFINITY;
  #beganAt: Milliseconds | undefined;
  #lastFrame: Milliseconds | undefined;
  #frameInterval: Milliseconds = 0;
  #resolution: Resolution | undefined;
  #parameters: string | undefined;
  #keyFrames = 0;
  #keyFramesRequested = 0;
  /** As far as it has been seen to. */
  #packetsAbandoned = 0;
  #malformed = 0;

  constructor(options: ProducerLayerOptions) {
    this.rid = options.rid;
    this.clockRate = options.clockRate;
    this.format = options.format;
    this.#kind = options.kind;
    this.#maxBitrate = options.maxBitrate;
    this.#nack = options.nack;
    this.#forwardErrorCorrection = options.forwardErrorCorrection;
    this.#colorSpaceId = options.colorSpaceId;
    this.#audioLevelId = options.audioLevelId;
    this.cache = new KeyframeCache(options.keyframeCache);
    this.arbiter = new KeyFrameArbiter(options.keyFrameArbiter);
    this.gate =
      options.kind === 'video' ? new VideoGate(options.videoPolicy ?? 'allow', options.uplinkResponse) : undefined;
  }

  /** The stream that feeds this layer now; `undefined` before its first packet. */
  get stream(): RtpReceiveStream | undefined {
    return this.#stream;
  }

  /** The size of the newest key frame. */
  get resolution(): Resolution | undefined {
    return this.#resolution;
  }

  /** The codec's parameters in the words of SDP, as the newest key frame says them; `undefined` where none has. */
  get parameters(): string | undefined {
    return this.#parameters;
  }

  /** Key frames that began to arrive. */
  get keyFrames(): number {
    return this.#keyFrames;
  }

  /** What key frames make up of the bytes of the last 10 s, 0 to 1; `undefined` for audio and before 5 s. */
  keyFrameShare(now: Milliseconds): number | undefined {
    return this.#kind === 'audio' ? undefined : this.#keyFrameShare.share(now);
  }

  /** Key frames asked of the publisher. */
  get keyFramesRequested(): number {
    return this.#keyFramesRequested;
  }

  /** Packets dropped because their payload cannot be read. */
  get packetsMalformed(): number {
    return this.#malformed;
  }

  /**
   * What comes in of it, in bit/s; until two seconds were seen, and while it is stopped, what the publisher said, if it
   * did: a layer that costs nothing now is not had for nothing.
   */
  rate(now: Milliseconds): BitsPerSecond | undefined {
    const measured = this.#rate.rate(now);
    return this.isActive(now) ? (measured ?? this.#maxBitrate) : (this.#maxBitrate ?? measured);
  }

  /** What its temporal layers up to that one take of its rate, 0 to 1. */
  temporalShare(temporalLayer: number, now: Milliseconds): number {
    return this.#temporalShares.upTo(temporalLayer, now);
  }

  /** What may come in of it, in bit/s: what the publisher said, or what comes in if that is more. */
  peakRate(now: Milliseconds): BitsPerSecond {
    return Math.max(this.#maxBitrate ?? 0, this.#rate.rate(now) ?? 0);
  }

  /** When its first packet came, or the first after it had stopped; `undefined` before. */
  get beganAt(): Milliseconds | undefined {
    return this.#beganAt;
  }

  /** Whether media has come lately, as often as it does. */
  isActive(now: Milliseconds): boolean {
    const { frames, least, most } = STOPPED_AFTER;
    return now - this.#lastArrival < Math.min(most, Math.max(least, frames * this.#frameInterval));
  }

  /**
   * From now on the layer is fed by the stream `ssrc`; what came from another one is forgotten.
   *
   * @returns the stream to put its packets through
   */
  bind(ssrc: number): RtpReceiveStream {
    this.#stream = new RtpReceiveStream({
      ssrc,
      clockRate: this.clockRate,
      nack: this.#nack ? {} : false,
      forwardErrorCorrection: this.#forwardErrorCorrection,
      colorSpaceId: this.#colorSpaceId,
      audioLevelId: this.#audioLevelId,
    });
    this.#packetsAbandoned = 0;
    this.#rate.reset();
    this.#keyFrameShare.reset();
    this.#temporalShares.reset();
    this.cache.restart();
    this.gate?.restart();
    return this.#stream;
  }

  /** Takes a packet of the stream, and answers it as it is to be forwarded. */
  receive(packet: ReceivedPacket): ForwardedPacket | undefined {
    const { arrival } = packet;
    const padding = packet.payload.length === 0;
    const info = padding ? undefined : this.format.inspect(packet.payload);
    if (!padding && info === undefined) {
      this.#malformed += 1;
      return undefined;
    }
    // Padding fills probes: it says nothing of the encoder.
    if (!padding) {
      if (!this.isActive(arrival)) {
        this.#beganAt = arrival;
        this.gate?.onPause();
      }
      this.#lastArrival = arrival;
      this.#rate.add(packet.size, arrival);
      if (info?.frameStart) this.#measureInterval(arrival);
    }
    if (this.#kind === 'audio') return { packet, info };
    if (info !== undefined) {
      this.#keyFrameShare.add(packet.size, packet.timestamp, info.keyFrameStart, arrival);
      if (!info.continued) this.#temporalLayer = info.temporalLayer;
      this.#temporalShares.add(packet.size, this.#temporalLayer, arrival);
    }
    const withheld = info !== undefined && this.gate?.receive(packet, info) === false;
    const forwarded = { packet, info, withheld };
    if (info?.keyFrameStart) {
      this.#keyFrames += 1;
      this.#resolution = info.resolution ?? this.#resolution;
      this.#parameters = info.parameters ?? this.#parameters;
      this.arbiter.onKeyFrame(arrival);
      this.#stream?.forgetBefore(packet.sequence);
    }
    // What has holes of the gate's making cannot be replayed.
    if (!this.gate?.isThrottling) this.cache.push(forwarded);
    else if (this.cache.stats.packets > 0) this.cache.purge();
    return forwarded;
  }

  #measureInterval(arrival: Milliseconds): void {
    const interval = arrival - (this.#lastFrame ?? arrival);
    this.#lastFrame = arrival;
    // After a stop it begins anew: how long it was is not how often frames come.
    if (interval > STOPPED_AFTER.most) this.#frameInterval = 0;
    else this.#frameInterval += INTERVAL_WEIGHT * (Math.max(0, interval) - this.#frameInterval);
  }

  /** Whether packets were given up since the last call: what refers to them is of no use to anybody. */
  takeAbandoned(): boolean {
    const abandoned = this.#stream?.packetsAbandoned ?? 0;
    const grown = abandoned > this.#packetsAbandoned;
    this.#packetsAbandoned = abandoned;
    return grown;
  }

  /** What the arbiter says, noted when it asks. */
  pollKeyFrameRequest(now: Milliseconds): 'ask' | 'exhausted' | undefined {
    if (this.arbiter.wantedBecause === undefined) return undefined;
    const decision = this.arbiter.poll(now, this.#keyFrameShare.shareWithAnother(now));
    if (decision === 'ask') {
      this.#keyFramesRequested += 1;
      this.gate?.onKeyFrameRequest(now);
    }
    return decision;
  }

  /** When, on the publisher's wall clock, the media at an RTP timestamp was captured; `undefined` before a sender report. */
  captureTime(timestamp: number): Milliseconds | undefined {
    const clock = this.#stream?.senderClock;
    if (clock === undefined) return undefined;
    return ntpToClock(clock) + (((timestamp - clock.rtpTimestamp) | 0) * 1000) / this.clockRate;
  }
}
