// A snapshot of what the SFU does for one participant. Names follow webrtc-stats where the meaning is equal.

import type { BitsPerSecond, Milliseconds, Resolution } from '@sluice/rtp';
import type { Consumer, PauseReason } from '../sfu/consumer.ts';
import type { DataStats } from '../sfu/data-relay.ts';
import type { KeyframeCacheStats } from '../sfu/keyframe-cache.ts';
import type { Peer, PeerDrops } from '../sfu/peer.ts';
import type { Producer } from '../sfu/producer.ts';
import type { VideoPolicy } from '../sfu/video-gate.ts';
import type { VideoVerdict } from '../sfu/video-scorer.ts';

/** One incoming layer. */
export interface LayerStats {
  readonly rid: string | undefined;
  readonly packetsReceived: number;
  readonly bytesReceived: number;
  readonly packetsLost: number;
  /** Lost packets that came as retransmissions. */
  readonly packetsRecovered: number;
  readonly jitter: Milliseconds;
  readonly resolution: Resolution | undefined;
  /**
   * The codec's parameters in the words of SDP, as its packets say them, whatever was negotiated: H.264's profile and level,
   * VP9's profile, AV1's and H.265's profile, level and tier; `undefined` for other codecs and before a key frame.
   */
  readonly sdpFmtpLine: string | undefined;
  readonly keyFrames: number;
  /** Key frames asked of the publisher. */
  readonly keyFramesRequested: number;
  /** What key frames make up of the bytes of the last 10 s, 0 to 1; `undefined` for audio and before 5 s. */
  readonly keyFrameShare: number | undefined;
  readonly packetsMalformed: number;
  readonly cache: KeyframeCacheStats;
  /** How far it is what a video encoder makes, 0 to 1; `undefined` for audio and before 30 frames. */
  readonly legitimacy: number | undefined;
  /** What it is taken for; `undefined` for audio. */
  readonly verdict: VideoVerdict | undefined;
  /** What is done about it; `undefined` for audio. */
  readonly action: VideoPolicy | undefined;
  /** Frames that were not forwarded, as it is or was throttled. */
  readonly framesWithheld: number;
}

/** One published track. */
export interface ProducerStats {
  readonly trackId: string;
  readonly kind: 'audio' | 'video';
  readonly codec: string;
  readonly muted: boolean;
  /** Lowest first. */
  readonly layers: readonly LayerStats[];
}

/** One subscribed track. */
export interface ConsumerStats {
  readonly trackId: string;
  readonly kind: 'audio' | 'video';
  /** The layer that is forwarded now; `undefined` before the first packet and for tracks without simulcast. */
  readonly rid: string | undefined;
  /** The layer that is waited for, equal to `rid` when there is none. */
  readonly targetRid: string | undefined;
  /** The subscriber's path bears no video for now. */
  readonly suspended: boolean;
  /** Why nothing is sent for now; empty while something is. A set, so that no reason overwrites another. */
  readonly pauseReasons: readonly PauseReason[];
  readonly packetsSent: number;
  readonly bytesSent: number;
  readonly packetsRetransmitted: number;
  /** Packets that came from the key frame cache. */
  readonly packetsReplayed: number;
  readonly layerSwitches: number;
  readonly nackCount: number;
  readonly roundTripTime: Milliseconds | undefined;
  /** Share of packets lost in the subscriber's last report, 0 to 1. */
  readonly fractionLost: number;
}

/** One participant. */
export interface ParticipantStats {
  readonly identity: string;
  readonly producers: readonly ProducerStats[];
  readonly consumers: readonly ConsumerStats[];
  /** What may be sent to it, in bit/s; `undefined` before it has joined. */
  readonly downlinkEstimate: BitsPerSecond | undefined;
  /** Its data messages; `undefined` before it has joined. */
  readonly data: DataStats | undefined;
  /** What came from it and was of no use. */
  readonly drops: PeerDrops;
}

/** Takes the snapshot. */
export function participantStats(peer: Peer, now: Milliseconds): ParticipantStats {
  return {
    identity: peer.identity,
    producers: peer.producers.map((producer) => producerStats(producer, now)),
    consumers: peer.consumers.map(consumerStats),
    downlinkEstimate: peer.downlinkEstimate,
    data: peer.dataStats,
    drops: peer.drops,
  };
}

function producerStats(producer: Producer, now: Milliseconds): ProducerStats {
  const { trackId, kind, muted } = producer.info;
  return {
    trackId,
    kind,
    codec: producer.codec.name,
    muted,
    layers: producer.layers.map((layer) => ({
      rid: layer.rid,
      packetsReceived: layer.stream?.packetsReceived ?? 0,
      bytesReceived: layer.stream?.bytesReceived ?? 0,
      packetsLost: layer.stream?.packetsLost ?? 0,
      packetsRecovered: layer.stream?.packetsRecovered ?? 0,
      jitter: layer.stream?.jitter ?? 0,
      resolution: layer.resolution,
      sdpFmtpLine: layer.parameters,
      keyFrames: layer.keyFrames,
      keyFramesRequested: layer.keyFramesRequested,
      keyFrameShare: layer.keyFrameShare(now),
      packetsMalformed: layer.packetsMalformed,
      cache: layer.cache.stats,
      legitimacy: layer.gate?.legitimacy,
      verdict: layer.gate?.verdict,
      action: layer.gate?.action,
      framesWithheld: layer.gate?.framesWithheld ?? 0,
    })),
  };
}

function consumerStats(consumer: Consumer): ConsumerStats {
  const { trackId, kind } = consumer.producer.info;
  return {
    trackId,
    kind,
    rid: consumer.currentLayer?.rid,
    targetRid: consumer.targetLayer?.rid,
    suspended: consumer.pauseReasons.has('suspended'),
    pauseReasons: [...consumer.pauseReasons],
    packetsSent: consumer.stream.packetsSent,
    bytesSent: consumer.stream.bytesSent,
    packetsRetransmitted: consumer.stream.packetsRetransmitted,
    packetsReplayed: consumer.packetsReplayed,
    layerSwitches: consumer.layerSwitches,
    nackCount: consumer.stream.nacksReceived,
    roundTripTime: consumer.stream.roundTrip,
    fractionLost: consumer.stream.fractionLost,
  };
}
