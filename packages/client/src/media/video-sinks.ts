// Where decoded frames go: to whoever wants them, each with a frame of its own to close.

/** Takes decoded video. */
export interface VideoSink {
  /** Gets a frame, and closes it. */
  write(frame: VideoFrame): void;
  /** No more frames will come. */
  close?(): void;
}

/** Hands every frame to every sink. */
export class VideoSinks {
  readonly #sinks = new Set<VideoSink>();

  /** Adds a sink; the returned function takes it away again. */
  add(sink: VideoSink): () => void {
    this.#sinks.add(sink);
    return () => this.#sinks.delete(sink);
  }

  /** Gives each sink the frame, which is closed afterwards. */
  write(frame: VideoFrame): void {
    const sinks = [...this.#sinks];
    const last = sinks.pop();
    for (const sink of sinks) sink.write(frame.clone());
    if (last === undefined) frame.close();
    else last.write(frame);
  }

  /** Tells every sink that it is over. */
  close(): void {
    for (const sink of this.#sinks) sink.close?.();
    this.#sinks.clear();
  }
}
