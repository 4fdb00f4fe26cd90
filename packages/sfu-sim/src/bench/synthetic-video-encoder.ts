// WebCodecs' `VideoEncoder` without pixels: sizes, times, key frames and temporal layers are those of the codec that the
// configuration names (see synthetic-profiles.ts); the bits say which frame they are.

import { type Bytes, type Microseconds, type Milliseconds, PacketAllocator } from '@sluice/rtp';
import { FrameSizeModel } from './frame-size-model.ts';
import { MIN_VIDEO_CHUNK, writeVideoPayload } from './synthetic-bitstream.ts';
import { OWNED, SyntheticEncodedVideoChunk } from './synthetic-chunks.ts';
import { type CodecEnvironment, SyntheticCodec } from './synthetic-codec.ts';
import { type SyntheticContent, SyntheticVideoFrame } from './synthetic-frames.ts';
import { type CodecProfile, profileOf, type TemporalMode, workTime } from './synthetic-profiles.ts';

/** A frame's place in the temporal structure. */
interface Place {
  readonly layer: number;
  /** Which frame of the period it is predicted from; absent: the first of the period before. */
  readonly from?: number;
}

/** One period of each structure. Layer 2 is never predicted from, layer 1 by the next frame of layer 2, layer 0 by all. */
const STRUCTURES: Readonly<Record<TemporalMode, readonly Place[]>> = {
  L1T1: [{ layer: 0 }],
  L1T2: [{ layer: 0 }, { layer: 1, from: 0 }],
  L1T3: [{ layer: 0 }, { layer: 2, from: 0 }, { layer: 1, from: 0 }, { layer: 2, from: 2 }],
};

/** How many frames of a period each layer has. */
const FRAMES_OF_LAYER: Readonly<Record<TemporalMode, readonly number[]>> = { L1T1: [1], L1T2: [1, 1], L1T3: [1, 1, 2] };

/** Bits per pixel and frame when no bitrate is asked for: 1.9 Mbit/s at 720p and 30 Hz. */
const DEFAULT_BITS_PER_PIXEL = 0.07;

interface Configuration {
  readonly config: VideoEncoderConfig;
  readonly profile: CodecProfile;
  readonly mode: TemporalMode;
}

interface EncodeWork {
  readonly configuration: Configuration;
  readonly content: SyntheticContent;
  readonly timestamp: Microseconds;
  readonly duration: Microseconds | null;
  readonly keyFrame: boolean;
}

/** The encoder. The frames it takes must be `SyntheticVideoFrame`s. */
export class SyntheticVideoEncoder extends SyntheticCodec<EncodeWork> implements VideoEncoder {
  ondequeue: VideoEncoder['ondequeue'] = null;
  readonly #output: EncodedVideoChunkOutputCallback;
  readonly #id: number;
  readonly #sizes: FrameSizeModel;
  readonly #allocator = new PacketAllocator();
  #configuration: Configuration | undefined;
  /** What the last chunk was made with; undefined before the first and after `reset`. */
  #active: Configuration | undefined;
  #index = 0;
  /** Where in its period of the temporal structure the next frame stands. */
  #position = 0;
  /** Index of the chunk that began the period. */
  #periodStart = 0;
  #previousPeriodStart = 0;

  /** Whether the codec string, size and scalability mode are among those that Chromium's software encoders take. */
  static async isConfigSupported(config: VideoEncoderConfig): Promise<VideoEncoderSupport> {
    assertValid(config);
    return { supported: toConfiguration(config) !== undefined, config: { ...config } };
  }

  constructor(init: VideoEncoderInit, environment: CodecEnvironment) {
    super(environment, init.error);
    this.#output = init.output;
    const random = environment.random.fork(`codec ${environment.nextCodecNumber()}`);
    this.#id = random.integer(1, 0x7fffffff);
    this.#sizes = new FrameSizeModel(random);
  }

  get encodeQueueSize(): number {
    return this.queueSize;
  }

