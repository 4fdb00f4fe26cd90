// One published track, as the SFU sees it.

import type { CodecDescription, ReceivedPacket, RtpReceiveStream, TrackInfo } from '@sluice/rtp';
import type { Consumer } from './consumer.ts';
import type { ForwardedPacket } from './keyframe-cache.ts';
import { LayerDemand } from './layer-demand.ts';
import { ProducerLayer, type ProducerLayerOptions } from './producer-layer.ts';
import type { VideoJudgement } from './video-gate.ts';

/** What a producer is made of. */
export interface ProducerOptions extends Omit<ProducerLayerOptions, 'rid' | 'maxBitrate' | 'kind' | 'clockRate'> {
  readonly info: TrackInfo;
  /** The identity and the id of the participant that publishes it. */
  readonly owner: { readonly participantId: string; readonly identity: string };
  readonly codec: CodecDescription;
  /** Lowest first; one without a rid for a track without simulcast. */
  readonly layers: readonly Pick<ProducerLayerOptions, 'rid' | 'maxBitrate'>[];
  /** Which layers are sent before anything is asked for. Default `all`. */
  readonly begins?: 'all' | 'none';
  /** A layer is taken for something else, or something else is done about it. Default: nobody hears of it. */
  readonly onVideoJudged?: (producer: Producer, layer: ProducerLayer, judgement: VideoJudgement) => void;
}

/** A track with its layers, lowest first, and those who get it. */
export class Producer {
  readonly owner: ProducerOptions['owner'];
  readonly codec: CodecDescription;
  readonly format: ProducerOptions['format'];
  readonly layers: readonly ProducerLayer[];
  readonly consumers = new Set<Consumer>();
  /** How many of its layers its publisher has been told to send. */
  readonly demand: LayerDemand;
  readonly #onVideoJudged: ProducerOptions['onVideoJudged'];
  #info: TrackInfo;

  constructor(options: ProducerOptions) {
    const { info, owner, codec, layers, begins, onVideoJudged, ...common } = options;
    this.#info = info;
    this.#onVideoJudged = onVideoJudged;
    this.owner = owner;
    this.codec = codec;
    this.format = options.format;
    this.demand = new LayerDemand(layers.length, begins);
    this.layers = layers.map(
      (layer) => new ProducerLayer({ ...common, ...layer, kind: info.kind, clockRate: codec.clockRate }),
    );
  }

  get info(): TrackInfo {
    return this.#info;
  }

  /**
   * Pauses or resumes the track: nothing of before a pause may be shown after it, also not what was in flight when it
   * began.
   */
  setMuted(muted: boolean): void {
    if (muted === this.#info.muted) return;
    this.#info = { ...this.#info, muted };
    for (const layer of this.layers) layer.gate?.onPause();
    this.purge();
  }

  /** Whether anybody gets that layer, or waits for it. */
  isWatched(layer: ProducerLayer): boolean {
    for (const { currentLayer, targetLayer } of this.consumers) {
      if (currentLayer === layer || targetLayer === layer) return true;
    }
    return false;
  }

  /** How many layers anybody has a use for, from the lowest up. */
  get layersWanted(): number {
    let most = 0;
    for (const { layersWanted } of this.consumers) most = Math.max(most, layersWanted);
    return most;
  }

  /** Drops what newcomers would be shown. */
  purge(): void {
    for (const layer of this.layers) layer.cache.purge();
  }

  /** Takes a packet of a layer and forwards it to every consumer. */
  receive(layer: ProducerLayer, packet: ReceivedPacket): void {
    const forwarded = layer.receive(packet);
    const judgement = layer.gate?.takeChange();
    if (judgement !== undefined) this.#onVideoJudged?.(this, layer, judgement);
    if (forwarded !== undefined) this.#forward(layer, forwarded);
  }

  /** The layer is fed by the stream `ssrc` from now on: the one that is answered. */
  bind(layer: ProducerLayer, ssrc: number): RtpReceiveStream {
    const replaced = layer.stream !== undefined;
    const stream = layer.bind(ssrc);
    if (replaced) for (const consumer of this.consumers) consumer.onSourceReplaced(layer);
    return stream;
  }

  #forward(layer: ProducerLayer, forwarded: ForwardedPacket): void {
    for (const consumer of this.consumers) consumer.onPacket(layer, forwarded);
  }
}
