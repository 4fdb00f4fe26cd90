// What one participant sends: its offers, its producers, and the way of each packet to the layer it belongs to.

import {
  answer,
  type BitsPerSecond,
  type Clock,
  congestionFeedbackOf,
  FLEXFEC,
  findMedia,
  type HeaderExtensionIds,
  MEDIA_CODECS,
  type MediaDescription,
  type Milliseconds,
  matchCodec,
  mediaOf,
  parseDescription,
  payloadFormatOf,
  type Random,
  type ReceivedPacket,
  ReceiverSession,
  type RtcpNack,
  type RtcpPacket,
  type RtpPacket,
  readAudioLevel,
  readToken,
  type StreamRole,
  simulcastRids,
  type TrackSource,
  writeDescription,
} from '@sluice/rtp';
import { Producer } from './producer.ts';
import type { ProducerLayer } from './producer-layer.ts';
import { Refusal } from './refusal.ts';
import type { ResolvedSfuOptions } from './sfu-options.ts';
import { UplinkResponse } from './uplink-response.ts';
import type { VideoJudgement } from './video-gate.ts';

/** Where packets go. */
interface Target {
  readonly producer: Producer;
  readonly layer: ProducerLayer;
}

/** What is published in one m-section. */
interface Published {
  readonly producer: Producer;
  readonly media: MediaDescription;
  /** One for each layer. */
  readonly targets: readonly Target[];
  /** Of repair packets, where they were negotiated. */
  readonly fecPayloadType: number | undefined;
}

/** A track that is to be published. */
export interface OfferedTrack {
  readonly mid: string;
  readonly source: TrackSource;
  readonly name: string;
  readonly muted: boolean;
  /** The most each encoding will be sent at, by what the publisher says. */
  readonly layers: readonly { readonly rid: string; readonly maxBitrate: BitsPerSecond }[];
}

/** What a publish session is made of. */
export interface PublishSessionOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly owner: { readonly participantId: string; readonly identity: string };
  readonly sfu: ResolvedSfuOptions;
  readonly sendRtcp: (packets: readonly RtcpPacket[]) => void;
  /** Lost packets are asked for: for the trace. */
  readonly onNack: ((nack: RtcpNack) => void) | undefined;
  readonly onKeyFrameRequest: (layer: ProducerLayer, producer: Producer, reason: string) => void;
  readonly onKeyFrameExhausted: (layer: ProducerLayer, producer: Producer) => void;
  /** A packet of an audio track that is not muted says how loud it is, in −dBov. */
  readonly onAudioLevel: (level: number, now: Milliseconds) => void;
  /** A packet with a piece of a data message came. */
  readonly onData: (payload: Uint8Array, now: Milliseconds) => void;
  /** Other layers than before are of use to anybody: so many, from the lowest up. */
  readonly onLayersWanted: (producer: Producer, count: number) => void;
  /** A layer is taken for something else, or something else is done about it. */
  readonly onVideoJudged: (layer: ProducerLayer, producer: Producer, judgement: VideoJudgement) => void;
}

/** The incoming half of a participant. */
export class PublishSession {
  readonly #options: PublishSessionOptions;
  readonly #ssrc: number;
  readonly #producers = new Map<string, Published>();
  readonly #session: ReceiverSession<Target>;
  readonly #uplinkResponse = new UplinkResponse();
  /** Of all m-sections together: in a bundle an identifier means the same in each (RFC 8843 §9.1). */
  #extensionIds: HeaderExtensionIds = {};
  #published = 0;
  #unroutable = 0;

