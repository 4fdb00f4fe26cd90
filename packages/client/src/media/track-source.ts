// Frames out of a `MediaStreamTrack`: by `MediaStreamTrackProcessor` (mediacapture-transform) where there is one, by
// `requestVideoFrameCallback` elsewhere.

import { UnsupportedError } from '../room/errors.ts';
import type { AudioSource, VideoSource } from './sources.ts';

interface TrackProcessor<Frame> {
  readonly readable: ReadableStream<Frame>;
}

type TrackProcessorConstructor = new <Frame>(init: {
  track: MediaStreamTrack;
  maxBufferSize?: number;
}) => TrackProcessor<Frame>;

function trackProcessor(): TrackProcessorConstructor | undefined {
  return (globalThis as { MediaStreamTrackProcessor?: TrackProcessorConstructor }).MediaStreamTrackProcessor;
}

/**
 * A source for a track, which stays the caller's: stopping the source does not stop the track.
 *
 * @throws UnsupportedError with reason `capture` where the platform gives no access to the track's frames
 */
export function trackSource(track: MediaStreamTrack): VideoSource | AudioSource {
  const Processor = trackProcessor();
  if (track.kind === 'audio') {
    if (Processor === undefined) {
      throw new UnsupportedError(
        'capture',
        'This browser has no MediaStreamTrackProcessor, so audio cannot be captured.',
      );
    }
    return new ProcessedAudioTrack(track, Processor);
  }
  if (Processor !== undefined) return new ProcessedVideoTrack(track, Processor);
  if (typeof HTMLVideoElement !== 'undefined' && 'requestVideoFrameCallback' in HTMLVideoElement.prototype) {
    return new RenderedVideoTrack(track);
  }
  throw new UnsupportedError(
    'capture',
    'This browser has neither MediaStreamTrackProcessor nor requestVideoFrameCallback, so video cannot be captured.',
  );
}

/** Reads a processor until it ends or is stopped. */
class ProcessorReader<Frame extends { close(): void }> {
  readonly #track: MediaStreamTrack;
  readonly #Processor: TrackProcessorConstructor;
  #reader: ReadableStreamDefaultReader<Frame> | undefined;

  constructor(track: MediaStreamTrack, Processor: TrackProcessorConstructor) {
    this.#track = track;
    this.#Processor = Processor;
  }

  start(onFrame: (frame: Frame) => void, onEnded: () => void): void {
    // One frame of buffer: a camera's pool stalls when more are held (Chromium).
    const processor = new this.#Processor<Frame>({ track: this.#track, maxBufferSize: 1 });
    this.#reader = processor.readable.getReader();
    void this.#read(this.#reader, onFrame, onEnded);
  }

  stop(): void {
    const reader = this.#reader;
    this.#reader = undefined;
    // Cancelling a stream whose track has ended rejects; it is over either way.
    reader?.cancel().catch(() => {});
  }

  async #read(
    reader: ReadableStreamDefaultReader<Frame>,
    onFrame: (frame: Frame) => void,
    onEnded: () => void,
  ): Promise<void> {
    for (;;) {
      const result = await reader.read().catch(() => undefined);
      const running = this.#reader === reader;
      if (result === undefined || result.done) {
        if (running) onEnded();
        return;
      }
      if (running) onFrame(result.value);
      else result.value.close();
    }
  }
}

/** What both ways of getting at a video track's frames say of it. */
abstract class VideoTrackSource implements VideoSource {
  readonly kind = 'video';
  readonly #track: MediaStreamTrack;

  constructor(track: MediaStreamTrack) {
    this.#track = track;
  }

  get width(): number {
    return this.#track.getSettings().width ?? 640;
  }

  get height(): number {
    return this.#track.getSettings().height ?? 480;
  }

  get frameRate(): number {
    return this.#track.getSettings().frameRate ?? 30;
  }

  get ended(): boolean {
    return this.#track.readyState === 'ended';
  }

  abstract start(onFrame: (frame: VideoFrame) => void, onEnded: () => void): void;
  abstract stop(): void;
}

class ProcessedVideoTrack extends VideoTrackSource {
  readonly #reader: ProcessorReader<VideoFrame>;

  constructor(track: MediaStreamTrack, Processor: TrackProcessorConstructor) {
    super(track);
    this.#reader = new ProcessorReader(track, Processor);
  }

  override start(onFrame: (frame: VideoFrame) => void, onEnded: () => void): void {
    this.#reader.start(onFrame, onEnded);
  }

  override stop(): void {
    this.#reader.stop();
  }
}

class ProcessedAudioTrack implements AudioSource {
  readonly kind = 'audio';
  readonly #track: MediaStreamTrack;
  readonly #reader: ProcessorReader<AudioData>;

  constructor(track: MediaStreamTrack, Processor: TrackProcessorConstructor) {
    this.#track = track;
    this.#reader = new ProcessorReader(track, Processor);
  }

  get sampleRate(): number {
    return this.#track.getSettings().sampleRate ?? 48_000;
  }

  get channels(): number {
    return this.#track.getSettings().channelCount ?? 1;
  }

  get ended(): boolean {
    return this.#track.readyState === 'ended';
  }

  start(onData: (data: AudioData) => void, onEnded: () => void): void {
    this.#reader.start(onData, onEnded);
  }

  stop(): void {
    this.#reader.stop();
  }
}

/** Plays the track in a hidden element and takes each frame it presents. */
class RenderedVideoTrack extends VideoTrackSource {
  readonly #track: MediaStreamTrack;
  #element: HTMLVideoElement | undefined;

  constructor(track: MediaStreamTrack) {
    super(track);
    this.#track = track;
  }

  override start(onFrame: (frame: VideoFrame) => void, onEnded: () => void): void {
    const element = document.createElement('video');
    element.muted = true;
    element.playsInline = true;
    element.srcObject = new MediaStream([this.#track]);
    this.#element = element;
    const onPresented = (_now: number, metadata: VideoFrameCallbackMetadata) => {
      if (this.#element !== element) return;
      element.requestVideoFrameCallback(onPresented);
      onFrame(new VideoFrame(element, { timestamp: Math.round(metadata.mediaTime * 1_000_000) }));
    };
    element.requestVideoFrameCallback(onPresented);
    this.#track.addEventListener('ended', () => {
      if (this.#element === element) onEnded();
    });
    // Muted playback needs no gesture; if it is refused all the same, no frame comes, which statistics show.
    element.play().catch(() => {});
  }

  override stop(): void {
    const element = this.#element;
    this.#element = undefined;
    if (element !== undefined) element.srcObject = null;
  }
}
