// What a scenario says: who takes part, over which networks, what goes wrong when, and what has to hold in the end.
//
// The same type in TypeScript and in JSON; a test function (`holds`) and a `DeliveryTrace` exist in TypeScript only.

import type { PreferredLayers, VideoEncoding } from '@sluice/client';
import type {
  BitsPerSecond,
  CongestionOptions,
  FlexFecProtection,
  KeyFrameArbiterOptions,
  Milliseconds,
} from '@sluice/rtp';
import type { BottleneckOptions } from '../../network/bottleneck.ts';
import type { HopOptions } from '../../network/link-options.ts';
import type { RateOption } from '../../network/rate-timeline.ts';
import type { TcpDownloads } from '../../network/tcp-traffic.ts';
import type { MeasurePlan } from '../../observe/measure-plan.ts';
import type { KeyframeCacheOptions } from '../../sfu/keyframe-cache.ts';
import type { VideoPolicy } from '../../sfu/video-gate.ts';
import type { Expectation } from './expectation.ts';
import type { Fault } from './fault.ts';

/** A whole call. All times are ms since the scenario began. */
export interface Scenario {
  /** For people and reports. Default `scenario`. */
  readonly name?: string;
  /** One or two sentences: what it shows. */
  readonly description?: string;
  /** Everything random follows from it: an integer. Default 1. */
  readonly seed?: number;
  /** How long it goes on, in ms, above 0. */
  readonly duration: Milliseconds;
  /** By name, which is also the identity in the room. At least one. */
  readonly participants: Readonly<Record<string, ParticipantPlan>>;
  /** The SFU's settings. */
  readonly sfu?: SfuPlan;
  /** Capacities that several links go `via`, by name. */
  readonly bottlenecks?: Readonly<Record<string, BottleneckOptions>>;
  /** Other traffic through these bottlenecks. */
  readonly crossTraffic?: readonly CrossTraffic[];
  /** The congestion control of everybody who sends, the SFU included. Default `gcc`. */
  readonly congestionControl?: CongestionControlName;
  /** What is measured of congestion control, for figures and expectations. Default: nothing beyond the links' figures. */
  readonly measure?: MeasurePlan;
  /** What goes wrong. */
  readonly faults?: readonly Fault[];
  /** What has to hold. Default nothing: the run then only records. */
  readonly expect?: readonly Expectation[];
}

/** Google congestion control as in libwebrtc, or NADA (RFC 8698). */
export type CongestionControlName = 'gcc' | 'nada';

/** Somebody who takes part. */
export interface ParticipantPlan {
  /** What it publishes, in this order. Default nothing. */
  readonly publish?: readonly (PublishedSource | PublishPlan)[];
  /** `true` (the default) for everything, `false` for nothing, or the names of those whose tracks it wants. */
  readonly subscribe?: boolean | readonly string[];
  /** Default 0. */
  readonly joinAt?: Milliseconds;
  /** Default: it stays to the end. */
  readonly leaveAt?: Milliseconds;
  /** The way to the SFU. Timelines in it count from the beginning of the scenario. Default unlimited. */
  readonly uplink?: ScenarioLink;
  /** The way from the SFU. Timelines in it count from the beginning of the scenario. Default unlimited. */
  readonly downlink?: ScenarioLink;
  /** The layers it wants of every video track at most, or steps `[[ms, layers], …]`. Default the best there are. */
  readonly preferredLayers?: PreferredLayers | readonly (readonly [at: Milliseconds, layers: PreferredLayers])[];
  /** Congestion control of its uplink: see `RoomOptions.congestion`. */
  readonly congestion?: CongestionOptions;
  /** Whether it is shown cached key frames. Default true. */
  readonly keyframeCache?: boolean;
  /**
   * That many participants of this kind, named `name-1`, `name-2` …; where a participant is asked for, `name` stands for
   * all of them. A whole number, 1 or more. Default: one, called `name`.
   */
  readonly count?: number;
  /** How long after the one before it each of `count` joins. Default 0: all at once. */
  readonly joinEvery?: Milliseconds;
}

/** Where a track comes from. */
export type PublishedSource = 'camera' | 'microphone' | 'screen';

/** A track, and how it is published. */
export interface PublishPlan {
  readonly source: PublishedSource;
  /** Pixels. Default 1280 × 720 for a camera, 1920 × 1080 for a screen. Video only. */
  readonly width?: number;
  readonly height?: number;
  /** Hz. Default 30 for a camera, 10 for a screen. Video only. */
  readonly frameRate?: number;
  /** See `TrackPublishOptions.codec`. */
  readonly codec?: string;
  /** See `TrackPublishOptions.encodings`. A screen has one by default: `f`, of 2.5 Mbit/s. */
  readonly encodings?: readonly VideoEncoding[];
  /** See `TrackPublishOptions.keyframeInterval`. */
  readonly keyframeInterval?: Milliseconds;
  /** See `TrackPublishOptions.forwardErrorCorrection`. */
  readonly forwardErrorCorrection?: FlexFecProtection;
  /** See `TrackPublishOptions.audioBitrate`. */
  readonly audioBitrate?: BitsPerSecond;
}

/** A hop of a link, `via` being the name of one of the scenario's bottlenecks. */
export interface ScenarioHop extends Omit<HopOptions, 'via'> {
  readonly via?: string;
}

/** A link: see `LinkOptions`; `via` is the name of one of the scenario's bottlenecks. */
export interface ScenarioLink extends ScenarioHop {
  readonly hops?: readonly ScenarioHop[];
}

/** The SFU's settings: see `SimulatedSfuOptions`. */
export interface SfuPlan {
  readonly keyframeCache?: KeyframeCacheOptions;
  readonly keyFrameArbiter?: KeyFrameArbiterOptions;
  readonly congestion?: CongestionOptions;
  readonly forwardErrorCorrection?: FlexFecProtection;
  readonly dynacast?: boolean;
  readonly videoPolicy?: VideoPolicy;
  readonly maxParticipants?: number;
  readonly maxTracksPerParticipant?: number;
}

/** Traffic of others through a bottleneck. */
export type CrossTraffic = UdpCrossTraffic | TcpCrossTraffic;

interface CrossTrafficSpan {
  /** The bottleneck's name. */
  readonly via: string;
  /** Default 0. */
  readonly from?: Milliseconds;
  /** Default the end. */
  readonly to?: Milliseconds;
}

/** Packets at a rate, whatever becomes of them. */
export interface UdpCrossTraffic extends CrossTrafficSpan {
  readonly type: 'udp';
  /** Bit/s, or steps that count from `from`. */
  readonly rate: RateOption;
}

/** A flow that takes what it gets; or downloads, one after the other. */
export interface TcpCrossTraffic extends CrossTrafficSpan {
  readonly type: 'tcp';
  /** Default `cubic`. */
  readonly control?: 'newreno' | 'cubic';
  /** One way, in ms. Default 50. */
  readonly delay?: Milliseconds;
  /** Downloads of these sizes, with pauses. Default: one flow without an end. */
  readonly downloads?: TcpDownloads;
  /** That many flows of this kind. A whole number, 1 or more. Default 1. */
  readonly count?: number;
}
