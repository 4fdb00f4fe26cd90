// One simulcast encoding: a WebCodecs encoder that is never given more than it can take.

import {
  type BitsPerSecond,
  type Clock,
  type ColorSpace,
  type Microseconds,
  type Milliseconds,
  PacketAllocator,
} from '@sluice/rtp';
import { MediaError } from '../room/errors.ts';
import { toWireColorSpace } from './color-space.ts';
import type { MediaCodecs } from './media-codecs.ts';
import { encodedSize, type VideoEncoding } from './video-encodings.ts';

/** Frames inside an encoder at once; `encodeQueueSize` does not tell (Chromium reports 0 with five inside). */
const MAX_IN_FLIGHT = 2;

/** A frame that has not come out after this long was dropped by the encoder (`latencyMode: 'realtime'` allows it). */
const IN_FLIGHT_TIMEOUT: Milliseconds = 1000;

/** How long an encoder that left out a frame is taken for overloaded. */
const OVERLOADED_FOR: Milliseconds = 2000;

/** Failures in a row, without a frame in between, after which an encoder is given up. */
const MAX_FAILURES = 3;

/** A frame as it came out of an encoder. */
export interface EncodedLayerFrame {
  readonly rid: string;
  readonly data: Uint8Array;
  readonly timestamp: Microseconds;
  readonly keyFrame: boolean;
  /** `undefined` without temporal layers. */
  readonly temporalLayer: number | undefined;
  /** How to read its colours; `undefined` where the encoder did not say. */
  readonly colorSpace: ColorSpace | undefined;
}

/** What a layer is to make of its source. */
export interface LayerTarget {
  /** Whether it encodes at all. */
  readonly active: boolean;
  readonly bitrate: BitsPerSecond;
  /** Frames above it are left out. */
  readonly frameRate: number;
  /** Whether it is less than the encoding's own, for want of bits. */
  readonly limited: boolean;
}

/** What a layer encoder is made of. */
export interface LayerEncoderOptions {
  readonly codecs: Pick<MediaCodecs, 'VideoEncoder'>;
  readonly clock: Clock;
  /** WebCodecs codec string, e.g. `vp8`. */
  readonly codec: string;
  readonly encoding: VideoEncoding;
  /** The mode the encoder was found to support; `undefined` for none. */
  readonly scalabilityMode: string | undefined;
  readonly frameRate: number;
  readonly onFrame: (frame: EncodedLayerFrame) => void;
  /** The encoder has failed for good. */
  readonly onError: (error: MediaError) => void;
}

/** The configuration for an encoding of a source of that size. */
export function encoderConfig(
  codec: string,
  encoding: VideoEncoding,
  source: { width: number; height: number; frameRate: number },
  scalabilityMode: string | undefined,
  target?: LayerTarget,
): VideoEncoderConfig {
  const limit = Math.min(
    encoding.maxFramerate ?? Number.POSITIVE_INFINITY,
    target?.frameRate ?? Number.POSITIVE_INFINITY,
  );
  const { width, height } = encodedSize(encoding, source.width, source.height);
  const config: VideoEncoderConfig = {
    codec,
    width,
    height,
    bitrate: target?.bitrate ?? encoding.maxBitrate,
    framerate: Math.min(source.frameRate, limit),
    latencyMode: 'realtime',
    // Smaller bursts than variable: the largest delta frame is about a fifth (measured in Chromium).
    bitrateMode: 'constant',
  };
  if (scalabilityMode !== undefined) config.scalabilityMode = scalabilityMode;
  return config;
}

