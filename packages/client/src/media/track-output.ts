// Frames into a `MediaStreamTrack`: by `MediaStreamTrackGenerator` where there is one, by a canvas elsewhere.

import { UnsupportedError } from '../room/errors.ts';
import type { MediaSink } from './sinks.ts';

interface TrackGenerator<Frame> extends MediaStreamTrack {
  readonly writable: WritableStream<Frame>;
}

type TrackGeneratorConstructor = new <Frame>(init: { kind: 'audio' | 'video' }) => TrackGenerator<Frame>;

function trackGenerator(): TrackGeneratorConstructor | undefined {
  return (globalThis as { MediaStreamTrackGenerator?: TrackGeneratorConstructor }).MediaStreamTrackGenerator;
}

/** A track with the way to feed it. */
export interface TrackOutput<Media> extends MediaSink<Media> {
  readonly track: MediaStreamTrack;
  /** Ends the track. */
  close(): void;
}

/**
 * A video track that shows what is written to it.
 *
 * @throws UnsupportedError with reason `output` where the platform has no way to make one
 */
export function createVideoOutput(): TrackOutput<VideoFrame> {
  const Generator = trackGenerator();
  if (Generator !== undefined) return new GeneratedTrack<VideoFrame>(new Generator({ kind: 'video' }));
  if (typeof document !== 'undefined' && 'captureStream' in HTMLCanvasElement.prototype) return new CanvasTrack();
  throw new UnsupportedError('output', 'This browser can make no video track out of decoded frames.');
}

/**
 * An audio track that plays what is written to it.
 *
 * @throws UnsupportedError with reason `output` where the platform has no way to make one
 */
export function createAudioOutput(): TrackOutput<AudioData> {
  const Generator = trackGenerator();
  if (Generator !== undefined) return new GeneratedTrack<AudioData>(new Generator({ kind: 'audio' }));
  throw new UnsupportedError('output', 'This browser has no MediaStreamTrackGenerator, so audio cannot be played.');
}

class GeneratedTrack<Frame extends { close(): void }> implements TrackOutput<Frame> {
  readonly track: MediaStreamTrack;
  readonly #writer: WritableStreamDefaultWriter<Frame>;
  #closed = false;

  constructor(generator: TrackGenerator<Frame>) {
    this.track = generator;
    this.#writer = generator.writable.getWriter();
  }

  write(frame: Frame): void {
    if (this.#closed) {
      frame.close();
      return;
    }
    // The generator closes what it takes. It refuses once its track was stopped by the app.
    this.#writer.write(frame).catch(() => {
      this.#closed = true;
      frame.close();
    });
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#writer.close().catch(() => {});
    this.track.stop();
  }
}

class CanvasTrack implements TrackOutput<VideoFrame> {
  readonly track: MediaStreamTrack;
  readonly #canvas = document.createElement('canvas');
  readonly #context = this.#canvas.getContext('2d');

  constructor() {
    const [track] = this.#canvas.captureStream().getVideoTracks();
    if (track === undefined) throw new UnsupportedError('output', 'The canvas gave no video track.');
    this.track = track;
  }

  write(frame: VideoFrame): void {
    if (this.#canvas.width !== frame.displayWidth) this.#canvas.width = frame.displayWidth;
    if (this.#canvas.height !== frame.displayHeight) this.#canvas.height = frame.displayHeight;
    this.#context?.drawImage(frame, 0, 0);
    frame.close();
  }

  close(): void {
    this.track.stop();
  }
}
