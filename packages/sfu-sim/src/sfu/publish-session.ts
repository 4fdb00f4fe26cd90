// What one participant sends: its offers, its producers, and the way of each packet to the layer it belongs to.

import {
  answer,
  type BitsPerSecond,
  type Clock,
  type Description,
  FeedbackReporter,
  type HeaderExtensionIds,
  type MediaDescription,
  type Milliseconds,
  parseDescription,
  payloadFormatOf,
  type Random,
  type ReportBlock,
  type RtcpPacket,
  type RtcpSenderReport,
  type RtpPacket,
  readToken,
  type TrackSource,
  writeDescription,
} from '@sluice/rtp';
import { Producer } from './producer.ts';
import type { ProducerLayer } from './producer-layer.ts';
import { Refusal } from './refusal.ts';
import type { ResolvedSfuOptions } from './sfu-options.ts';

/** Where the packets of one SSRC go. */
interface Route {
  readonly producer: Producer;
  readonly layer: ProducerLayer;
  readonly retransmission: boolean;
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
  readonly onKeyFrameRequest: (layer: ProducerLayer, producer: Producer, reason: string) => void;
  readonly onKeyFrameExhausted: (layer: ProducerLayer, producer: Producer) => void;
}

/** The incoming half of a participant. */
export class PublishSession {
  readonly #options: PublishSessionOptions;
  readonly #ssrc: number;
  readonly #producers = new Map<string, { producer: Producer; media: MediaDescription }>();
  readonly #routes = new Map<number, Route>();
  readonly #feedback = new FeedbackReporter();
  /** Of all m-sections together: in a bundle an identifier means the same in each (RFC 8843 §9.1). */
  #extensionIds: HeaderExtensionIds = {};
  #published = 0;
  #unroutable = 0;

