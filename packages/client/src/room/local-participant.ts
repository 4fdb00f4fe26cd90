// Oneself in the room: publishing and unpublishing.

import {
  ArgumentError,
  type BitsPerSecond,
  type Bytes,
  type Clock,
  checkProtection,
  type FlexFecProtection,
  type FrameEncodedEvent,
  type Milliseconds,
  SluiceError,
  type Tracer,
  type TrackInfo,
  type TrackSource,
} from '@sluice/rtp';
import { AudioTrackEncoder, audioEncoderConfig } from '../media/audio-track-encoder.ts';
import { CaptureClock } from '../media/capture-clock.ts';
import { CODEC_STRINGS } from '../media/codec-strings.ts';
import type { EncodedLayerFrame, LayerTarget } from '../media/layer-encoder.ts';
import type { MediaCodecs } from '../media/media-codecs.ts';
import { SimulcastEncoder, supportedEncodings } from '../media/simulcast-encoder.ts';
import { defaultEncodings, type VideoEncoding, validateEncodings } from '../media/video-encodings.ts';
import type { DataChannel, DataPublishOptions } from './data-channel.ts';
import { ConnectionError, type MediaError, PublishError } from './errors.ts';
import {
  type LocalAudioTrack,
  type LocalTrack,
  type LocalVideoTrack,
  localTrack,
  type Publishable,
} from './local-tracks.ts';
import {
  type EncodingPauseReason,
  type LocalPublicationControls,
  LocalTrackPublication,
  type OutboundLayerStats,
} from './publications.ts';
import type { Publisher, PublisherTrack } from './publisher.ts';
import { type Request, RequestRefused, type SignallingClient } from './signalling-client.ts';
import type { Uplink, UplinkTrack } from './uplink.ts';

/** How a track is published. */
export interface TrackPublishOptions {
  /** A name for the others to see. Default empty. */
  readonly name?: string;
  /** What the track shows. Default `camera` for video, `microphone` for audio. */
  readonly source?: TrackSource;
  /** SDP name of the codec: `VP8` (the default) for video, `opus` (the default) for audio. */
  readonly codec?: string;
  /** Simulcast encodings, lowest first. Default: `q`, `h` and `f`, a quarter, half and all of the size. Video only. */
  readonly encodings?: readonly VideoEncoding[];
  /**
   * Longest time between two key frames of an encoding. A key frame costs bits; late joiners and layer switches wait for
   * one. `Infinity`: only when the SFU asks. Default 2000 ms. Video only.
   */
  readonly keyframeInterval?: Milliseconds;
  /**
   * Repair packets beside the media (RFC 8627), e.g. `{ ratio: 0.2 }` for one for every five. They save the round trip
   * that a retransmission takes and cost their share of the bit rate, lost packets or not: worth it where the round trip
   * is long. Default none. Video only.
   */
  readonly forwardErrorCorrection?: FlexFecProtection;
  /** Bit rate of the audio encoder. Default 32 000 bit/s. Audio only. */
  readonly audioBitrate?: BitsPerSecond;
}

/** The room's end of a connection, as long as it lasts. */
export interface Session {
  readonly signalling: SignallingClient;
  readonly publisher: Publisher;
  readonly uplink: Uplink;
  readonly data: DataChannel;
}

/** What a local participant is made of. */
export interface LocalParticipantOptions {
  readonly clock: Clock;
  readonly codecs: () => MediaCodecs;
  /** @throws ConnectionError when the room is not connected */
  readonly session: () => Session;
  readonly tracer: Tracer | undefined;
  readonly onPublished: (publication: LocalTrackPublication) => void;
  readonly onUnpublished: (publication: LocalTrackPublication, reason?: string) => void;
  readonly onError: (error: SluiceError) => void;
}

interface Published {
  readonly wire: PublisherTrack;
  readonly encoder: SimulcastEncoder | AudioTrackEncoder;
  /** Its share of the uplink. */
  readonly share: UplinkTrack;
}

