// How the four video codecs of Chromium behave, as measured there with software encoders on one machine of two cores.
// The ratios travel to other machines; the milliseconds do not.

import type { Milliseconds } from '@sluice/rtp';

/** A temporal structure of WebCodecs' `scalabilityMode`. */
export type TemporalMode = 'L1T1' | 'L1T2' | 'L1T3';

/** What sets one codec apart from another. */
export interface CodecProfile {
  /** A new size by `configure()` makes a key frame; otherwise a delta. */
  readonly keyOnResize: boolean;
  /** A new `scalabilityMode` by `configure()` makes a key frame; otherwise a delta. */
  readonly keyOnModeChange: boolean;
  /** A chunk whose reference is missing: shown damaged without an error, or `EncodingError` and closed. */
  readonly missingReference: 'conceal' | 'error';
  /** A chunk that is damaged itself, e.g. truncated. */
  readonly damagedChunk: 'conceal' | 'error';
  /** Share of the bitrate of the temporal layers, lowest first. */
  readonly shares: Readonly<Record<TemporalMode, readonly number[]>>;
  /** Bits per pixel and frame below which the encoder cannot go, whatever bitrate it is asked for. */
  readonly floor: number;
  /** Time per frame in ms: fixed, and per pixel. */
  readonly encodeTime: WorkTime;
  readonly decodeTime: WorkTime;
}

interface WorkTime {
  readonly frame: Milliseconds;
  readonly pixel: Milliseconds;
}

const SHARES = { L1T1: [1], L1T2: [0.6, 0.4], L1T3: [0.5, 0.2, 0.3] };

const VP8: CodecProfile = {
  keyOnResize: true,
  keyOnModeChange: false,
  missingReference: 'conceal',
  damagedChunk: 'conceal',
  shares: SHARES,
  floor: 0.0118,
  encodeTime: { frame: 0.87, pixel: 7.52e-6 },
  decodeTime: { frame: 0.32, pixel: 3.12e-6 },
};

const VP9: CodecProfile = {
  keyOnResize: false,
  keyOnModeChange: true,
  missingReference: 'error',
  damagedChunk: 'error',
  shares: SHARES,
  floor: 0.0072,
  encodeTime: { frame: 1.3, pixel: 1.55e-5 },
  decodeTime: { frame: 0.72, pixel: 1.39e-6 },
};

const AV1: CodecProfile = {
  keyOnResize: false,
  keyOnModeChange: true,
  missingReference: 'error',
  damagedChunk: 'error',
  shares: SHARES,
  floor: 0.0058,
  encodeTime: { frame: 0.57, pixel: 1.09e-5 },
  decodeTime: { frame: 0.47, pixel: 2.31e-6 },
};

const H264: CodecProfile = {
  keyOnResize: true,
  keyOnModeChange: true,
  missingReference: 'conceal',
  damagedChunk: 'error',
  shares: { ...SHARES, L1T2: [0.67, 0.33] },
  floor: 0.019,
  encodeTime: { frame: 0.38, pixel: 5.56e-6 },
  decodeTime: { frame: 0.31, pixel: 1.62e-6 },
};

/** The profile of a codec string of the WebCodecs registry; undefined when none of the four is meant. */
export function profileOf(codec: string): CodecProfile | undefined {
  if (codec === 'vp8') return VP8;
  if (codec.startsWith('vp09.')) return VP9;
  if (codec.startsWith('av01.')) return AV1;
  if (codec.startsWith('avc1.')) return H264;
  return undefined;
}

/** How long one frame of that size takes. */
export function workTime({ frame, pixel }: WorkTime, width: number, height: number): Milliseconds {
  return frame + pixel * width * height;
}
