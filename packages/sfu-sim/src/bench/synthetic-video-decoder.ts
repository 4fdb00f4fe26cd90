// WebCodecs' `VideoDecoder` for what `SyntheticVideoEncoder` writes. It knows which chunks it has decoded, so it can tell
// damage that a real VP8 decoder would show without a word.

import type { Milliseconds } from '@sluice/rtp';
import { isVp8KeyFrame, readVideoPayload, type VideoPayload } from './synthetic-bitstream.ts';
import { bytesOf } from './synthetic-chunks.ts';
import { type CodecEnvironment, SyntheticCodec } from './synthetic-codec.ts';
import { SyntheticVideoFrame } from './synthetic-frames.ts';
import { type CodecProfile, profileOf, workTime } from './synthetic-profiles.ts';

interface DecodeWork {
  readonly chunk: EncodedVideoChunk;
  /** Undefined when the chunk is damaged itself. */
  readonly payload: VideoPayload | undefined;
  readonly profile: CodecProfile;
}

/** A decoded chunk that later ones may be predicted from. */
interface Reference {
  readonly encoderId: number;
  readonly index: number;
  readonly corrupt: boolean;
}

/** How many temporal layers keep a reference: nothing is predicted from the third. */
const REFERENCE_LAYERS = 2;

/** The decoder. Its frames are `SyntheticVideoFrame`s. */
export class SyntheticVideoDecoder extends SyntheticCodec<DecodeWork> implements VideoDecoder {
  ondequeue: VideoDecoder['ondequeue'] = null;
  readonly #output: VideoFrameOutputCallback;
  #profile: CodecProfile | undefined;
  #keyRequired = true;
  #references: (Reference | undefined)[] = [];
  #width = 0;
  #height = 0;

  /** Whether the codec is one of the four that have a profile. */
  static async isConfigSupported(config: VideoDecoderConfig): Promise<VideoDecoderSupport> {
    assertValid(config);
    return { supported: profileOf(config.codec) !== undefined, config: { ...config } };
  }

  constructor(init: VideoDecoderInit, environment: CodecEnvironment) {
    super(environment, init.error);
    this.#output = init.output;
  }

  get decodeQueueSize(): number {
    return this.queueSize;
  }

  /** Begins anew: the next chunk must be a key frame. */
  configure(config: VideoDecoderConfig): void {
    assertValid(config);
    this.markConfigured();
    this.#keyRequired = true;
    this.#profile = profileOf(config.codec);
    this.#width = config.codedWidth ?? this.#width;
    this.#height = config.codedHeight ?? this.#height;
    if (this.#profile !== undefined) return;
    this.failSoon(new DOMException(`unsupported codec ${config.codec}`, 'NotSupportedError'));
  }

  /** @throws DataError when the chunk after `configure` or `flush` is no key frame, by its type or by its bits */
  decode(chunk: EncodedVideoChunk): void {
    this.assertConfigured('decode');
    const bytes = bytesOf(chunk);
    if (this.#keyRequired) {
      if (chunk.type !== 'key' || !isVp8KeyFrame(bytes)) {
        throw new DOMException('a key frame is required after configure() or flush()', 'DataError');
      }
      this.#keyRequired = false;
    }
    if (this.#profile === undefined) return;
    this.enqueue({ chunk, payload: readVideoPayload(bytes), profile: this.#profile });
  }

  override flush(): Promise<void> {
    const flushed = super.flush();
    if (this.state === 'configured') this.#keyRequired = true;
    return flushed;
  }

  override reset(): void {
    super.reset();
    this.#references = [];
  }

  protected override timeFor({ payload, profile }: DecodeWork): Milliseconds {
    return workTime(profile.decodeTime, payload?.width ?? this.#width, payload?.height ?? this.#height);
  }

  protected override finish({ chunk, payload, profile }: DecodeWork): void {
    const corrupt = payload === undefined || this.#isDamaged(payload);
    const reaction = payload === undefined ? profile.damagedChunk : profile.missingReference;
    if (corrupt && (this.environment.missingReference ?? reaction) === 'error') {
      return this.fail(new DOMException('the chunk or what it was predicted from is missing', 'EncodingError'));
    }
    if (payload !== undefined) this.#remember(payload, corrupt);
    this.#output.call(
      undefined,
      new SyntheticVideoFrame({
        timestamp: chunk.timestamp,
        duration: chunk.duration,
        width: this.#width,
        height: this.#height,
        content: {
          sourceId: payload?.sourceId ?? 0,
          frameNumber: payload?.frameNumber ?? -1,
          captureTime: payload?.captureTime ?? Number.NaN,
          corrupt,
        },
        count: this.environment.openFrames,
      }),
    );
  }

  protected override callOnDequeue(event: Event): void {
    this.ondequeue?.call(this, event);
  }

  #isDamaged({ encoderId, reference }: VideoPayload): boolean {
    if (reference === undefined) return false;
    const decoded = this.#references.find((known) => known?.encoderId === encoderId && known.index === reference);
    return decoded === undefined || decoded.corrupt;
  }

  #remember({ encoderId, index, reference, temporalLayer, width, height }: VideoPayload, corrupt: boolean): void {
    if (reference === undefined) this.#references = [];
    if (temporalLayer < REFERENCE_LAYERS) this.#references[temporalLayer] = { encoderId, index, corrupt };
    if (corrupt) return;
    this.#width = width;
    this.#height = height;
  }
}

/** @throws TypeError as https://www.w3.org/TR/webcodecs/#valid-videodecoderconfig says */
function assertValid({ codec, codedWidth, codedHeight }: VideoDecoderConfig): void {
  if (typeof codec !== 'string' || codec.trim() === '') throw new TypeError(`codec is ${JSON.stringify(codec)}`);
  if (codedWidth === 0 || codedHeight === 0 || (codedWidth === undefined) !== (codedHeight === undefined)) {
    throw new TypeError(`coded size is ${codedWidth}x${codedHeight}: give both, above 0, or none`);
  }
}
