// The room, as an app sees it: connect, publish, hear of the others.

import {
  type Clock,
  every,
  isRtcp,
  type Milliseconds,
  type ParticipantInfo,
  PROTOCOL_VERSION,
  parseRtcp,
  payloadFormatOf,
  type Random,
  RtpPacket,
  SignallingError,
  type SluiceError,
  systemClock,
  systemRandom,
  type Tracer,
  type TrackInfo,
  type Transport,
  TypedEmitter,
} from '@sluice/rtp';
import { AudioReceiver } from '../media/audio-receiver.ts';
import { browserCodecs, type MediaCodecs } from '../media/media-codecs.ts';
import { VideoReceiver } from '../media/video-receiver.ts';
import { ConnectionError, SubscribeError } from './errors.ts';
import { LocalParticipant } from './local-participant.ts';
import { RemoteParticipant } from './participants.ts';
import {
  type LocalTrackPublication,
  type PreferredLayers,
  type RemotePublicationControls,
  RemoteTrackPublication,
} from './publications.ts';
import { Publisher } from './publisher.ts';
import { RemoteAudioTrack, type RemoteTrack, RemoteVideoTrack } from './remote-tracks.ts';
import { type Answer, type Notification, type Request, RequestRefused, SignallingClient } from './signalling-client.ts';
import { type IncomingTrack, Subscriber, type TrackReceiver } from './subscriber.ts';

/** How often lost packets are asked for and reports are made. */
const TICK_INTERVAL: Milliseconds = 20;

/** Where a room is in its life. */
export type ConnectionState = 'disconnected' | 'connecting' | 'connected';

/** The events of a room. */
export interface RoomEvents {
  connectionStateChanged: { readonly state: ConnectionState };
  /** The room is left, by `disconnect()` or for another reason. */
  disconnected: { readonly reason: string };
  participantConnected: { readonly participant: RemoteParticipant };
  participantDisconnected: { readonly participant: RemoteParticipant; readonly reason: string };
  /** Somebody else has published a track. */
  trackPublished: { readonly publication: RemoteTrackPublication; readonly participant: RemoteParticipant };
  trackUnpublished: { readonly publication: RemoteTrackPublication; readonly participant: RemoteParticipant };
  /** A track of somebody else comes in. */
  trackSubscribed: {
    readonly track: RemoteTrack;
    readonly publication: RemoteTrackPublication;
    readonly participant: RemoteParticipant;
  };
  trackUnsubscribed: {
    readonly track: RemoteTrack;
    readonly publication: RemoteTrackPublication;
    readonly participant: RemoteParticipant;
  };
  trackMuted: { readonly publication: RemoteTrackPublication; readonly participant: RemoteParticipant };
  trackUnmuted: { readonly publication: RemoteTrackPublication; readonly participant: RemoteParticipant };
  /** The SFU forwards other layers of a track. */
  trackLayersChanged: {
    readonly publication: RemoteTrackPublication;
    readonly participant: RemoteParticipant;
    readonly reason: string;
  };
  localTrackPublished: { readonly publication: LocalTrackPublication };
  localTrackUnpublished: { readonly publication: LocalTrackPublication };
  /** Something went wrong that no call of the app's can be told; the room goes on. */
  error: { readonly error: SluiceError };
}

/** Settings of a room. Everything that a browser has by itself can be handed in, to run elsewhere and in virtual time. */
export interface RoomOptions {
  /** Default the platform's clock. */
  readonly clock?: Clock;
  /** Default unpredictable; a seeded one makes a run repeatable. */
  readonly random?: Random;
  /** Default the browser's WebCodecs. */
  readonly codecs?: MediaCodecs;
  /** Gets every event of this client. Default: nobody does. */
  readonly tracer?: Tracer;
}

/** Settings of one connection. */
export interface ConnectOptions {
  /** Who one is, where the transport does not say it already. Default: named by the SFU. */
  readonly identity?: string;
  /** Subscribe to every track there is and will be. Default true. */
  readonly autoSubscribe?: boolean;
}

/** Packets that came in and were of no use, by cause. */
export interface RoomDrops {
  readonly malformedPackets: number;
  readonly unroutablePackets: number;
}

/** What lives as long as a connection. */
interface Connection {
  readonly transport: Transport;
  readonly signalling: SignallingClient;
  readonly publisher: Publisher;
  readonly subscriber: Subscriber;
  readonly stopTicking: () => void;
  readonly joinedAt: Milliseconds;
}

