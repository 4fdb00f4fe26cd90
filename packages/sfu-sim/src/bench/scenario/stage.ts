// Where a scenario takes place: in virtual time with synthetic codecs, or in a browser with its own.

import type { AudioSource, MediaCodecs, VideoSource } from '@sluice/client';
import type { Clock, Milliseconds, Random } from '@sluice/rtp';

/** A source to be made. */
export interface SourceRequest {
  readonly clock: Clock;
  readonly random: Random;
  readonly width: number;
  readonly height: number;
  /** Hz. */
  readonly frameRate: number;
}

/** What a picture turned out to be. */
export interface Picture {
  /** Its number at its source, from 0; `undefined` where it cannot be told. */
  readonly frameNumber: number | undefined;
  readonly corrupt: boolean;
  /** On its source's clock; `undefined` where it cannot be told. */
  readonly captureTime: Milliseconds | undefined;
}

/** Frames that were not closed as they should be. */
export interface FrameLeaks {
  readonly open: number;
  readonly closedTwice: number;
  readonly usedAfterClose: number;
}

/** What a scenario needs of its surroundings. */
export interface Stage {
  /** Whether time is the machine's. */
  readonly realTime: boolean;
  /** 0 when the scenario begins. */
  readonly clock: Clock;
  codecs(clock: Clock, random: Random): MediaCodecs;
  camera(request: SourceRequest): VideoSource;
  microphone(request: Pick<SourceRequest, 'clock' | 'random'>): AudioSource;
  /** Looks at a frame of that source, which stays open. */
  look(frame: VideoFrame, source: VideoSource): Picture;
  /** Lets time pass until then. */
  runUntil(time: Milliseconds): Promise<void>;
  /** What is left open now; `undefined` where that cannot be told. */
  leaks(): FrameLeaks | undefined;
}
