// Header extensions that say something of the media in a packet: the bytes of their values.

import { checkInteger } from '../arguments.ts';
import { ArgumentError } from '../errors.ts';
import type { Milliseconds } from '../units.ts';

/** How a picture's numbers stand for colours: code points of ITU-T H.273, and the range of the numbers. */
export interface ColorSpace {
  /** H.273 §8.1, e.g. 1 for BT.709. */
  readonly primaries: number;
  /** H.273 §8.2, e.g. 13 for sRGB. */
  readonly transfer: number;
  /** H.273 §8.3, e.g. 1 for BT.709. */
  readonly matrix: number;
  /** 0 to 255 instead of 16 to 235. */
  readonly fullRange: boolean;
}

/** The value of a `colorSpace` element without HDR metadata. */
export function writeColorSpace({ primaries, transfer, matrix, fullRange }: ColorSpace): Uint8Array {
  // The last byte: two bits of range (1 limited, 2 full), then the chroma siting, left unspecified.
  return Uint8Array.of(primaries, transfer, matrix, (fullRange ? 2 : 1) << 4);
}

/** The colour space in a `colorSpace` element, HDR metadata left aside; `undefined` where it is too short. */
export function readColorSpace(value: Uint8Array): ColorSpace | undefined {
  const [primaries, transfer, matrix, range] = value;
  if (primaries === undefined || transfer === undefined || matrix === undefined || range === undefined)
    return undefined;
  return { primaries, transfer, matrix, fullRange: ((range >> 4) & 3) === 2 };
}

/** How loud a packet's audio is (RFC 6464 §3). */
export interface AudioLevel {
  /** In −dBov, 0 (loudest) to 127 (silence; what a muted source sends). */
  readonly level: number;
  /** The encoder takes it for speech. */
  readonly voice: boolean;
}

/**
 * The value of an `audioLevel` element.
 *
 * @throws ArgumentError where the level is not an integer from 0 to 127
 */
export function writeAudioLevel({ level, voice }: AudioLevel): Uint8Array {
  checkInteger(level, 0, 127, 'audio level');
  return Uint8Array.of((voice ? 0x80 : 0) | level);
}

/** The level in an `audioLevel` element; `undefined` where it is empty. */
export function readAudioLevel(value: Uint8Array): AudioLevel | undefined {
  const byte = value[0];
  return byte === undefined ? undefined : { level: byte & 0x7f, voice: byte >= 0x80 };
}

/** What a packet says about the frame it belongs to, whatever the codec and even if encrypted (RFC 9626 §3). */
export interface FrameMarking {
  /** S: the first packet of a frame (of its layer). */
  readonly start: boolean;
  /** E: the last packet of a frame (of its layer). */
  readonly end: boolean;
  /** I: the frame can be decoded without any earlier one. */
  readonly independent: boolean;
  /** D: no other frame depends on it. */
  readonly discardable: boolean;
  /** What is said of layers; absent in the short form for streams without any. */
  readonly layer?: {
    /** B: the frame depends on the base temporal layer only. */
    readonly baseLayerSync: boolean;
    /** TID, 0–7. */
    readonly temporal: number;
    /** LID, 8 bit: the spatial and quality layer, as the codec numbers them (RFC 9626 §3.3); absent where it is 0 and not said. */
    readonly layerId?: number;
    /** TL0PICIDX, 8 bit: counts frames of the base temporal layer; only together with `layerId`. */
    readonly tl0PictureIndex?: number;
  };
}

/**
 * The value of a `frameMarking` element: one byte without layers, up to three with them.
 *
 * @throws ArgumentError where a number is out of its range, or `tl0PictureIndex` comes without `layerId`
 */
export function writeFrameMarking({ start, end, independent, discardable, layer }: FrameMarking): Uint8Array {
  const flags = (start ? 0x80 : 0) | (end ? 0x40 : 0) | (independent ? 0x20 : 0) | (discardable ? 0x10 : 0);
  if (layer === undefined) return Uint8Array.of(flags);
  const { baseLayerSync, temporal, layerId, tl0PictureIndex } = layer;
  checkInteger(temporal, 0, 7, 'temporal layer of a frame marking');
  const first = flags | (baseLayerSync ? 0x08 : 0) | temporal;
  if (layerId === undefined) {
    if (tl0PictureIndex !== undefined) throw new ArgumentError('A frame marking has TL0PICIDX only together with LID.');
    return Uint8Array.of(first);
  }
  checkInteger(layerId, 0, 255, 'layer id of a frame marking');
  if (tl0PictureIndex === undefined) return Uint8Array.of(first, layerId);
  checkInteger(tl0PictureIndex, 0, 255, 'TL0PICIDX of a frame marking');
  return Uint8Array.of(first, layerId, tl0PictureIndex);
}

