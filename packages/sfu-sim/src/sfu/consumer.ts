// One track on its way to one subscriber: which layer it gets, and one continuous stream made of it.

import {
  type BitsPerSecond,
  type Clock,
  CounterRewriter,
  type ExtensionElement,
  type HeaderExtensionIds,
  type Milliseconds,
  type PacketSender,
  type PayloadRewriter,
  type ReceivedPacket,
  type Resolution,
  type RtcpSenderReport,
  type RtpFields,
  RtpSendStream,
  type SenderClock,
  type SendingStream,
  type SendStreamOptions,
  type TrackKind,
  type TrackPriority,
  writeCaptureLag,
} from '@sluice/rtp';
import { FrameLayers } from './frame-layers.ts';
import type { ForwardedPacket } from './keyframe-cache.ts';
import { LayerSelector } from './layer-selector.ts';
import type { LayerStep } from './layer-steps.ts';
import { LayerTimestamps } from './layer-timestamps.ts';
import type { Producer } from './producer.ts';
import type { ProducerLayer } from './producer-layer.ts';

/** A burst from the cache that would take longer than this to catch up with the live picture is not sent. */
const MAX_DRAIN_TIME: Milliseconds = 500;

const NO_EXTENSIONS: readonly ExtensionElement[] = [];

/** The highest layers a subscriber wants. */
export interface PreferredLayers {
  /** `undefined`: the best there is. */
  readonly rid?: string | undefined;
  /** `undefined`: all temporal layers. */
  readonly temporalLayer?: number | undefined;
}

/** Why nothing of a track is sent: its subscriber does not want it, its estimate does not pay for it, its path bears no video. */
export type PauseReason = 'disabled' | 'budget' | 'suspended';

/** A shown picture of more than this many times a layer's size looks blurred. */
const MAX_UPSCALING = 1.05;

/** What a consumer is made of. */
export interface ConsumerOptions {
  readonly clock: Clock;
  /** Among the consumers of one subscriber. */
  readonly id: string;
  readonly producer: Producer;
  /** Which of the producer's layers are forwarded, one at a time; lowest first. */
  readonly layers: readonly ProducerLayer[];
  readonly sender: PacketSender;
  readonly stream: SendStreamOptions;
  readonly extensionIds: HeaderExtensionIds;
  /** 16 bit; random, as RFC 3550 §5.1 asks. */
  readonly firstSequenceNumber: number;
  /** Replay the cached key frame to this subscriber. */
  readonly replay: boolean;
  /** The rate at which a burst from the cache would leave, live packets included. */
  readonly drainRate: () => BitsPerSecond;
  /** The forwarded layers have changed. */
  readonly onLayersChanged: (consumer: Consumer, reason: string) => void;
  /** A key frame of that layer is needed. */
  readonly onKeyFrameWanted: (layer: ProducerLayer, reason: string) => void;
}

/** One outgoing track. */
export class Consumer implements SendingStream {
  readonly id: string;
  readonly producer: Producer;
  /** The layers it chooses from, lowest first. */
  readonly layers: readonly ProducerLayer[];
  readonly stream: RtpSendStream;
  readonly extensionIds: HeaderExtensionIds;
  /** How important it is to the subscriber; `undefined`: as its source says. */
  priority: TrackPriority | undefined;
  /**
   * How large the subscriber shows it, in device pixels: more than the smallest layer that covers it is of no use.
   * `undefined`: not known.
   */
  shownAt: Resolution | undefined;
  readonly #clock: Clock;
  readonly #sender: PacketSender;
  readonly #replay: boolean;
  readonly #drainRate: () => BitsPerSecond;
  readonly #onLayersChanged: ConsumerOptions['onLayersChanged'];
  readonly #onKeyFrameWanted: ConsumerOptions['onKeyFrameWanted'];
  readonly #sequence: CounterRewriter;
  readonly #payload: PayloadRewriter;
  readonly #layers: LayerSelector;
  /** The highest temporal layer the subscriber wants. */
  #preferredTemporalLayer = Number.POSITIVE_INFINITY;
  /** What its estimate pays for, and why. */
  #affordable: LayerStep = { layer: Number.POSITIVE_INFINITY, temporalLayer: Number.POSITIVE_INFINITY };
  #affordableBecause = 'estimate';
  #temporalLayer = Number.POSITIVE_INFINITY;
  /** Where the limit of temporal layers last changed, in the current layer's sequence, and what it was before. */
  #temporalLayerSince = Number.NEGATIVE_INFINITY;
  #temporalLayerBefore = Number.POSITIVE_INFINITY;
  /** The newest packet of the current layer. */
  #newest = Number.NEGATIVE_INFINITY;
  readonly #frameLayers = new FrameLayers();
  readonly #timestamps = new LayerTimestamps();
  #reportedClock: SenderClock | undefined;
  /** Nothing is sent while there is any. */
  readonly #pauseReasons = new Set<PauseReason>();
  /** The layer whose key frame was arriving when it was needed: once it is whole it is replayed. */
  #arriving: ProducerLayer | undefined;
  #replayedPackets = 0;
  #switches = 0;

