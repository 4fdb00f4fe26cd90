// What one participant gets: its consumers, the offers that announce them, and the feedback on them.

import {
  type BitsPerSecond,
  type Clock,
  type CongestionController,
  type CongestionFeedbackFormat,
  closedMedia,
  congestionFeedbackOf,
  createOffer,
  EstimateLog,
  FLEXFEC,
  type FlexFecProtection,
  type HeaderExtensionIds,
  type MediaDescription,
  type Milliseconds,
  offerMedia,
  PacketSender,
  parseDescription,
  type Random,
  type RtcpPacket,
  type ServerMessage,
  SignallingError,
  type SluiceEventType,
  type TraceEvent,
  writeDescription,
} from '@sluice/rtp';
import { describeAllocation } from './allocation-words.ts';
import { Consumer, type PauseReason, type PreferredLayers } from './consumer.ts';
import { LayerAllocator, type LayerDecision, type LayerRequest, PAUSED } from './layer-allocator.ts';
import { type LayerStep, layerStep, nameStep, stepOf, stepRates } from './layer-steps.ts';
import type { Producer } from './producer.ts';
import type { ProducerLayer } from './producer-layer.ts';
import { SubscriberBudget } from './subscriber-budget.ts';
import { priorityRank, type TrackSettings } from './track-settings.ts';
import { VideoSuspension, type VideoSuspensionOptions } from './video-suspension.ts';

/** What a subscriber could make use of, relative to its tracks' rates: enough for going up and for retransmissions. */
const DESIRED_HEADROOM = 1.5;

/** With which a track begins again after suspension. */
const LOWEST_LAYER: LayerStep = { layer: 0, temporalLayer: Number.POSITIVE_INFINITY };

/** More than any two tracks' ranks differ. */
const LAYER_RANK = 10;

const NOBODY: ReadonlySet<Consumer> = new Set();

/** One video track in an allocation. */
interface Candidate {
  readonly consumer: Consumer;
  readonly request: LayerRequest;
}

/** The step a track was given last, `PAUSED` for none, and why. */
interface Allocated {
  readonly step: number;
  readonly reason: string;
}

interface Section {
  readonly media: MediaDescription;
  /** `undefined` when it is over. */
  consumer: Consumer | undefined;
}

/** An offer on its way to the subscriber. */
export interface SubscribeOffer {
  readonly negotiationId: number;
  readonly offer: string;
  readonly tracks: Extract<ServerMessage, { type: 'offer' }>['tracks'];
}

/** What a subscribe session is made of. */
export interface SubscribeSessionOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** Puts bytes on the wire. */
  readonly send: (packet: Uint8Array) => void;
  readonly sendOffer: (offer: SubscribeOffer) => void;
  /** SDP names of the codecs the subscriber decodes. */
  readonly codecs: readonly string[];
  /**
   * Each layer goes by itself, and only once it is enabled: the subscriber is an SFU, which chooses for its own
   * participants.
   */
  readonly everyLayer: boolean;
  /** Whether key frame caches are replayed to this subscriber. */
  readonly replay: boolean;
  /** Decides how fast it is sent to. */
  readonly congestion: CongestionController;
  /** What feedback is offered: with `ccfb` both kinds, and the subscriber chooses. */
  readonly congestionFeedback: CongestionFeedbackFormat;
  /** How much repair goes beside video. */
  readonly forwardErrorCorrection: FlexFecProtection;
  /** When there is no video at all. */
  readonly suspension: VideoSuspensionOptions;
  readonly onLayersChanged: (consumer: Consumer, reason: string) => void;
  /** No video of that track is sent from now on, or it is sent again. */
  readonly onSuspended: (consumer: Consumer, suspended: boolean, reason: string) => void;
  readonly onKeyFrameWanted: (producer: Producer, layer: ProducerLayer, reason: string) => void;
  /** What is sent beside media, in bit/s. */
  readonly otherRate: (now: Milliseconds) => BitsPerSecond;
  /** Records a decision; `undefined` where nobody listens. */
  readonly trace: ((type: SluiceEventType, details: Omit<TraceEvent, 'at' | 'type'>) => void) | undefined;
}

