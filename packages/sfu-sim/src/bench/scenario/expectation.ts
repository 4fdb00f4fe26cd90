// What has to hold of a run, and in which words that is said.

import type { Milliseconds } from '@sluice/rtp';
import type { Run } from './run.ts';

/** Bounds of a number; at least one. */
export interface Comparison {
  readonly below?: number;
  readonly above?: number;
  readonly atMost?: number;
  readonly atLeast?: number;
  readonly equals?: number;
}

/** Figures of the whole run: see `Figures.summary`. */
export const RUN_FIGURES = [
  'utilisation',
  'queueDelayP50Ms',
  'queueDelayP95Ms',
  'overallQueueDelayP95Ms',
  'queueDelayMaxMs',
  'lossRatio',
  'throughput',
  'lowestRate',
  'convergeUpMs',
  'convergeDownMs',
  'jain',
  'timeToFirstFrameMs',
  'timeToLiveEdgeMs',
  'frameDelayP50Ms',
  'frameDelayP95Ms',
  'frameDelayP99Ms',
  'keyframesRequested',
  'freezeCount',
  'freezeMs',
  'layerSwitches',
  'suspensionCount',
  'suspendedMs',
  'concealedMs',
] as const;

/** Figures of a participant's subscriptions: see `SubscriptionFigures`. */
export const SUBSCRIPTION_FIGURES = [
  'timeToFirstFrameMs',
  'timeToLiveEdgeMs',
  'framesShown',
  'freezeCount',
  'freezeMs',
  'frameDelayP50Ms',
  'frameDelayP95Ms',
  'frameDelayP99Ms',
  'layerSwitches',
  'keyframesWanted',
  'suspensionCount',
  'suspendedMs',
  'concealedPackets',
  'concealedMs',
] as const;

/** Figures of a participant's link: see `LinkFigures`. */
export const LINK_FIGURES = [
  'packetsSent',
  'packetsDropped',
  'lossRatio',
  'utilisation',
  'throughput',
  'queueDelayP50Ms',
  'queueDelayP95Ms',
] as const;

/** Figures of a flow: see `FlowFigures`. */
export const FLOW_FIGURES = [
  'throughput',
  'lowestRate',
  'estimate',
  'highestEstimate',
  'queueDelayP50Ms',
  'queueDelayP95Ms',
  'overallQueueDelayP95Ms',
  'queueDelayMaxMs',
  'lossRatio',
] as const;

/** Figures of a bottleneck: see `BottleneckFigures`. */
export const BOTTLENECK_FIGURES = ['utilisation', 'jain', 'convergeUpMs', 'convergeDownMs'] as const;

/** A figure of the whole run. */
export interface RunFigureExpectation extends Comparison {
  readonly figure: (typeof RUN_FIGURES)[number];
  /** Bounds in a browser in real time, in place of the others; `skip`: none. Default: the same. */
  readonly realTime?: Comparison | 'skip';
}

/** A figure of a participant, true of each of its subscriptions that it applies to. */
export interface ParticipantFigureExpectation extends Comparison {
  readonly participant: string;
  readonly figure: (typeof SUBSCRIPTION_FIGURES)[number] | (typeof LINK_FIGURES)[number];
  /** For a figure of a link: which one. Default `downlink`. */
  readonly link?: 'uplink' | 'downlink';
  /** Whose tracks. Default everybody's. */
  readonly publisher?: string;
  /** Bounds in a browser in real time, in place of the others; `skip`: none. Default: the same. */
  readonly realTime?: Comparison | 'skip';
}

interface InSpan {
  /** From when on. Default: as the scenario's `measure` says. */
  readonly from?: Milliseconds;
  /** Until when. Default: as the scenario's `measure` says. */
  readonly to?: Milliseconds;
  /** Bounds in a browser in real time, in place of the others; `skip`: none. Default: the same. */
  readonly realTime?: Comparison | 'skip';
}

/** A figure of a direction that is under congestion control, in a span of time. */
export interface FlowFigureExpectation extends Comparison, InSpan {
  /** E.g. `ada/uplink`. */
  readonly flow: string;
  readonly figure: (typeof FLOW_FIGURES)[number];
}

/** A figure of a bottleneck, in a span of time. */
export interface BottleneckFigureExpectation extends Comparison, InSpan {
  /** The name of one of the scenario's bottlenecks; or of a flow that goes through none, for its link. */
  readonly bottleneck: string;
  readonly figure: (typeof BOTTLENECK_FIGURES)[number];
}

/** Something that is so or not. */
export interface CheckExpectation {
  /**
   * - `noCorruption`: no damaged picture was shown
   * - `inOrder`: no picture was shown twice, or after a newer one of the same camera
   * - `noErrors`: no room reported an error
   * - `everyFrameClosed`: at the end no frame was open, and none was closed twice. Not known in real time, and passed over
   */
  readonly check: 'noCorruption' | 'inOrder' | 'noErrors' | 'everyFrameClosed';
  /** Default everybody. */
  readonly participant?: string;
  readonly realTime?: 'skip';
}

/** So many pictures were shown. */
export interface FramesExpectation {
  readonly participant: string;
  readonly atLeastFrames: number;
  /** Whose pictures. Default everybody's. */
  readonly publisher?: string;
  /** From when on. Default from the beginning. */
  readonly from?: Milliseconds;
  /** Until when. Default to the end. */
  readonly to?: Milliseconds;
  /** How many in a browser in real time. Default as many. */
  readonly realTime?: number | 'skip';
}

/** That layer was sent at that moment. */
export interface LayerExpectation {
  readonly participant: string;
  /** The encoding's `rid`. */
  readonly layer: string;
  readonly at: Milliseconds;
  /** Whose track. Default everybody's. */
  readonly publisher?: string;
  readonly realTime?: 'skip';
}

/** Anything else, in TypeScript. */
export interface CustomExpectation {
  /** What is expected, in words, for the list of failures. */
  readonly expectation: string;
  /** Whether it is so, or in words what is wrong. */
  readonly holds: (run: Run) => boolean | string;
  readonly realTime?: 'skip';
}

/** Something that has to hold. */
export type Expectation =
  | RunFigureExpectation
  | ParticipantFigureExpectation
  | FlowFigureExpectation
  | BottleneckFigureExpectation
  | CheckExpectation
  | FramesExpectation
  | LayerExpectation
  | CustomExpectation;
