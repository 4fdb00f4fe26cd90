// What a publisher's target pays for: audio first, then the encodings of its video tracks, lowest first.

import type { BitsPerSecond, Milliseconds } from '../units.ts';

/** One audio track. */
export interface UplinkAudio {
  /** Stable from one allocation to the next. */
  readonly id: string;
  /** What its encoder makes at most. */
  readonly maxBitrate: BitsPerSecond;
}

/** One encoding of a video track. */
export interface UplinkEncoding {
  readonly rid: string;
  /** Below it a picture of its size is not worth having at the full frame rate. */
  readonly minBitrate: BitsPerSecond;
  readonly maxBitrate: BitsPerSecond;
  /** Whether it is to be sent at all, if it can be. */
  readonly wanted: boolean;
}

/** One video track. */
export interface UplinkVideo {
  /** Stable from one allocation to the next. */
  readonly id: string;
  readonly content: 'camera' | 'screen';
  /** Frames per second that the source makes. */
  readonly frameRate: number;
  /** Repair packets sent beside the media, as a share of it. */
  readonly repairRatio: number;
  /** Lowest first. */
  readonly encodings: readonly UplinkEncoding[];
}

/** What there is to share, and among whom. */
export interface UplinkDemand {
  /** What congestion control allows in all. */
  readonly target: BitsPerSecond;
  readonly audio: readonly UplinkAudio[];
  readonly video: readonly UplinkVideo[];
}

/** What an audio track gets. */
export interface AudioAllocation {
  readonly bitrate: BitsPerSecond;
}

/** What an encoding gets, and why. */
export interface EncodingAllocation {
  readonly rid: string;
  /** Whether it is sent. */
  readonly active: boolean;
  /** For its encoder; 0 when it is not active. */
  readonly bitrate: BitsPerSecond;
  /** Frames per second; 0 when it is not active. */
  readonly frameRate: number;
  /** In plain words. */
  readonly reason: string;
}

/** Who gets what. */
export interface UplinkAllocation {
  /** In the order of `UplinkDemand.audio`. */
  readonly audio: readonly AudioAllocation[];
  /** In the order of `UplinkDemand.video` and of its encodings. */
  readonly video: readonly (readonly EncodingAllocation[])[];
  /** What would be sent if the target allowed it. */
  readonly desired: BitsPerSecond;
}

/** Shares one publisher's target among its encoders. */
export class UplinkAllocator {
  /** Who gets what from now on. */
  allocate({ target, audio, video }: UplinkDemand, _now: Milliseconds): UplinkAllocation {
    const audioRate = audio.reduce((sum, { maxBitrate }) => sum + maxBitrate, 0);
    let left = target - audioRate;
    let desired = audioRate;
    const shares = video.map(({ encodings, frameRate, repairRatio }) =>
      encodings.map(({ rid, minBitrate, maxBitrate, wanted }, i): EncodingAllocation => {
        if (!wanted) return { rid, active: false, bitrate: 0, frameRate: 0, reason: 'not wanted' };
        desired += maxBitrate * (1 + repairRatio);
        const pays = left / (1 + repairRatio);
        if (i > 0 && pays < minBitrate)
          return { rid, active: false, bitrate: 0, frameRate: 0, reason: 'too little left' };
        const bitrate = Math.min(maxBitrate, Math.max(pays, minBitrate));
        left -= bitrate * (1 + repairRatio);
        return { rid, active: true, bitrate, frameRate, reason: 'target pays for it' };
      }),
    );
    return { audio: audio.map(({ maxBitrate }) => ({ bitrate: maxBitrate })), video: shares, desired };
  }
}