/**
 * A room on an SFU.
 *
 * @example
 * const room = new Room();
 * room.on('trackSubscribed', ({ track }) => track.attach(videoElement));
 * await room.connect(sfu.transport({ identity: 'ada' }));
 * await room.localParticipant.publishTrack(cameraTrack);
 */
export class Room extends TypedEmitter<RoomEvents> implements RemotePublicationControls {
  readonly localParticipant: LocalParticipant;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #codecs: MediaCodecs | undefined;
  readonly #tracer: Tracer | undefined;
  readonly #participants = new Map<string, RemoteParticipant>();
  readonly #publications = new Map<string, { publication: RemoteTrackPublication; participant: RemoteParticipant }>();
  readonly #subscribedAt = new Map<string, Milliseconds>();
  #state: ConnectionState = 'disconnected';
  #connection: Connection | undefined;
  #connections = 0;
  #malformedPackets = 0;

  constructor(options: RoomOptions = {}) {
    super();
    this.#clock = options.clock ?? systemClock;
    this.#random = options.random ?? systemRandom();
    this.#codecs = options.codecs;
    this.#tracer = options.tracer;
    this.localParticipant = new LocalParticipant({
      clock: this.#clock,
      codecs: () => this.#codecs ?? browserCodecs(),
      session: () => this.#connected(),
      onPublished: (publication) => this.emit('localTrackPublished', { publication }),
      onUnpublished: (publication) => this.emit('localTrackUnpublished', { publication }),
      onError: (error) => this.emit('error', { error }),
    });
  }

  get state(): ConnectionState {
    return this.#state;
  }

  /** The others, by participant id. */
  get remoteParticipants(): ReadonlyMap<string, RemoteParticipant> {
    return this.#participants;
  }

  /** What came in and was of no use. */
  get drops(): RoomDrops {
    return {
      malformedPackets: this.#malformedPackets,
      unroutablePackets: this.#connection?.subscriber.packetsUnroutable ?? 0,
    };
  }

  /**
   * Enters the room at the other end of `transport`. When it resolves, `remoteParticipants` is complete.
   *
   * @throws ConnectionError with reason `already-connected`, `timeout`, `refused`, `version-mismatch` or `closed`
   * @throws UnsupportedError where there are no codecs
   */
  async connect(transport: Transport, options: ConnectOptions = {}): Promise<void> {
    if (this.#state !== 'disconnected') {
      throw new ConnectionError('already-connected', `The room is ${this.#state}; disconnect() it first.`);
    }
    const codecs = this.#codecs ?? browserCodecs();
    this.#setState('connecting');
    const connection = this.#createConnection(transport, codecs);
    this.#connection = connection;
    transport.open({
      onPacket: (packet, arrival) => this.#onPacket(connection, packet, arrival),
      onMessage: (message) => connection.signalling.receive(message),
      onClose: (reason) => this.#end(connection, reason),
    });
    const { identity, autoSubscribe = true } = options;
    try {
      await connection.signalling.request(
        {
          type: 'join',
          protocol: PROTOCOL_VERSION,
          ...(identity !== undefined && { identity }),
          autoSubscribe,
          codecs: ['VP8', 'opus'],
        },
        (answer) => this.#onJoined(connection, answer),
      );
    } catch (error) {
      const refused = error instanceof RequestRefused;
      const reason = refused && error.reason === 'version-mismatch' ? 'version-mismatch' : 'refused';
      const failure = refused
        ? new ConnectionError(reason, `The SFU refused (${error.reason}): ${error.message}`, { cause: error })
        : error;
      this.#end(connection, 'connect-failed');
      throw failure;
    }
    if (this.#connection !== connection) throw new ConnectionError('closed', 'The room was left while it was entered.');
  }

  /** Leaves the room and lets go of everything it held. Tracks of the app's go on. Idempotent. */
  disconnect(): void {
    const connection = this.#connection;
    if (connection === undefined) return;
    connection.signalling.notify({ type: 'leave' });
    this.#end(connection, 'client-initiated');
  }

  /** Called by a publication. */
  async setSubscribed(publication: RemoteTrackPublication, subscribed: boolean): Promise<void> {
    const { trackId } = publication;
    if (subscribed === publication.isSubscribed) return;
    if (subscribed) this.#subscribedAt.set(trackId, this.#clock.now());
    await this.#request({ type: subscribed ? 'subscribe' : 'unsubscribe', trackId });
    if (!subscribed) this.#unsubscribe(trackId);
  }

  /** Called by a publication. */
  async setPreferredLayers(publication: RemoteTrackPublication, layers: PreferredLayers): Promise<void> {
    await this.#request({ type: 'set-preferred-layers', trackId: publication.trackId, ...layers });
  }

  async #request(request: Request): Promise<void> {
    try {
      await this.#connected().signalling.request(request);
    } catch (error) {
      if (!(error instanceof RequestRefused)) throw error;
      const known = error.reason === 'unknown-track' || error.reason === 'codec-unsupported';
      const reason = known ? (error.reason as 'unknown-track' | 'codec-unsupported') : 'refused';
      throw new SubscribeError(reason, `The SFU refused (${error.reason}): ${error.message}`, { cause: error });
    }
  }

