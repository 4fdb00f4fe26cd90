// Another SFU's participants in this one's room: one copy of what they send comes over, of as much as anybody here has a
// use for. This SFU is the other one's subscriber: each encoding is a stream of its own, and chosen among here.

import {
  answer,
  type Clock,
  type CodecDescription,
  closedMedia,
  congestionFeedbackOf,
  every,
  findMedia,
  isRtcp,
  MEDIA_CODECS,
  type MediaDescription,
  type Milliseconds,
  mediaOf,
  type ParticipantInfo,
  PROTOCOL_VERSION,
  parseDescription,
  parseRtcp,
  parseServerMessage,
  payloadFormatOf,
  type Random,
  ReceiverSession,
  type RtcpPacket,
  RtpPacket,
  type ServerMessage,
  SignallingError,
  serializeRtcp,
  type TrackInfo,
  type Transport,
  writeDescription,
} from '@sluice/rtp';
import { Producer } from './producer.ts';
import type { ProducerLayer } from './producer-layer.ts';
import { RelayedMember } from './relayed-member.ts';
import type { Room } from './room.ts';

/** Three times before the other SFU takes who is silent for gone. */
const PING_INTERVAL: Milliseconds = 5000;

/** To join is the first request. */
const JOIN_REQUEST = 1;

/** What a `Cascade` is made of. */
export interface CascadeOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** Where the other SFU's participants shall appear. */
  readonly room: Room;
  /** To the other SFU. */
  readonly transport: Transport;
  /** Of this SFU there; also what the ids of relayed participants and tracks begin with here. */
  readonly identity: string;
}

type Offer = Extract<ServerMessage, { type: 'offer' }>;

/** A packet's place. */
interface Target {
  readonly producer: Producer;
  readonly layer: ProducerLayer;
}

/** A track of the other SFU. */
interface RelayedTrack {
  readonly member: RelayedMember;
  readonly info: TrackInfo;
  /** `undefined` until the offer that says what it is sent as. */
  producer: Producer | undefined;
  readonly targets: Target[];
}

/** One direction of a cascade of two SFUs. */
export class Cascade {
  readonly #options: CascadeOptions;
  readonly #ssrc: number;
  readonly #session: ReceiverSession<Target>;
  readonly #members = new Map<string, RelayedMember>();
  /** By their ids at the other SFU. */
  readonly #tracks = new Map<string, RelayedTrack>();
  readonly #stopTicking: () => void;
  readonly #stopPinging: () => void;
  #requests = 0;
  #closed = false;

