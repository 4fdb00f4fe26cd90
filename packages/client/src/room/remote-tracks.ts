// What an app gets of the others: tracks to attach to an element, to use as a `MediaStreamTrack`, or to read frame by frame.

import { type Milliseconds, TypedEmitter } from '@sluice/rtp';
import type { AudioReceiver, AudioReceiverStats } from '../media/audio-receiver.ts';
import { type MediaSink, Sinks } from '../media/sinks.ts';
import { createAudioOutput, createVideoOutput, type TrackOutput } from '../media/track-output.ts';
import type { VideoReceiver, VideoReceiverStats } from '../media/video-receiver.ts';

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

/** What audio and video from another participant have in common. */
abstract class IncomingMedia<
  Media extends { clone(): Media; close(): void },
  Events extends { [Type in keyof Events]: unknown },
> extends TypedEmitter<Events> {
  /** Where decoded media goes. */
  protected readonly sinks = new Sinks<Media>();
  readonly #attachments = new Attachments();
  #output: TrackOutput<Media> | undefined;

  /**
   * The track as a `MediaStreamTrack`, made when first asked for.
   *
   * @throws UnsupportedError with reason `output` where the platform has no way to make one
   */
  get mediaStreamTrack(): MediaStreamTrack {
    if (this.#output === undefined) {
      this.#output = this.createOutput();
      this.sinks.add(this.#output);
    }
    return this.#output.track;
  }

  /** Gives everything decoded to `sink`, which closes it; the returned function ends that. */
  addSink(sink: MediaSink<Media>): () => void {
    return this.sinks.add(sink);
  }

  /** Shows or plays the track in an element, beside one of the other kind that may be attached to it; answers the element. */
  attach<Element extends HTMLMediaElement>(element: Element): Element {
    this.#attachments.attach(this.mediaStreamTrack, element);
    return element;
  }

  /** Takes the track out of an element. */
  detach(element: HTMLMediaElement): void {
    if (this.#output !== undefined) this.#attachments.detach(this.#output.track, element);
  }

  /** It is over: called by the room. */
  close(): void {
    if (this.#output !== undefined) this.#attachments.detachAll(this.#output.track);
    this.sinks.close();
  }

  protected abstract createOutput(): TrackOutput<Media>;
}

/** Video from another participant. */
export class RemoteVideoTrack extends IncomingMedia<VideoFrame, RemoteVideoTrackEvents> {
  readonly kind = 'video';
  /** What feeds it: for the room. */
  readonly receiver: VideoReceiver;

  /** @param connect - makes the receiver, given where its frames go */
  constructor(
    connect: (to: {
      onFrame: (frame: VideoFrame) => void;
      onFirstFrame: (timeToFirstFrame: Milliseconds) => void;
    }) => VideoReceiver,
  ) {
    super();
    this.receiver = connect({
      onFrame: (frame) => this.sinks.write(frame),
      onFirstFrame: (timeToFirstFrame) => this.emit('firstFrame', { timeToFirstFrame }),
    });
  }

  /** What has become of its frames so far. */
  get stats(): VideoReceiverStats {
    return this.receiver.stats;
  }

  /** It is over: called by the room. */
  override close(): void {
    this.receiver.close();
    super.close();
  }

  protected override createOutput(): TrackOutput<VideoFrame> {
    return createVideoOutput();
  }
}

/** Audio from another participant. */
export class RemoteAudioTrack extends IncomingMedia<AudioData, Record<never, never>> {
  readonly kind = 'audio';
  /** What feeds it: for the room. */
  readonly receiver: AudioReceiver;

  /** @param connect - makes the receiver, given where its audio goes */
  constructor(connect: (to: { onData: (data: AudioData) => void }) => AudioReceiver) {
    super();
    this.receiver = connect({ onData: (data) => this.sinks.write(data) });
  }

  /** What has become of its packets so far. */
  get stats(): AudioReceiverStats {
    return this.receiver.stats;
  }

  /** It is over: called by the room. */
  override close(): void {
    this.receiver.close();
    super.close();
  }

  protected override createOutput(): TrackOutput<AudioData> {
    return createAudioOutput();
  }
}

/** Either kind. */
export type RemoteTrack = RemoteVideoTrack | RemoteAudioTrack;
