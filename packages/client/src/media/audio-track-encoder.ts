// Audio in, Opus out.

import { type BitsPerSecond, type Microseconds, PacketAllocator } from '@sluice/rtp';
import { MediaError } from '../room/errors.ts';
import { AudioLoudness } from './audio-loudness.ts';
import type { MediaCodecs } from './media-codecs.ts';
import type { AudioSource } from './sources.ts';

/** An Opus packet. */
export interface EncodedAudio {
  readonly data: Uint8Array;
  readonly timestamp: Microseconds;
  /** How loud it is, in −dBov: 0 to 127 for silence. */
  readonly level: number;
}

/** What an audio encoder is made of. */
export interface AudioTrackEncoderOptions {
  readonly codecs: MediaCodecs;
  readonly source: AudioSource;
  readonly bitrate: BitsPerSecond;
  /** The source has made a piece of audio. */
  readonly onCaptured: (timestamp: Microseconds) => void;
  readonly onPacket: (packet: EncodedAudio) => void;
  readonly onError: (error: MediaError) => void;
}

/** The configuration for a source: the source's rate and channels, as `AudioData` has to match them. */
export function audioEncoderConfig(source: AudioSource, bitrate: BitsPerSecond): AudioEncoderConfig {
  return {
    codec: 'opus',
    sampleRate: source.sampleRate,
    numberOfChannels: source.channels,
    bitrate,
  };
}

/** One audio track's encoder. */
export class AudioTrackEncoder {
  readonly #options: AudioTrackEncoderOptions;
  readonly #allocator = new PacketAllocator();
  readonly #loudness = new AudioLoudness();
  #encoder: AudioEncoder | undefined;
  #format = { sampleRate: 0, channels: 0 };
  #paused = false;
  #bitrate: BitsPerSecond;
  #configuredBitrate: BitsPerSecond = 0;
  #failures = 0;

  constructor(options: AudioTrackEncoderOptions) {
    this.#options = options;
    this.#bitrate = options.bitrate;
  }

  /** What it makes now. */
  get bitrate(): BitsPerSecond {
    return this.#bitrate;
  }

  /** From the next piece on it makes that much. */
  setBitrate(bitrate: BitsPerSecond): void {
    this.#bitrate = bitrate;
  }

  /** What the app asked for. */
  get maxBitrate(): BitsPerSecond {
    return this.#options.bitrate;
  }

  get paused(): boolean {
    return this.#paused;
  }

  /** While paused, audio is thrown away. */
  setPaused(paused: boolean): void {
    this.#paused = paused;
  }

  /** Begins. `onEnded` is called when the source ends by itself. */
  start(onEnded: () => void): void {
    this.#options.source.start((data) => this.#onData(data), onEnded);
  }

  /** Ends. */
  close(): void {
    this.#options.source.stop();
    this.#discardEncoder();
    this.#failures = Number.POSITIVE_INFINITY;
  }

  #onData(data: AudioData): void {
    this.#options.onCaptured(data.timestamp);
    if (!this.#paused && Number.isFinite(this.#failures)) {
      try {
        this.#loudness.add(data);
        this.#ensureConfigured(data).encode(data);
      } catch (cause) {
        this.#onFailure(cause);
      }
    }
    data.close();
  }

  #ensureConfigured(data: AudioData): AudioEncoder {
    const { codecs, source, onPacket } = this.#options;
    const format = { sampleRate: data.sampleRate, channels: data.numberOfChannels };
    const known = this.#format;
    const other = format.sampleRate !== known.sampleRate || format.channels !== known.channels;
    const changed = other || this.#bitrate !== this.#configuredBitrate;
    if (this.#encoder !== undefined && !changed) return this.#encoder;
    if (this.#encoder === undefined) {
      const encoder: AudioEncoder = new codecs.AudioEncoder({
        output: (chunk) => {
          if (this.#encoder !== encoder) return;
          this.#failures = 0;
          const bytes = this.#allocator.allocate(chunk.byteLength);
          chunk.copyTo(bytes);
          onPacket({ data: bytes, timestamp: chunk.timestamp, level: this.#loudness.take() });
        },
        error: (cause) => {
          if (this.#encoder === encoder) this.#onFailure(cause);
        },
      });
      this.#encoder = encoder;
    }
    this.#encoder.configure({
      ...audioEncoderConfig(source, this.#bitrate),
      sampleRate: format.sampleRate,
      numberOfChannels: format.channels,
    });
    this.#format = format;
    this.#configuredBitrate = this.#bitrate;
    return this.#encoder;
  }

  #onFailure(cause: unknown): void {
    this.#discardEncoder();
    this.#failures += 1;
    if (this.#failures !== 3) return;
    this.#failures = Number.POSITIVE_INFINITY;
    this.#options.onError(new MediaError('encoder', 'The audio encoder failed three times in a row.', { cause }));
  }

  #discardEncoder(): void {
    const encoder = this.#encoder;
    this.#encoder = undefined;
    if (encoder !== undefined && encoder.state !== 'closed') encoder.close();
  }
}