  /** Counts from the next frame handed in. What changes and what makes a key frame depends on the codec. */
  configure(config: VideoEncoderConfig): void {
    assertValid(config);
    this.markConfigured();
    this.#configuration = toConfiguration(config);
    if (this.#configuration !== undefined) return;
    this.failSoon(new DOMException(`unsupported: ${JSON.stringify(config)}`, 'NotSupportedError'));
  }

  /** Takes what it needs from the frame, which stays the caller's to close. */
  encode(frame: VideoFrame, options?: VideoEncoderEncodeOptions): void {
    if (!(frame instanceof SyntheticVideoFrame)) throw new TypeError('a synthetic encoder takes synthetic frames only');
    frame.assertEncodable();
    this.assertConfigured('encode');
    const { content, timestamp, duration } = frame;
    const configuration = this.#configuration;
    if (configuration === undefined) return;
    this.enqueue({ configuration, content, timestamp, duration, keyFrame: options?.keyFrame === true });
  }

  override reset(): void {
    super.reset();
    this.#active = undefined;
  }

  protected override timeFor({ configuration: { profile, config } }: EncodeWork): Milliseconds {
    return workTime(profile.encodeTime, config.width, config.height);
  }

  protected override finish(work: EncodeWork): void {
    const needsKey = this.#needsKey(work.configuration);
    const isKey = work.keyFrame || needsKey;
    const index = this.#index++;
    const { config, mode } = work.configuration;
    const { content } = work;
    const { layer, reference } = this.#place(isKey, index, mode);
    const bytes = writeVideoPayload(
      {
        sourceId: content.sourceId,
        frameNumber: content.frameNumber,
        captureTime: content.captureTime,
        encoderId: this.#id,
        index,
        reference: isKey ? undefined : reference,
        temporalLayer: layer,
        width: config.width,
        height: config.height,
      },
      this.#sizeOf(isKey, layer, work.configuration),
      this.#allocator,
    );
    const chunk = new SyntheticEncodedVideoChunk(
      {
        type: isKey ? 'key' : 'delta',
        timestamp: work.timestamp,
        duration: work.duration ?? undefined,
        data: bytes,
      },
      OWNED,
    );
    this.#output.call(undefined, chunk, {
      ...(isKey && {
        decoderConfig: { codec: config.codec, codedWidth: config.width, codedHeight: config.height },
      }),
      ...(config.scalabilityMode !== undefined && { svc: { temporalLayerId: layer } }),
    });
  }

  protected override callOnDequeue(event: Event): void {
    this.ondequeue?.call(this, event);
  }

  /** Takes over the configuration of the frame; whether that makes it a key frame. */
  #needsKey(next: Configuration): boolean {
    const last = this.#active;
    this.#active = next;
    if (last === undefined || last.profile !== next.profile) return true;
    if (last.mode !== next.mode) {
      this.#position = 0;
      if (next.profile.keyOnModeChange) return true;
    }
    const resized = last.config.width !== next.config.width || last.config.height !== next.config.height;
    return resized && next.profile.keyOnResize;
  }

  /** The frame's layer and the chunk it is predicted from. A key frame begins the structure anew. */
  #place(isKey: boolean, index: number, mode: TemporalMode): { layer: number; reference: number } {
    const structure = STRUCTURES[mode];
    if (isKey) this.#position = 0;
    if (this.#position === 0) {
      this.#previousPeriodStart = this.#periodStart;
      this.#periodStart = index;
    }
    const { layer, from }: Place = structure[this.#position] ?? { layer: 0 };
    this.#position = (this.#position + 1) % structure.length;
    return { layer, reference: from === undefined ? this.#previousPeriodStart : this.#periodStart + from };
  }

  #sizeOf(isKey: boolean, layer: number, { config, profile, mode }: Configuration): Bytes {
    const { width, height } = config;
    const framerate = config.framerate ?? 30;
    const weight = ((profile.shares[mode][layer] ?? 1) * STRUCTURES[mode].length) / (FRAMES_OF_LAYER[mode][layer] ?? 1);
    const minimum = Math.max(MIN_VIDEO_CHUNK, (weight * profile.floor * width * height) / 8);
    const bitrate = config.bitrate ?? DEFAULT_BITS_PER_PIXEL * width * height * framerate;
    return this.#sizes.next(isKey, { bitrate, framerate, weight, minimum });
  }
}

function toConfiguration(config: VideoEncoderConfig): Configuration | undefined {
  const profile = profileOf(config.codec);
  const mode = config.scalabilityMode ?? 'L1T1';
  const isKnownMode = mode === 'L1T1' || mode === 'L1T2' || mode === 'L1T3';
  if (profile === undefined || !isKnownMode || config.alpha === 'keep' || config.bitrateMode === 'quantizer') {
    return undefined;
  }
  return { config: { ...config }, profile, mode };
}

/** @throws TypeError as https://www.w3.org/TR/webcodecs/#valid-videoencoderconfig says */
function assertValid({ codec, width, height, bitrate, framerate }: VideoEncoderConfig): void {
  const isPositiveInteger = (value: number) => Number.isInteger(value) && value > 0;
  if (typeof codec !== 'string' || codec.trim() === '') throw new TypeError(`codec is ${JSON.stringify(codec)}`);
  if (!isPositiveInteger(width) || !isPositiveInteger(height)) {
    throw new TypeError(`size is ${width}x${height}: both must be integers above 0`);
  }
  if (bitrate !== undefined && !(bitrate >= 1)) throw new TypeError(`bitrate is ${bitrate}: it must be above 0`);
  if (framerate !== undefined && !(framerate > 0)) throw new TypeError(`framerate is ${framerate}: it must be above 0`);
}
