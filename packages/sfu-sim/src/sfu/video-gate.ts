// What an incoming encoding is taken for, and what of it is let through by the policy of the SFU.

import type { Milliseconds, PayloadInfo, ReceivedPacket } from '@sluice/rtp';
import { FrameBoundaries } from './frame-boundaries.ts';
import type { UplinkResponse } from './uplink-response.ts';
import { type VideoScore, VideoScorer, type VideoVerdict } from './video-scorer.ts';
import { VideoThrottle } from './video-throttle.ts';

/** What is done with an encoding that is `abusive`. */
export type VideoPolicy = 'allow' | 'throttle' | 'close';

/** Scores are looked at so often, at the beginning of a frame. */
const INTERVAL: Milliseconds = 100;

/** A verdict gets worse at once, and better when it was for so long. */
const PATIENCE: Milliseconds = 1000;

const FROM_WORST: readonly VideoVerdict[] = ['abusive', 'suspect', 'legitimate'];

/** What an encoding is taken for, and what is done about it. */
export interface VideoJudgement extends VideoScore {
  readonly action: VideoPolicy;
}

/** The gate of one incoming encoding. */
export class VideoGate {
  readonly #policy: VideoPolicy;
  readonly #response: UplinkResponse | undefined;
  readonly #frames = new FrameBoundaries();
  readonly #scorer = new VideoScorer();
  readonly #throttle = new VideoThrottle();
  #legitimacy: number | undefined;
  /** Who has not been heard of is taken for legitimate. */
  #verdict: VideoVerdict = 'legitimate';
  #action: VideoPolicy = 'allow';
  #change: VideoJudgement | undefined;
  #scoredAt: Milliseconds = Number.NEGATIVE_INFINITY;
  /** The last time the verdict was not better than the one that stands. */
  #notBetterAt: Milliseconds = Number.NEGATIVE_INFINITY;
  #framesWithheld = 0;

  /** @param response - of the publisher to falls of its estimate; `undefined`: not known */
  constructor(policy: VideoPolicy, response: UplinkResponse | undefined) {
    this.#policy = policy;
    this.#response = response;
  }

  /** 0 to 1; `undefined` before it is known. */
  get legitimacy(): number | undefined {
    return this.#legitimacy;
  }

  /** What the encoding is taken for. */
  get verdict(): VideoVerdict {
    return this.#verdict;
  }

  /** What is done about it now. */
  get action(): VideoPolicy {
    return this.#action;
  }

  /** Frames that were not let through. */
  get framesWithheld(): number {
    return this.#framesWithheld;
  }

  /** Whether frames are left out. */
  get isThrottling(): boolean {
    return this.#throttle.isActive;
  }

  /** The stream paused, and may go on with a key frame. */
  onPause(): void {
    this.#scorer.onPause();
  }

  /** The publisher is asked for a key frame. */
  onKeyFrameRequest(now: Milliseconds): void {
    this.#scorer.onKeyFrameRequest(now);
  }

  /** Another stream follows, of the same publisher: what it is taken for stands. */
  restart(): void {
    this.#frames.restart();
    this.#scorer.restart();
    this.#throttle.restart();
  }

  /** Takes a packet with media. Answers whether it is let through. */
  receive(packet: ReceivedPacket, info: PayloadInfo): boolean {
    const { sequence, arrival } = packet;
    const position = this.#frames.place(packet);
    this.#scorer.onPacket(position, info, arrival);
    if (position === 'begins' && arrival - this.#scoredAt >= INTERVAL) this.#look(sequence, arrival);
    const admitted = this.#throttle.admits(packet, position, info.keyFrameStart);
    if (!admitted && position === 'begins') this.#framesWithheld += 1;
    return admitted;
  }

  /** What has changed since the last call: the verdict, or what is done; `undefined`: nothing. */
  takeChange(): VideoJudgement | undefined {
    const change = this.#change;
    this.#change = undefined;
    return change;
  }

  #look(sequence: number, now: Milliseconds): void {
    this.#scoredAt = now;
    const score = this.#scorer.score(now, this.#response?.share(now));
    if (score === undefined) return;
    this.#legitimacy = score.legitimacy;
    const better = FROM_WORST.indexOf(score.verdict) - FROM_WORST.indexOf(this.#verdict);
    if (better <= 0) this.#notBetterAt = now;
    if (better === 0 || (better > 0 && now - this.#notBetterAt < PATIENCE)) return;
    this.#verdict = score.verdict;
    this.#notBetterAt = now;
    this.#act(sequence);
    this.#change = { ...score, action: this.#action };
  }

  /** A suspect is left as it was: who was throttled has to become legitimate first. */
  #act(sequence: number): void {
    if (this.#verdict === 'suspect' || this.#action === 'close') return;
    this.#action = this.#verdict === 'abusive' ? this.#policy : 'allow';
    if (this.#action === 'throttle') this.#throttle.begin(sequence);
    else this.#throttle.release();
  }
}