  constructor(options: ConsumerOptions) {
    this.id = options.id;
    this.producer = options.producer;
    this.layers = options.layers;
    this.stream = new RtpSendStream(options.stream);
    this.#clock = options.clock;
    this.#sender = options.sender;
    this.extensionIds = options.extensionIds;
    this.#replay = options.replay;
    this.#drainRate = options.drainRate;
    this.#onLayersChanged = options.onLayersChanged;
    this.#onKeyFrameWanted = options.onKeyFrameWanted;
    this.#sequence = new CounterRewriter(16, options.firstSequenceNumber);
    this.#payload = options.producer.format.createRewriter();
    this.#layers = new LayerSelector(options.layers);
  }

  get kind(): TrackKind {
    return this.producer.info.kind;
  }

  get cname(): string {
    return this.producer.owner.participantId;
  }

  /** The layer that is forwarded now. */
  get currentLayer(): ProducerLayer | undefined {
    return this.#layers.current;
  }

  /** The layer that is to be forwarded from its next key frame on. */
  get targetLayer(): ProducerLayer | undefined {
    return this.#layers.target;
  }

  /** The highest temporal layer that is forwarded. */
  get temporalLayer(): number {
    return this.#temporalLayer;
  }

  /** Packets that came from the cache. */
  get packetsReplayed(): number {
    return this.#replayedPackets;
  }

  /** Changes from one layer to another, the first one included. */
  get layerSwitches(): number {
    return this.#switches;
  }

  /** Begins: with what the cache holds, strictly before anything live, or with the next key frame. */
  start(): void {
    this.producer.consumers.add(this);
    if (!this.isPaused) this.#begin('join');
  }

  /** Why nothing is sent for now; empty while something is. No reason overwrites another. */
  get pauseReasons(): ReadonlySet<PauseReason> {
    return this.#pauseReasons;
  }

  /** Whether nothing is sent for now. */
  get isPaused(): boolean {
    return this.#pauseReasons.size > 0;
  }

  /**
   * There is a reason to send nothing; video that waits for the pacer is taken back.
   *
   * @returns whether something was sent before
   */
  pause(reason: PauseReason): boolean {
    const wasPaused = this.isPaused;
    this.#pauseReasons.add(reason);
    if (wasPaused) return false;
    if (this.kind === 'video') this.#withdraw();
    return true;
  }