/** The outgoing half of a participant. */
export class SubscribeSession {
  readonly #options: SubscribeSessionOptions;
  readonly #sender: PacketSender;
  readonly #congestion: CongestionController;
  readonly #allocator = new LayerAllocator();
  readonly #suspension: VideoSuspension;
  readonly #sections: Section[] = [];
  readonly #consumers = new Map<string, Consumer>();
  readonly #estimates: EstimateLog;
  readonly #budget = new SubscriberBudget();
  readonly #allocated = new Map<string, Allocated>();
  #negotiations = 0;
  #mids = 0;

  constructor(options: SubscribeSessionOptions) {
    this.#options = options;
    this.#congestion = options.congestion;
    this.#suspension = new VideoSuspension(options.suspension);
    this.#estimates = new EstimateLog(options.congestion, 'downlink');
    this.#sender = new PacketSender({
      clock: options.clock,
      send: options.send,
      congestion: this.#congestion,
    });
  }

  /** The tracks this participant gets. */
  get consumers(): Consumer[] {
    return [...this.#consumers.values()];
  }

  /** The outgoing packets. */
  get sender(): PacketSender {
    return this.#sender;
  }

  /** The consumers of a track: one, or one for each layer where they go by themselves; none if it is not subscribed. */
  consumersOf(trackId: string, rid?: string): Consumer[] {
    return this.consumers.filter(
      ({ producer, layers }) => producer.info.trackId === trackId && (rid === undefined || layers[0]?.rid === rid),
    );
  }

  /** Whether the participant said it can decode the track. */
  canDecode(producer: Producer): boolean {
    return this.#options.codecs.some((codec) => codec.toLowerCase() === producer.codec.name.toLowerCase());
  }

  /** Starts sending the tracks it does not get yet: one offer announces them all, media follows at once. */
  subscribe(producers: readonly Producer[]): void {
    const now = this.#options.clock.now();
    const { everyLayer } = this.#options;
    const added: { track: SubscribeOffer['tracks'][number]; consumer: Consumer }[] = [];
    for (const producer of producers) {
      const { trackId, kind } = producer.info;
      if (this.consumersOf(trackId).length > 0) continue;
      for (const layers of everyLayer ? producer.layers.map((layer) => [layer]) : [producer.layers]) {
        const { media, consumer } = this.#createSection(producer, layers);
        this.#consumers.set(consumer.id, consumer);
        this.#options.trace?.('track-subscribed', { track: trackId, kind, publisher: producer.owner.identity });
        const [{ rid } = { rid: undefined }] = layers;
        const layer = everyLayer && rid !== undefined ? { rid, maxBitrate: layers[0]?.peakRate(now) ?? 0 } : undefined;
        added.push({ track: { mid: media.mid, trackId, ...(layer && { layer }) }, consumer });
      }
    }
    if (added.length === 0) return;
    this.#negotiations += 1;
    this.#options.sendOffer({
      negotiationId: this.#negotiations,
      offer: this.#describe(),
      tracks: added.map(({ track }) => track),
    });
    for (const { consumer } of everyLayer ? added : []) this.#pause(consumer, 'disabled', 'not asked for yet');
    if (this.#suspension.state !== 'video') {
      for (const { consumer } of added) this.#pause(consumer, 'suspended', this.#suspension.reason);
    }
    this.#allocate(now);
    for (const { consumer } of added) consumer.start();
  }

  /** Stops sending a track; its m-section is closed in the next offer. */
  unsubscribe(trackId: string): void {
    for (const consumer of this.consumersOf(trackId)) this.#end(consumer);
  }

  #end(consumer: Consumer): void {
    consumer.stop();
    this.#consumers.delete(consumer.id);
    this.#allocated.delete(consumer.id);
    this.#options.trace?.('track-unsubscribed', { track: consumer.producer.info.trackId });
    this.#sender.remove(consumer);
    const section = this.#sections.find((candidate) => candidate.consumer === consumer);
    if (section !== undefined) section.consumer = undefined;
  }

  /**
   * Takes the answer to the newest offer: what it refuses is not sent any more. An answer to an older offer is out of date
   * and changes nothing.
   *
   * @throws SignallingError for one that cannot be read or does not fit the offer
   */
  onAnswer(negotiationId: number, sdp: string): void {
    const answer = parseDescription(sdp);
    if (negotiationId !== this.#negotiations) return;
    if (answer.media.length !== this.#sections.length) {
      throw new SignallingError('malformed-sdp', 'The answer has another number of m-sections than the offer.');
    }
    if (this.#options.congestionFeedback === 'ccfb') this.#sender.congestionFeedback = congestionFeedbackOf(answer);
    for (const section of [...this.#sections]) {
      const answered = answer.media.find(({ mid }) => mid === section.media.mid);
      if (section.consumer !== undefined && (answered === undefined || answered.rejected)) {
        this.#end(section.consumer);
      } else if (answered?.kind === 'video' && !answered.codecs.some(({ name }) => name === FLEXFEC)) {
        section.consumer?.stream.setProtection({ ratio: 0 });
      }
    }
  }

  /** Changes the layers wanted of a track. */
  setPreferredLayers(trackId: string, preferred: PreferredLayers): void {
    for (const consumer of this.consumersOf(trackId)) consumer.setPreferredLayers(preferred);
    this.#allocate(this.#options.clock.now());
  }

  /** Changes how a track is dealt with, or one of its layers; what is not said stays as it was. */
  setTrackSettings(trackId: string, rid: string | undefined, change: TrackSettings): void {
    const { enabled, priority, dimensions } = change;
    for (const consumer of this.consumersOf(trackId, rid)) {
      if (priority !== undefined) consumer.priority = priority;
      if (dimensions !== undefined) consumer.shownAt = dimensions ?? undefined;
      if (enabled === false) this.#pause(consumer, 'disabled', 'disabled by the subscriber');
      else if (enabled === true) this.#resume(consumer, 'disabled', 'enabled by the subscriber');
    }
    this.#allocate(this.#options.clock.now());
  }

  /** The subscriber wants no more than that in all, for as long as it says so; `undefined`: as much as there is. */
  setBudget(maxBitrate: BitsPerSecond | undefined): void {
    const now = this.#options.clock.now();
    this.#budget.set(maxBitrate, now);
    this.#allocate(now);
  }

  /** Takes the subscriber's feedback. */
  onRtcp(packet: RtcpPacket): void {
    this.#sender.onRtcp(packet);
  }

  /** Moves every consumer on. */
  tick(now: Milliseconds): void {
    this.#sender.tick(now);
    if (this.#allocator.isDue(now)) this.#allocate(now);
    for (const consumer of this.#consumers.values()) consumer.tick(now);
  }

  /** Ends every consumer. */
  close(): void {
    for (const consumer of this.consumers) this.#end(consumer);
    this.#sender.close();
  }

  /** Shares the estimate: audio comes first, video gets the layers that the rest pays for. */
  #allocate(now: Milliseconds): void {
    const restored = this.#followSuspension(now);
    const candidates: Candidate[] = [];
    let audioRate = 0;
    let desired = 0;
    for (const [id, consumer] of this.#consumers) {
      const { pauseReasons } = consumer;
      const { kind, muted } = consumer.producer.info;
      // What costs nothing takes nothing from the others.
      if (pauseReasons.has('disabled') || (kind === 'video' && muted)) continue;
      const { layers } = consumer;
      if (consumer.kind === 'audio') {
        audioRate += layers[0]?.rate(now) ?? 0;
        continue;
      }
      const isRestored = restored.has(consumer);
      if (!pauseReasons.has('suspended') || isRestored) {
        const wanted = stepOf(isRestored ? LOWEST_LAYER : consumer.wantedStep);
        candidates.push({
          consumer,
          request: { id, rates: stepRates(layers, now), wanted, ...importanceOf(consumer) },
        });
      }
      const wanted = layers.slice(0, consumer.wantedLayer + 1);
      desired += Math.max(0, ...wanted.map((layer) => layer.peakRate(now)));
    }
    // More than is needed, so that an estimate that ends the search leaves room for going up.
    const useful = this.#budget.cap(DESIRED_HEADROOM * (desired + audioRate), now);
    this.#congestion.setDesiredBitrate(useful, now);
    const available = this.#budget.cap(this.#congestion.stableTargetBitrate, now);
    const budget =
      (available - audioRate - this.#options.otherRate(now)) / (1 + this.#options.forwardErrorCorrection.ratio);
    const requests = candidates.map(({ request }) => request);
    // The first estimate is a guess.
    const mayPause = this.#congestion.state.cause !== 'start';
    const decisions = this.#allocator.evaluate(budget, requests, now, mayPause);
    if (this.#options.trace) this.#traceEstimate();
    for (const [i, decision] of decisions.entries()) {
      const candidate = candidates[i];
      if (candidate !== undefined) this.#carryOut(candidate, decision);
    }
    for (const consumer of restored) this.#resume(consumer, 'suspended', this.#suspension.reason);
  }

  /** Gives a track what was decided. */
  #carryOut({ consumer, request }: Candidate, decision: LayerDecision): void {
    const allocated = this.#allocated.get(request.id);
    const given = decision.layer === PAUSED ? undefined : layerStep(decision.layer, request.rates);
    const step = given === undefined ? PAUSED : stepOf(given);
    let reason = allocated?.reason ?? '';
    if (allocated?.step !== step) {
      const rids = consumer.layers.map(({ rid }) => rid);
      const names = request.rates.map((_, each) => nameStep(each, rids, request.rates));
      reason = describeAllocation({ request, decision: { ...decision, layer: step }, names, before: allocated?.step });
      this.#allocated.set(request.id, { step, reason });
      const rid = given && rids[given.layer];
      const temporalLayer = Number.isFinite(given?.temporalLayer) ? given?.temporalLayer : undefined;
      const track = consumer.producer.info.trackId;
      this.#options.trace?.('layer-allocated', { track, rid, temporalLayer, reason });
    }
    if (given === undefined) {
      this.#pause(consumer, 'budget', reason);
      return;
    }
    consumer.setAffordableStep(given, reason);
    this.#resume(consumer, 'budget', reason);
  }

  /** Holds video back where the path bears none; those that are to come back, with their lowest layer. */
  #followSuspension(now: Milliseconds): ReadonlySet<Consumer> {
    const { state, stableTargetBitrate } = this.#congestion;
    const change = this.#suspension.evaluate(state.cause === 'start' ? undefined : stableTargetBitrate, now);
    if (change === undefined) return NOBODY;
    this.#options.trace?.('video-state-changed', { ...change });
    const videos = [...this.#consumers.values()].filter(({ kind }) => kind === 'video');
    if (change.to === 'video') return new Set(videos);
    if (change.from === 'video') {
      for (const consumer of videos) this.#pause(consumer, 'suspended', this.#suspension.reason);
    }
    return NOBODY;
  }

  #pause(consumer: Consumer, because: PauseReason, reason: string): void {
    if (consumer.kind === 'audio' && because !== 'disabled') return;
    if (because !== 'budget') this.#allocated.delete(consumer.id);
    if (consumer.pause(because)) this.#options.onSuspended(consumer, true, reason);
  }

  #resume(consumer: Consumer, because: PauseReason, reason: string): void {
    if (consumer.resume(because)) this.#options.onSuspended(consumer, false, reason);
  }

  #traceEstimate(): void {
    const estimate = this.#estimates.take();
    if (estimate !== undefined) this.#options.trace?.('estimate', { ...estimate });
  }

  #createSection(producer: Producer, layers: readonly ProducerLayer[]): Section & { readonly consumer: Consumer } {
    const { random, clock } = this.#options;
    const ssrc = this.#unusedSsrc();
    const cname = producer.owner.participantId;
    const retransmits = producer.codec.rtxPayloadType !== undefined;
    const rtxSsrc = retransmits ? this.#unusedSsrc(ssrc) : undefined;
    const { forwardErrorCorrection: protection } = this.#options;
    const repairs = producer.info.kind === 'video' && protection.ratio > 0;
    const fecSsrc = repairs ? this.#unusedSsrc(ssrc, rtxSsrc) : undefined;
    const media = offerMedia({
      mid: String(this.#mids++),
      kind: producer.info.kind,
      codecs: repairs ? [producer.format.codec, FLEXFEC] : [producer.format.codec],
      rids: [],
      congestionFeedback: this.#options.congestionFeedback === 'ccfb',
      ssrcs: [{ ssrc, cname, ...(rtxSsrc !== undefined && { rtxSsrc }), ...(fecSsrc !== undefined && { fecSsrc }) }],
      msid: { stream: producer.owner.participantId, track: producer.info.trackId },
    });
    const codec = media.codecs[0];
    const fecPayloadType = media.codecs.find(({ name }) => name === FLEXFEC)?.payloadType;
    const extensionIds: HeaderExtensionIds = media.extensions;
    const { trackId } = producer.info;
    const consumer = new Consumer({
      clock,
      id: layers.length < producer.layers.length ? `${trackId}/${layers[0]?.rid}` : trackId,
      producer,
      layers,
      sender: this.#sender,
      stream: {
        ssrc,
        payloadType: codec?.payloadType ?? 0,
        ...(rtxSsrc !== undefined &&
          codec?.rtxPayloadType !== undefined && {
            rtx: { ssrc: rtxSsrc, payloadType: codec.rtxPayloadType, firstSequenceNumber: random.integer(0, 0xffff) },
          }),
        ...(fecSsrc !== undefined &&
          fecPayloadType !== undefined && {
            fec: {
              ssrc: fecSsrc,
              payloadType: fecPayloadType,
              firstSequenceNumber: random.integer(0, 0xffff),
              protection,
            },
          }),
      },
      extensionIds,
      firstSequenceNumber: random.integer(0, 0xffff),
      replay: this.#options.replay,
      drainRate: () => this.#congestion.pacingRate,
      onLayersChanged: this.#options.onLayersChanged,
      onKeyFrameWanted: (layer, reason) => this.#options.onKeyFrameWanted(producer, layer, reason),
    });
    this.#sender.add(consumer);
    const section = { media, consumer };
    // A closed m-section's place is taken by the next one (RFC 8829 §5.2.2): descriptions stay bounded.
    const free = this.#sections.findIndex((candidate) => candidate.consumer === undefined);
    if (free < 0) this.#sections.push(section);
    else this.#sections[free] = section;
    return section;
  }

  #unusedSsrc(...others: (number | undefined)[]): number {
    const used = new Set(others);
    for (const { stream } of this.#consumers.values()) {
      used.add(stream.ssrc).add(stream.rtxSsrc).add(stream.fecSsrc);
    }
    for (;;) {
      const ssrc = this.#options.random.integer(1, 0x7fffffff);
      if (!used.has(ssrc)) return ssrc;
    }
  }

  #describe(): string {
    const media = this.#sections.map(({ media, consumer }) => (consumer === undefined ? closedMedia(media) : media));
    return writeDescription(createOffer({ sessionVersion: this.#negotiations, media }));
  }
}

function importanceOf({ priority, producer, layers, shownAt }: Consumer): Pick<LayerRequest, 'priority' | 'area'> {
  // Where layers go by themselves, the lowest of all tracks come before any higher one.
  const above = producer.layers.findIndex(({ rid }) => rid === layers[0]?.rid);
  return {
    priority: priorityRank(priority, producer.info.source) - LAYER_RANK * above,
    area: shownAt === undefined ? 0 : shownAt.width * shownAt.height,
  };
}