/** Oneself. */
export class LocalParticipant implements LocalPublicationControls {
  readonly #options: LocalParticipantOptions;
  readonly #published = new Map<LocalTrackPublication, Published>();
  #publishing: Promise<unknown> = Promise.resolve();
  #participantId = '';
  #identity = '';

  constructor(options: LocalParticipantOptions) {
    this.#options = options;
  }

  /** Given by the SFU; empty before the room is connected. */
  get participantId(): string {
    return this.#participantId;
  }

  /** Empty before the room is connected. */
  get identity(): string {
    return this.#identity;
  }

  /** The tracks published now, by track id. */
  get trackPublications(): ReadonlyMap<string, LocalTrackPublication> {
    return new Map([...this.#published.keys()].map((publication) => [publication.trackId, publication]));
  }

  /**
   * Publishes a track: everybody in the room can see or hear it from now on. The track stays yours: the room never stops
   * it.
   *
   * @throws PublishError when it has ended, is published already, cannot be encoded, or the SFU says no
   * @throws ConnectionError when the room is not connected
   * @throws ArgumentError for impossible options
   */
  publishTrack(track: Publishable | LocalTrack, options: TrackPublishOptions = {}): Promise<LocalTrackPublication> {
    // One at a time: offers describe everything so far, in order.
    const publishing = this.#publishing.then(() => this.#publish(track, options));
    this.#publishing = publishing.catch(() => {});
    return publishing;
  }

  /**
   * Ends a publication; the track goes on.
   *
   * @throws ConnectionError when the room is not connected
   */
  async unpublishTrack(publication: LocalTrackPublication): Promise<void> {
    if (!this.#published.has(publication)) return;
    const { signalling } = this.#options.session();
    this.#end(publication);
    await signalling.request({ type: 'unpublish', trackId: publication.trackId }).catch(ignoreRefusal);
  }

  /**
   * Sends the others a message of up to 65 536 bytes. Resolves when it is on its way: a reliable one when the SFU has it, a
   * lossy one when all of it has left. Await it to send no faster than the path allows.
   *
   * @throws DataError when it is too large, more than 1 MiB waits already, nobody is there to get it (reliable only), or the
   * SFU says no
   * @throws ConnectionError when the room is not connected, or left meanwhile
   * @throws ArgumentError for impossible options
   */
  async publishData(payload: Uint8Array, options: DataPublishOptions = {}): Promise<void> {
    await this.#options.session().data.publish(payload, options);
  }

  /**
   * Bytes of data messages that wait to be sent.
   *
   * @throws ConnectionError when the room is not connected
   */
  get dataBufferedAmount(): Bytes {
    return this.#options.session().data.bufferedAmount;
  }

  /** Called by a publication. */
  async setMuted(publication: LocalTrackPublication, muted: boolean): Promise<void> {
    const published = this.#published.get(publication);
    if (published === undefined) return;
    const { signalling } = this.#options.session();
    if (muted) published.encoder.setPaused(true);
    await signalling.request({ type: 'mute', trackId: publication.trackId, muted }).catch(ignoreRefusal);
    if (!muted) published.encoder.setPaused(false);
  }

  /** Called by a publication. */
  stats(publication: LocalTrackPublication): readonly OutboundLayerStats[] {
    const published = this.#published.get(publication);
    if (published === undefined) return [];
    const { wire, encoder } = published;
    return wire.streams.map((stream, i) => {
      const layer = encoder instanceof SimulcastEncoder ? encoder.layers[i] : undefined;
      const target = encoder instanceof SimulcastEncoder ? layer?.target : audioTarget(encoder);
      const active = target?.active === true;
      return {
        rid: stream.rid,
        frameWidth: layer?.size.width ?? 0,
        frameHeight: layer?.size.height ?? 0,
        framesEncoded: layer?.framesEncoded ?? 0,
        keyFramesEncoded: layer?.keyFramesEncoded ?? 0,
        framesDropped: layer?.framesDropped ?? 0,
        packetsSent: stream.stream.packetsSent,
        bytesSent: stream.stream.bytesSent,
        retransmittedPacketsSent: stream.stream.packetsRetransmitted,
        active,
        pauseReasons: pauseReasons(encoder, i, active),
        targetBitrate: active ? target.bitrate : 0,
        framesPerSecond: layer?.framesPerSecond ?? 0,
        qualityLimitationReason: target?.limited ? 'bandwidth' : layer?.isOverloaded ? 'cpu' : 'none',
        roundTripTime: stream.stream.roundTrip,
      };
    });
  }

  /** Called by the room: it has joined under that name. */
  onJoined(participantId: string, identity: string): void {
    this.#participantId = participantId;
    this.#identity = identity;
  }

  /** Called by the room: the SFU has ended a publication. */
  onUnpublished(trackId: string, reason: string | undefined): void {
    const publication = this.trackPublications.get(trackId);
    if (publication !== undefined) this.#end(publication, reason);
  }

  /** Called by the room: so many encodings of a publication, from the lowest up, have somebody who watches. */
  onLayersWanted(trackId: string, count: number): void {
    const publication = this.trackPublications.get(trackId);
    const encoder = publication && this.#published.get(publication)?.encoder;
    if (encoder instanceof SimulcastEncoder) encoder.setLayersWanted(count);
  }

  /** Called by the room: the connection is over, and with it every publication. */
  onDisconnected(): void {
    for (const publication of [...this.#published.keys()]) this.#end(publication);
  }

  async #publish(from: Publishable | LocalTrack, options: TrackPublishOptions): Promise<LocalTrackPublication> {
    this.#options.session();
    const track = 'source' in from ? from : localTrack(from);
    this.#checkPublishable(track);
    return track.kind === 'video' ? this.#publishVideo(track, options) : this.#publishAudio(track, options);
  }

  #checkPublishable(track: LocalTrack): void {
    if (track.source.ended)
      throw new PublishError('track-ended', 'The track has ended, so there is nothing to publish.');
    for (const { track: other } of this.#published.keys()) {
      const same = track.mediaStreamTrack !== undefined && track.mediaStreamTrack === other.mediaStreamTrack;
      if (same || other.source === track.source)
        throw new PublishError('already-published', 'The track is published already.');
    }
  }

  async #publishVideo(track: LocalVideoTrack, options: TrackPublishOptions): Promise<LocalTrackPublication> {
    const { source } = track;
    const { codec = 'VP8', keyframeInterval = 2000, forwardErrorCorrection } = options;
    if (!(keyframeInterval > 0)) {
      throw new ArgumentError(
        `The keyframeInterval has to be a number of milliseconds above 0, not ${keyframeInterval}.`,
      );
    }
    if (forwardErrorCorrection !== undefined) checkProtection(forwardErrorCorrection);
    const encodings = options.encodings ?? defaultEncodings(source.width, source.height);
    validateEncodings(encodings);
    const codecString = CODEC_STRINGS.get(codec);
    const codecs = this.#options.codecs();
    const supported = codecString && (await supportedEncodings(codecs, codecString, encodings, source));
    if (!codecString || !supported) {
      throw new PublishError('codec-unsupported', `No encoder here can encode ${codec} with these encodings.`);
    }
    const { uplink } = this.#options.session();
    const captureClock = new CaptureClock(this.#options.clock);
    let wire: PublisherTrack | undefined;
    const encoder = new SimulcastEncoder({
      codecs,
      clock: this.#options.clock,
      codec: codecString,
      source,
      encodings: supported,
      keyframeInterval,
      isBacklogged: () => uplink.isBacklogged,
      onCaptured: (timestamp) => captureClock.observe(timestamp),
      onFrame: (frame) => {
        const capturedAt = captureClock.timeOf(frame.timestamp);
        if (this.#options.tracer) this.#traceEncoded(this.#options.tracer, encoder, frame, capturedAt);
        wire?.send(frame, capturedAt);
      },
      onError: (error) => this.#onMediaError(encoder, error),
    });
    const rids = encodings.map(({ rid }) => rid);
    const media = {
      kind: 'video',
      codec,
      rids,
      forwardErrorCorrection,
      onKeyFrameRequest: (rid: string | undefined) => rid !== undefined && encoder.requestKeyFrame(rid),
    } as const;
    const layers = encodings.map(({ rid, maxBitrate }) => ({ rid, maxBitrate }));
    const announced = await this.#announce(track, media, { source: 'camera', name: '', ...options, layers });
    wire = announced.wire;
    return this.#begin(announced.publication, wire, encoder, forwardErrorCorrection?.ratio);
  }

  async #publishAudio(track: LocalAudioTrack, options: TrackPublishOptions): Promise<LocalTrackPublication> {
    const { codec = 'opus', audioBitrate: bitrate = 32_000 } = options;
    if (!(bitrate > 0))
      throw new ArgumentError(`The audioBitrate has to be a number of bit/s above 0, not ${bitrate}.`);
    const codecs = this.#options.codecs();
    const { supported } =
      codec === 'opus'
        ? await codecs.AudioEncoder.isConfigSupported(audioEncoderConfig(track.source, bitrate)).catch(() => ({
            supported: false,
          }))
        : { supported: false };
    if (!supported) throw new PublishError('codec-unsupported', `No encoder here can encode ${codec} from this track.`);
    const captureClock = new CaptureClock(this.#options.clock);
    let wire: PublisherTrack | undefined;
    const encoder = new AudioTrackEncoder({
      codecs,
      source: track.source,
      bitrate,
      onCaptured: (timestamp) => captureClock.observe(timestamp),
      onPacket: ({ data, timestamp, level: audioLevel }) =>
        wire?.send(
          {
            rid: undefined,
            data,
            timestamp,
            keyFrame: true,
            temporalLayer: undefined,
            colorSpace: undefined,
            audioLevel,
          },
          captureClock.timeOf(timestamp),
        ),
      onError: (error) => this.#onMediaError(encoder, error),
    });
    const media = {
      kind: 'audio',
      codec,
      rids: [],
      forwardErrorCorrection: undefined,
      onKeyFrameRequest: () => {},
    } as const;
    const announced = await this.#announce(track, media, { source: 'microphone', name: '', ...options, layers: [] });
    wire = announced.wire;
    return this.#begin(announced.publication, wire, encoder);
  }

  async #announce(
    track: LocalTrack,
    media: Parameters<Publisher['add']>[0],
    {
      source,
      name,
      layers,
    }: { source: TrackSource; name: string; layers: { rid: string; maxBitrate: BitsPerSecond }[] },
  ): Promise<{ wire: PublisherTrack; publication: LocalTrackPublication }> {
    const { publisher, signalling } = this.#options.session();
    const { track: wire, offer } = publisher.add(media);
    const request: Request = {
      type: 'publish',
      offer,
      tracks: [{ mid: wire.mid, source, name, muted: false, layers }],
    };
    let trackId: string | undefined;
    try {
      return await signalling.request(request, (answer) => {
        trackId = answer.type === 'published' ? answer.tracks.find(({ mid }) => mid === wire.mid)?.trackId : undefined;
        if (answer.type !== 'published' || !trackId || !publisher.accept(wire, answer.answer)) {
          throw new PublishError('refused', 'The SFU did not take the track.');
        }
        const info: TrackInfo = { trackId, kind: track.kind, source, name, muted: false };
        return { wire, publication: new LocalTrackPublication(info, track, this) };
      });
    } catch (error) {
      publisher.remove(wire);
      // The SFU took the track, but its answer is of no use: nobody shall wait for it.
      if (trackId !== undefined) await this.#retract(trackId);
      throw publishError(error);
    }
  }

  #begin(
    publication: LocalTrackPublication,
    wire: PublisherTrack,
    encoder: Published['encoder'],
    repairRatio = 0,
  ): LocalTrackPublication {
    const { publisher, uplink } = this.#options.session();
    if (publication.track.source.ended) {
      publisher.remove(wire);
      void this.#retract(publication.trackId);
      throw new PublishError('track-ended', 'The track ended while it was being published.');
    }
    const content = publication.source === 'screen' ? 'screen' : 'camera';
    const share = { id: publication.trackId, content, encoder, repairRatio } as const;
    this.#published.set(publication, { wire, encoder, share });
    // Before the first frame: no encoder begins at its maximum.
    uplink.add(share);
    this.#options.onPublished(publication);
    encoder.start(() => void this.#withdraw(publication));
    return publication;
  }

  /** Unpublishes a track that ended by itself. */
  async #withdraw(publication: LocalTrackPublication): Promise<void> {
    this.#end(publication);
    await this.#retract(publication.trackId);
  }

  async #retract(trackId: string): Promise<void> {
    try {
      await this.#options.session().signalling.request({ type: 'unpublish', trackId });
    } catch (error) {
      // Without a connection there is nobody left to tell.
      if (!(error instanceof RequestRefused || error instanceof ConnectionError)) throw error;
    }
  }

  #end(publication: LocalTrackPublication, reason?: string): void {
    const published = this.#published.get(publication);
    if (published === undefined) return;
    this.#published.delete(publication);
    published.encoder.close();
    try {
      const { publisher, uplink } = this.#options.session();
      publisher.remove(published.wire);
      uplink.remove(published.share);
    } catch (error) {
      if (!(error instanceof ConnectionError)) throw error;
    }
    this.#options.onUnpublished(publication, reason);
  }

