// Where frames come from, behind one interface for tracks, canvases, files and synthetic cameras.

/** Something that makes video frames. */
export interface VideoSource {
  readonly kind: 'video';
  /** Display width in pixels, as far as it is known before the first frame. */
  readonly width: number;
  /** Display height in pixels, as far as it is known before the first frame. */
  readonly height: number;
  /** Frames per second, as far as it is known before the first frame. */
  readonly frameRate: number;
  /** Whether it will make no more frames. Default false. */
  readonly ended?: boolean;
  /**
   * Begins. Each frame belongs to `onFrame`, which closes it. `onEnded` is called at most once, when the source ends by
   * itself.
   */
  start(onFrame: (frame: VideoFrame) => void, onEnded: () => void): void;
  /** Ends. What the source was made from (a camera track, say) goes on. */
  stop(): void;
}

/** Something that makes audio. */
export interface AudioSource {
  readonly kind: 'audio';
  /** In Hz. */
  readonly sampleRate: number;
  readonly channels: number;
  /** Whether it will make no more audio. Default false. */
  readonly ended?: boolean;
  /** Begins. Each piece belongs to `onData`, which closes it. `onEnded` is called at most once, when the source ends. */
  start(onData: (data: AudioData) => void, onEnded: () => void): void;
  /** Ends. What the source was made from goes on. */
  stop(): void;
}
