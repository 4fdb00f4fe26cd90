// How much an incoming encoding looks like the work of a video encoder that does what it is asked. Counts frames, not
// packets, and judges by what was asked of the encoder: one that sends key frames on request only, pauses or is slow is as
// legitimate as one with a key frame every second.

import type { Milliseconds, PayloadInfo } from '@sluice/rtp';
import type { FramePosition } from './frame-boundaries.ts';

/** What a score comes to: `legitimate` from 0.7, `suspect` from 0.3, `abusive` below. */
export type VideoVerdict = 'legitimate' | 'suspect' | 'abusive';

/** A score, and what it is made of. */
export interface VideoScore {
  /** 0 to 1. */
  readonly legitimacy: number;
  readonly verdict: VideoVerdict;
  /** What it lost most by, in plain words. */
  readonly reason: string;
}

/** Frames before there is a score. */
const MIN_FRAMES = 30;

/** More key frames than this in a row, each less than a second behind the one before it, are a stream of key frames alone. */
const MAX_KEY_FRAMES_IN_A_ROW = 30;

/** A key frame that is owed has to come within so many frames. */
const MAX_FRAMES_WITHOUT_KEY = 120;

/**
 * Fewer groups of pictures say nothing: they have no regularity, and one or two that are short are an encoder's that begins
 * and falls into step with others.
 */
const MIN_GROUPS = 3;

/** Delta frames for each key frame: at `most` and above all is well, at `least` and below nothing. */
const DELTAS_PER_KEY = { least: 5, most: 29 } as const;

/**
 * The frame rate for which `DELTAS_PER_KEY` are meant. A slower stream's groups of pictures are counted by their length in
 * time: a screen at 1 frame per second with a key frame every two is no abuse.
 */
const REFERENCE_FRAME_RATE = 30;

/** Groups of pictures are forgotten after so long, and when more have come. */
const MEMORY = { duration: 15_000, groups: 50 } as const;

/**
 * What each part of a score is worth: what is lost when it is known to be at its worst, and when it is not known. Of
 * the deductions for a stream of key frames alone and for a key frame that is owed, each takes the place of its part.
 */
const WEIGHTS = {
  regularity: { worst: 0.35, unknown: 0.1, keyFrameOwed: 0.5 },
  deltasPerKey: { worst: 0.3, unknown: 0.1, keyFramesAlone: 0.6 },
  response: { worst: 0.4, unknown: 0.15 },
} as const;

/** For how long a key frame may be the answer to a request, and how many: one may have been on its way already. */
const REQUEST = { valid: 3000, keyFrames: 2 } as const;

/** A group of pictures that was ended by a key frame nobody asked for. */
interface Group {
  /** When it ended. */
  readonly at: Milliseconds;
  readonly duration: Milliseconds;
  readonly deltas: number;
  /** It began with a key frame nobody asked for as well: its duration is the encoder's own choice. */
  readonly chosen: boolean;
}

/** The frame that comes in. */
interface Frame {
  readonly arrival: Milliseconds;
  key: boolean;
}

/**
 * Scores one encoding. From 1, which is a perfect encoder, each part takes something off:
 *
 * - Regularity of key frames, `1 / (1 + CoV)` of the intervals between them. Only of key frames that nobody asked for, one
 *   after the other: a request, a pause and a beginning move the encoder's key frames, and are not its fault.
 * - Delta frames per key frame, of key frames nobody asked for; all is well where less than three came.
 * - The response to a fall of the estimate, see `UplinkResponse`.
 *
 * Streams of key frames alone lose more. So do those that owe a key frame and send more than 120 frames without: at
 * their beginning, and when asked for one. Without a debt a stream may go on without key frames for ever, as WebRTC's
 * encoders do.
 */
export class VideoScorer {
  #frame: Frame | undefined;
  #frames = 0;
  #keyFrameSeen = false;
  /** Since the last key frame. */
  #deltas = 0;
  #lastKeyFrame: { at: Milliseconds; asked: boolean } | undefined;
  #keyFramesInARow = 0;
  #groups: Group[] = [];
  /** Frames since a key frame is owed; `undefined`: none is. */
  #framesOwing: number | undefined = 0;
  #request: { at: Milliseconds; keyFrames: number } | undefined;
  /** The next key frame begins something: a stream, or what comes after a pause. */
  #begins = true;

  /** Another stream follows: it begins with a key frame, and owes one. */
  restart(): void {
    this.#frame = undefined;
    this.#begins = true;
    this.#framesOwing = 0;
  }

  /** The stream paused: it may go on with a key frame. */
  onPause(): void {
    this.#begins = true;
  }

  /** The publisher is asked for a key frame. */
  onKeyFrameRequest(now: Milliseconds): void {
    this.#framesOwing ??= 0;
    this.#request = { at: now, keyFrames: REQUEST.keyFrames };
  }