  #createConnection(transport: Transport, codecs: MediaCodecs): Connection {
    this.#connections += 1;
    const random = this.#random.fork(`connection-${this.#connections}`);
    const publisher = new Publisher({
      clock: this.#clock,
      random: random.fork('publisher'),
      send: (packet) => transport.sendPacket(packet),
    });
    const subscriber = new Subscriber({
      clock: this.#clock,
      random: random.fork('subscriber'),
      sendRtcp: (packets) => publisher.sender.sendRtcp(packets),
      onTrack: (track) => this.#onTrack(track, codecs),
      onTrackEnded: (trackId) => this.#unsubscribe(trackId),
    });
    const signalling = new SignallingClient({
      clock: this.#clock,
      send: (message) => transport.sendMessage(message),
      onNotification: (message) => this.#onNotification(connection, message),
      onError: (error) => this.emit('error', { error }),
    });
    const connection: Connection = {
      transport,
      signalling,
      publisher,
      subscriber,
      joinedAt: this.#clock.now(),
      stopTicking: every(this.#clock, TICK_INTERVAL, () => {
        const now = this.#clock.now();
        publisher.tick(now);
        subscriber.tick(now);
      }),
    };
    return connection;
  }

  #onJoined(connection: Connection, answer: Answer): void {
    if (answer.type !== 'joined')
      throw new ConnectionError('refused', `The SFU answered "join" with "${answer.type}".`);
    this.localParticipant.onJoined(answer.participantId, answer.identity);
    for (const participant of answer.participants) this.#addParticipant(participant, connection.joinedAt);
    this.#setState('connected');
  }

  #connected(): Connection {
    if (this.#connection === undefined || this.#state !== 'connected') {
      throw new ConnectionError('not-connected', `The room is ${this.#state}; connect() it first.`);
    }
    return this.#connection;
  }

  #end(connection: Connection, reason: string): void {
    if (this.#connection !== connection) return;
    this.localParticipant.onDisconnected();
    for (const trackId of [...this.#publications.keys()]) this.#unpublish(trackId);
    this.#participants.clear();
    this.#connection = undefined;
    connection.stopTicking();
    connection.signalling.close(new ConnectionError('closed', `The connection is closed: ${reason}.`));
    connection.transport.close(reason);
    this.#setState('disconnected');
    this.emit('disconnected', { reason });
  }

  #setState(state: ConnectionState): void {
    this.#state = state;
    this.emit('connectionStateChanged', { state });
  }

  #onPacket(connection: Connection, bytes: Uint8Array, arrival: Milliseconds): void {
    if (this.#connection !== connection) return;
    if (!isRtcp(bytes)) {
      const packet = RtpPacket.parse(bytes);
      if (packet === undefined) this.#malformedPackets += 1;
      else connection.subscriber.receive(packet, arrival);
      return;
    }
    const { packets, invalid } = parseRtcp(bytes);
    this.#malformedPackets += invalid;
    for (const packet of packets) {
      if (packet.type === 'sender-report') connection.subscriber.onSenderReport(packet, arrival);
      connection.publisher.onRtcp(packet, arrival);
    }
  }

  #onNotification(connection: Connection, message: Notification): void {
    if (this.#connection !== connection) return;
    switch (message.type) {
      case 'participant-joined':
        this.#addParticipant(message.participant, this.#clock.now());
        break;
      case 'participant-left':
        this.#removeParticipant(message.participantId, message.reason);
        break;
      case 'track-published':
        this.#publish(message.participantId, message.track, this.#clock.now());
        break;
      case 'track-unpublished':
        this.#unpublish(message.trackId);
        break;
      case 'track-muted':
        this.#onMuted(message.trackId, message.muted);
        break;
      case 'layers-changed': {
        const known = this.#publications.get(message.trackId);
        known?.publication.update({ layers: { rid: message.rid, temporalLayer: message.temporalLayer } });
        if (known) this.emit('trackLayersChanged', { ...known, reason: message.reason });
        break;
      }
      case 'offer':
        this.#onOffer(connection, message);
        break;
    }
  }

  #addParticipant(info: ParticipantInfo, since: Milliseconds): void {
    if (this.#participants.has(info.participantId)) return;
    const participant = new RemoteParticipant(info.participantId, info.identity);
    this.#participants.set(info.participantId, participant);
    this.emit('participantConnected', { participant });
    for (const track of info.tracks) this.#publish(info.participantId, track, since);
  }

  #removeParticipant(participantId: string, reason: string): void {
    const participant = this.#participants.get(participantId);
    if (participant === undefined) return;
    for (const trackId of [...participant.trackPublications.keys()]) this.#unpublish(trackId);
    this.#participants.delete(participantId);
    this.emit('participantDisconnected', { participant, reason });
  }

  /** @param since - from when on waiting for the track's first frame counts */
  #publish(participantId: string, info: TrackInfo, since: Milliseconds): void {
    const participant = this.#participants.get(participantId);
    if (participant === undefined || this.#publications.has(info.trackId)) return;
    const publication = new RemoteTrackPublication(info, this);
    participant.add(publication);
    this.#publications.set(info.trackId, { publication, participant });
    this.#subscribedAt.set(info.trackId, since);
    this.emit('trackPublished', { publication, participant });
  }

  #unpublish(trackId: string): void {
    const known = this.#publications.get(trackId);
    if (known === undefined) return;
    this.#unsubscribe(trackId);
    this.#publications.delete(trackId);
    this.#subscribedAt.delete(trackId);
    known.participant.remove(trackId);
    this.emit('trackUnpublished', known);
  }

  #onMuted(trackId: string, muted: boolean): void {
    const known = this.#publications.get(trackId);
    if (known === undefined) return;
    known.publication.update({ muted });
    this.emit(muted ? 'trackMuted' : 'trackUnmuted', known);
  }

  #onOffer(connection: Connection, message: Extract<Notification, { type: 'offer' }>): void {
    const trackIds = new Map(message.tracks.map(({ mid, trackId }) => [mid, trackId]));
    try {
      const answer = connection.subscriber.onOffer(message.offer, trackIds);
      connection.signalling.notify({ type: 'answer', negotiationId: message.negotiationId, answer });
    } catch (error) {
      if (!(error instanceof SignallingError)) throw error;
      this.emit('error', { error });
    }
  }

  #onTrack(incoming: IncomingTrack, codecs: MediaCodecs): TrackReceiver | undefined {
    const known = this.#publications.get(incoming.trackId);
    const format = payloadFormatOf(incoming.codec.name);
    if (known === undefined || format === undefined) return undefined;
    let receiver: TrackReceiver | undefined;
    let track: RemoteTrack;
    if (incoming.kind === 'video') {
      track = new RemoteVideoTrack((to) => {
        const video = new VideoReceiver({
          ...to,
          clock: this.#clock,
          codecs,
          format,
          codec: 'vp8',
          stream: incoming.stream,
          name: incoming.trackId,
          tracer: this.#tracer,
          subscribedAt: this.#subscribedAt.get(incoming.trackId) ?? this.#clock.now(),
          sendPli: incoming.sendPli,
          onError: (error) => this.emit('error', { error }),
        });
        receiver = video;
        return video;
      });
    } else {
      track = new RemoteAudioTrack((to) => {
        const audio = new AudioReceiver({
          ...to,
          codecs,
          clockRate: incoming.codec.clockRate,
          channels: incoming.codec.channels ?? 1,
          stream: incoming.stream,
          onError: (error) => this.emit('error', { error }),
        });
        receiver = { receive: (packet) => audio.receive(packet), tick: () => {} };
        return audio;
      });
    }
    known.publication.update({ track });
    this.emit('trackSubscribed', { ...known, track });
    return receiver;
  }

  #unsubscribe(trackId: string): void {
    const known = this.#publications.get(trackId);
    const track = known?.publication.track;
    if (known === undefined || track === undefined) return;
    this.#connection?.subscriber.remove(trackId);
    known.publication.update({ track: undefined, layers: { rid: undefined, temporalLayer: undefined } });
    track.close();
    this.emit('trackUnsubscribed', { ...known, track });
  }
}
