// Simulcast: the same frames to one encoder per encoding.

import type { Clock, Microseconds, Milliseconds } from '@sluice/rtp';
import type { MediaError } from '../room/errors.ts';
import { FrameRateMeter } from './frame-rate-meter.ts';
import { type EncodedLayerFrame, encoderConfig, LayerEncoder } from './layer-encoder.ts';
import type { MediaCodecs } from './media-codecs.ts';
import type { VideoSource } from './sources.ts';
import type { VideoEncoding } from './video-encodings.ts';

/** An encoding and the scalability mode its encoder was found to support; `undefined`: none. */
export interface SupportedEncoding {
  readonly encoding: VideoEncoding;
  readonly scalabilityMode: string | undefined;
}

/** What a simulcast encoder is made of. */
export interface SimulcastEncoderOptions {
  readonly codecs: MediaCodecs;
  readonly clock: Clock;
  /** WebCodecs codec string, e.g. `vp8`. */
  readonly codec: string;
  readonly source: VideoSource;
  /** Lowest first. */
  readonly encodings: readonly SupportedEncoding[];
  /** Longest time between two key frames of an encoding; `Infinity` for key frames on request only. */
  readonly keyframeInterval: Milliseconds;
  /** Whether the way out is so full that frames are to be left out. Default never. */
  readonly isBacklogged?: () => boolean;
  /** The source has made a frame. */
  readonly onCaptured: (timestamp: Microseconds) => void;
  readonly onFrame: (frame: EncodedLayerFrame) => void;
  readonly onError: (error: MediaError) => void;
}

/**
 * The encodings with the scalability mode each will have; `undefined` where this codec cannot encode one of them.
 * Without an app's wish it is `L1T3` where the encoder has it.
 */
export async function supportedEncodings(
  codecs: Pick<MediaCodecs, 'VideoEncoder'>,
  codec: string,
  encodings: readonly VideoEncoding[],
  source: VideoSource,
): Promise<SupportedEncoding[] | undefined> {
  const resolved: SupportedEncoding[] = [];
  for (const encoding of encodings) {
    const modes = encoding.scalabilityMode ? [encoding.scalabilityMode] : ['L1T3', undefined];
    let found = false;
    for (const scalabilityMode of modes) {
      const config = encoderConfig(codec, encoding, source, scalabilityMode);
      // An unknown codec string makes isConfigSupported reject: not supported, all the same.
      const { supported } = await codecs.VideoEncoder.isConfigSupported(config).catch(() => ({ supported: false }));
      if (!supported) continue;
      resolved.push({ encoding, scalabilityMode });
      found = true;
      break;
    }
    if (!found) return undefined;
  }
  return resolved;
}

/** One track's encoders. */
export class SimulcastEncoder {
  readonly #layers: readonly LayerEncoder[];
  readonly #source: VideoSource;
  readonly #onCaptured: (timestamp: Microseconds) => void;
  readonly #keyframeInterval: Microseconds;
  readonly #nextKeyFrame: Microseconds[];
  readonly #frameRate: FrameRateMeter;
  #size: { readonly width: number; readonly height: number };
  readonly #isBacklogged: () => boolean;
  #paused = false;
  #layersWanted = Number.POSITIVE_INFINITY;

  constructor(options: SimulcastEncoderOptions) {
    const { codecs, clock, codec, source, encodings, onFrame, onError } = options;
    this.#source = source;
    this.#size = { width: source.width, height: source.height };
    this.#frameRate = new FrameRateMeter(source.frameRate);
    this.#onCaptured = options.onCaptured;
    this.#isBacklogged = options.isBacklogged ?? (() => false);
    this.#keyframeInterval = options.keyframeInterval * 1000;
    this.#nextKeyFrame = encodings.map(() => Number.NaN);
    this.#layers = encodings.map(
      ({ encoding, scalabilityMode }) =>
        new LayerEncoder({
          codecs,
          clock,
          codec,
          encoding,
          scalabilityMode,
          frameRate: source.frameRate,
          onFrame,
          onError,
        }),
    );
  }

  /** The encoders, lowest encoding first. */
  get layers(): readonly LayerEncoder[] {
    return this.#layers;
  }

  /** The size of the source's pictures, in pixels. */
  get size(): { readonly width: number; readonly height: number } {
    return this.#size;
  }

  /** Frames per second that the source makes. */
  get frameRate(): number {
    return this.#frameRate.frameRate;
  }

  get paused(): boolean {
    return this.#paused;
  }

  /** While paused, frames are thrown away; the first one after it is a key frame. */
  setPaused(paused: boolean): void {
    if (this.#paused && !paused) for (const layer of this.#layers) layer.requestKeyFrame();
    this.#paused = paused;
  }

  /** So many encodings, from the lowest up, have somebody who watches; others need not be made. Infinite until it is told. */
  get layersWanted(): number {
    return this.#layersWanted;
  }

  /** Takes how many encodings have somebody who watches. */
  setLayersWanted(count: number): void {
    this.#layersWanted = count;
  }

  /** Begins. `onEnded` is called when the source ends by itself. */
  start(onEnded: () => void): void {
    this.#source.start((frame) => this.#onFrame(frame), onEnded);
  }

  /** Makes the next frame of that encoding, and of no other, a key frame. */
  requestKeyFrame(rid: string): void {
    this.#layers.find((layer) => layer.rid === rid)?.requestKeyFrame();
  }

  /** Ends. */
  close(): void {
    this.#source.stop();
    for (const layer of this.#layers) layer.close();
  }

  #onFrame(frame: VideoFrame): void {
    this.#onCaptured(frame.timestamp);
    const { displayWidth: width, displayHeight: height } = frame;
    if (width !== this.#size.width || height !== this.#size.height) this.#size = { width, height };
    const frameRate = this.#frameRate.onFrame(frame.timestamp);
    if (frameRate !== undefined) for (const layer of this.#layers) layer.setFrameRate(frameRate);
    if (!this.#paused && !this.#isBacklogged()) {
      this.#scheduleKeyFrames(frame.timestamp);
      for (const layer of this.#layers) layer.encode(frame);
    }
    frame.close();
  }

  /**
   * Key frames at the interval, the encodings in turn, so that their bursts do not coincide. An encoding that is slowed
   * down has them so much less often: it has no bits for more, and the SFU asks for those that somebody needs.
   */
  #scheduleKeyFrames(timestamp: Microseconds): void {
    if (!Number.isFinite(this.#keyframeInterval)) return;
    this.#layers.forEach((layer, i) => {
      const due = this.#nextKeyFrame[i] ?? Number.NaN;
      if (Number.isNaN(due)) {
        this.#nextKeyFrame[i] = timestamp + (this.#keyframeInterval * (this.#layers.length - i)) / this.#layers.length;
      } else if (timestamp >= due) {
        const slowness = this.frameRate / (layer.target?.frameRate || this.frameRate);
        this.#nextKeyFrame[i] = timestamp + this.#keyframeInterval * Math.max(1, slowness);
        layer.requestKeyFrame();
      }
    });
  }
}
