// The way to the SFU, shared among one's own tracks: what congestion control allows becomes each encoder's bit rate.

import {
  type Clock,
  type CongestionController,
  type EstimateEvent,
  EstimateLog,
  type Milliseconds,
  type Tracer,
  UplinkAllocator,
  type UplinkAudio,
  type UplinkVideo,
} from '@sluice/rtp';
import type { AudioTrackEncoder } from '../media/audio-track-encoder.ts';
import { SimulcastEncoder } from '../media/simulcast-encoder.ts';

/** How often the trace is told of a changed estimate. */
const ESTIMATE_INTERVAL: Milliseconds = 100;

/** What an uplink is made of. */
export interface UplinkOptions {
  readonly clock: Clock;
  readonly congestion: CongestionController;
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

/** One connection's uplink. */
export class Uplink {
  readonly #options: UplinkOptions;
  readonly #estimates: EstimateLog;
  readonly #allocator = new UplinkAllocator();
  readonly #tracks = new Set<UplinkTrack>();
  #estimateToldAt: Milliseconds = Number.NEGATIVE_INFINITY;

  constructor(options: UplinkOptions) {
    this.#options = options;
    this.#estimates = new EstimateLog(options.congestion, 'uplink');
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
    const { congestion } = this.#options;
    const audio: UplinkAudio[] = [];
    const video: UplinkVideo[] = [];
    const encoders: SimulcastEncoder[] = [];
    for (const { id, content, encoder, repairRatio } of this.#tracks) {
      if (!(encoder instanceof SimulcastEncoder)) {
        if (!encoder.paused) audio.push({ id, maxBitrate: encoder.maxBitrate });
        continue;
      }
      encoders.push(encoder);
      const encodings = encoder.layers.map(({ rid, encoding: { maxBitrate, active = true } }) => ({
        rid,
        minBitrate: Math.min(30_000, maxBitrate),
        maxBitrate,
        wanted: active && !encoder.paused,
      }));
      video.push({ id, content, frameRate: encoder.frameRate, repairRatio, encodings });
    }
    const allocation = this.#allocator.allocate({ target: congestion.targetBitrate, audio, video }, now);
    congestion.setDesiredBitrate(allocation.desired, now);
    for (const [i, encoder] of encoders.entries()) {
      for (const [j, layer] of encoder.layers.entries()) {
        const share = allocation.video[i]?.[j];
        if (share !== undefined) layer.setTarget(share);
      }
    }
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
