// Whether a subscriber's path bears video at all. Where it does not, audio goes on alone; the pacer keeps probing, so that
// it is noticed when the path is better.

import { ArgumentError, type BitsPerSecond, type Milliseconds } from '@sluice/rtp';

/** When video is held back, and when it comes back. At the exact value the better of two states holds. */
export interface VideoSuspensionOptions {
  /** Below this estimate nothing but audio is worth a try: suspended. Default 10 kbit/s. */
  readonly suspendBelow: BitsPerSecond;
  /** Below this there is no video, and from here on a suspension is over: audio only. Default 80 kbit/s. */
  readonly audioOnlyBelow: BitsPerSecond;
  /** From here on there is video again, its lowest layer first. Default 150 kbit/s. */
  readonly restoreFrom: BitsPerSecond;
  /** Evaluations in a row that have to call for less before anything is held back. Default 2: one alone says nothing. */
  readonly streak: number;
  /** Least time between two evaluations. Default 100 ms. */
  readonly interval: Milliseconds;
}

export const VIDEO_SUSPENSION_DEFAULTS: VideoSuspensionOptions = {
  suspendBelow: 10_000,
  audioOnlyBelow: 80_000,
  restoreFrom: 150_000,
  streak: 2,
  interval: 100,
};

/** What goes to a subscriber: everything, or audio alone, for the time being or until further notice. */
export type VideoState = 'video' | 'audio-only' | 'suspended';

/** A change of state, and why. */
export interface VideoStateChange {
  readonly from: VideoState;
  readonly to: VideoState;
  /** For people, e.g. `estimate 8 kbit/s < 10 kbit/s`. */
  readonly reason: string;
}

/**
 * Fills in the defaults.
 *
 * @throws ArgumentError when the rates do not ascend, or the streak or the interval is less than 1
 */
export function resolveVideoSuspension(options: Partial<VideoSuspensionOptions> = {}): VideoSuspensionOptions {
  const resolved = { ...VIDEO_SUSPENSION_DEFAULTS, ...options };
  const { suspendBelow, audioOnlyBelow, restoreFrom, streak, interval } = resolved;
  if (!(suspendBelow >= 0 && suspendBelow <= audioOnlyBelow && audioOnlyBelow <= restoreFrom)) {
    throw new ArgumentError(
      `Video suspension needs 0 <= suspendBelow <= audioOnlyBelow <= restoreFrom, got ${suspendBelow}, ${audioOnlyBelow}, ${restoreFrom}.`,
    );
  }
  if (!(Number.isInteger(streak) && streak >= 1 && interval >= 1)) {
    throw new ArgumentError(
      `Video suspension needs a whole streak and an interval of 1 or more, got ${streak} and ${interval} ms.`,
    );
  }
  return resolved;
}

/** Decides for one subscriber. */
export class VideoSuspension {
  readonly #options: VideoSuspensionOptions;
  #state: VideoState = 'video';
  #reason = '';
  #streak = 0;
  #evaluatedAt: Milliseconds = Number.NEGATIVE_INFINITY;

  constructor(options: VideoSuspensionOptions = VIDEO_SUSPENSION_DEFAULTS) {
    this.#options = options;
  }

  get state(): VideoState {
    return this.#state;
  }

  /** Why the state is what it is; empty before the first change. */
  get reason(): string {
    return this.#reason;
  }

  /**
   * Takes in an estimate; what comes sooner than `interval` after the last one is passed over.
   *
   * @param estimate - `undefined` while there is none: that is no reason to hold anything back
   * @returns the change, if there is one
   */
  evaluate(estimate: BitsPerSecond | undefined, now: Milliseconds): VideoStateChange | undefined {
    if (estimate === undefined || now - this.#evaluatedAt < this.#options.interval) return undefined;
    this.#evaluatedAt = now;
    const from = this.#state;
    const called = this.#calledFor(estimate);
    this.#streak = RANK[called] < RANK[from] ? this.#streak + 1 : 0;
    if (called === from || (RANK[called] < RANK[from] && this.#streak < this.#options.streak)) return undefined;
    this.#streak = 0;
    this.#state = called;
    this.#reason = this.#reasonOf(from, called, estimate);
    return { from, to: called, reason: this.#reason };
  }

  #calledFor(estimate: BitsPerSecond): VideoState {
    const { suspendBelow, audioOnlyBelow, restoreFrom } = this.#options;
    if (estimate < suspendBelow) return 'suspended';
    if (estimate < audioOnlyBelow) return this.#state === 'suspended' ? 'suspended' : 'audio-only';
    if (estimate >= restoreFrom || this.#state === 'video') return 'video';
    return 'audio-only';
  }

  #reasonOf(from: VideoState, to: VideoState, estimate: BitsPerSecond): string {
    const { suspendBelow, audioOnlyBelow, restoreFrom } = this.#options;
    const rises = RANK[to] > RANK[from];
    const bound = to === 'suspended' ? suspendBelow : to === 'video' ? restoreFrom : audioOnlyBelow;
    return `${to}: estimate ${kilobits(estimate)} ${rises ? '>=' : '<'} ${kilobits(bound)}`;
  }
}

const RANK: Record<VideoState, number> = { suspended: 0, 'audio-only': 1, video: 2 };

/** Rounded down: what is below a bound shall not look as if it had reached it. */
function kilobits(rate: BitsPerSecond): string {
  return `${Math.floor(rate / 1000)} kbit/s`;
}