/** One encoding of a track. */
export class LayerEncoder {
  readonly #options: LayerEncoderOptions;
  readonly #allocator = new PacketAllocator();
  #encoder: VideoEncoder | undefined;
  #size = { width: 0, height: 0 };
  #frameRate: number;
  #target: LayerTarget | undefined;
  /** What the encoder was configured with last. */
  #config: VideoEncoderConfig | undefined;
  #colorSpace: ColorSpace | undefined;
  #keyFrameWanted = false;
  #inFlight: { timestamp: Microseconds; since: Milliseconds }[] = [];
  /** With a limited frame rate: when the next frame is to be encoded. */
  #nextDue: Microseconds = Number.NEGATIVE_INFINITY;
  #failures = 0;
  #closed = false;
  #framesEncoded = 0;
  #framesDropped = 0;
  #lastDrop: Milliseconds = Number.NEGATIVE_INFINITY;
  /** When frames came out, over the last second. */
  readonly #outputs: Milliseconds[] = [];
  #keyFramesEncoded = 0;

  constructor(options: LayerEncoderOptions) {
    this.#options = options;
    this.#frameRate = options.frameRate;
  }

  get encoding(): VideoEncoding {
    return this.#options.encoding;
  }

  get rid(): string {
    return this.#options.encoding.rid;
  }

  /** The size that is encoded now, in pixels. */
  get size(): { readonly width: number; readonly height: number } {
    return this.#size;
  }

  get framesEncoded(): number {
    return this.#framesEncoded;
  }

  /** Frames left out because the encoder was still busy. */
  get framesDropped(): number {
    return this.#framesDropped;
  }

  /** Frames that came out in the last second. */
  get framesPerSecond(): number {
    const since = this.#options.clock.now() - 1000;
    return this.#outputs.filter((at) => at > since).length;
  }

  /** Whether a frame was left out lately because the encoder was busy. */
  get isOverloaded(): boolean {
    return this.#options.clock.now() - this.#lastDrop < OVERLOADED_FOR;
  }

  get keyFramesEncoded(): number {
    return this.#keyFramesEncoded;
  }

  /** The source makes that many frames a second: rate control goes by it. */
  setFrameRate(frameRate: number): void {
    this.#frameRate = frameRate;
  }

  /** What it shall make from the next frame on. Default what its encoding says. After a pause it begins with a key frame. */
  setTarget(target: LayerTarget): void {
    if (target.active && this.#target?.active === false) this.#keyFrameWanted = true;
    this.#target = target;
  }

  /** What it was told to make last. */
  get target(): LayerTarget | undefined {
    return this.#target;
  }

  /** Makes the next frame a key frame. */
  requestKeyFrame(): void {
    this.#keyFrameWanted = true;
  }

  /** Encodes a frame, which stays the caller's, unless the encoder is busy or the frame is above the frame rate. */
  encode(frame: VideoFrame): void {
    const { encoding, clock } = this.#options;
    if (
      this.#closed ||
      encoding.active === false ||
      this.#target?.active === false ||
      this.#isAboveFrameRate(frame.timestamp)
    )
      return;
    const now = clock.now();
    this.#inFlight = this.#inFlight.filter(({ since }) => now - since < IN_FLIGHT_TIMEOUT);
    if (this.#inFlight.length >= MAX_IN_FLIGHT) {
      this.#framesDropped += 1;
      this.#lastDrop = now;
      return;
    }
    const encoder = this.#ensureConfigured(frame);
    if (encoder === undefined) return;
    const keyFrame = this.#keyFrameWanted;
    this.#keyFrameWanted = false;
    this.#schedule(frame.timestamp);
    this.#inFlight.push({ timestamp: frame.timestamp, since: now });
    try {
      encoder.encode(frame, { keyFrame });
    } catch (cause) {
      this.#onFailure(cause);
    }
  }

  /** Ends; frames inside are thrown away. */
  close(): void {
    this.#closed = true;
    this.#discardEncoder();
  }

  /** Frames per second at most; infinite when nothing limits them. */
  get #frameRateLimit(): number {
    const { maxFramerate = Number.POSITIVE_INFINITY } = this.#options.encoding;
    const slowed = this.#target?.frameRate ?? Number.POSITIVE_INFINITY;
    return Math.min(maxFramerate, slowed < this.#frameRate ? slowed : Number.POSITIVE_INFINITY);
  }

  #isAboveFrameRate(timestamp: Microseconds): boolean {
    const interval = 1_000_000 / this.#frameRateLimit;
    const early = this.#nextDue - timestamp;
    // A tenth of tolerance, as frames do not come on the dot; a source whose clock jumped back is not waited for.
    return early > interval / 10 && early <= interval;
  }

