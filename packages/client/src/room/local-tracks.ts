// What an app publishes: a track or a source, as an object of ours.

import { ArgumentError } from '@sluice/rtp';
import type { AudioSource, VideoSource } from '../media/sources.ts';
import { trackSource } from '../media/track-source.ts';

/** Anything that can be published. */
export type Publishable = MediaStreamTrack | VideoSource | AudioSource;

/** Video to publish. */
export class LocalVideoTrack {
  readonly kind = 'video';
  readonly source: VideoSource;
  /** The track it was made from; `undefined` for a source of another kind. It stays the app's: it is never stopped here. */
  readonly mediaStreamTrack: MediaStreamTrack | undefined;

  constructor(source: VideoSource, mediaStreamTrack?: MediaStreamTrack) {
    this.source = source;
    this.mediaStreamTrack = mediaStreamTrack;
  }
}

/** Audio to publish. */
export class LocalAudioTrack {
  readonly kind = 'audio';
  readonly source: AudioSource;
  /** The track it was made from; `undefined` for a source of another kind. It stays the app's: it is never stopped here. */
  readonly mediaStreamTrack: MediaStreamTrack | undefined;

  constructor(source: AudioSource, mediaStreamTrack?: MediaStreamTrack) {
    this.source = source;
    this.mediaStreamTrack = mediaStreamTrack;
  }
}

/** Either kind. */
export type LocalTrack = LocalVideoTrack | LocalAudioTrack;

/**
 * The local track of something publishable.
 *
 * @throws ArgumentError for anything else
 * @throws UnsupportedError where the platform gives no access to a track's frames
 */
export function localTrack(from: Publishable): LocalTrack {
  const isTrack = typeof MediaStreamTrack !== 'undefined' && from instanceof MediaStreamTrack;
  if (!isTrack && (typeof from !== 'object' || from === null || !('start' in from))) {
    throw new ArgumentError('Only a MediaStreamTrack, a VideoSource or an AudioSource can be published.');
  }
  const source = isTrack ? trackSource(from) : (from as VideoSource | AudioSource);
  const mediaStreamTrack = isTrack ? from : undefined;
  return source.kind === 'video'
    ? new LocalVideoTrack(source, mediaStreamTrack)
    : new LocalAudioTrack(source, mediaStreamTrack);
}
