// Frames and sound without pixels and samples: they carry who they are, so that a test can follow them end to end, and
// they are counted, so that a test can tell whether each was closed exactly once.

import type { Bytes, Microseconds, Milliseconds } from '@sluice/rtp';

/** What a synthetic frame shows, or a synthetic piece of sound contains, from its source to the far end's decoder. */
export interface SyntheticContent {
  /** Which camera or microphone it comes from. */
  readonly sourceId: number;
  /** Its number there, from 0. */
  readonly frameNumber: number;
  /** When it was captured, in ms of the source's clock: now minus this is the glass-to-glass latency. */
  readonly captureTime: Milliseconds;
  /** The decoder had not all it needed: what a viewer would see is damaged. */
  readonly corrupt: boolean;
  /** Amplitude of the sound, 0 to 1. Absent in video. */
  readonly level?: number;
}

const UNKNOWN_COLOR_SPACE: VideoColorSpace = {
  fullRange: null,
  matrix: null,
  primaries: null,
  transfer: null,
  toJSON: () => ({ fullRange: null, matrix: null, primaries: null, transfer: null }),
};

/** Counts the frames and pieces of sound that are open. At the end of a run `open` and both misuses must be 0. */
export class OpenFrameCount {
  #opened = 0;
  #closed = 0;
  #closedTwice = 0;
  #usedAfterClose = 0;

  /** Created or cloned and not closed yet. */
  get open(): number {
    return this.#opened - this.#closed;
  }

  /** Created or cloned so far. */
  get total(): number {
    return this.#opened;
  }

  /** Calls of `close()` on what was closed already. The platform ignores them; they are mistakes all the same. */
  get closedTwice(): number {
    return this.#closedTwice;
  }

  /** Attempts to clone, copy or encode what was closed already; each threw, too. */
  get usedAfterClose(): number {
    return this.#usedAfterClose;
  }

  /** For the frames: one was created. */
  countOpened(): void {
    this.#opened++;
  }

  /** For the frames: `close()` was called. */
  countClose(wasOpen: boolean): void {
    if (wasOpen) this.#closed++;
    else this.#closedTwice++;
  }

  /** For the frames: one was used although closed. */
  countUseAfterClose(): void {
    this.#usedAfterClose++;
  }
}

/** What a `SyntheticVideoFrame` is made of. */
export interface SyntheticVideoFrameInit {
  timestamp: Microseconds;
  duration?: Microseconds | null;
  /** Coded and display size in pixels. */
  width: number;
  height: number;
  content: SyntheticContent;
  count: OpenFrameCount;
}

/** A `VideoFrame` without pixels: `format` is null, and there is nothing to copy. */
export class SyntheticVideoFrame implements VideoFrame {
  readonly timestamp: Microseconds;
  readonly duration: Microseconds | null;
  readonly format = null;
  readonly codedRect = null;
  readonly visibleRect = null;
  readonly colorSpace: VideoColorSpace = UNKNOWN_COLOR_SPACE;
  /** What it shows; still there after `close()`, for the tests. */
  readonly content: SyntheticContent;
  readonly #width: number;
  readonly #height: number;
  readonly #count: OpenFrameCount;
  #open = true;

  constructor({ timestamp, duration = null, width, height, content, count }: SyntheticVideoFrameInit) {
    this.timestamp = timestamp;
    this.duration = duration;
    this.content = content;
    this.#width = width;
    this.#height = height;
    this.#count = count;
    count.countOpened();
  }

  /** 0 once closed, like all four. */
  get codedWidth(): number {
    return this.#open ? this.#width : 0;
  }

  get codedHeight(): number {
    return this.#open ? this.#height : 0;
  }

  get displayWidth(): number {
    return this.codedWidth;
  }

  get displayHeight(): number {
    return this.codedHeight;
  }

  /** Whether `close()` has been called. */
  get closed(): boolean {
    return !this.#open;
  }