  /** A frame is encoded: the next one is due an interval after it was due itself, so that the pace is even. */
  #schedule(timestamp: Microseconds): void {
    const interval = 1_000_000 / this.#frameRateLimit;
    const onTime = Math.abs(timestamp - this.#nextDue) < interval;
    this.#nextDue = (onTime ? this.#nextDue : timestamp) + interval;
  }

  #ensureConfigured(frame: VideoFrame): VideoEncoder | undefined {
    const { codecs, codec, encoding, scalabilityMode } = this.#options;
    const source = { width: frame.displayWidth, height: frame.displayHeight, frameRate: this.#frameRate };
    const config = encoderConfig(codec, encoding, source, scalabilityMode, this.#target);
    const resized = config.width !== this.#size.width || config.height !== this.#size.height;
    const { bitrate, framerate } = this.#config ?? {};
    const changed = resized || config.bitrate !== bitrate || config.framerate !== framerate;
    if (this.#encoder !== undefined && !changed) return this.#encoder;
    try {
      if (this.#encoder === undefined) {
        const encoder: VideoEncoder = new codecs.VideoEncoder({
          output: (chunk, metadata) => this.#onChunk(encoder, chunk, metadata),
          error: (cause) => {
            if (this.#encoder === encoder) this.#onFailure(cause);
          },
        });
        this.#encoder = encoder;
      }
      this.#encoder.configure(config);
    } catch (cause) {
      this.#onFailure(cause);
      return undefined;
    }
    this.#config = config;
    this.#size = { width: config.width, height: config.height };
    // Not every encoder begins a new size with a key frame by itself.
    if (resized) this.#keyFrameWanted = true;
    return this.#encoder;
  }

  #onChunk(encoder: VideoEncoder, chunk: EncodedVideoChunk, metadata: EncodedVideoChunkMetadata | undefined): void {
    if (this.#encoder !== encoder) return;
    this.#inFlight = this.#inFlight.filter(({ timestamp }) => timestamp > chunk.timestamp);
    this.#failures = 0;
    this.#framesEncoded += 1;
    const now = this.#options.clock.now();
    while ((this.#outputs[0] ?? now) <= now - 1000) this.#outputs.shift();
    this.#outputs.push(now);
    const keyFrame = chunk.type === 'key';
    if (keyFrame) this.#keyFramesEncoded += 1;
    const data = this.#allocator.allocate(chunk.byteLength);
    chunk.copyTo(data);
    const temporalLayer =
      this.#options.scalabilityMode === undefined ? undefined : (metadata?.svc?.temporalLayerId ?? 0);
    // Said with the first key frame and with changes only.
    const said = metadata?.decoderConfig?.colorSpace;
    if (said) this.#colorSpace = toWireColorSpace(said);
    this.#options.onFrame({
      rid: this.rid,
      data,
      timestamp: chunk.timestamp,
      keyFrame,
      temporalLayer,
      colorSpace: this.#colorSpace,
    });
  }

  /** A failed encoder is replaced at the next frame, which will be a key frame, unless it keeps failing. */
  #onFailure(cause: unknown): void {
    this.#discardEncoder();
    this.#failures += 1;
    if (this.#failures < MAX_FAILURES || this.#closed) return;
    this.#closed = true;
    this.#options.onError(
      new MediaError('encoder', `The encoder of "${this.rid}" failed ${MAX_FAILURES} times in a row.`, { cause }),
    );
  }

  #discardEncoder(): void {
    const encoder = this.#encoder;
    this.#encoder = undefined;
    this.#inFlight = [];
    if (encoder !== undefined && encoder.state !== 'closed') encoder.close();
  }
}
