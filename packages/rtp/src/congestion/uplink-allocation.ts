// What a publisher's uplink is shared by, among whom, and what each gets: the words of `UplinkAllocator`.

import type { BitsPerSecond, Milliseconds } from '../units.ts';

/** Every constant of `UplinkAllocator`. */
export interface UplinkAllocationOptions {
  /** What is left to an audio track, however thin the target: Opus is good speech there. Default 24 kbit/s. */
  readonly audioFloor: BitsPerSecond;
  /** Headers of an audio track: 28 bytes for each of 50 packets a second. Default 12 kbit/s. */
  readonly audioOverhead: BitsPerSecond;
  /** An audio track is given more when it is this many times what it has ... Default 1.1. */
  readonly audioRaiseHeadroom: number;
  /** ... and has been for this long. Default 2000 ms. */
  readonly audioRaiseAfter: Milliseconds;
  /** When less is left for video than this, video is off. Default 50 kbit/s. */
  readonly videoFloor: BitsPerSecond;
  /** It comes back when this many times `videoFloor` has been left for `reactivateAfter`. Default 1.5. */
  readonly videoResumeHeadroom: number;
  /** Headers of video packets, as a share of the media. Default 0.05. */
  readonly videoOverhead: number;
  /** An encoding is turned on when this many times its floor is left. Default 1.2 (libwebrtc). */
  readonly activateHeadroom: number;
  /** ... of a screen share. Default 1.35 (libwebrtc). */
  readonly screenActivateHeadroom: number;
  /** An encoding stays on, or keeps its frame rate, down to this share of the floor. Default 0.9 (libwebrtc). */
  readonly keepShare: number;
  /** An encoding that was turned off for want of bits comes back when they have been there this long. Default 2000 ms. */
  readonly reactivateAfter: Milliseconds;
  /**
   * How far from its floor to its maximum an encoding has to be paid for before the next one is: 0 for the floor alone, 1
   * for the maximum. Default 0.5.
   */
  readonly lowerEncodingShare: number;
  /**
   * Frame rates an encoding is slowed down to, highest first, before it is turned off. Default 20, 15, 10, 7.5, 5, 3, 2
   * and 1 frames per second.
   */
  readonly frameRates: readonly number[];
  /** The lowest frame rate of a camera's lowest encoding. Default 3. */
  readonly cameraMinFrameRate: number;
  /** ... of its other encodings: the one below is better than a slower one. Default 15. */
  readonly upperMinFrameRate: number;
  /** ... of a screen share: slides. Default 1. */
  readonly screenMinFrameRate: number;
  /** A frame rate is raised when this many times its floor is left ... Default 1.2. */
  readonly frameRateHeadroom: number;
  /** ... and has been for this long. Default 2000 ms. */
  readonly frameRateAfter: Milliseconds;
  /** Bit rates are raised by at least this share of what they are. Default 0.05. */
  readonly raiseShare: number;
  /** ... and at most so often. Default 500 ms. */
  readonly raiseInterval: Milliseconds;
  /** Bit rates are lowered by this share more than they have to be, so that the next little less changes nothing. Default 0.025. */
  readonly lowerMargin: number;
  /** What is asked of congestion control, relative to what would be sent: bursts need some room. Default 1.1. */
  readonly desiredHeadroom: number;
}

export const UPLINK_ALLOCATION_DEFAULTS: UplinkAllocationOptions = {
  audioFloor: 24_000,
  audioOverhead: 12_000,
  audioRaiseHeadroom: 1.1,
  audioRaiseAfter: 2_000,
  videoFloor: 50_000,
  videoResumeHeadroom: 1.5,
  videoOverhead: 0.05,
  activateHeadroom: 1.2,
  screenActivateHeadroom: 1.35,
  keepShare: 0.9,
  reactivateAfter: 2_000,
  lowerEncodingShare: 0.5,
  frameRates: [20, 15, 10, 7.5, 5, 3, 2, 1],
  cameraMinFrameRate: 3,
  upperMinFrameRate: 15,
  screenMinFrameRate: 1,
  frameRateHeadroom: 1.2,
  frameRateAfter: 2_000,
  raiseShare: 0.05,
  raiseInterval: 500,
  lowerMargin: 0.025,
  desiredHeadroom: 1.1,
};

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
  /** Its floor: below it a picture of its size is not worth having at the full frame rate. */
  readonly minBitrate: BitsPerSecond;
  readonly maxBitrate: BitsPerSecond;
  /** Frames per second it makes when nothing slows it down. */
  readonly frameRate: number;
  /** Whether it is to be sent, if it can be. */
  readonly wanted: boolean;
}

/** One video track. */
export interface UplinkVideo {
  /** Stable from one allocation to the next. */
  readonly id: string;
  /** A screen is kept sharp and slowed down, to slides in the end; a camera is kept moving and made smaller. */
  readonly content: 'camera' | 'screen';
  /** Repair packets sent beside the media, as a share of it. */
  readonly repairRatio: number;
  /** Lowest first; always the same ones. */
  readonly encodings: readonly UplinkEncoding[];
}

/** What there is to share, and among whom. */
export interface UplinkDemand {
  /** What congestion control allows in all. */
  readonly target: BitsPerSecond;
  /** Share of the packets that have to be sent again, 0 to 1. Smoothed: bit rates follow it. */
  readonly lossRatio: number;
  readonly audio: readonly UplinkAudio[];
  readonly video: readonly UplinkVideo[];
}

/** What an audio track gets. */
export interface AudioAllocation {
  /** For its encoder. */
  readonly bitrate: BitsPerSecond;
  /** In plain words. */
  readonly reason: string;
  /** Whether it has just become another one. */
  readonly changed: boolean;
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
  /** Whether it is held back by what the uplink carries. */
  readonly limited: boolean;
  /** Why it is on or off, or slowed down, in plain words. */
  readonly reason: string;
  /** Whether it has just been turned on or off, or got another frame rate. */
  readonly changed: boolean;
}

/** Who gets what. */
export interface UplinkAllocation {
  /** In the order of `UplinkDemand.audio`. */
  readonly audio: readonly AudioAllocation[];
  /** In the order of `UplinkDemand.video` and of its encodings. */
  readonly video: readonly (readonly EncodingAllocation[])[];
  /** What would be sent if the target allowed it, and a little more: for `CongestionController.setDesiredBitrate`. */
  readonly desired: BitsPerSecond;
}