  /** @throws InvalidStateError once closed */
  clone(): SyntheticVideoFrame {
    assertOpen(this.#open, this.#count);
    return new SyntheticVideoFrame({
      timestamp: this.timestamp,
      duration: this.duration,
      width: this.#width,
      height: this.#height,
      content: this.content,
      count: this.#count,
    });
  }

  close(): void {
    this.#count.countClose(this.#open);
    this.#open = false;
  }

  /** For the encoder. Throws the TypeError that WebCodecs asks for when a closed frame is encoded. */
  assertEncodable(): void {
    assertEncodable(this.#open, this.#count);
  }

  /** @throws NotSupportedError: there are no pixels; InvalidStateError once closed */
  allocationSize(): Bytes {
    assertOpen(this.#open, this.#count);
    throw new DOMException('a synthetic frame has no pixels', 'NotSupportedError');
  }

  /** Rejects like `allocationSize`. */
  async copyTo(): Promise<PlaneLayout[]> {
    this.allocationSize();
    return [];
  }
}

/** What a `SyntheticAudioData` is made of. */
export interface SyntheticAudioDataInit {
  timestamp: Microseconds;
  sampleRate: number;
  numberOfFrames: number;
  numberOfChannels: number;
  content: SyntheticContent;
  count: OpenFrameCount;
}

/** An `AudioData` of 32-bit floats: a triangle wave of 375 Hz (at 48 kHz) with the amplitude `content.level`. */
export class SyntheticAudioData implements AudioData {
  readonly timestamp: Microseconds;
  readonly sampleRate: number;
  readonly numberOfChannels: number;
  /** What it contains; still there after `close()`, for the tests. */
  readonly content: SyntheticContent;
  readonly #numberOfFrames: number;
  readonly #count: OpenFrameCount;
  #open = true;

  constructor(init: SyntheticAudioDataInit) {
    this.timestamp = init.timestamp;
    this.sampleRate = init.sampleRate;
    this.numberOfChannels = init.numberOfChannels;
    this.content = init.content;
    this.#numberOfFrames = init.numberOfFrames;
    this.#count = init.count;
    init.count.countOpened();
  }

  /** Null once closed. */
  get format(): AudioSampleFormat | null {
    return this.#open ? 'f32-planar' : null;
  }

  /** 0 once closed. */
  get numberOfFrames(): number {
    return this.#open ? this.#numberOfFrames : 0;
  }

  /** 0 once closed. */
  get duration(): Microseconds {
    return Math.round((this.numberOfFrames * 1e6) / this.sampleRate);
  }

  /** Whether `close()` has been called. */
  get closed(): boolean {
    return !this.#open;
  }

  /** @throws InvalidStateError once closed */
  clone(): SyntheticAudioData {
    assertOpen(this.#open, this.#count);
    return new SyntheticAudioData({
      timestamp: this.timestamp,
      sampleRate: this.sampleRate,
      numberOfFrames: this.#numberOfFrames,
      numberOfChannels: this.numberOfChannels,
      content: this.content,
      count: this.#count,
    });
  }

  close(): void {
    this.#count.countClose(this.#open);
    this.#open = false;
  }

  /** For the encoder. Throws the TypeError that WebCodecs asks for when closed data is encoded. */
  assertEncodable(): void {
    assertEncodable(this.#open, this.#count);
  }

  /** @throws InvalidStateError once closed; NotSupportedError for a format other than `f32-planar`; RangeError */
  allocationSize(options: AudioDataCopyToOptions): Bytes {
    return this.#samplesToCopy(options) * Float32Array.BYTES_PER_ELEMENT;
  }

  /** Writes one plane. @throws as `allocationSize`; RangeError when `destination` is too small */
  copyTo(destination: AllowSharedBufferSource, options: AudioDataCopyToOptions): void {
    const samples = this.#samplesToCopy(options);
    const bytes = viewOf(destination);
    if (bytes.byteLength < samples * 4) throw new RangeError(`${samples} samples need ${samples * 4} bytes`);
    const start = this.content.frameNumber * this.#numberOfFrames + (options.frameOffset ?? 0);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const amplitude = this.content.level ?? 0;
    for (let i = 0; i < samples; i++) view.setFloat32(i * 4, amplitude * triangle(start + i), true);
  }

  #samplesToCopy({ planeIndex, frameOffset = 0, frameCount, format = 'f32-planar' }: AudioDataCopyToOptions): number {
    assertOpen(this.#open, this.#count);
    if (format !== 'f32-planar') throw new DOMException(`cannot convert to ${format}`, 'NotSupportedError');
    const available = this.#numberOfFrames - frameOffset;
    const samples = frameCount ?? available;
    if (planeIndex >= this.numberOfChannels || available <= 0 || samples > available) {
      throw new RangeError(`no ${samples} samples from ${frameOffset} on in plane ${planeIndex}`);
    }
    return samples;
  }
}

/**
 * What a frame or a piece of sound shows.
 *
 * @throws TypeError when it is not a synthetic one
 */
export function contentOf(media: VideoFrame | AudioData): SyntheticContent {
  if (media instanceof SyntheticVideoFrame || media instanceof SyntheticAudioData) return media.content;
  throw new TypeError('not a synthetic frame: it has no known content');
}

/** The bytes of any buffer WebCodecs accepts. */
export function viewOf(source: AllowSharedBufferSource): Uint8Array {
  if (source instanceof Uint8Array) return source;
  return ArrayBuffer.isView(source)
    ? new Uint8Array(source.buffer, source.byteOffset, source.byteLength)
    : new Uint8Array(source);
}

/** Period 128 samples, from -1 to 1. Plain arithmetic, so that every engine computes the same bits. */
function triangle(sample: number): number {
  const phase = sample % 128;
  return phase < 64 ? phase / 32 - 1 : 3 - phase / 32;
}

function assertOpen(open: boolean, count: OpenFrameCount): void {
  if (open) return;
  count.countUseAfterClose();
  throw new DOMException('the frame is closed', 'InvalidStateError');
}

function assertEncodable(open: boolean, count: OpenFrameCount): void {
  if (open) return;
  count.countUseAfterClose();
  throw new TypeError('cannot encode a closed frame');
}
