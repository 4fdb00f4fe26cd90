// Which simulcast encodings a track gets when the app does not say.

import { ArgumentError, type BitsPerSecond } from '@sluice/rtp';

/** One simulcast encoding. Names and meanings are those of `RTCRtpEncodingParameters`. */
export interface VideoEncoding {
  /** Its name on the wire (RFC 8851): letters, digits, `-` and `_`, at most 16. */
  readonly rid: string;
  /** In bit/s. */
  readonly maxBitrate: BitsPerSecond;
  /** In frames per second; frames above it are left out. Default: the source's. */
  readonly maxFramerate?: number;
  /** The source's width and height are divided by it; at least 1. Default 1. */
  readonly scaleResolutionDownBy?: number;
  /** Temporal layers: `L1T1`, `L1T2` or `L1T3`. Default `L1T3` where the encoder has it, else `L1T1`. */
  readonly scalabilityMode?: 'L1T1' | 'L1T2' | 'L1T3';
  /** Whether it is encoded. Default true. */
  readonly active?: boolean;
}

/** Pixels of a 16:9 picture and the bit rate VP8 needs for it at 30 frames per second, after libwebrtc's table. */
const BITRATE_BY_PIXELS: readonly (readonly [pixels: number, bitrate: BitsPerSecond])[] = [
  [320 * 180, 150_000],
  [480 * 270, 350_000],
  [640 * 360, 500_000],
  [960 * 540, 1_200_000],
  [1280 * 720, 1_700_000],
  [1920 * 1080, 3_500_000],
];

/** ... and what it has to have at least, after the same table: a starved encoder makes more than it was asked for. */
const FLOOR_BY_PIXELS: readonly (readonly [pixels: number, bitrate: BitsPerSecond])[] = [
  [320 * 180, 30_000],
  [480 * 270, 150_000],
  [640 * 360, 150_000],
  [960 * 540, 350_000],
  [1280 * 720, 600_000],
  [1920 * 1080, 800_000],
];

/** The bit rate for a picture of that size, between the table's rows in proportion to its pixels. */
export function defaultBitrate(width: number, height: number): BitsPerSecond {
  return lookUp(BITRATE_BY_PIXELS, width * height, 50_000);
}

/** The least bit rate for pictures of that size and so many of them a second. */
export function floorBitrate(width: number, height: number, frameRate: number): BitsPerSecond {
  return lookUp(FLOOR_BY_PIXELS, width * height, 10_000) * Math.min(1, frameRate / 30);
}

function lookUp(table: typeof BITRATE_BY_PIXELS, pixels: number, least: BitsPerSecond): BitsPerSecond {
  let belowPixels = 0;
  let belowBitrate = least;
  for (const [rowPixels, rowBitrate] of table) {
    if (pixels <= rowPixels) {
      const share = (pixels - belowPixels) / (rowPixels - belowPixels);
      return Math.round(belowBitrate + share * (rowBitrate - belowBitrate));
    }
    belowPixels = rowPixels;
    belowBitrate = rowBitrate;
  }
  return belowBitrate;
}

/** Three encodings `q`, `h` and `f` of a quarter, half and full size; two below 320 pixels of width, one below 160. */
export function defaultEncodings(width: number, height: number): VideoEncoding[] {
  const all: [string, number][] = [
    ['q', 4],
    ['h', 2],
    ['f', 1],
  ];
  const count = width >= 320 ? 3 : width >= 160 ? 2 : 1;
  return all.slice(3 - count).map(([rid, scale]) => ({
    rid,
    scaleResolutionDownBy: scale,
    maxBitrate: defaultBitrate(width / scale, height / scale),
  }));
}

/** The size an encoding has for a source of that size: even, as 4:2:0 needs, and at least 2×2. */
export function encodedSize(encoding: VideoEncoding, width: number, height: number): { width: number; height: number } {
  const scale = encoding.scaleResolutionDownBy ?? 1;
  return { width: evenLength(width / scale), height: evenLength(height / scale) };
}

function evenLength(length: number): number {
  return Math.max(2, 2 * Math.round(length / 2));
}

/**
 * Checks encodings from an app.
 *
 * @throws ArgumentError that names the encoding, the field and the value
 */
export function validateEncodings(encodings: readonly VideoEncoding[]): void {
  if (encodings.length === 0 || encodings.length > 8) {
    throw new ArgumentError(`A video track needs 1 to 8 encodings, not ${encodings.length}.`);
  }
  const rids = new Set<string>();
  for (const { rid, maxBitrate, maxFramerate, scaleResolutionDownBy } of encodings) {
    if (!/^[A-Za-z0-9_-]{1,16}$/.test(rid)) {
      throw new ArgumentError(`The rid "${rid}" has to be 1 to 16 letters, digits, "-" or "_".`);
    }
    if (rids.has(rid)) throw new ArgumentError(`Two encodings have the rid "${rid}".`);
    rids.add(rid);
    const positive = (field: string, value: number | undefined, least: number) => {
      if (value === undefined || (Number.isFinite(value) && value >= least)) return;
      throw new ArgumentError(
        `The encoding "${rid}" has ${field} ${value}; it has to be a number of at least ${least}.`,
      );
    };
    positive('maxBitrate', maxBitrate, 1);
    positive('maxFramerate', maxFramerate, 1);
    positive('scaleResolutionDownBy', scaleResolutionDownBy, 1);
  }
}
