// The constructors of WebCodecs, synthetic: the same interfaces on a clock and a seed of one's own, in any realm. With
// them the client's `Room` runs in virtual time, in Node.

import type { MediaCodecs } from '@sluice/client';
import type { Clock, Random } from '@sluice/rtp';
import { SyntheticAudioDecoder, SyntheticAudioEncoder } from './synthetic-audio.ts';
import { SyntheticEncodedAudioChunk, SyntheticEncodedVideoChunk } from './synthetic-chunks.ts';
import type { CodecEnvironment } from './synthetic-codec.ts';
import { OpenFrameCount } from './synthetic-frames.ts';
import { SyntheticVideoDecoder } from './synthetic-video-decoder.ts';
import { SyntheticVideoEncoder } from './synthetic-video-encoder.ts';

/** What synthetic codecs run on. */
export interface SyntheticCodecsOptions {
  clock: Clock;
  /** Frame sizes and encoder ids come from here. The n-th codec created gets the same stream in every run. */
  random: Random;
  /** Counts what decoders put out. Default: a count of its own. Share one among all to ask "is anything left open?". */
  openFrames?: OpenFrameCount;
  /**
   * Encode and decode times are multiplied by this. Default 1: one core of an ordinary machine with software codecs
   * (VP8 720p 7.8 | 3.2 ms, 360p 2.6 | 1.0, 180p 1.3 | 0.5; Opus 0.1 | 0.1). 0: no time, yet never synchronously.
   */
  timeScale?: number;
  /**
   * What a decoder does about a chunk that is damaged or whose reference it does not have: put out a frame whose content
   * is `corrupt`, or report `EncodingError` and close. Default: as the codec does. VP8 conceals both, H.264 a missing
   * reference; VP9 and AV1 report.
   */
  missingReference?: 'conceal' | 'error';
}

/** Synthetic codecs, and the count of what their decoders put out. */
export interface SyntheticCodecs extends MediaCodecs {
  readonly openFrames: OpenFrameCount;
}

/**
 * Codecs that encode `SyntheticVideoFrame` and `SyntheticAudioData` to chunks of lifelike size, at lifelike speed, and
 * back. Video: vp8, vp09.*, av01.* and avc1.*, each with that codec's behaviour but all with VP8's frame header in their
 * bits; temporal layers L1T1 to L1T3. Audio: opus.
 */
export function syntheticCodecs(options: SyntheticCodecsOptions): SyntheticCodecs {
  const { clock, random, openFrames = new OpenFrameCount(), timeScale = 1, missingReference } = options;
  let codecs = 0;
  const environment: CodecEnvironment = {
    clock,
    random,
    openFrames,
    timeScale,
    missingReference,
    nextCodecNumber: () => codecs++,
  };
  return {
    openFrames,
    VideoEncoder: class extends SyntheticVideoEncoder {
      constructor(init: VideoEncoderInit) {
        super(init, environment);
      }
    },
    VideoDecoder: class extends SyntheticVideoDecoder {
      constructor(init: VideoDecoderInit) {
        super(init, environment);
      }
    },
    AudioEncoder: class extends SyntheticAudioEncoder {
      constructor(init: AudioEncoderInit) {
        super(init, environment);
      }
    },
    AudioDecoder: class extends SyntheticAudioDecoder {
      constructor(init: AudioDecoderInit) {
        super(init, environment);
      }
    },
    EncodedVideoChunk: SyntheticEncodedVideoChunk,
    EncodedAudioChunk: SyntheticEncodedAudioChunk,
  };
}
