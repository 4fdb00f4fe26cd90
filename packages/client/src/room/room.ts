// The room, as an app sees it: connect, publish, hear of the others.

import {
  type BitsPerSecond,
  type Clock,
  type CongestionControllerFactory,
  type CongestionFeedbackFormat,
  type CongestionOptions,
  defaultCongestionController,
  every,
  isRtcp,
  type Milliseconds,
  type NackSentEvent,
  PROTOCOL_VERSION,
  parseRtcp,
  type Random,
  type RtcpNack,
  RtpPacket,
  SignallingError,
  startingAt,
  systemClock,
  systemRandom,
  type Tracer,
  type Transport,
  TypedEmitter,
  tracedOptions,
  type UplinkAllocationOptions,
} from '@sluice/rtp';
import { CODEC_STRINGS } from '../media/codec-strings.ts';
import { browserCodecs, type MediaCodecs } from '../media/media-codecs.ts';
import { DataChannel } from './data-channel.ts';
import { DownlinkBudget } from './downlink-budget.ts';
import { ConnectionError, SubscribeError } from './errors.ts';
import { createRemoteTrack } from './incoming-track.ts';
import { LocalParticipant } from './local-participant.ts';
import type { RemoteParticipant } from './participants.ts';
import type {
  PreferredLayers,
  RemotePublicationControls,
  RemoteTrackPublication,
  RemoteTrackSettings,
} from './publications.ts';
import { Publisher } from './publisher.ts';
import type { ConnectionState, RoomEvents } from './room-events.ts';
import { Roster } from './roster.ts';
import { type Answer, type Notification, type Request, RequestRefused, SignallingClient } from './signalling-client.ts';
import { type IncomingTrack, Subscriber, type TrackReceiver } from './subscriber.ts';
import { Uplink } from './uplink.ts';

/** How often lost packets are asked for and reports are made. */
const TICK_INTERVAL: Milliseconds = 20;

/** Three times before the SFU takes who is silent for gone. */
const PING_INTERVAL: Milliseconds = 5000;

/** A thin link is not flooded by it, and what a wide one carries is found by probes within half a second. */
const START_BITRATE: BitsPerSecond = 300_000;

/** Settings of a room. Everything that a browser has by itself can be handed in, to run elsewhere and in virtual time. */
export interface RoomOptions {
  /** Default the platform's clock. */
  readonly clock?: Clock;
  /** Default unpredictable; a seeded one makes a run repeatable. */
  readonly random?: Random;
  /** Default the browser's WebCodecs. */
  readonly codecs?: MediaCodecs;
  /** Congestion control of the way to the SFU. Default: that of `CongestionOptions`, but a `startBitrate` of 300 kbit/s. */
  readonly congestion?: CongestionOptions;
  /** Makes the controller of each connection's uplink from `congestion`. Default Google congestion control. */
  readonly congestionController?: CongestionControllerFactory;
  /**
   * How client and SFU tell each other what arrived. `ccfb` (RFC 8888) where the SFU has chosen it as well, `transport-cc`
   * otherwise. Default `transport-cc`.
   */
  readonly congestionFeedback?: CongestionFeedbackFormat;
  /** How the uplink is shared among what is published. Default `UPLINK_ALLOCATION_DEFAULTS`, for what is not said. */
  readonly uplinkAllocation?: Partial<UplinkAllocationOptions>;
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
  readonly uplink: Uplink;
  readonly data: DataChannel;
  readonly subscriber: Subscriber;
  readonly stopTicking: () => void;
  readonly stopPinging: () => void;
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
  readonly #congestion: CongestionOptions;
  readonly #congestionController: CongestionControllerFactory;
  readonly #congestionFeedback: CongestionFeedbackFormat;
  readonly #uplinkAllocation: Partial<UplinkAllocationOptions>;
  readonly #tracer: Tracer | undefined;
  readonly #roster: Roster;
  readonly #budget = new DownlinkBudget((maxBitrate) => this.#sendBudget(maxBitrate));
  #state: ConnectionState = 'disconnected';
  #connection: Connection | undefined;
  #connections = 0;
  #malformedPackets = 0;

