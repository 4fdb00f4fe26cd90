// What a congestion controller decides beside the target itself, and why: for the trace.

import type { BitsPerSecond, Milliseconds } from '../units.ts';

/** Why the path is probed. */
export type ProbeReason =
  /** Nothing is known yet. */
  | 'start'
  /** The probe before it got through. */
  | 'success'
  /** The application sends too little for its packets to tell what the path carries. */
  | 'application-limited'
  /** It uses all it has, and nothing has spoken against more for a while. */
  | 'stagnation'
  /** It would make use of more than before. */
  | 'desired'
  /** The maximum was raised. */
  | 'max'
  /** The queue has drained after a large drop, or others fill it no longer: what was there before may be there again. */
  | 'recovered'
  /** Feedback is back after an outage. */
  | 'outage';

/** Why the estimate was lowered: the queue grows, it is long, those who keep it full lost packets, or feedback stopped. */
export type DecreaseReason = 'trend' | 'queue' | 'others' | 'rtt';

/** One decision. */
export type CongestionDecision = { readonly at: Milliseconds } & (
  | { readonly decision: 'probe'; readonly bitrate: BitsPerSecond; readonly reason: ProbeReason }
  /** What a probe found. `saturated`: the path took less than was sent. `adopted`: the estimate follows it. */
  | {
      readonly decision: 'probe-result';
      readonly bitrate: BitsPerSecond;
      readonly reason: 'saturated' | 'unsaturated';
      readonly adopted: boolean;
    }
  /** The estimate was lowered to `bitrate`. */
  | { readonly decision: 'decrease'; readonly bitrate: BitsPerSecond; readonly reason: DecreaseReason }
  /**
   * A queue of `queueDelay` is drained from now on, or is gone; or it is left to others who keep it full (`truce`), or no
   * longer.
   */
  | {
      readonly decision: 'drain' | 'drained' | 'truce' | 'truce-over';
      readonly queueDelay: Milliseconds;
      readonly reason: 'queue';
    }
  /** The application has begun to send much less than it may, or uses it again. */
  | { readonly decision: 'application-limited' | 'application-unlimited'; readonly reason: 'budget' }
  /** The sender's clock was set, or the sender was suspended: delays begin anew. */
  | { readonly decision: 'clock-set'; readonly reason: 'process-interval' }
);

/** Is told of each decision as it is taken. */
export type DecisionListener = (decision: CongestionDecision) => void;