  /** Takes a packet of the stream; padding is none of an encoder's. */
  onPacket(position: FramePosition, info: PayloadInfo, arrival: Milliseconds): void {
    if (position === 'begins') {
      this.#endFrame();
      this.#frame = { arrival, key: info.keyFrameStart };
    } else if (info.keyFrameStart) {
      if (position === 'continues' && this.#frame !== undefined) this.#frame.key = true;
      // Repaired late: it was counted with the delta frames, but it is what was owed.
      else this.#onKeyFrameSeen();
    }
  }

  /**
   * The score of the frames that are complete; `undefined` before there are 30.
   *
   * @param response - share of falls of the estimate that the publisher answered, 0 to 1; `undefined`: there was none
   */
  score(now: Milliseconds, response: number | undefined): VideoScore | undefined {
    if (this.#frames < MIN_FRAMES) return undefined;
    while (this.#groups[0] !== undefined && now - this.#groups[0].at > MEMORY.duration) this.#groups.shift();
    const regularity = this.#regularityLoss();
    const deltasPerKey = this.#deltasPerKeyLoss();
    const responded = loss(response, WEIGHTS.response);
    const legitimacy = Math.max(0, Math.min(1, 1 - regularity - deltasPerKey - responded));
    return {
      legitimacy,
      verdict: verdictOf(legitimacy),
      reason: this.#reason(regularity, deltasPerKey, responded),
    };
  }

  #endFrame(): void {
    const frame = this.#frame;
    if (frame === undefined) return;
    this.#frames += 1;
    if (frame.key) this.#endGroup(frame.arrival);
    else {
      this.#deltas += 1;
      this.#keyFramesInARow = 0;
      if (this.#framesOwing !== undefined) this.#framesOwing += 1;
    }
  }

  #endGroup(at: Milliseconds): void {
    const last = this.#lastKeyFrame;
    const begins = this.#begins;
    const asked = this.#takeRequest(at) || begins;
    const duration = last === undefined ? 0 : at - last.at;
    if (last !== undefined && !asked) {
      this.#groups.push({ at, duration, deltas: this.#deltas, chosen: !last.asked });
      if (this.#groups.length > MEMORY.groups) this.#groups.shift();
    }
    const follows = !begins && this.#deltas === 0 && duration < 1000;
    this.#keyFramesInARow = follows ? this.#keyFramesInARow + 1 : 1;
    this.#lastKeyFrame = { at, asked };
    this.#deltas = 0;
    this.#begins = false;
    this.#onKeyFrameSeen();
  }

  #onKeyFrameSeen(): void {
    this.#keyFrameSeen = true;
    this.#framesOwing = undefined;
  }

  #takeRequest(at: Milliseconds): boolean {
    const request = this.#request;
    if (request === undefined || request.keyFrames === 0 || at - request.at > REQUEST.valid) return false;
    request.keyFrames -= 1;
    return true;
  }

  #regularityLoss(): number {
    if (this.#owesKeyFrame) return WEIGHTS.regularity.keyFrameOwed;
    return loss(regularityOf(this.#groups.filter(({ chosen }) => chosen)), WEIGHTS.regularity);
  }

  #deltasPerKeyLoss(): number {
    if (this.#sendsKeyFramesAlone) return WEIGHTS.deltasPerKey.keyFramesAlone;
    return loss(this.#keyFrameSeen ? deltasPerKeyOf(this.#groups) : undefined, WEIGHTS.deltasPerKey);
  }

  get #owesKeyFrame(): boolean {
    return (this.#framesOwing ?? 0) > MAX_FRAMES_WITHOUT_KEY;
  }

  get #sendsKeyFramesAlone(): boolean {
    return this.#keyFramesInARow > MAX_KEY_FRAMES_IN_A_ROW;
  }

  #reason(regularity: number, deltasPerKey: number, response: number): string {
    const worst = Math.max(regularity, deltasPerKey, response);
    if (worst === deltasPerKey) {
      if (this.#sendsKeyFramesAlone) return `${this.#keyFramesInARow} key frames in a row`;
      return this.#keyFrameSeen ? 'too many key frames' : 'no key frame yet';
    }
    if (worst === regularity) {
      return this.#owesKeyFrame ? `${this.#framesOwing} frames without the key frame owed` : 'irregular key frames';
    }
    return response === WEIGHTS.response.unknown ? 'nothing to complain of' : 'ignores a lower estimate';
  }
}

/** `legitimate` from 0.7, `suspect` from 0.3, else `abusive`. */
export function verdictOf(legitimacy: number): VideoVerdict {
  if (legitimacy >= 0.7) return 'legitimate';
  return legitimacy >= 0.3 ? 'suspect' : 'abusive';
}

function loss(quality: number | undefined, { worst, unknown }: { readonly worst: number; readonly unknown: number }) {
  return quality === undefined ? unknown : (1 - quality) * worst;
}

/** 1 for intervals that are all the same, towards 0 as they differ; `undefined` of fewer than three. */
function regularityOf(groups: readonly Group[]): number | undefined {
  if (groups.length < MIN_GROUPS) return undefined;
  const mean = groups.reduce((sum, { duration }) => sum + duration, 0) / groups.length;
  if (mean === 0) return undefined;
  const variance = groups.reduce((sum, { duration }) => sum + (duration - mean) ** 2, 0) / groups.length;
  return 1 / (1 + Math.sqrt(variance) / mean);
}

/** 1 for enough delta frames, and for hardly any key frames; 0 for hardly any delta frames. */
function deltasPerKeyOf(groups: readonly Group[]): number {
  if (groups.length < MIN_GROUPS) return 1;
  const deltas = groups.reduce(
    (sum, group) => sum + Math.max(group.deltas, (group.duration * REFERENCE_FRAME_RATE) / 1000 - 1),
    0,
  );
  const { least, most } = DELTAS_PER_KEY;
  return Math.max(0, Math.min(1, (deltas / groups.length - least) / (most - least)));
}
