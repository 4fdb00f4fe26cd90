// What a sender asks of congestion control, whatever the algorithm: it hears of packets sent and of feedback, and says
// how fast to send. Time is handed in, decisions are read off; nothing here owns a timer.

import type { EcnMark } from '../rtcp/feedback-types.ts';
import type { BitsPerSecond, Bytes, Milliseconds } from '../units.ts';
import type { ProbeReason } from './decision.ts';

/** A packet as it left. */
export interface SentPacket {
  /** Transport-wide sequence number, unwrapped; its low 16 bits are on the wire. */
  readonly sequence: number;
  /** RTP header, extensions, payload and padding. */
  readonly size: Bytes;
  /** When it was handed to the network, on the sender's clock. */
  readonly sentAt: Milliseconds;
  /** `id` of the `ProbeRequest` it was sent for; absent for the rest. */
  readonly probeCluster?: number | undefined;
}

/** What became of a packet. */
export interface PacketResult extends SentPacket {
  /** When it arrived, on the receiver's clock (any origin, never wrapping); undefined when it was lost. */
  readonly receivedAt: Milliseconds | undefined;
  /** It was reported lost before and has arrived after all. Default false. */
  readonly previouslyLost?: boolean | undefined;
  /** What the network marked it with, where feedback tells. Default: not known. */
  readonly ecn?: EcnMark | undefined;
}

/** What one feedback packet says about packets of which nothing was known before. */
export interface FeedbackReport {
  /** When the feedback arrived, on the sender's clock. */
  readonly at: Milliseconds;
  /** In the order of sequence numbers. */
  readonly packets: readonly PacketResult[];
  /** Round-trip time measured elsewhere, e.g. by RTCP reports; absent: taken from `packets`. */
  readonly rtt?: Milliseconds | undefined;
}

/**
 * A train of packets that the pacer shall send at a given rate to find out whether the path carries it
 * (draft-ietf-rmcat-gcc-02 leaves probing open; the shape is that of libwebrtc's probe clusters).
 */
export interface ProbeRequest {
  /** Marks the packets of this train. Never 0, never used twice by one controller. */
  readonly id: number;
  readonly targetBitrate: BitsPerSecond;
  /** How long the train shall last at least. */
  readonly duration: Milliseconds;
  /** How many packets it shall have at least. */
  readonly minPackets: number;
  /** How much it shall carry at least: `targetBitrate` for `duration`. */
  readonly minBytes: Bytes;
  /** Packets leave in bursts that are this far apart. */
  readonly burstInterval: Milliseconds;
  /** Why, for the trace. */
  readonly reason: ProbeReason;
}

/** Which way the target went at the last update. */
export type RateDirection = 'increase' | 'hold' | 'decrease';

/**
 * What holds the target where it is: queueing delay, loss, a round-trip time out of bounds, the result of a probe, the
 * configured maximum, or that nothing is known yet.
 */
export type LimitingCause = 'delay' | 'loss' | 'rtt' | 'probe' | 'max' | 'start';

/** The decision and its reason, for the trace. */
export interface RateState {
  readonly direction: RateDirection;
  readonly cause: LimitingCause;
}

/** The range a target bitrate moves in, and where it starts. */
export interface BitrateBounds {
  readonly startBitrate: BitsPerSecond;
  readonly minBitrate: BitsPerSecond;
  readonly maxBitrate: BitsPerSecond;
}

/** A send-side congestion controller. */
export interface CongestionController {
  /** To be told of every packet that counts against the path, probes and padding included, in order of sequence. */
  onPacketSent(packet: SentPacket): void;
  /** To be told of every feedback, as `SendHistory` matched it. */
  onFeedback(report: FeedbackReport): void;
  /** To be called regularly, every 25 ms or so, from the first packets on: without it there are no probes and no time-outs. */
  onProcess(now: Milliseconds): void;

  /**
   * The rate the application would make use of if it could have it: the sum of all it would send. Probing does not go
   * beyond twice that, and stops when the target has reached it. Undefined: as much as `maxBitrate`.
   */
  setDesiredBitrate(desired: BitsPerSecond | undefined, now: Milliseconds): void;
  /** Changes the upper bound of the target. */
  setMaxBitrate(max: BitsPerSecond, now: Milliseconds): void;

  /** The probes decided on since the last call, for the pacer to send in this order. */
  takeProbeRequests(): readonly ProbeRequest[];

  /** What to send: media, recovery and padding together. */
  readonly targetBitrate: BitsPerSecond;
  /**
   * The target without what is held back for a moment to drain a queue: what to decide by which layers to send. Never below
   * the target.
   */
  readonly stableTargetBitrate: BitsPerSecond;
  /** How fast the pacer may send: somewhat above the target, so that bursts of the encoder drain. */
  readonly pacingRate: BitsPerSecond;
  /** Smoothed round-trip time; undefined before the first measurement. */
  readonly rtt: Milliseconds | undefined;
  /** Share of packets lost in the last observation, in [0, 1]. */
  readonly lossRatio: number;
  /** What arrives at the other end; undefined before there is enough feedback. */
  readonly acknowledgedBitrate: BitsPerSecond | undefined;
  readonly state: RateState;
}
