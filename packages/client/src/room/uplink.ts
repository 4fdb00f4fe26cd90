// The way to the SFU, shared among one's own tracks: what congestion control allows becomes each encoder's bit rate.

import {
  type AudioAllocation,
  type BitsPerSecond,
  type Bytes,
  type Clock,
  type CongestionController,
  type EncodingAllocatedEvent,
  type EncodingAllocation,
  type EstimateEvent,
  EstimateLog,
  type Milliseconds,
  type Tracer,
  type UplinkAllocationOptions,
  UplinkAllocator,
  type UplinkAudio,
  type UplinkVideo,
} from '@sluice/rtp';
import { AudioTrackEncoder } from '../media/audio-track-encoder.ts';
import { SimulcastEncoder } from '../media/simulcast-encoder.ts';
import { encodedSize, floorBitrate } from '../media/video-encodings.ts';

/** How often the trace is told of a changed estimate. */
const ESTIMATE_INTERVAL: Milliseconds = 100;

/** Weight of the newest loss in the smoothed one: at a call every 20 ms it follows within two seconds. */
const LOSS_WEIGHT = 0.01;

/**
 * When what waits for the pacer takes longer than this, no more frames are encoded: a starved encoder makes more than it
 * was asked for, and what is late is of no use.
 */
const MAX_BACKLOG: Milliseconds = 300;

/** What waits longer than this makes the encoders hold back ... */
const BACKLOG_ALLOWANCE: Milliseconds = 100;

/** ... so that it would be gone in this time if nothing else was sent. */
const BACKLOG_HORIZON: Milliseconds = 500;

/** No encoder is held back to less than this, in steps of as much: each step is a new configuration. */
const HOLD_BACK_STEP = 1 / 8;
const MIN_HOLD_BACK = 2 * HOLD_BACK_STEP;

/** What an uplink is made of. */
export interface UplinkOptions {
  readonly clock: Clock;
  readonly congestion: CongestionController;
  /** Bytes that wait for the pacer. */
  readonly queueSize: () => Bytes;
  /** What is sent beside media, in bit/s. */
  readonly otherRate: (now: Milliseconds) => BitsPerSecond;
  readonly allocation: Partial<UplinkAllocationOptions>;
  /** The identity of whose uplink it is. */
  readonly participant: () => string;
  readonly tracer: Tracer | undefined;
}

/** A track that is sent. */
export interface UplinkTrack {
  readonly id: string;
  readonly content: 'camera' | 'screen';
  readonly encoder: SimulcastEncoder | AudioTrackEncoder;
  /** Repair packets beside the media, as a share of it. */
  readonly repairRatio: number;
}

type AudioTrack = UplinkTrack & { readonly encoder: AudioTrackEncoder };
type VideoTrack = UplinkTrack & { readonly encoder: SimulcastEncoder };

/** One connection's uplink. */
export class Uplink {
  readonly #options: UplinkOptions;
  readonly #estimates: EstimateLog;
  readonly #allocator: UplinkAllocator;
  readonly #tracks = new Set<UplinkTrack>();
  #loss = 0;
  #estimateToldAt: Milliseconds = Number.NEGATIVE_INFINITY;

  constructor(options: UplinkOptions) {
    this.#options = options;
    this.#allocator = new UplinkAllocator(options.allocation);
    this.#estimates = new EstimateLog(options.congestion, 'uplink');
  }

  /** Whether so much waits to be sent that a frame encoded now would be late. */
  get isBacklogged(): boolean {
    const { queueSize, congestion } = this.#options;
    return (queueSize() * 8000) / congestion.pacingRate > MAX_BACKLOG;
  }

  /** From now on the track gets its share. */
  add(track: UplinkTrack): void {
    this.#tracks.add(track);
    this.#allocate(this.#options.clock.now());
  }

