// Tracks as the room knows them, whether they are subscribed or not.

import {
  ArgumentError,
  type BitsPerSecond,
  type Milliseconds,
  type Resolution,
  type TrackInfo,
  type TrackKind,
  type TrackPriority,
  type TrackSource,
} from '@sluice/rtp';
import type { LocalTrack } from './local-tracks.ts';
import type { RemoteTrack } from './remote-tracks.ts';

/** The layers the app wants of a track at most. */
export interface PreferredLayers {
  /** Name of the simulcast encoding, e.g. `q`, `h` or `f`. Default: the best there is. */
  readonly rid?: string;
  /** Highest temporal layer, 0 to 7. Default: all. */
  readonly temporalLayer?: number;
}

/** The layers the SFU forwards of a track. */
export interface ForwardedLayers {
  /** `undefined` for a track without simulcast, and before the first packet. */
  readonly rid: string | undefined;
  /** Highest temporal layer; `undefined`: all. */
  readonly temporalLayer: number | undefined;
}

/** Why an encoding is less than it could be, as in webrtc-stats. */
export type QualityLimitationReason = 'none' | 'bandwidth' | 'cpu' | 'other';

/** Why an encoding is not sent: muted, not active by its options, watched by nobody, or not paid for by the uplink. */
export type EncodingPauseReason = 'muted' | 'inactive' | 'unwatched' | 'bandwidth';

/** One encoding that is sent. Names follow webrtc-stats where the meaning is equal. */
export interface OutboundLayerStats {
  readonly rid: string | undefined;
  /** In pixels; 0 for audio and before the first frame. */
  readonly frameWidth: number;
  readonly frameHeight: number;
  readonly framesEncoded: number;
  readonly keyFramesEncoded: number;
  /** Frames left out because the encoder was busy. */
  readonly framesDropped: number;
  readonly packetsSent: number;
  readonly bytesSent: number;
  readonly retransmittedPacketsSent: number;
  /** Whether it is sent: wanted, not muted, and paid for by what the uplink carries. */
  readonly active: boolean;
  /** Why it is not sent; empty while it is. A set: it is sent when the last of them is gone. */
  readonly pauseReasons: readonly EncodingPauseReason[];
  /** What its encoder is told to make, in bit/s; 0 when it is not active. */
  readonly targetBitrate: BitsPerSecond;
  /** Frames encoded in the last second; 0 for audio. */
  readonly framesPerSecond: number;
  /**
   * What keeps it from its full bit rate and frame rate: too little bandwidth, an encoder that is too slow for the machine,
   * or nothing.
   */
  readonly qualityLimitationReason: QualityLimitationReason;
  readonly roundTripTime: Milliseconds | undefined;
}

/** What a local publication asks of its owner. */
export interface LocalPublicationControls {
  setMuted(publication: LocalTrackPublication, muted: boolean): Promise<void>;
  stats(publication: LocalTrackPublication): readonly OutboundLayerStats[];
}

/** A track of one's own in the room. */
export class LocalTrackPublication {
  readonly trackId: string;
  readonly source: TrackSource;
  readonly name: string;
  readonly track: LocalTrack;
  readonly #controls: LocalPublicationControls;
  #muted: boolean;

  constructor(info: TrackInfo, track: LocalTrack, controls: LocalPublicationControls) {
    this.trackId = info.trackId;
    this.source = info.source;
    this.name = info.name;
    this.track = track;
    this.#muted = info.muted;
    this.#controls = controls;
  }

  get kind(): TrackKind {
    return this.track.kind;
  }

  get muted(): boolean {
    return this.#muted;
  }

  /** What is sent of it, lowest encoding first. */
  get stats(): readonly OutboundLayerStats[] {
    return this.#controls.stats(this);
  }

  /** Sends nothing of it until `unmute()`. @throws ConnectionError when the room is not connected */
  mute(): Promise<void> {
    return this.#setMuted(true);
  }

  /** Goes on with it; video begins with a key frame. @throws ConnectionError when the room is not connected */
  unmute(): Promise<void> {
    return this.#setMuted(false);
  }

  async #setMuted(muted: boolean): Promise<void> {
    if (this.#muted === muted) return;
    await this.#controls.setMuted(this, muted);
    this.#muted = muted;
  }
}

/** How the SFU shall deal with a subscribed track; what is absent stays as it was. */
export interface RemoteTrackSettings {
  readonly enabled?: boolean;
  readonly priority?: TrackPriority;
  /** In device pixels; `null`: not known any more. */
  readonly dimensions?: Resolution | null;
}