  constructor(options: PublishSessionOptions) {
    this.#options = options;
    this.#ssrc = options.random.integer(1, 0x7fffffff);
    this.#session = new ReceiverSession({
      ssrc: this.#ssrc,
      onPacket: (target, packet) => this.#onPacket(target, packet),
      onData: (payload) => this.#options.onData(payload, this.#options.clock.now()),
      onUnknown: (packet) => this.#discover(packet),
    });
  }

  /** The tracks that are published now. */
  get producers(): Producer[] {
    return [...this.#producers.values()].map(({ producer }) => producer);
  }

  /** Packets dropped because they belong to no published track. */
  get packetsUnroutable(): number {
    return this.#unroutable;
  }

  /**
   * Takes an offer with new tracks.
   *
   * @throws Refusal, and then nothing has changed
   * @throws SignallingError for an offer that cannot be read
   */
  publish(sdp: string, tracks: readonly OfferedTrack[]): { answer: string; producers: Map<string, Producer> } {
    const { sfu, owner } = this.#options;
    const offer = parseDescription(sdp);
    if (this.#producers.size + tracks.length > sfu.maxTracksPerParticipant) {
      throw new Refusal('too-many-tracks', `A participant may publish ${sfu.maxTracksPerParticipant} tracks at once.`);
    }
    const congestionFeedback = sfu.congestionFeedback === 'ccfb';
    const answered = answer(offer, { oneCodec: true, forwardErrorCorrection: true, congestionFeedback });
    const accepted = tracks.map((track) => {
      const media = findMedia(answered, track.mid);
      const offered = findMedia(offer, track.mid);
      if (media === undefined || offered === undefined || this.#producers.has(track.mid)) {
        throw new Refusal('malformed-sdp', `The offer has no new m-section with the mid "${track.mid}".`);
      }
      const codec = media.codecs.find(({ name }) => payloadFormatOf(name) !== undefined);
      const format = codec && payloadFormatOf(codec.name, codec.parameters);
      if (media.rejected || codec === undefined || format === undefined) {
        const matches = offered.codecs.map((each) => matchCodec(each, MEDIA_CODECS));
        const reasons = new Set(matches.flatMap((match) => ('refused' in match ? match.refused : [])));
        const why = [...reasons].join(' ') || 'The m-section is closed, or offers none.';
        throw new Refusal('codec-unsupported', `None of the offered codecs is supported here. ${why}`);
      }
      const rids = simulcastRids(media, 'recv');
      if (rids.length > sfu.maxEncodingsPerTrack) {
        throw new Refusal('too-many-encodings', `A track may have ${sfu.maxEncodingsPerTrack} encodings.`);
      }
      return { track, media, offered, codec, format, rids };
    });
    this.#extensionIds = Object.assign({}, ...mediaOf(answered).map(({ extensions }) => extensions));
    this.#session.transportSequenceId = this.#extensionIds.transportSequence;
    this.#session.congestionFeedback = congestionFeedbackOf(answered);
    const producers = new Map<string, Producer>();
    for (const { track, media, offered, codec, format, rids } of accepted) {
      this.#published += 1;
      const fecPayloadType = media.codecs.find(({ name }) => name === FLEXFEC)?.payloadType;
      const producer = new Producer({
        info: {
          trackId: `${owner.participantId}-T${this.#published}`,
          kind: media.kind,
          source: track.source,
          name: track.name,
          muted: track.muted,
        },
        owner,
        codec,
        format,
        layers: (rids.length > 0 ? rids : [undefined]).map((rid) => ({
          rid,
          maxBitrate: track.layers.find((layer) => layer.rid === rid)?.maxBitrate,
        })),
        nack: codec.feedback.includes('nack'),
        forwardErrorCorrection: fecPayloadType !== undefined,
        colorSpaceId: media.extensions.colorSpace,
        audioLevelId: media.extensions.audioLevel,
        keyframeCache: sfu.keyframeCache,
        keyFrameArbiter: sfu.keyFrameArbiter,
        videoPolicy: sfu.videoPolicy,
        uplinkResponse: this.#uplinkResponse,
        onVideoJudged: (producer, layer, judgement) => this.#options.onVideoJudged(layer, producer, judgement),
      });
      const targets = producer.layers.map((layer) => ({ producer, layer }));
      this.#producers.set(track.mid, { producer, media: offered, targets, fecPayloadType });
      producers.set(track.mid, producer);
      const [ssrc] = offered.ssrcs;
      const [only] = targets;
      if (rids.length === 0 && ssrc !== undefined && only !== undefined) {
        this.#bind(ssrc.ssrc, only, 'media');
        if (ssrc.rtxSsrc !== undefined) this.#bind(ssrc.rtxSsrc, only, 'rtx');
        if (ssrc.fecSsrc !== undefined) this.#bind(ssrc.fecSsrc, only, 'fec');
      }
    }
    return { answer: writeDescription(answered), producers };
  }

  /** Ends a track, and answers it; `undefined` for one that is not published. */
  unpublish(trackId: string): Producer | undefined {
    for (const [mid, { producer, targets }] of this.#producers) {
      if (producer.info.trackId !== trackId) continue;
      this.#producers.delete(mid);
      for (const target of targets) this.#session.release(target);
      producer.purge();
      return producer;
    }
    return undefined;
  }

  /** Takes an RTP packet; one that belongs nowhere is counted and dropped. */
  receive(packet: RtpPacket, arrival: Milliseconds): void {
    const { transportSequence, absSendTime } = this.#extensionIds;
    this.#uplinkResponse.onPacket(
      packet.size,
      arrival,
      transportSequence && packet.extensionUint16(transportSequence),
      absSendTime && packet.extensionUint16(absSendTime),
    );
    if (!this.#session.receive(packet, arrival)) this.#unroutable += 1;
  }

  /** Takes one of the participant's RTCP packets; what is not for a receiver is ignored. */
  onRtcp(packet: RtcpPacket, arrival: Milliseconds): void {
    this.#session.onRtcp(packet, arrival);
  }

  /** Somebody needs a key frame of a layer. */
  wantKeyFrame(producer: Producer, layer: ProducerLayer, reason: string): void {
    layer.arbiter.want(reason);
    this.#pollArbiter(producer, layer, this.#options.clock.now());
  }

  /** Asks for what is missing, lost packets and key frames, and reports what came. */
  tick(now: Milliseconds): void {
    for (const { producer } of this.#producers.values()) {
      for (const layer of producer.layers) {
        if (layer.takeAbandoned() && producer.isWatched(layer)) layer.arbiter.want('packet-loss');
        this.#pollArbiter(producer, layer, now);
      }
      if (this.#options.sfu.dynacast && producer.info.kind === 'video') this.#followDemand(producer, now);
    }
    const feedback = this.#session.due(now);
    this.#options.sendRtcp(feedback);
    const { onNack } = this.#options;
    if (onNack) for (const packet of feedback) if (packet.type === 'nack') onNack(packet);
  }

  #onPacket({ producer, layer }: Target, packet: ReceivedPacket): void {
    // What is muted is not heard, whatever its packets say.
    const loudness = packet.audioLevel && !producer.info.muted ? readAudioLevel(packet.audioLevel) : undefined;
    if (loudness !== undefined) this.#options.onAudioLevel(loudness.level, packet.arrival);
    producer.receive(layer, packet);
  }

  #followDemand(producer: Producer, now: Milliseconds): void {
    const count = producer.demand.update(producer.layersWanted, now);
    if (count !== undefined) this.#options.onLayersWanted(producer, count);
  }

  #pollArbiter(producer: Producer, layer: ProducerLayer, now: Milliseconds): void {
    const reason = layer.arbiter.wantedBecause ?? '';
    const mediaSsrc = layer.stream?.ssrc;
    // Before the first packet there is nobody to ask; an encoder begins with a key frame anyway.
    if (mediaSsrc === undefined) return;
    const decision = layer.pollKeyFrameRequest(now);
    if (decision === 'exhausted') this.#options.onKeyFrameExhausted(layer, producer);
    if (decision !== 'ask') return;
    this.#options.onKeyFrameRequest(layer, producer, reason);
    this.#options.sendRtcp([{ type: 'pli', senderSsrc: this.#ssrc, mediaSsrc }]);
  }

  /** Finds out where a packet of an unknown SSRC belongs, by its mid and rid (RFC 8843 §9.2, RFC 8852). */
  #discover(packet: RtpPacket): void {
    const ids = this.#extensionIds;
    const token = (id: number | undefined) => {
      const value = id === undefined ? undefined : packet.extension(id);
      return value && readToken(value);
    };
    const published = this.#producers.get(token(ids.mid) ?? '');
    if (published === undefined) return;
    const repaired = token(ids.repairedRid);
    const rid = repaired ?? token(ids.rid);
    const target = published.targets.find(({ layer }) => layer.rid === rid);
    if (target === undefined) return;
    const { producer, fecPayloadType } = published;
    if (packet.payloadType === fecPayloadType) this.#bind(packet.ssrc, target, 'fec');
    else if (packet.payloadType === producer.codec.rtxPayloadType) this.#bind(packet.ssrc, target, 'rtx');
    else this.#bind(packet.ssrc, target, 'media');
  }

  #bind(ssrc: number, target: Target, role: StreamRole): void {
    const { producer, layer } = target;
    if (role === 'media') {
      const stream = producer.bind(layer, ssrc);
      // What repairs the stream before is of no use to this one.
      this.#session.release(target);
      this.#session.bind(ssrc, target, stream, 'media');
    } else if (layer.stream !== undefined) {
      this.#session.bind(ssrc, target, layer.stream, role);
    }
  }
}