  /** The track is over: the others get its share. */
  remove(track: UplinkTrack): void {
    if (this.#tracks.delete(track)) this.#allocate(this.#options.clock.now());
  }

  /** Follows congestion control. To be called every 20 ms or so. */
  tick(now: Milliseconds): void {
    this.#traceEstimate(now);
    this.#allocate(now);
  }

  #allocate(now: Milliseconds): void {
    const { congestion, otherRate } = this.#options;
    this.#loss += LOSS_WEIGHT * (congestion.lossRatio - this.#loss);
    const audioTracks: AudioTrack[] = [];
    const videoTracks: VideoTrack[] = [];
    for (const track of this.#tracks) {
      if (isVideo(track)) videoTracks.push(track);
      else if (isAudio(track) && !track.encoder.paused) audioTracks.push(track);
    }
    const allocation = this.#allocator.allocate(
      {
        // What is held back for a moment shall not turn encodings off.
        target: Math.max(0, congestion.stableTargetBitrate - otherRate(now)),
        lossRatio: this.#loss,
        audio: audioTracks.map(audioDemand),
        video: videoTracks.map(videoDemand),
      },
      now,
    );
    congestion.setDesiredBitrate(allocation.desired, now);
    const factor = this.#holdBack();
    for (const [i, track] of audioTracks.entries()) this.#applyAudio(track, allocation.audio[i]);
    for (const [i, track] of videoTracks.entries()) this.#applyVideo(track, allocation.video[i], factor);
  }

  /** What the encoders' rates are multiplied by while a queue drains, on the path or here. */
  #holdBack(): number {
    const { congestion, queueSize } = this.#options;
    const { targetBitrate, stableTargetBitrate } = congestion;
    const waits = (queueSize() * 8000) / stableTargetBitrate;
    const backlog = 1 - (waits - BACKLOG_ALLOWANCE) / BACKLOG_HORIZON;
    const factor = Math.min(targetBitrate / stableTargetBitrate, backlog, 1);
    return Math.max(Math.round(factor / HOLD_BACK_STEP) * HOLD_BACK_STEP, MIN_HOLD_BACK);
  }

  #applyAudio({ id, encoder }: AudioTrack, share: AudioAllocation | undefined): void {
    if (share === undefined) return;
    const { bitrate, reason, changed } = share;
    encoder.setBitrate(bitrate);
    if (changed) this.#trace({ track: id, bitrate, reason });
  }

  #applyVideo({ id, encoder }: VideoTrack, shares: readonly EncodingAllocation[] = [], factor: number): void {
    for (const [i, { rid, active, bitrate, frameRate, limited, reason, changed }] of shares.entries()) {
      encoder.layers[i]?.setTarget({ active, bitrate: bitrate * factor, frameRate, limited });
      if (changed) this.#trace({ track: id, rid, bitrate, frameRate, reason });
    }
  }

  #trace(details: Omit<EncodingAllocatedEvent, 'at' | 'type' | 'participant'>): void {
    const { tracer, clock, participant } = this.#options;
    const [at, type] = [clock.now(), 'encoding-allocated'] as const;
    tracer?.({ at, type, participant: participant(), ...details } satisfies EncodingAllocatedEvent);
  }

  #traceEstimate(at: Milliseconds): void {
    const { tracer, participant } = this.#options;
    if (tracer === undefined || this.#tracks.size === 0 || at - this.#estimateToldAt < ESTIMATE_INTERVAL) return;
    const estimate = this.#estimates.take();
    if (estimate === undefined) return;
    this.#estimateToldAt = at;
    tracer({ at, type: 'estimate', participant: participant(), ...estimate } satisfies EstimateEvent);
  }
}

function isAudio(track: UplinkTrack): track is AudioTrack {
  return track.encoder instanceof AudioTrackEncoder;
}

function isVideo(track: UplinkTrack): track is VideoTrack {
  return track.encoder instanceof SimulcastEncoder;
}

function audioDemand({ id, encoder }: AudioTrack): UplinkAudio {
  return { id, maxBitrate: encoder.maxBitrate };
}

function videoDemand({ id, content, encoder, repairRatio }: VideoTrack): UplinkVideo {
  const encodings = encoder.layers.map(({ rid, encoding }, i) => {
    const { maxBitrate, maxFramerate = Number.POSITIVE_INFINITY, active = true } = encoding;
    const frameRate = Math.min(encoder.frameRate, maxFramerate);
    const { width, height } = encodedSize(encoding, encoder.size.width, encoder.size.height);
    const minBitrate = floorBitrate(width, height, frameRate);
    return { rid, minBitrate, maxBitrate, frameRate, wanted: active && !encoder.paused && i < encoder.layersWanted };
  });
  return { id, content, repairRatio, encodings };
}