  constructor(options: PublishSessionOptions) {
    this.#options = options;
    this.#ssrc = options.random.integer(1, 0x7fffffff);
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
    const answered: Description = answer(offer, () => true);
    const accepted = tracks.map((track) => {
      const media = answered.media.find(({ mid }) => mid === track.mid);
      const offered = offer.media.find(({ mid }) => mid === track.mid);
      if (media === undefined || offered === undefined || this.#producers.has(track.mid)) {
        throw new Refusal('malformed-sdp', `The offer has no new m-section with the mid "${track.mid}".`);
      }
      const codec = media.codecs[0];
      const format = codec && payloadFormatOf(codec.name);
      if (media.rejected || codec === undefined || format === undefined) {
        const names = offered.codecs.map(({ name }) => name).join(', ') || 'none';
        throw new Refusal('codec-unsupported', `None of the offered codecs is supported here: ${names}.`);
      }
      return { track, media, offered, codec, format };
    });
    this.#extensionIds = Object.assign({}, ...answered.media.map(({ extensions }) => extensions));
    const producers = new Map<string, Producer>();
    for (const { track, media, offered, codec, format } of accepted) {
      this.#published += 1;
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
        layers: (media.rids.length > 0 ? media.rids : [undefined]).map((rid) => ({
          rid,
          maxBitrate: track.layers.find((layer) => layer.rid === rid)?.maxBitrate,
        })),
        nack: codec.feedback.includes('nack'),
        colorSpaceId: media.extensions.colorSpace,
        keyframeCache: sfu.keyframeCache,
        keyFrameArbiter: sfu.keyFrameArbiter,
      });
      this.#producers.set(track.mid, { producer, media: offered });
      producers.set(track.mid, producer);
      const [ssrc] = offered.ssrcs;
      const [only] = producer.layers;
      if (media.rids.length === 0 && ssrc !== undefined && only !== undefined) {
        this.#route(ssrc.ssrc, { producer, layer: only, retransmission: false });
        if (ssrc.rtxSsrc !== undefined) this.#route(ssrc.rtxSsrc, { producer, layer: only, retransmission: true });
      }
    }
    return { answer: writeDescription(answered), producers };
  }

  /** Ends a track, and answers it; `undefined` for one that is not published. */
  unpublish(trackId: string): Producer | undefined {
    for (const [mid, { producer }] of this.#producers) {
      if (producer.info.trackId !== trackId) continue;
      this.#producers.delete(mid);
      for (const [ssrc, route] of this.#routes) if (route.producer === producer) this.#routes.delete(ssrc);
      producer.purge();
      return producer;
    }
    return undefined;
  }

  /** Takes an RTP packet; one that belongs nowhere is counted and dropped. */
  receive(packet: RtpPacket, arrival: Milliseconds): void {
    this.#feedback.onPacket(packet, this.#extensionIds.transportSequence, arrival);
    const route = this.#routes.get(packet.ssrc) ?? this.#discover(packet);
    if (route === undefined) {
      this.#unroutable += 1;
      return;
    }
    route.producer.receive(route.layer, packet, arrival, route.retransmission);
  }

  /** Takes the sender's report on one of its streams. */
  onSenderReport(report: RtcpSenderReport, arrival: Milliseconds): void {
    const route = this.#routes.get(report.ssrc);
    if (route !== undefined && !route.retransmission) route.layer.stream?.onSenderReport(report, arrival);
  }

  /** Somebody needs a key frame of a layer. */
  wantKeyFrame(producer: Producer, layer: ProducerLayer, reason: string): void {
    layer.arbiter.want(reason);
    this.#pollArbiter(producer, layer, this.#options.clock.now());
  }

  /** Asks for what is missing: lost packets and key frames. */
  tick(now: Milliseconds): void {
    const requests: RtcpPacket[] = this.#feedback.due(now, this.#ssrc);
    for (const { producer } of this.#producers.values()) {
      for (const layer of producer.layers) {
        this.#pollArbiter(producer, layer, now);
        const sequenceNumbers = layer.stream?.dueNacks(now) ?? [];
        if (sequenceNumbers.length === 0) continue;
        const mediaSsrc = layer.stream?.ssrc ?? 0;
        requests.push({ type: 'nack', senderSsrc: this.#ssrc, mediaSsrc, sequenceNumbers });
      }
    }
    this.#options.sendRtcp(requests);
  }

  /** Reports on every incoming stream (RFC 3550 §6.4.2). */
  report(now: Milliseconds): void {
    const reports: ReportBlock[] = [];
    for (const { producer } of this.#producers.values()) {
      for (const { stream } of producer.layers) if (stream !== undefined) reports.push(stream.reportBlock(now));
    }
    if (reports.length > 0) this.#options.sendRtcp([{ type: 'receiver-report', ssrc: this.#ssrc, reports }]);
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

  /** Where a packet of an unknown SSRC belongs, by its mid and rid (RFC 8843 §9.2, RFC 8852). */
  #discover(packet: RtpPacket): Route | undefined {
    const ids = this.#extensionIds;
    const token = (id: number | undefined) => {
      const value = id === undefined ? undefined : packet.extension(id);
      return value && readToken(value);
    };
    const published = this.#producers.get(token(ids.mid) ?? '');
    if (published === undefined) return undefined;
    const repaired = token(ids.repairedRid);
    const rid = repaired ?? token(ids.rid);
    const { producer } = published;
    const layer = producer.layers.find((candidate) => candidate.rid === rid);
    if (layer === undefined) return undefined;
    const retransmission = repaired !== undefined || packet.payloadType === producer.codec.rtxPayloadType;
    return this.#route(packet.ssrc, { producer, layer, retransmission });
  }

  #route(ssrc: number, route: Route): Route {
    // A layer has one stream and one retransmission stream: a newcomer takes the old one's place.
    for (const [other, { layer, retransmission }] of this.#routes) {
      if (layer === route.layer && retransmission === route.retransmission) this.#routes.delete(other);
    }
    this.#routes.set(ssrc, route);
    if (!route.retransmission) route.producer.bind(route.layer, ssrc);
    return route;
  }
}
