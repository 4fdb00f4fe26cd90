// What an app gets of the others: tracks to attach to an element, to use as a `MediaStreamTrack`, or to read frame by frame.

import { type Milliseconds, TypedEmitter } from '@sluice/rtp';
import type { AudioReceiver, AudioReceiverStats } from '../media/audio-receiver.ts';
import { createAudioOutput, createVideoOutput, type TrackOutput } from '../media/track-output.ts';
import type { VideoReceiver, VideoReceiverStats } from '../media/video-receiver.ts';
import { type VideoSink, VideoSinks } from '../media/video-sinks.ts';

/** Events of a remote video track. */
export interface RemoteVideoTrackEvents {
  /** The first frame was decoded, that long after the subscription. */
  firstFrame: { readonly timeToFirstFrame: Milliseconds };
}

/** Attaches a track to media elements. */
class Attachments {
  readonly #elements = new Set<HTMLMediaElement>();

  attach(track: MediaStreamTrack, element: HTMLMediaElement): void {
    this.#elements.add(element);
    const stream = element.srcObject instanceof MediaStream ? element.srcObject : new MediaStream();
    for (const other of stream.getTracks()) if (other.kind === track.kind) stream.removeTrack(other);
    stream.addTrack(track);
    if (element.srcObject !== stream) element.srcObject = stream;
    // Refused where the page may not play sound yet; the app's element shows its controls then.
    element.play().catch(() => {});
  }

  detach(track: MediaStreamTrack, element: HTMLMediaElement): void {
    if (!this.#elements.delete(element) || !(element.srcObject instanceof MediaStream)) return;
    element.srcObject.removeTrack(track);
    if (element.srcObject.getTracks().length === 0) element.srcObject = null;
  }

  detachAll(track: MediaStreamTrack): void {
    for (const element of [...this.#elements]) this.detach(track, element);
  }
}

/** Video from another participant. */
export class RemoteVideoTrack extends TypedEmitter<RemoteVideoTrackEvents> {
  readonly kind = 'video';
  readonly #sinks = new VideoSinks();
  readonly #attachments = new Attachments();
  /** What feeds it: for the room. */
  readonly receiver: VideoReceiver;
  #output: (TrackOutput<VideoFrame> & VideoSink) | undefined;

  /** @param connect - makes the receiver, given where its frames go */
  constructor(
    connect: (to: {
      onFrame: (frame: VideoFrame) => void;
      onFirstFrame: (timeToFirstFrame: Milliseconds) => void;
    }) => VideoReceiver,
  ) {
    super();
    this.receiver = connect({
      onFrame: (frame) => this.#sinks.write(frame),
      onFirstFrame: (timeToFirstFrame) => this.emit('firstFrame', { timeToFirstFrame }),
    });
  }

  /** What has become of its frames so far. */
  get stats(): VideoReceiverStats {
    return this.receiver.stats;
  }

  /**
   * The video as a `MediaStreamTrack`, made when first asked for.
   *
   * @throws UnsupportedError with reason `output` where the platform has no way to make one
   */
  get mediaStreamTrack(): MediaStreamTrack {
    if (this.#output === undefined) {
      this.#output = createVideoOutput();
      this.#sinks.add(this.#output);
    }
    return this.#output.track;
  }

  /** Gives every frame to `sink`, which closes it; the returned function ends that. */
  addSink(sink: VideoSink): () => void {
    return this.#sinks.add(sink);
  }

  /** Shows the video in an element, beside the audio that may be attached to it; answers the element. */
  attach<Element extends HTMLMediaElement>(element: Element): Element {
    this.#attachments.attach(this.mediaStreamTrack, element);
    return element;
  }

  /** Takes the video out of an element. */
  detach(element: HTMLMediaElement): void {
    if (this.#output !== undefined) this.#attachments.detach(this.#output.track, element);
  }

  /** It is over: called by the room. */
  close(): void {
    this.receiver.close();
    if (this.#output !== undefined) this.#attachments.detachAll(this.#output.track);
    this.#sinks.close();
  }
}

/** Audio from another participant. */
export class RemoteAudioTrack {
  readonly kind = 'audio';
  readonly #attachments = new Attachments();
  /** What feeds it: for the room. */
  readonly receiver: AudioReceiver;
  readonly #sinks = new Set<(data: AudioData) => void>();
  #output: TrackOutput<AudioData> | undefined;

  /** @param connect - makes the receiver, given where its audio goes */
  constructor(connect: (to: { onData: (data: AudioData) => void }) => AudioReceiver) {
    this.receiver = connect({ onData: (data) => this.#write(data) });
  }

  /** What has become of its packets so far. */
  get stats(): AudioReceiverStats {
    return this.receiver.stats;
  }

  /**
   * The audio as a `MediaStreamTrack`, made when first asked for.
   *
   * @throws UnsupportedError with reason `output` where the platform has no way to make one
   */
  get mediaStreamTrack(): MediaStreamTrack {
    this.#output ??= createAudioOutput();
    return this.#output.track;
  }

  /** Gives every piece of audio to `sink`, which closes it; the returned function ends that. */
  addSink(sink: (data: AudioData) => void): () => void {
    this.#sinks.add(sink);
    return () => this.#sinks.delete(sink);
  }

  /** Plays the audio in an element, beside the video that may be attached to it; answers the element. */
  attach<Element extends HTMLMediaElement>(element: Element): Element {
    this.#attachments.attach(this.mediaStreamTrack, element);
    return element;
  }

  /** Takes the audio out of an element. */
  detach(element: HTMLMediaElement): void {
    if (this.#output !== undefined) this.#attachments.detach(this.#output.track, element);
  }

  /** It is over: called by the room. */
  close(): void {
    this.receiver.close();
    this.#sinks.clear();
    if (this.#output === undefined) return;
    this.#attachments.detachAll(this.#output.track);
    this.#output.close();
  }

  #write(data: AudioData): void {
    for (const sink of this.#sinks) sink(data.clone());
    if (this.#output === undefined) data.close();
    else this.#output.write(data);
  }
}

/** Either kind. */
export type RemoteTrack = RemoteVideoTrack | RemoteAudioTrack;
