// One participant in the room: its transport, its messages, its packets.

import {
  type BitsPerSecond,
  type Bytes,
  type ClientMessage,
  type Clock,
  type CongestionController,
  type DataMessage,
  decodeBase64,
  isRtcp,
  type Milliseconds,
  type ParticipantInfo,
  PROTOCOL_VERSION,
  parseClientMessage,
  parseRtcp,
  type Random,
  RtpPacket,
  requestIdOf,
  type ServerMessage,
  SignallingError,
  TokenBucket,
  type Transport,
  tracedOptions,
} from '@sluice/rtp';
import type { Consumer } from './consumer.ts';
import { DataRelay, type DataStats } from './data-relay.ts';
import type { Producer } from './producer.ts';
import { PublishSession } from './publish-session.ts';
import { Refusal } from './refusal.ts';
import type { Room } from './room.ts';
import type { RoomMember } from './room-member.ts';
import { SubscribeSession } from './subscribe-session.ts';
import type { VideoJudgement } from './video-gate.ts';

/** What the host knows of a participant before it says anything. */
export interface PeerOptions {
  /** Wins over the identity in `join`. */
  readonly identity?: string | undefined;
  /** Replay key frame caches to this participant. Default true. */
  readonly keyframeCache?: boolean | undefined;
  /** It is another SFU. Default false. */
  readonly cascade?: boolean | undefined;
}

/** Packets and messages that were of no use, by cause. */
export interface PeerDrops {
  readonly malformedPackets: number;
  readonly unroutablePackets: number;
  readonly refusedMessages: number;
}

/** What a participant has from `join` on. */
interface Sessions {
  readonly data: DataRelay;
  readonly publishing: PublishSession;
  readonly subscribing: SubscribeSession;
}

/** One connected participant. */
export class Peer implements RoomMember {
  readonly id: string;
  readonly role: 'participant' | 'cascade';
  readonly #room: Room;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #transport: Transport;
  readonly #options: PeerOptions;
  #identity: string;
  #autoSubscribe = false;
  #sessions: Sessions | undefined;
  #closed = false;
  /** When anything came of it. */
  #heardAt: Milliseconds;
  #malformedPackets = 0;
  #earlyPackets = 0;
  #refusedMessages = 0;
  readonly #messageLimit: TokenBucket;

  constructor(room: Room, id: string, transport: Transport, options: PeerOptions) {
    this.id = id;
    this.role = options.cascade ? 'cascade' : 'participant';
    this.#room = room;
    this.#clock = room.clock;
    this.#random = room.random.fork(id);
    this.#transport = transport;
    this.#options = options;
    this.#identity = options.identity ?? id;
    this.#heardAt = room.clock.now();
    const { maxMessageRate: rate } = room.options;
    this.#messageLimit = new TokenBucket({ rate, burst: 2 * rate });
  }