  #traceEncoded(
    tracer: Tracer,
    by: SimulcastEncoder,
    { rid, keyFrame, data, temporalLayer }: EncodedLayerFrame,
    capturedAt: Milliseconds,
  ): void {
    for (const [{ trackId: track }, { encoder }] of this.#published) {
      if (encoder !== by) continue;
      const [at, participant, size] = [this.#options.clock.now(), this.#identity, data.byteLength];
      const details = { participant, track, rid, keyFrame, size, temporalLayer, capturedAt };
      tracer({ at, type: 'frame-encoded', ...details } satisfies FrameEncodedEvent);
    }
  }

  #onMediaError(encoder: Published['encoder'], error: MediaError): void {
    this.#options.onError(error);
    for (const [publication, published] of this.#published) {
      if (published.encoder === encoder) void this.#withdraw(publication);
    }
  }
}

/** Each by itself, so that none overwrites another. */
function pauseReasons(encoder: Published['encoder'], layer: number, active: boolean): EncodingPauseReason[] {
  const reasons: EncodingPauseReason[] = [];
  if (encoder.paused) reasons.push('muted');
  if (encoder instanceof SimulcastEncoder) {
    if (encoder.layers[layer]?.encoding.active === false) reasons.push('inactive');
    if (layer >= encoder.layersWanted) reasons.push('unwatched');
  }
  if (!active && reasons.length === 0) reasons.push('bandwidth');
  return reasons;
}

function audioTarget(encoder: AudioTrackEncoder): Omit<LayerTarget, 'frameRate'> {
  const { paused, bitrate, maxBitrate } = encoder;
  return { active: !paused, bitrate, limited: bitrate < maxBitrate };
}

function publishError(error: unknown): unknown {
  if (error instanceof RequestRefused) {
    const reason = error.reason === 'codec-unsupported' ? 'codec-unsupported' : 'refused';
    return new PublishError(reason, `The SFU refused the track (${error.reason}): ${error.message}`, { cause: error });
  }
  if (error instanceof SluiceError && error.reason === 'malformed-sdp') {
    return new PublishError('malformed-sdp', error.message, { cause: error });
  }
  return error;
}

function ignoreRefusal(error: unknown): void {
  // The SFU knows the track no longer: what was asked for is so already.
  if (!(error instanceof RequestRefused)) throw error;
}
