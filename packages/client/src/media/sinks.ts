// Where decoded frames and audio go: to whoever wants them, each with a piece of its own to close.

import { reportUncaught } from '@sluice/rtp';

/** Takes decoded media. */
export interface MediaSink<Media> {
  /** Gets a piece, and closes it. */
  write(media: Media): void;
  /** No more will come. */
  close?(): void;
}

/** Takes decoded video. */
export type VideoSink = MediaSink<VideoFrame>;

/** Takes decoded audio. */
export type AudioSink = MediaSink<AudioData>;

/** Hands everything to every sink. One that throws is reported like an uncaught error and stops none of the others. */
export class Sinks<Media extends { clone(): Media; close(): void }> {
  readonly #sinks = new Set<MediaSink<Media>>();

  /** Adds a sink; the returned function takes it away again. */
  add(sink: MediaSink<Media>): () => void {
    this.#sinks.add(sink);
    return () => this.#sinks.delete(sink);
  }

  /** Gives each sink a clone, and closes the piece itself. */
  write(media: Media): void {
    for (const sink of [...this.#sinks]) this.#guard(() => sink.write(media.clone()));
    media.close();
  }

  /** Tells every sink that it is over. */
  close(): void {
    for (const sink of this.#sinks) this.#guard(() => sink.close?.());
    this.#sinks.clear();
  }

  #guard(call: () => void): void {
    try {
      call();
    } catch (error) {
      reportUncaught(error);
    }
  }
}