  /** @throws ArgumentError when the bitrates of `congestion` contradict each other */
  constructor(options: RoomOptions = {}) {
    super();
    this.#clock = options.clock ?? systemClock;
    this.#random = options.random ?? systemRandom();
    this.#codecs = options.codecs;
    this.#congestion = startingAt(START_BITRATE, options.congestion);
    this.#congestionController = options.congestionController ?? defaultCongestionController;
    this.#congestionFeedback = options.congestionFeedback ?? 'transport-cc';
    this.#uplinkAllocation = options.uplinkAllocation ?? {};
    this.#tracer = options.tracer;
    this.#roster = new Roster({
      clock: this.#clock,
      controls: this,
      emit: (type, event) => this.emit(type, event),
      onTrackClosed: (trackId) => this.#connection?.subscriber.remove(trackId),
    });
    this.localParticipant = new LocalParticipant({
      clock: this.#clock,
      codecs: () => this.#codecs ?? browserCodecs(),
      session: () => this.#connected(),
      tracer: this.#tracer,
      onPublished: (publication) => this.emit('localTrackPublished', { publication }),
      onUnpublished: (publication, reason) =>
        this.emit('localTrackUnpublished', { publication, ...(reason !== undefined && { reason }) }),
      onError: (error) => this.emit('error', { error }),
    });
  }

  get state(): ConnectionState {
    return this.#state;
  }

  /** The others, by participant id. */
  get remoteParticipants(): ReadonlyMap<string, RemoteParticipant> {
    return this.#roster.participants;
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
          codecs: [...CODEC_STRINGS.keys()],
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
    if (subscribed) this.#roster.await(trackId);
    await this.#request({ type: subscribed ? 'subscribe' : 'unsubscribe', trackId });
    if (!subscribed) this.#roster.unsubscribed(trackId);
  }

  /**
   * The most that shall be sent to this client in all, in bit/s, whatever its downlink could carry; `undefined` (the default):
   * no limit. Holds until it is changed, over reconnections too.
   *
   * @throws ArgumentError for anything but a rate of 1 bit/s or more
   */
  setDownlinkBudget(maxBitrate: BitsPerSecond | undefined): void {
    this.#budget.set(maxBitrate, this.#clock.now());
  }

  /** Called by a publication. */
  async setTrackSettings(publication: RemoteTrackPublication, settings: RemoteTrackSettings): Promise<void> {
    await this.#request({ type: 'set-track-settings', trackId: publication.trackId, ...settings });
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
    const path = { participant: () => this.localParticipant.identity, direction: 'uplink' } as const;
    const congestion = this.#congestionController(tracedOptions(this.#congestion, path, this.#tracer));
    const publisher = new Publisher({
      congestion,
      congestionFeedback: this.#congestionFeedback,
      clock: this.#clock,
      random: random.fork('publisher'),
      send: (packet) => transport.sendPacket(packet),
    });
    const uplink = new Uplink({
      clock: this.#clock,
      congestion,
      queueSize: () => publisher.sender.statistics.queueSize,
      otherRate: (now) => data.rate(now),
      allocation: this.#uplinkAllocation,
      participant: () => this.localParticipant.identity,
      tracer: this.#tracer,
    });
    const subscriber = new Subscriber({
      clock: this.#clock,
      random: random.fork('subscriber'),
      congestionFeedback: this.#congestionFeedback,
      sendRtcp: (packets) => publisher.sender.sendRtcp(packets),
      onNack: this.#tracer && ((nack) => this.#traceNack(nack)),
      onData: (payload) => data.receive(payload),
      onTrack: (track) => this.#onTrack(track, codecs),
      onTrackEnded: (trackId) => this.#roster.unsubscribed(trackId),
    });
    const signalling = new SignallingClient({
      clock: this.#clock,
      send: (message) => transport.sendMessage(message),
      onNotification: (message) => this.#onNotification(connection, message),
      onError: (error) => this.emit('error', { error }),
    });
    const data = new DataChannel({
      clock: this.#clock,
      random: random.fork('data'),
      sender: publisher.sender,
      signalling,
      onMessage: (message) => this.#roster.onData(message),
    });
    const connection: Connection = {
      data,
      transport,
      signalling,
      publisher,
      uplink,
      subscriber,
      joinedAt: this.#clock.now(),
      stopTicking: every(this.#clock, TICK_INTERVAL, () => {
        const now = this.#clock.now();
        publisher.tick(now);
        uplink.tick(now);
        subscriber.tick(now);
        data.tick(now);
        if (this.#state === 'connected') this.#budget.tick(now);
      }),
      stopPinging: every(this.#clock, PING_INTERVAL, () => signalling.notify({ type: 'ping' })),
    };
    return connection;
  }

  #onJoined(connection: Connection, answer: Answer): void {
    if (answer.type !== 'joined')
      throw new ConnectionError('refused', `The SFU answered "join" with "${answer.type}".`);
    this.localParticipant.onJoined(answer.participantId, answer.identity);
    for (const participant of answer.participants) this.#roster.add(participant, connection.joinedAt);
    this.#budget.restart();
    this.#setState('connected');
  }

  #sendBudget(maxBitrate: BitsPerSecond | undefined): void {
    if (this.#state !== 'connected') return;
    const request = { type: 'set-budget', ...(maxBitrate !== undefined && { maxBitrate }) } as const;
    // It is renewed anyway; and who is disconnected meanwhile hears of that.
    this.#connection?.signalling.request(request).catch(() => {});
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
    this.#roster.clear();
    this.#connection = undefined;
    connection.stopTicking();
    connection.stopPinging();
    connection.data.close();
    connection.publisher.close();
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
      connection.subscriber.onRtcp(packet, arrival);
      connection.publisher.onRtcp(packet);
    }
  }

  #onNotification(connection: Connection, message: Notification): void {
    if (this.#connection !== connection) return;
    if (message.type === 'offer') this.#onOffer(connection, message);
    else if (message.type === 'track-unpublished' && message.participantId === this.localParticipant.participantId)
      this.localParticipant.onUnpublished(message.trackId, message.reason);
    else if (message.type === 'data') connection.data.onMessage(message);
    else if (message.type === 'layers-wanted') this.localParticipant.onLayersWanted(message.trackId, message.count);
    else this.#roster.receive(message);
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

  #traceNack({ mediaSsrc: ssrc, sequenceNumbers }: RtcpNack): void {
    this.#tracer?.({
      at: this.#clock.now(),
      type: 'nack-sent',
      participant: this.localParticipant.identity,
      direction: 'downlink',
      ssrc,
      packets: sequenceNumbers.length,
    } satisfies NackSentEvent);
  }

  #onTrack(incoming: IncomingTrack, codecs: MediaCodecs): TrackReceiver | undefined {
    const published = this.#roster.find(incoming.trackId);
    if (published === undefined) return undefined;
    const created = createRemoteTrack(incoming, this.#roster.waitingSince(incoming.trackId), {
      clock: this.#clock,
      codecs,
      participant: this.localParticipant.identity,
      tracer: this.#tracer,
      onError: (error) => this.emit('error', { error }),
    });
    if (created !== undefined) this.#roster.subscribed(published, created.track);
    return created?.receiver;
  }
}