/**
 * The marking in a `frameMarking` element; `undefined` where it is empty. One byte whose lower half is zero is the short
 * form: it says the same as layer 0 of a stream with layers (RFC 9626 §3.2).
 */
export function readFrameMarking(value: Uint8Array): FrameMarking | undefined {
  const [first, layerId, tl0PictureIndex] = value;
  if (first === undefined) return undefined;
  const short = layerId === undefined && (first & 0x0f) === 0;
  return {
    start: (first & 0x80) !== 0,
    end: (first & 0x40) !== 0,
    independent: (first & 0x20) !== 0,
    discardable: (first & 0x10) !== 0,
    ...(!short && {
      layer: {
        baseLayerSync: (first & 0x08) !== 0,
        temporal: first & 0x07,
        ...(layerId !== undefined && { layerId }),
        ...(tl0PictureIndex !== undefined && { tl0PictureIndex }),
      },
    }),
  };
}

/** Bounds of the delay from capture to display, 0 to 40 950 ms each, in steps of 10 ms. */
export interface PlayoutDelay {
  readonly min: Milliseconds;
  readonly max: Milliseconds;
}

const PLAYOUT_DELAY_STEP: Milliseconds = 10;
const MAX_PLAYOUT_DELAY: Milliseconds = 0xfff * PLAYOUT_DELAY_STEP;

/**
 * The value of a `playoutDelay` element: two times 12 bit in steps of 10 ms, rounded to the nearest.
 *
 * @throws ArgumentError where a bound is out of range, or `min` is above `max`
 */
export function writePlayoutDelay({ min, max }: PlayoutDelay): Uint8Array {
  if (!(min >= 0 && min <= max && max <= MAX_PLAYOUT_DELAY)) {
    throw new ArgumentError(
      `The playout delay from ${min} to ${max} ms is not within 0 to ${MAX_PLAYOUT_DELAY} ms in ascending order.`,
    );
  }
  const low = Math.round(min / PLAYOUT_DELAY_STEP);
  const high = Math.round(max / PLAYOUT_DELAY_STEP);
  return Uint8Array.of(low >> 4, (low << 4) | (high >> 8), high);
}

/** The bounds in a `playoutDelay` element; `undefined` where it is too short or `min` is above `max`. */
export function readPlayoutDelay(value: Uint8Array): PlayoutDelay | undefined {
  const [first, second, third] = value;
  if (first === undefined || second === undefined || third === undefined) return undefined;
  const min = ((first << 4) | (second >> 4)) * PLAYOUT_DELAY_STEP;
  const max = (((second & 0x0f) << 8) | third) * PLAYOUT_DELAY_STEP;
  return min > max ? undefined : { min, max };
}

/** How a picture was captured (3GPP TS 26.114 §7.4.5). */
export interface VideoOrientation {
  /** The camera that looks at the viewer, or the one that looks away. */
  readonly camera: 'front' | 'back';
  /** The picture is to be mirrored left to right, before it is turned. */
  readonly flip: boolean;
  /** How far the picture is to be turned clockwise to stand upright, in degrees. */
  readonly rotation: 0 | 90 | 180 | 270;
}

const ROTATIONS = [0, 90, 180, 270] as const;

/** The value of a `videoOrientation` element. */
export function writeVideoOrientation({ camera, flip, rotation }: VideoOrientation): Uint8Array {
  return Uint8Array.of((camera === 'back' ? 0x08 : 0) | (flip ? 0x04 : 0) | ROTATIONS.indexOf(rotation));
}

/** The orientation in a `videoOrientation` element, at the granularity of 90 degrees; `undefined` where it is empty. */
export function readVideoOrientation(value: Uint8Array): VideoOrientation | undefined {
  const byte = value[0];
  if (byte === undefined) return undefined;
  return {
    camera: byte & 0x08 ? 'back' : 'front',
    flip: (byte & 0x04) !== 0,
    rotation: ROTATIONS[(byte & 0x03) as 0 | 1 | 2 | 3],
  };
}

/**
 * The value of a `captureLag` element.
 *
 * @param ticks - how much earlier than its timestamp says the frame was captured, on the stream's RTP clock
 * @throws ArgumentError where it is no 32-bit number
 */
export function writeCaptureLag(ticks: number): Uint8Array {
  checkInteger(ticks, 0, 0xffffffff, 'capture lag');
  return Uint8Array.of(ticks >>> 24, ticks >>> 16, ticks >>> 8, ticks);
}

/** The ticks in a `captureLag` element; `undefined` where it is too short. */
export function readCaptureLag(value: Uint8Array): number | undefined {
  const [a, b, c, d] = value;
  if (a === undefined || b === undefined || c === undefined || d === undefined) return undefined;
  return ((a << 24) | (b << 16) | (c << 8) | d) >>> 0;
}