  constructor(options: CascadeOptions) {
    const { clock, random, room, transport, identity } = options;
    this.#options = options;
    this.#ssrc = random.integer(1, 0x7fffffff);
    this.#session = new ReceiverSession({
      ssrc: this.#ssrc,
      onPacket: ({ producer, layer }, packet) => producer.receive(layer, packet),
    });
    transport.open({
      onPacket: (packet, arrival) => this.#onPacket(packet, arrival),
      onMessage: (message) => this.#onMessage(message),
      onClose: (reason) => this.close(reason),
    });
    const { tickInterval } = room.options;
    this.#stopTicking = every(
      clock,
      tickInterval,
      () => this.#tick(clock.now()),
      tickInterval - (clock.now() % tickInterval),
    );
    this.#stopPinging = every(clock, PING_INTERVAL, () => this.#send({ type: 'ping' }));
    const codecs = [...new Set(MEDIA_CODECS.map(({ name }) => name))];
    this.#request({ type: 'join', protocol: PROTOCOL_VERSION, identity, autoSubscribe: true, codecs });
  }

  /** Ends it: the other SFU's participants leave the room. Idempotent. */
  close(reason: string): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#stopTicking();
    this.#stopPinging();
    for (const id of [...this.#members.keys()]) this.#removeMember(id, reason);
    this.#options.transport.close(reason);
  }

  #send(message: object): void {
    this.#options.transport.sendMessage(JSON.stringify(message));
  }

  #request(message: object): void {
    this.#requests += 1;
    this.#send({ ...message, requestId: this.#requests });
  }

  #sendRtcp(packets: readonly RtcpPacket[]): void {
    if (packets.length > 0) this.#options.transport.sendPacket(serializeRtcp(packets));
  }

  #onPacket(bytes: Uint8Array, arrival: Milliseconds): void {
    if (this.#closed) return;
    if (isRtcp(bytes)) {
      for (const packet of parseRtcp(bytes).packets) this.#session.onRtcp(packet, arrival);
      return;
    }
    const packet = RtpPacket.parse(bytes);
    if (packet !== undefined) this.#session.receive(packet, arrival);
  }

  #onMessage(text: string): void {
    if (this.#closed) return;
    let message: ServerMessage;
    try {
      message = parseServerMessage(text);
    } catch (error) {
      if (error instanceof SignallingError) return;
      throw error;
    }
    switch (message.type) {
      case 'joined':
        for (const participant of message.participants) this.#addMember(participant);
        break;
      case 'participant-joined':
        this.#addMember(message.participant);
        break;
      case 'participant-left':
        this.#removeMember(message.participantId, message.reason);
        break;
      case 'track-published':
        this.#addTrack(message.participantId, message.track);
        break;
      case 'track-unpublished':
        this.#removeTrack(message.trackId, message.reason);
        break;
      case 'track-muted': {
        const producer = this.#tracks.get(message.trackId)?.producer;
        if (producer !== undefined) this.#options.room.setMuted(producer, message.muted);
        break;
      }
      case 'offer':
        this.#onOffer(message);
        break;
      case 'refused':
        // A track may go just as it is asked for; only who is not let in has nothing to stay for.
        if (message.requestId === JOIN_REQUEST) this.close(message.reason);
        break;
    }
  }

  #addMember({ participantId, identity, tracks }: ParticipantInfo): void {
    if (this.#members.has(participantId)) return;
    const { room } = this.#options;
    const member = new RelayedMember({
      room,
      id: this.#idHere(participantId),
      identity,
      wantKeyFrame: (producer, layer, reason) => this.#wantKeyFrame(producer, layer, reason),
    });
    this.#members.set(participantId, member);
    room.add(member);
    for (const track of tracks) this.#addTrack(participantId, track);
  }

  #removeMember(participantId: string, reason: string): void {
    const member = this.#members.get(participantId);
    if (member === undefined) return;
    this.#members.delete(participantId);
    for (const [trackId, track] of this.#tracks) if (track.member === member) this.#release(trackId, track);
    member.close(reason);
  }

  #addTrack(participantId: string, info: TrackInfo): void {
    const member = this.#members.get(participantId);
    if (member === undefined || this.#tracks.has(info.trackId)) return;
    this.#tracks.set(info.trackId, { member, info, producer: undefined, targets: [] });
  }

  #removeTrack(trackId: string, reason: string | undefined): void {
    const track = this.#tracks.get(trackId);
    if (track === undefined) return;
    this.#release(trackId, track);
    if (track.producer !== undefined) track.member.unpublish(track.producer, reason);
  }

  #release(trackId: string, { targets }: RelayedTrack): void {
    this.#tracks.delete(trackId);
    for (const target of targets) this.#session.release(target);
  }

  #idHere(id: string): string {
    return `${this.#options.identity}-${id}`;
  }

  /** What the other SFU sends from now on: once all encodings of a track are described it appears in the room. */
  #onOffer({ negotiationId, offer: sdp, tracks }: Offer): void {
    const offer = parseDescription(sdp);
    const congestionFeedback = this.#options.room.options.congestionFeedback === 'ccfb';
    const answered = answer(offer, { congestionFeedback });
    this.#session.congestionFeedback = congestionFeedbackOf(answered);
    this.#session.transportSequenceId = mediaOf(offer).find(
      ({ extensions }) => extensions.transportSequence,
    )?.extensions.transportSequence;
    const known = new Set<string>();
    for (const trackId of new Set(tracks.map((each) => each.trackId))) {
      const sections = tracks.filter((each) => each.trackId === trackId);
      const track = this.#tracks.get(trackId);
      const described = sections.flatMap(({ mid, layer }) => {
        const media = findMedia(offer, mid);
        return media === undefined ? [] : [{ media, layer }];
      });
      if (track === undefined || track.producer !== undefined || described.length < sections.length) continue;
      if (this.#publish(track, described)) for (const { mid } of sections) known.add(mid);
    }
    const isOver = (mid: string) => tracks.some((each) => each.mid === mid) && !known.has(mid);
    const media = answered.media.map((each) =>
      each.kind !== 'unsupported' && isOver(each.mid) ? closedMedia(each) : each,
    );
    this.#send({ type: 'answer', negotiationId, answer: writeDescription({ ...answered, media }) });
  }

  #publish(
    track: RelayedTrack,
    described: readonly { readonly media: MediaDescription; readonly layer: Offer['tracks'][number]['layer'] }[],
  ): boolean {
    const [first] = described;
    const codec: CodecDescription | undefined = first?.media.codecs.find(({ name }) => payloadFormatOf(name));
    const format = codec && payloadFormatOf(codec.name, codec.parameters);
    if (first === undefined || codec === undefined || format === undefined) return false;
    const { member, info } = track;
    const { options } = this.#options.room;
    const producer = new Producer({
      info: { ...info, trackId: this.#idHere(info.trackId) },
      owner: { participantId: member.id, identity: member.identity },
      codec,
      format,
      layers: described.map(({ layer }) => ({ rid: layer?.rid, maxBitrate: layer?.maxBitrate })),
      begins: 'none',
      nack: codec.feedback.includes('nack'),
      forwardErrorCorrection: false,
      colorSpaceId: first.media.extensions.colorSpace,
      keyframeCache: options.keyframeCache,
      keyFrameArbiter: options.keyFrameArbiter,
    });
    for (const [index, layer] of producer.layers.entries()) {
      const ssrc = described[index]?.media.ssrcs[0];
      if (ssrc === undefined) continue;
      const target: Target = { producer, layer };
      const stream = producer.bind(layer, ssrc.ssrc);
      this.#session.bind(ssrc.ssrc, target, stream, 'media');
      if (ssrc.rtxSsrc !== undefined) this.#session.bind(ssrc.rtxSsrc, target, stream, 'rtx');
      track.targets.push(target);
    }
    track.producer = producer;
    member.publish(producer);
    return true;
  }

  #tick(now: Milliseconds): void {
    for (const [trackId, { producer }] of this.#tracks) {
      if (producer === undefined) continue;
      this.#followDemand(trackId, producer, now);
      for (const layer of producer.layers) {
        if (layer.takeAbandoned() && producer.isWatched(layer)) layer.arbiter.want('packet-loss');
        this.#pollArbiter(producer, layer, now);
      }
    }
    this.#sendRtcp(this.#session.due(now));
  }

  /** Asks for the layers that anybody here has a use for, and for no others. */
  #followDemand(trackId: string, producer: Producer, now: Milliseconds): void {
    const before = producer.demand.wanted;
    const count = producer.demand.update(producer.layersWanted, now);
    if (count === undefined) return;
    for (const [index, { rid }] of producer.layers.entries()) {
      const enabled = index < count;
      if (enabled === index < before) continue;
      this.#request({ type: 'set-track-settings', trackId, ...(rid !== undefined && { rid }), enabled });
    }
    const { identity: participant } = producer.owner;
    const reason = count === 0 ? 'nobody watches' : 'somebody watches';
    this.#options.room.trace('layers-wanted', { participant, track: producer.info.trackId, count, reason });
  }

  #wantKeyFrame(producer: Producer, layer: ProducerLayer, reason: string): void {
    layer.arbiter.want(reason);
    this.#pollArbiter(producer, layer, this.#options.clock.now());
  }

  #pollArbiter(producer: Producer, layer: ProducerLayer, now: Milliseconds): void {
    const reason = layer.arbiter.wantedBecause ?? '';
    const decision = layer.pollKeyFrameRequest(now);
    if (decision === undefined || layer.stream === undefined) return;
    const details = { participant: producer.owner.identity, track: producer.info.trackId, rid: layer.rid };
    if (decision === 'exhausted') {
      this.#options.room.trace('key-frame-exhausted', { ...details, reason: 'unanswered' });
      return;
    }
    this.#options.room.trace('key-frame-requested', { ...details, reason });
    this.#sendRtcp([{ type: 'pli', senderSsrc: this.#ssrc, mediaSsrc: layer.stream.ssrc }]);
  }
}