  /**
   * That reason is gone; with the last one the track goes on, as for a newcomer.
   *
   * @returns whether it goes on
   */
  resume(reason: PauseReason): boolean {
    if (!this.#pauseReasons.delete(reason) || this.isPaused) return false;
    this.#begin('resume');
    return true;
  }

  #withdraw(): void {
    const withdrawn = new Set(this.#sender.withdraw(this));
    let last = 0;
    while (withdrawn.has((this.#sequence.highestOutput - last) & 0xffff)) last += 1;
    this.#sequence.rewind(last);
    this.#layers.pause();
  }

  #begin(reason: string): void {
    this.#layers.follow(this.#clock.now());
    const { target } = this.#layers;
    if (target === undefined || this.kind === 'audio') return;
    if (this.producer.info.muted || (this.#replay && this.#replayBest())) return;
    // One that is arriving need not be asked for; should it never be whole, `tick` finds that it is overdue.
    if (this.#replay && target.cache.isKeyFrameArriving(this.#clock.now())) this.#arriving = target;
    else this.#onKeyFrameWanted(target, reason);
  }

  /** Ends; nothing is sent any more. */
  stop(): void {
    this.producer.consumers.delete(this);
  }

  /** Changes what the subscriber wants at most. */
  setPreferredLayers(preferred: PreferredLayers): void {
    this.#preferredTemporalLayer = preferred.temporalLayer ?? Number.POSITIVE_INFINITY;
    this.#layers.prefer(preferred.rid, this.#clock.now());
    if (this.isPaused) this.#layers.pause();
  }

  /** The highest layer the subscriber wants and can make use of, an index into `layers`. */
  get wantedLayer(): number {
    const size = this.shownAt;
    const { wanted } = this.#layers;
    if (size === undefined) return wanted;
    const covering = this.layers.findIndex(({ resolution }) => resolution && covers(resolution, size));
    return covering < 0 ? wanted : Math.min(wanted, covering);
  }

  /**
   * How many of the producer's layers it has a use for, from the lowest up. While it is paused for want of bits it may come
   * back any time.
   */
  get layersWanted(): number {
    if (this.#pauseReasons.has('disabled')) return 0;
    const highest = this.layers[this.isPaused ? 0 : this.wantedLayer];
    return this.producer.layers.findIndex(({ rid }) => rid === highest?.rid) + 1;
  }

  /** The highest step the subscriber wants and can make use of. */
  get wantedStep(): LayerStep {
    return { layer: this.wantedLayer, temporalLayer: this.#preferredTemporalLayer };
  }

  /** Changes what the subscriber's estimate pays for at most. */
  setAffordableStep(step: LayerStep, reason: string): void {
    this.#affordable = step;
    this.#affordableBecause = reason;
    this.#layers.afford(step.layer, reason, this.#clock.now());
  }

  /** The layer has a new stream, which continues the old one from its next key frame on. */
  onSourceReplaced(layer: ProducerLayer): void {
    if (layer !== this.#layers.current || this.kind === 'audio') return;
    this.#layers.restart(layer, this.#clock.now());
  }

  /** The subscriber cannot go on without a key frame. */
  onKeyFrameRequest(reason: 'pli' | 'fir'): void {
    const layer = this.#layers.current ?? this.#layers.target;
    if (layer !== undefined && !this.producer.info.muted) this.#onKeyFrameWanted(layer, reason);
  }

  /**
   * The sender report to send now, if the publisher has made a new one: its relation of clocks, carried over to this
   * stream's timestamps.
   */
  dueSenderReport(now: Milliseconds): RtcpSenderReport | undefined {
    const layer = this.#layers.current;
    const source = layer?.stream?.senderClock;
    if (layer === undefined || source === undefined || source === this.#reportedClock) return undefined;
    this.#reportedClock = source;
    const rtpTimestamp = (source.rtpTimestamp + this.#timestamps.offset) >>> 0;
    return this.stream.senderReport(now, layer.clockRate, { ...source, rtpTimestamp });
  }

  /** Follows the publisher's layers, and asks for the key frame a switch has waited for too long. */
  tick(now: Milliseconds): void {
    if (this.isPaused) return;
    const { current, target } = this.#layers;
    this.#layers.follow(now);
    // Nothing comes of the layer that was to be forwarded: another one's key frame may have passed by already.
    if (target !== this.#layers.target && !target?.isActive(now)) {
      if (current === undefined) this.#begin('join');
      else if (this.#replay && !current.isActive(now)) this.#replayBest();
    }
    const overdue = this.#layers.overdue(now);
    if (overdue === undefined || this.producer.info.muted || this.kind === 'audio') return;
    this.#onKeyFrameWanted(overdue, 'layer-switch');
  }

  /** Takes a packet of any of the producer's layers, and forwards it if it is one the subscriber shall get. */
  onPacket(layer: ProducerLayer, forwarded: ForwardedPacket): void {
    const { packet, info } = forwarded;
    if (this.kind === 'audio') {
      this.#forwardAudio(layer, forwarded);
      return;
    }
    if (this.isPaused) return;
    if (layer !== this.#layers.current) {
      if (forwarded.withheld) return;
      if (layer === this.#arriving && this.#replayArrived(layer)) return;
      // A layer that begins or comes back may be the one to follow: its key frame is not waited for twice.
      if (info?.keyFrameStart) this.#layers.follow(this.#clock.now());
      if (layer !== this.#layers.target || !info?.keyFrameStart || !this.#canLineUp(layer)) return;
      // Where the key frame's first packet is late, packets after it have passed by: they come now, or the switch waits.
      const passed = layer.cache.following(packet.sequence);
      if (passed === undefined) return;
      this.#switchTo(layer, forwarded);
      this.onPacket(layer, forwarded);
      for (const next of passed) this.onPacket(layer, next);
      return;
    }
    if (packet.sequence > this.#newest) {
      this.#newest = packet.sequence;
      if (info?.frameStart) this.#chooseTemporalLayer(layer, forwarded);
    }
    const sequenceNumber = packet.sequence & 0xffff;
    // A frame that was under way when the limit changed is finished, or stays out, as a whole.
    const limit = packet.sequence < this.#temporalLayerSince ? this.#temporalLayerBefore : this.#temporalLayer;
    if (info === undefined || forwarded.withheld || this.#frameLayers.layerOf(packet, info) > limit) {
      if (info !== undefined) this.#payload.drop(packet.payload);
      if (!this.#sequence.drop(sequenceNumber)) this.#fill(sequenceNumber, packet.timestamp);
      return;
    }
    const output = this.#sequence.map(sequenceNumber);
    if (output === undefined) return;
    const rewritten = this.#payload.rewrite(packet.payload);
    const timestamp = this.#timestamps.map(packet.timestamp);
    const now = this.#clock.now();
    if (rewritten === undefined) {
      this.#send(this.stream.filler(output, timestamp, now));
      return;
    }
    if (info.keyFrameStart) this.stream.markKeyFrame(timestamp);
    const extensions = this.#extensionsOf(packet);
    const { payload, head } = rewritten;
    this.#send(this.stream.send(output, timestamp, packet.marker, payload, now, extensions, head));
    this.#timestamps.onForwarded(layer, packet);
  }

  /** Replays the best layer, up to the target, whose burst is caught up with soon; a better one follows at a key frame. */
  #replayBest(): boolean {
    const now = this.#clock.now();
    for (const layer of this.#layers.upToTarget) {
      // What has stopped is not what there is to see now.
      if (!layer.isActive(now) || this.#drainTime(layer, now) > MAX_DRAIN_TIME) continue;
      const burst = layer.cache.replay(now);
      const head = burst?.[0];
      if (burst === undefined || head === undefined) continue;
      // What is older than the last picture forwarded has been shown.
      if (head.packet.arrival <= (this.#timestamps.newestArrival ?? Number.NEGATIVE_INFINITY)) continue;
      this.#replayedPackets += burst.length;
      this.#switchTo(layer, head);
      for (const forwarded of burst) this.onPacket(layer, forwarded);
      return true;
    }
    return false;
  }

  /** Replays the key frame that was waited for, if it is whole now: with it, what came last. */
  #replayArrived(layer: ProducerLayer): boolean {
    if (layer.cache.isKeyFrameArriving(this.#clock.now())) return false;
    this.#arriving = undefined;
    return this.#layers.current === undefined && this.#replayBest();
  }

  /** How long a layer's burst keeps the subscriber behind the live picture, which goes on meanwhile. */
  #drainTime(layer: ProducerLayer, now: Milliseconds): Milliseconds {
    const spare = this.#drainRate() - (layer.rate(now) ?? 0);
    return spare > 0 ? (layer.cache.stats.bytes * 8000) / spare : Number.POSITIVE_INFINITY;
  }

  #forwardAudio(layer: ProducerLayer, { packet }: ForwardedPacket): void {
    if (this.#timestamps.newestArrival === undefined) {
      this.#sequence.splice(packet.sequence & 0xffff);
      this.#timestamps.splice(layer, packet);
      this.#timestamps.onForwarded(layer, packet);
      this.#layers.switchTo(layer);
    }
    if (this.isPaused) {
      this.#sequence.drop(packet.sequence & 0xffff);
      return;
    }
    const output = this.#sequence.map(packet.sequence & 0xffff);
    if (output === undefined) return;
    const timestamp = this.#timestamps.map(packet.timestamp);
    this.#send(this.stream.send(output, timestamp, packet.marker, packet.payload, this.#clock.now()));
  }

  /** What a packet says in its header of the picture it carries; of when it was captured, the last one of a frame does. */
  #extensionsOf({ colorSpace, timestamp, marker }: ReceivedPacket): readonly ExtensionElement[] {
    const lag = marker ? this.#timestamps.lagOf(timestamp) : 0;
    if (lag === 0 && colorSpace === undefined) return NO_EXTENSIONS;
    const { colorSpace: colorSpaceId, captureLag: captureLagId } = this.extensionIds;
    const elements: ExtensionElement[] = [];
    if (colorSpaceId !== undefined && colorSpace !== undefined) elements.push({ id: colorSpaceId, value: colorSpace });
    if (captureLagId !== undefined && lag > 0) elements.push({ id: captureLagId, value: writeCaptureLag(lag) });
    return elements;
  }

  /** A straggler that is not forwarded left a hole that the subscriber waits for: padding takes its place. */
  #fill(sequenceNumber: number, timestamp: number): void {
    const output = this.#sequence.map(sequenceNumber);
    if (output === undefined) return;
    this.#send(this.stream.filler(output, this.#timestamps.map(timestamp), this.#clock.now()));
  }

  #send(fields: RtpFields): void {
    this.#sender.send(fields, this.extensionIds, this.kind);
  }

  #chooseTemporalLayer(layer: ProducerLayer, { packet, info }: ForwardedPacket): void {
    const affordable = this.#affordableTemporalLayer(layer);
    const wanted = Math.min(this.#preferredTemporalLayer, affordable);
    // Down at any frame; up where the frame depends on the lowest temporal layer only.
    if (
      wanted < this.#temporalLayer ||
      (wanted > this.#temporalLayer && (info?.layerSync || info?.temporalLayer === 0))
    ) {
      this.#temporalLayerBefore = this.#temporalLayer;
      this.#temporalLayerSince = packet.sequence;
      this.#temporalLayer = wanted;
      this.#onLayersChanged(this, wanted === affordable ? this.#affordableBecause : 'preferred-layers');
    }
  }

  /** The highest temporal layer of a layer that the estimate pays for: the lowest while a smaller layer is waited for. */
  #affordableTemporalLayer(layer: ProducerLayer): number {
    const index = this.layers.indexOf(layer);
    if (index === this.#affordable.layer) return this.#affordable.temporalLayer;
    // What is not wanted any more goes on as it is, until a key frame of the other one.
    return index < this.#affordable.layer || index > this.wantedLayer ? Number.POSITIVE_INFINITY : 0;
  }

  #switchTo(layer: ProducerLayer, { packet }: ForwardedPacket): void {
    this.#sequence.splice(packet.sequence & 0xffff);
    this.#payload.splice(packet.payload);
    this.#timestamps.splice(layer, packet);
    this.#temporalLayerSince = Number.NEGATIVE_INFINITY;
    this.#newest = Number.NEGATIVE_INFINITY;
    const reason = this.#layers.switchTo(layer);
    this.#switches += 1;
    this.#onLayersChanged(this, reason);
  }

  /** Whether a layer's time of capture can be compared with that of the layer it would follow. */
  #canLineUp(layer: ProducerLayer): boolean {
    const { current } = this.#layers;
    return current === undefined || !current.stream?.senderClock === !layer.stream?.senderClock;
  }
}

/** Whether a layer, fitted into a picture of that size, needs no noticeable upscaling. */
function covers(layer: Resolution, shown: Resolution): boolean {
  return Math.min(shown.width / layer.width, shown.height / layer.height) <= MAX_UPSCALING;
}