/** What a remote publication asks of the room. */
export interface RemotePublicationControls {
  setTrackSettings(publication: RemoteTrackPublication, settings: RemoteTrackSettings): Promise<void>;
  setSubscribed(publication: RemoteTrackPublication, subscribed: boolean): Promise<void>;
  setPreferredLayers(publication: RemoteTrackPublication, layers: PreferredLayers): Promise<void>;
}

/** A track of somebody else in the room. */
export class RemoteTrackPublication {
  readonly trackId: string;
  readonly kind: TrackKind;
  readonly source: TrackSource;
  readonly name: string;
  readonly #controls: RemotePublicationControls;
  #muted: boolean;
  #track: RemoteTrack | undefined;
  #layers: ForwardedLayers = { rid: undefined, temporalLayer: undefined };
  #enabled = true;

  constructor(info: TrackInfo, controls: RemotePublicationControls) {
    this.trackId = info.trackId;
    this.kind = info.kind;
    this.source = info.source;
    this.name = info.name;
    this.#muted = info.muted;
    this.#controls = controls;
  }

  get muted(): boolean {
    return this.#muted;
  }

  /** The track, once it is subscribed. */
  get track(): RemoteTrack | undefined {
    return this.#track;
  }

  get isSubscribed(): boolean {
    return this.#track !== undefined;
  }

  /** The layers the SFU forwards now. */
  get layers(): ForwardedLayers {
    return this.#layers;
  }

  /**
   * Asks for the track, or gives it up. The track itself comes with `trackSubscribed`.
   *
   * @throws SubscribeError when the SFU says no
   * @throws ConnectionError when the room is not connected
   */
  setSubscribed(subscribed: boolean): Promise<void> {
    return this.#controls.setSubscribed(this, subscribed);
  }

  /**
   * Limits what the SFU sends of a video track. A switch of encodings takes place at a key frame of the new one.
   *
   * @throws SubscribeError when the track is not subscribed
   * @throws ConnectionError when the room is not connected
   */
  setPreferredLayers(layers: PreferredLayers): Promise<void> {
    return this.#controls.setPreferredLayers(this, layers);
  }

  /** Whether the app wants it sent, see `setEnabled`. */
  get isEnabled(): boolean {
    return this.#enabled;
  }

  /**
   * Has the SFU send nothing of the track, or send it again, without giving the subscription up: it costs no bit and comes
   * back at once. Video goes on with a key frame.
   *
   * @throws SubscribeError when the track is not subscribed
   * @throws ConnectionError when the room is not connected
   */
  async setEnabled(enabled: boolean): Promise<void> {
    await this.#controls.setTrackSettings(this, { enabled });
    this.#enabled = enabled;
  }

  /**
   * Says which tracks come first where not all can have what they want. Default `high` for a screen, else `low`.
   *
   * @throws SubscribeError when the track is not subscribed
   * @throws ConnectionError when the room is not connected
   */
  setPriority(priority: TrackPriority): Promise<void> {
    return this.#controls.setTrackSettings(this, { priority });
  }

  /**
   * Says how large the picture is shown, in device pixels: the SFU sends no encoding larger than the smallest that covers
   * it, and of equal priorities the larger picture first. `undefined` (the default): not known.
   *
   * @throws ArgumentError for sizes that are not finite and above 0
   * @throws SubscribeError when the track is not subscribed
   * @throws ConnectionError when the room is not connected
   */
  async setVideoDimensions(dimensions: Resolution | undefined): Promise<void> {
    if (dimensions !== undefined && !(isSize(dimensions.width) && isSize(dimensions.height))) {
      throw new ArgumentError(`A picture of ${dimensions.width} × ${dimensions.height}: give pixels, above 0.`);
    }
    const { width, height } = dimensions ?? {};
    const size = width === undefined || height === undefined ? null : { width, height };
    await this.#controls.setTrackSettings(this, { dimensions: size });
  }

  /** Called by the room: what it heard of the track. */
  update(change: { muted?: boolean; track?: RemoteTrack | undefined; layers?: ForwardedLayers }): void {
    if (change.muted !== undefined) this.#muted = change.muted;
    if ('track' in change) this.#track = change.track;
    if (change.layers !== undefined) this.#layers = change.layers;
  }
}

function isSize(pixels: number): boolean {
  return Number.isFinite(pixels) && pixels > 0;
}
