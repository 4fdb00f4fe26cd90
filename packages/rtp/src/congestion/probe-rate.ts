// What a probe found: the rate at which its packets were sent and were received (libwebrtc's probe_bitrate_estimator;
// the idea is that of Dovrolis, Ramanathan and Moore, "Packet-dispersion techniques
// and a capacity-estimation methodology", 2004).

import type { BitsPerSecond, Bytes, Milliseconds } from '../units.ts';
import type { PacketResult, ProbeRequest } from './controller.ts';
import type { ProbeReason } from './decision.ts';

export interface ProbeRateOptions {
  /** So much of a probe's packets and of its bytes must have arrived. Default 0.8. */
  readonly minReceivedRatio: number;
  /** A train longer than this, sent or received, is none. Default 1000 ms. */
  readonly maxInterval: Milliseconds;
  /** Received at more than this multiple of the rate it was sent at: arrivals were bunched, no result. Default 2. */
  readonly maxReceiveRatio: number;
  /** Received at less than this fraction of the rate it was sent at: the link is saturated. Default 0.9. */
  readonly unsaturatedRatio: number;
  /** The result on a saturated link is this fraction of the rate received, so as not to overuse it. Default 0.95. */
  readonly saturatedUtilisation: number;
  /** A probe is forgotten this long after it was asked for. Default 6000 ms: the pacer's patience plus a round trip. */
  readonly maxAge: Milliseconds;
}

export const PROBE_RATE_DEFAULTS: ProbeRateOptions = {
  minReceivedRatio: 0.8,
  maxInterval: 1_000,
  maxReceiveRatio: 2,
  unsaturatedRatio: 0.9,
  saturatedUtilisation: 0.95,
  maxAge: 6_000,
};

/** What a probe found. */
export interface ProbeResult {
  readonly bitrate: BitsPerSecond;
  /** The link took less than was sent. Otherwise the rate says what was sent: the link may carry more. */
  readonly saturated: boolean;
  /** Why it was asked for. */
  readonly reason: ProbeReason;
}

interface Train {
  readonly reason: ProbeReason;
  readonly minPackets: number;
  readonly minBytes: Bytes;
  readonly requestedAt: Milliseconds;
  packets: number;
  bytes: Bytes;
  firstSent: Milliseconds;
  lastSent: Milliseconds;
  lastSentSize: Bytes;
  firstReceived: Milliseconds;
  firstReceivedSize: Bytes;
  lastReceived: Milliseconds;
}

export class ProbeRate {
  readonly #options: ProbeRateOptions;
  readonly #trains = new Map<number, Train>();

  constructor(options: ProbeRateOptions = PROBE_RATE_DEFAULTS) {
    this.#options = options;
  }

  /** Announces a probe; packets of an unknown one are passed over. */
  expect(request: ProbeRequest, now: Milliseconds): void {
    for (const [id, train] of this.#trains) if (now - train.requestedAt > this.#options.maxAge) this.#trains.delete(id);
    this.#trains.set(request.id, {
      reason: request.reason,
      minPackets: request.minPackets,
      minBytes: request.minBytes,
      requestedAt: now,
      packets: 0,
      bytes: 0,
      firstSent: Number.POSITIVE_INFINITY,
      lastSent: Number.NEGATIVE_INFINITY,
      lastSentSize: 0,
      firstReceived: Number.POSITIVE_INFINITY,
      firstReceivedSize: 0,
      lastReceived: Number.NEGATIVE_INFINITY,
    });
  }

  /** The result after this packet; undefined while too little has arrived, or when it is not to be believed. */
  onPacket(packet: PacketResult): ProbeResult | undefined {
    const { probeCluster, size, sentAt, receivedAt } = packet;
    if (probeCluster === undefined || receivedAt === undefined) return undefined;
    const train = this.#trains.get(probeCluster);
    if (train === undefined) return undefined;

    train.packets++;
    train.bytes += size;
    train.firstSent = Math.min(train.firstSent, sentAt);
    train.lastReceived = Math.max(train.lastReceived, receivedAt);
    if (sentAt >= train.lastSent) {
      train.lastSent = sentAt;
      train.lastSentSize = size;
    }
    if (receivedAt < train.firstReceived) {
      train.firstReceived = receivedAt;
      train.firstReceivedSize = size;
    }
    return this.#result(train);
  }

  #result(train: Train): ProbeResult | undefined {
    const { minReceivedRatio, maxInterval, maxReceiveRatio, unsaturatedRatio, saturatedUtilisation } = this.#options;
    if (train.packets < train.minPackets * minReceivedRatio) return undefined;
    if (train.bytes < train.minBytes * minReceivedRatio) return undefined;

    const sendInterval = train.lastSent - train.firstSent;
    const receiveInterval = train.lastReceived - train.firstReceived;
    if (!(sendInterval > 0 && sendInterval <= maxInterval)) return undefined;
    if (!(receiveInterval > 0 && receiveInterval <= maxInterval)) return undefined;

    const sendRate = ((train.bytes - train.lastSentSize) * 8_000) / sendInterval;
    const receiveRate = ((train.bytes - train.firstReceivedSize) * 8_000) / receiveInterval;
    if (receiveRate > maxReceiveRatio * sendRate) return undefined;
    const saturated = receiveRate < unsaturatedRatio * sendRate;
    const bitrate = saturated ? saturatedUtilisation * receiveRate : Math.min(sendRate, receiveRate);
    return { saturated, bitrate, reason: train.reason };
  }
}
