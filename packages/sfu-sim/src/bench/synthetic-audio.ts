// WebCodecs' `AudioEncoder` and `AudioDecoder` for Opus without sound: one packet for each `AudioData`, of the size the
// bitrate gives it. A packet depends on no other.

import { type Microseconds, type Milliseconds, PacketAllocator } from '@sluice/rtp';
import { opusDuration, readAudioPayload, writeAudioPayload } from './synthetic-bitstream.ts';
import { bytesOf, OWNED, SyntheticEncodedAudioChunk } from './synthetic-chunks.ts';
import { type CodecEnvironment, SyntheticCodec } from './synthetic-codec.ts';
import { SyntheticAudioData, type SyntheticContent } from './synthetic-frames.ts';

/** In bit/s, when the configuration names none. */
const DEFAULT_BITRATE = 32_000;

/** How long a packet takes to encode or decode, in ms. */
const WORK_TIME: Milliseconds = 0.1;

interface EncodeWork {
  readonly config: AudioEncoderConfig;
  readonly content: SyntheticContent;
  readonly timestamp: Microseconds;
  readonly duration: Microseconds;
}

/** The encoder. What it takes must be `SyntheticAudioData`. */
export class SyntheticAudioEncoder extends SyntheticCodec<EncodeWork> implements AudioEncoder {
  ondequeue: AudioEncoder['ondequeue'] = null;
  readonly #output: EncodedAudioChunkOutputCallback;
  readonly #allocator = new PacketAllocator();
  #config: AudioEncoderConfig | undefined;
  #described: AudioEncoderConfig | undefined;
  /** Bits that the rounding of earlier packets to whole bytes has left over. */
  #carry = 0;

  /** Whether it is Opus. */
  static async isConfigSupported(config: AudioEncoderConfig): Promise<AudioEncoderSupport> {
    assertValid(config);
    return { supported: config.codec === 'opus', config: { ...config } };
  }

  constructor(init: AudioEncoderInit, environment: CodecEnvironment) {
    super(environment, init.error);
    this.#output = init.output;
  }

  get encodeQueueSize(): number {
    return this.queueSize;
  }

  configure(config: AudioEncoderConfig): void {
    assertValid(config);
    this.markConfigured();
    this.#config = { ...config };
    if (config.codec !== 'opus') this.failSoon(notSupported(config.codec));
  }

  /** Takes what it needs from the data, which stays the caller's to close. */
  encode(data: AudioData): void {
    if (!(data instanceof SyntheticAudioData)) throw new TypeError('a synthetic encoder takes synthetic audio only');
    data.assertEncodable();
    this.assertConfigured('encode');
    const { content, timestamp, duration } = data;
    if (this.#config !== undefined) this.enqueue({ config: this.#config, content, timestamp, duration });
  }

  protected override timeFor(): Milliseconds {
    return WORK_TIME;
  }

  protected override finish({ config, content, timestamp, duration }: EncodeWork): void {
    const bits = ((config.bitrate ?? DEFAULT_BITRATE) * duration) / 1e6 + this.#carry;
    const size = Math.floor(bits / 8);
    this.#carry = bits - size * 8;
    const data = writeAudioPayload(
      {
        sourceId: content.sourceId,
        frameNumber: content.frameNumber,
        captureTime: content.captureTime,
        level: content.level ?? 0,
      },
      { duration: duration / 1000, channels: config.numberOfChannels, size },
      this.#allocator,
    );
    const { codec, sampleRate, numberOfChannels } = config;
    const metadata = this.#described === config ? {} : { decoderConfig: { codec, sampleRate, numberOfChannels } };
    this.#described = config;
    const chunk = new SyntheticEncodedAudioChunk({ type: 'key', timestamp, duration, data }, OWNED);
    this.#output.call(undefined, chunk, metadata);
  }

  protected override callOnDequeue(event: Event): void {
    this.ondequeue?.call(this, event);
  }
}

interface DecodeWork {
  readonly chunk: EncodedAudioChunk;
  readonly config: AudioDecoderConfig;
}

/** The decoder. What it puts out is `SyntheticAudioData`; a packet that is damaged comes out `corrupt` and silent. */
export class SyntheticAudioDecoder extends SyntheticCodec<DecodeWork> implements AudioDecoder {
  ondequeue: AudioDecoder['ondequeue'] = null;
  readonly #output: AudioDataOutputCallback;
  #config: AudioDecoderConfig | undefined;
  #keyRequired = true;

  /** Whether it is Opus. */
  static async isConfigSupported(config: AudioDecoderConfig): Promise<AudioDecoderSupport> {
    assertValid(config);
    return { supported: config.codec === 'opus', config: { ...config } };
  }

  constructor(init: AudioDecoderInit, environment: CodecEnvironment) {
    super(environment, init.error);
    this.#output = init.output;
  }

  get decodeQueueSize(): number {
    return this.queueSize;
  }

  configure(config: AudioDecoderConfig): void {
    assertValid(config);
    this.markConfigured();
    this.#config = { ...config };
    this.#keyRequired = true;
    if (config.codec !== 'opus') this.failSoon(notSupported(config.codec));
  }

  /** @throws DataError when the chunk after `configure` or `flush` is not of type `key` */
  decode(chunk: EncodedAudioChunk): void {
    this.assertConfigured('decode');
    if (this.#keyRequired && chunk.type !== 'key') {
      throw new DOMException('a key chunk is required after configure() or flush()', 'DataError');
    }
    this.#keyRequired = false;
    if (this.#config !== undefined) this.enqueue({ chunk, config: this.#config });
  }

  override flush(): Promise<void> {
    const flushed = super.flush();
    if (this.state === 'configured') this.#keyRequired = true;
    return flushed;
  }

  protected override timeFor(): Milliseconds {
    return WORK_TIME;
  }

  protected override finish({ chunk, config }: DecodeWork): void {
    const bytes = bytesOf(chunk);
    const payload = readAudioPayload(bytes);
    const duration = opusDuration(bytes[0] ?? 0);
    this.#output.call(
      undefined,
      new SyntheticAudioData({
        timestamp: chunk.timestamp,
        sampleRate: config.sampleRate,
        numberOfFrames: Math.round((config.sampleRate * duration) / 1000),
        numberOfChannels: config.numberOfChannels,
        content: {
          sourceId: payload?.sourceId ?? 0,
          frameNumber: payload?.frameNumber ?? -1,
          captureTime: payload?.captureTime ?? Number.NaN,
          level: payload?.level ?? 0,
          corrupt: payload === undefined,
        },
        count: this.environment.openFrames,
      }),
    );
  }

  protected override callOnDequeue(event: Event): void {
    this.ondequeue?.call(this, event);
  }
}

function notSupported(codec: string): DOMException {
  return new DOMException(`unsupported codec ${codec}`, 'NotSupportedError');
}

/** @throws TypeError as https://www.w3.org/TR/webcodecs/#valid-audioencoderconfig says */
function assertValid({ codec, sampleRate, numberOfChannels }: AudioDecoderConfig): void {
  if (typeof codec !== 'string' || codec.trim() === '') throw new TypeError(`codec is ${JSON.stringify(codec)}`);
  if (!(sampleRate > 0) || !(numberOfChannels > 0)) {
    throw new TypeError(`${numberOfChannels} channels at ${sampleRate} Hz: both must be above 0`);
  }
}