  /** Begins to listen. */
  start(): void {
    this.#transport.open({
      onPacket: (packet, arrival) => this.#onPacket(packet, arrival),
      onMessage: (message) => this.#onMessage(message),
      onClose: (reason) => this.close(reason),
    });
  }

  get identity(): string {
    return this.#identity;
  }

  /** Whether it has joined and not left. */
  get joined(): boolean {
    return this.#sessions !== undefined;
  }

  get autoSubscribe(): boolean {
    return this.#autoSubscribe;
  }

  /** The tracks it publishes. */
  get producers(): Producer[] {
    return this.#sessions?.publishing.producers ?? [];
  }

  /** The tracks it gets. */
  get consumers(): Consumer[] {
    return this.#sessions?.subscribing.consumers ?? [];
  }

  /** What may be sent to it; `undefined` before it has joined. */
  get downlinkEstimate(): BitsPerSecond | undefined {
    return this.#sessions?.subscribing.sender.statistics.congestion?.targetBitrate;
  }

  /** What came from it and was of no use. */
  get drops(): PeerDrops {
    return {
      malformedPackets: this.#malformedPackets,
      unroutablePackets: this.#earlyPackets + (this.#sessions?.publishing.packetsUnroutable ?? 0),
      refusedMessages: this.#refusedMessages,
    };
  }

  /** Data messages of it and to it; `undefined` before it has joined. */
  get dataStats(): DataStats | undefined {
    return this.#sessions?.data.stats;
  }

  /** What the others are told of it. */
  get info(): ParticipantInfo {
    return {
      participantId: this.id,
      identity: this.#identity,
      tracks: this.producers.map((producer) => producer.info),
    };
  }

  /** Tells it something. */
  send(message: ServerMessage): void {
    this.#transport.sendMessage(JSON.stringify(message));
  }

  /** Passes it a lossy message of another participant; false where too much waits for it. */
  sendData(message: DataMessage): boolean {
    return this.#sessions?.data.send(message, this.#clock.now()) ?? false;
  }

  /** Passes it a reliable message of another participant. */
  sendReliableData(message: Extract<ServerMessage, { type: 'data' }>, bytes: Bytes): void {
    this.#sessions?.data.count('sent', bytes);
    this.send(message);
  }

  /** Sends it tracks, as far as it can decode them. */
  subscribe(producers: readonly Producer[]): void {
    const subscribing = this.#sessions?.subscribing;
    subscribing?.subscribe(producers.filter((producer) => subscribing.canDecode(producer)));
  }

  /** Stops sending it a track. */
  unsubscribe(trackId: string): void {
    this.#sessions?.subscribing.unsubscribe(trackId);
  }

  /** Asks it for a key frame. */
  wantKeyFrame(producer: Producer, layer: Producer['layers'][number], reason: string): void {
    this.#sessions?.publishing.wantKeyFrame(producer, layer, reason);
  }

  /** Does what is due. */
  tick(now: Milliseconds): void {
    if (now - this.#heardAt > this.#room.options.idleTimeout) {
      this.close('timed-out');
      return;
    }
    this.#sessions?.publishing.tick(now);
    this.#sessions?.subscribing.tick(now);
    this.#sessions?.data.tick(now);
  }

  /** It is gone, or shall be. Idempotent. */
  close(reason: string): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#sessions?.subscribing.close();
    this.#room.remove(this, reason);
    this.#transport.close(reason);
  }

  #onPacket(bytes: Uint8Array, arrival: Milliseconds): void {
    if (this.#closed) return;
    this.#heardAt = this.#clock.now();
    if (isRtcp(bytes)) {
      this.#onRtcp(bytes, arrival);
      return;
    }
    const packet = RtpPacket.parse(bytes);
    if (packet === undefined) this.#malformedPackets += 1;
    else if (this.#sessions === undefined) this.#earlyPackets += 1;
    else this.#sessions.publishing.receive(packet, arrival);
  }

  #onRtcp(bytes: Uint8Array, arrival: Milliseconds): void {
    const { packets, invalid } = parseRtcp(bytes);
    this.#malformedPackets += invalid;
    for (const packet of packets) {
      this.#sessions?.publishing.onRtcp(packet, arrival);
      this.#sessions?.subscribing.onRtcp(packet);
    }
  }

  #onMessage(text: string): void {
    if (this.#closed) return;
    this.#heardAt = this.#clock.now();
    try {
      const { maxMessageLength, maxMessageRate } = this.#room.options;
      if (!this.#messageLimit.take(this.#heardAt)) {
        throw new Refusal('rate-limited', `A participant may send ${maxMessageRate} messages a second.`);
      }
      this.#handle(parseClientMessage(text, maxMessageLength));
    } catch (error) {
      if (!(error instanceof Refusal || error instanceof SignallingError)) throw error;
      this.#refusedMessages += 1;
      const requestId = requestIdOf(text);
      const { reason, message } = error;
      this.#room.trace('message-refused', { participant: this.#identity, reason });
      this.send({ type: 'refused', ...(requestId !== undefined && { requestId }), reason, message });
    }
  }

  #handle(message: ClientMessage): void {
    if (message.type === 'join') return this.#join(message);
    if (message.type === 'ping') return;
    if (message.type === 'leave') return this.close('left');
    const sessions = this.#sessions;
    if (sessions === undefined) throw new Refusal('not-joined', 'The first message has to be "join".');
    const { publishing, subscribing } = sessions;
    switch (message.type) {
      case 'publish':
        return this.#publish(publishing, message);
      case 'unpublish':
        this.#unpublish(publishing, message.trackId);
        break;
      case 'mute':
        this.#room.setMuted(this.#ownProducer(message.trackId), message.muted);
        break;
      case 'subscribe':
        this.subscribe([this.#subscribable(message.trackId)]);
        break;
      case 'unsubscribe':
        this.unsubscribe(message.trackId);
        break;
      case 'set-preferred-layers':
        if (subscribing.consumersOf(message.trackId).length === 0) throw unknownTrack(message.trackId);
        subscribing.setPreferredLayers(message.trackId, message);
        break;
      case 'set-track-settings':
        if (subscribing.consumersOf(message.trackId).length === 0) throw unknownTrack(message.trackId);
        subscribing.setTrackSettings(message.trackId, message.rid, message);
        break;
      case 'set-budget':
        subscribing.setBudget(message.maxBitrate);
        break;
      case 'data':
        this.#passData(sessions.data, message);
        break;
      case 'answer':
        subscribing.onAnswer(message.negotiationId, message.answer);
        return;
    }
    this.send({ type: 'done', requestId: message.requestId });
  }

  #createCongestionController(): CongestionController {
    const { congestion, congestionController } = this.#room.options;
    const path = { participant: () => this.#identity, direction: 'downlink' } as const;
    return congestionController(tracedOptions(congestion, path, this.#room.tracer));
  }

  #join(message: Extract<ClientMessage, { type: 'join' }>): void {
    if (this.#sessions !== undefined) throw new Refusal('already-joined', 'This participant has joined before.');
    if (message.protocol !== PROTOCOL_VERSION) {
      throw new Refusal(
        'version-mismatch',
        `This SFU speaks protocol version ${PROTOCOL_VERSION}, the client version ${message.protocol}.`,
      );
    }
    this.#identity = this.#options.identity ?? message.identity ?? this.id;
    this.#room.admit(this);
    this.#autoSubscribe = message.autoSubscribe;
    const subscribing = new SubscribeSession({
      clock: this.#clock,
      random: this.#random.fork('subscribe'),
      send: (packet) => this.#transport.sendPacket(packet),
      sendOffer: (offer) => this.send({ type: 'offer', ...offer }),
      codecs: message.codecs,
      everyLayer: this.role === 'cascade',
      replay: this.#options.keyframeCache ?? true,
      congestion: this.#createCongestionController(),
      congestionFeedback: this.#room.options.congestionFeedback,
      forwardErrorCorrection: this.#room.options.forwardErrorCorrection,
      suspension: this.#room.options.videoSuspension,
      onLayersChanged: (consumer, reason) => this.#onLayersChanged(consumer, reason),
      onSuspended: (consumer, suspended, reason) => this.#onSuspended(consumer, suspended, reason),
      onKeyFrameWanted: (producer, layer, reason) => this.#wantKeyFrame(producer, layer, reason),
      otherRate: (now) => this.#sessions?.data.rate(now) ?? 0,
      trace: this.#room.tracer
        ? (type, details) => this.#room.trace(type, { participant: this.#identity, ...details })
        : undefined,
    });
    const data = new DataRelay({
      random: this.#random.fork('data'),
      sender: subscribing.sender,
      maxSize: this.#room.options.maxDataSize,
      onMessage: (message) => this.#room.passData(this, message),
    });
    this.#sessions = { publishing: this.#createPublishSession(subscribing), subscribing, data };
    this.send({
      type: 'joined',
      requestId: message.requestId,
      protocol: PROTOCOL_VERSION,
      participantId: this.id,
      identity: this.#identity,
      participants: this.#room.others(this).map((peer) => peer.info),
    });
    this.#room.onJoined(this);
  }

  #publish(publishing: PublishSession, message: Extract<ClientMessage, { type: 'publish' }>): void {
    const { answer, producers } = publishing.publish(message.offer, message.tracks);
    const tracks = [...producers].map(([mid, producer]) => ({ mid, trackId: producer.info.trackId }));
    this.send({ type: 'published', requestId: message.requestId, answer, tracks });
    for (const producer of producers.values()) this.#room.onPublished(this, producer);
  }

  #passData(data: DataRelay, { to, topic, payload }: Extract<ClientMessage, { type: 'data' }>): void {
    const bytes = decodeBase64(payload);
    if (bytes === undefined) throw new Refusal('malformed-message', 'The payload is not base64.');
    const { maxDataSize } = this.#room.options;
    if (bytes.length > maxDataSize) {
      throw new Refusal('data-too-large', `A data message may have ${maxDataSize} bytes, not ${bytes.length}.`);
    }
    data.count('received', bytes.length);
    const receivers = this.#room.dataReceivers(this, to);
    if (receivers.length === 0 && to !== undefined) {
      throw new Refusal('unknown-participant', `Nobody called ${to.join(', ')} is in the room.`);
    }
    const message = { type: 'data', participantId: this.id, ...(topic !== undefined && { topic }), payload } as const;
    for (const receiver of receivers) receiver.sendReliableData(message, bytes.length);
  }

  #unpublish(publishing: PublishSession, trackId: string): void {
    const producer = publishing.unpublish(trackId);
    if (producer === undefined) throw unknownTrack(trackId);
    this.#room.onUnpublished(this, producer);
  }

  /** By the SFU's own will: the publisher is told like the others. */
  #closeProducer(trackId: string, reason: string): void {
    const producer = this.#sessions?.publishing.unpublish(trackId);
    if (producer === undefined) return;
    this.#room.onUnpublished(this, producer, reason);
    this.send({ type: 'track-unpublished', participantId: this.id, trackId, reason });
  }

  #onVideoJudged(layer: Producer['layers'][number], producer: Producer, judgement: VideoJudgement): void {
    const { trackId: track } = producer.info;
    const { verdict, legitimacy, action, reason } = judgement;
    const details = { participant: this.#identity, track, rid: layer.rid, verdict, legitimacy, action, reason };
    this.#room.trace('video-judged', details);
    if (action === 'close') this.#closeProducer(track, 'abusive-video');
    else if (layer.gate?.isThrottling && action === 'allow') this.#wantKeyFrame(producer, layer, 'throttle-over');
  }

  #wantKeyFrame(producer: Producer, layer: Producer['layers'][number], reason: string): void {
    // Who wants what is asked for already has said so.
    if (layer.arbiter.wantedBecause === undefined) {
      const { trackId: track } = producer.info;
      this.#room.trace('key-frame-wanted', { participant: this.#identity, track, rid: layer.rid, reason });
    }
    this.#room.wantKeyFrame(producer, layer, reason);
  }

  #ownProducer(trackId: string): Producer {
    const producer = this.producers.find(({ info }) => info.trackId === trackId);
    if (producer === undefined) throw unknownTrack(trackId);
    return producer;
  }

  #subscribable(trackId: string): Producer {
    const producer = this.#room.producer(trackId);
    if (producer === undefined || producer.owner.participantId === this.id) throw unknownTrack(trackId);
    if (!this.#sessions?.subscribing.canDecode(producer)) {
      throw new Refusal(
        'codec-unsupported',
        `The track is ${producer.codec.name}, which this participant cannot decode.`,
      );
    }
    return producer;
  }

  #onLayersChanged(consumer: Consumer, reason: string): void {
    const rid = consumer.currentLayer?.rid;
    const { trackId } = consumer.producer.info;
    const temporalLayer = Number.isFinite(consumer.temporalLayer) ? consumer.temporalLayer : undefined;
    this.#room.trace('layer-switch', { participant: this.#identity, track: trackId, rid, temporalLayer, reason });
    this.send({
      type: 'layers-changed',
      trackId,
      ...(rid !== undefined && { rid }),
      ...(temporalLayer !== undefined && { temporalLayer }),
      reason,
    });
  }

  #onLayersWanted({ info: { trackId }, layers }: Producer, count: number): void {
    const names = layers.slice(0, count).map(({ rid }) => rid ?? 'it');
    const reason = count === 0 ? 'nobody watches' : `somebody has a use for ${names.join(', ')}`;
    this.#room.trace('layers-wanted', { participant: this.#identity, track: trackId, count, reason });
    this.send({ type: 'layers-wanted', trackId, count });
  }

  #onSuspended(consumer: Consumer, suspended: boolean, reason: string): void {
    const { trackId } = consumer.producer.info;
    const type = suspended ? 'video-suspended' : 'video-resumed';
    this.#room.trace(type, { participant: this.#identity, track: trackId, reason });
    // When it is sent again, its first key frame will tell.
    if (suspended) this.send({ type: 'layers-changed', trackId, reason });
  }

  #createPublishSession(subscribing: SubscribeSession): PublishSession {
    const details = (layer: Producer['layers'][number], producer: Producer) => ({
      participant: this.#identity,
      track: producer.info.trackId,
      rid: layer.rid,
    });
    return new PublishSession({
      clock: this.#clock,
      random: this.#random.fork('publish'),
      owner: { participantId: this.id, identity: this.#identity },
      sfu: this.#room.options,
      sendRtcp: (packets) => subscribing.sender.sendRtcp(packets),
      onNack: this.#room.tracer
        ? ({ mediaSsrc: ssrc, sequenceNumbers: { length: packets } }) =>
            this.#room.trace('nack-sent', { participant: this.#identity, direction: 'uplink', ssrc, packets })
        : undefined,
      onKeyFrameRequest: (layer, producer, reason) =>
        this.#room.trace('key-frame-requested', { ...details(layer, producer), reason }),
      onKeyFrameExhausted: (layer, producer) =>
        this.#room.trace('key-frame-exhausted', { ...details(layer, producer), reason: 'unanswered' }),
      onAudioLevel: (level, now) => this.#room.onAudioLevel(this, level, now),
      onData: (payload, now) => this.#sessions?.data.receive(payload, now),
      onLayersWanted: (producer, count) => this.#onLayersWanted(producer, count),
      onVideoJudged: (layer, producer, judgement) => this.#onVideoJudged(layer, producer, judgement),
    });
  }
}

function unknownTrack(trackId: string): Refusal {
  return new Refusal('unknown-track', `There is no track "${trackId}" for this participant.`);
}
