// What synthetic encoders write and synthetic decoders read: the real header of the format, so that packetizers and
// Wireshark see what they expect, then who the frame is, filler, and a checksum over everything.
//
// Video: the VP8 frame header of RFC 6386 §9.1 (whatever the codec string says), then, big-endian
//   source u32 · frame u32 · capture time f64 · encoder u32 · index u32 · reference u32 · temporal layer u8 ·
//   width u16 · height u16 · checksum u32 · filler
// Audio: the TOC byte of an Opus packet (RFC 6716 §3.1), then
//   source u32 · frame u32 · capture time f64 · level u8 · checksum u32 · filler

import type { Bytes, Milliseconds, PacketAllocator } from '@sluice/rtp';

const VP8_DELTA_HEADER = 3;
const VP8_KEY_HEADER = 10;
const VP8_START_CODE = 0x9d012a;
const VIDEO_BODY = 37;
const VIDEO_CHECKSUM_AT = 33;
const AUDIO_HEADER = 1;
const AUDIO_BODY = 21;
const AUDIO_CHECKSUM_AT = 17;
const NO_REFERENCE = 0xffffffff;

/** No video chunk is smaller than this: its header and what it carries. */
export const MIN_VIDEO_CHUNK: Bytes = VP8_KEY_HEADER + VIDEO_BODY;

/** No audio chunk is smaller than this. */
export const MIN_AUDIO_CHUNK: Bytes = AUDIO_HEADER + AUDIO_BODY;

/** What a video chunk carries. */
export interface VideoPayload {
  readonly sourceId: number;
  readonly frameNumber: number;
  readonly captureTime: Milliseconds;
  /** Which encoder made it: references are within one encoder's chunks. */
  readonly encoderId: number;
  /** The chunk's number among those of its encoder. */
  readonly index: number;
  /** The number of the chunk it was predicted from; undefined on key frames. */
  readonly reference: number | undefined;
  readonly temporalLayer: number;
  readonly width: number;
  readonly height: number;
}

/** What an audio chunk carries. */
export interface AudioPayload {
  readonly sourceId: number;
  readonly frameNumber: number;
  readonly captureTime: Milliseconds;
  readonly level: number;
}

/** A chunk of `size` bytes, or of `MIN_VIDEO_CHUNK` if that is more. */
export function writeVideoPayload(payload: VideoPayload, size: Bytes, allocator: PacketAllocator): Uint8Array {
  const isKey = payload.reference === undefined;
  const body = isKey ? VP8_KEY_HEADER : VP8_DELTA_HEADER;
  const bytes = allocator.allocate(Math.max(size, MIN_VIDEO_CHUNK));
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  // Frame tag, little-endian: 1 bit "not a key frame", 3 bits version, 1 bit show_frame, 19 bits first partition's size.
  // There is always a second partition (RFC 6386 §9.5), and Wireshark insists on it: here the filler.
  const firstPartition = Math.min(VIDEO_BODY, bytes.length - body - 1);
  const tag = (isKey ? 0 : 1) | (1 << 4) | (firstPartition << 5);
  view.setUint16(0, tag & 0xffff, true);
  view.setUint8(2, tag >>> 16);
  if (isKey) {
    view.setUint8(3, VP8_START_CODE >>> 16);
    view.setUint16(4, VP8_START_CODE & 0xffff);
    view.setUint16(6, payload.width & 0x3fff, true);
    view.setUint16(8, payload.height & 0x3fff, true);
  }
  view.setUint32(body, payload.sourceId);
  view.setUint32(body + 4, payload.frameNumber);
  view.setFloat64(body + 8, payload.captureTime);
  view.setUint32(body + 16, payload.encoderId);
  view.setUint32(body + 20, payload.index);
  view.setUint32(body + 24, payload.reference ?? NO_REFERENCE);
  view.setUint8(body + 28, payload.temporalLayer);
  view.setUint16(body + 29, payload.width);
  view.setUint16(body + 31, payload.height);
  fill(bytes, body + VIDEO_BODY, payload.encoderId ^ payload.index);
  view.setUint32(body + VIDEO_CHECKSUM_AT, checksum(bytes, body + VIDEO_CHECKSUM_AT));
  return bytes;
}

/** What a chunk carries; undefined when it is too short or its checksum does not fit: truncated, or spliced. */
export function readVideoPayload(bytes: Uint8Array): VideoPayload | undefined {
  const isKey = isVp8KeyFrame(bytes);
  const body = isKey ? VP8_KEY_HEADER : VP8_DELTA_HEADER;
  if (bytes.length < body + VIDEO_BODY) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(body + VIDEO_CHECKSUM_AT) !== checksum(bytes, body + VIDEO_CHECKSUM_AT)) return undefined;
  return {
    sourceId: view.getUint32(body),
    frameNumber: view.getUint32(body + 4),
    captureTime: view.getFloat64(body + 8),
    encoderId: view.getUint32(body + 16),
    index: view.getUint32(body + 20),
    reference: isKey ? undefined : view.getUint32(body + 24),
    temporalLayer: view.getUint8(body + 28),
    width: isKey ? view.getUint16(6, true) & 0x3fff : view.getUint16(body + 29),
    height: isKey ? view.getUint16(8, true) & 0x3fff : view.getUint16(body + 31),
  };
}

/** Whether the bytes begin like a VP8 key frame: RFC 6386 §9.1. */
export function isVp8KeyFrame(bytes: Uint8Array): boolean {
  const [tag = 1, , , first, second, third] = bytes;
  return (tag & 1) === 0 && first === 0x9d && second === 0x01 && third === 0x2a;
}

/** A chunk of `size` bytes, or of `MIN_AUDIO_CHUNK` if that is more. */
export function writeAudioPayload(
  payload: AudioPayload,
  { duration, channels, size }: { duration: Milliseconds; channels: number; size: Bytes },
  allocator: PacketAllocator,
): Uint8Array {
  const bytes = allocator.allocate(Math.max(size, MIN_AUDIO_CHUNK));
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const stereo = channels === 2 ? 4 : 0;
  view.setUint8(0, (opusConfiguration(duration) << 3) | stereo);
  view.setUint32(1, payload.sourceId);
  view.setUint32(5, payload.frameNumber);
  view.setFloat64(9, payload.captureTime);
  view.setUint8(17, Math.round(Math.min(1, Math.max(0, payload.level)) * 255));
  fill(bytes, AUDIO_HEADER + AUDIO_BODY, payload.sourceId ^ payload.frameNumber);
  view.setUint32(AUDIO_HEADER + AUDIO_CHECKSUM_AT, checksum(bytes, AUDIO_HEADER + AUDIO_CHECKSUM_AT));
  return bytes;
}

/** What an audio chunk carries; undefined when it is too short or its checksum does not fit. */
export function readAudioPayload(bytes: Uint8Array): AudioPayload | undefined {
  if (bytes.length < MIN_AUDIO_CHUNK) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const checksumAt = AUDIO_HEADER + AUDIO_CHECKSUM_AT;
  if (view.getUint32(checksumAt) !== checksum(bytes, checksumAt)) return undefined;
  return {
    sourceId: view.getUint32(1),
    frameNumber: view.getUint32(5),
    captureTime: view.getFloat64(9),
    level: view.getUint8(17) / 255,
  };
}

/** How many ms of sound an Opus packet with this first byte holds, one frame per packet (RFC 6716 §3.1, table 2). */
export function opusDuration(toc: number): Milliseconds {
  const configuration = toc >>> 3;
  if (configuration < 12) return [10, 20, 40, 60][configuration & 3] ?? 20;
  if (configuration < 16) return configuration & 1 ? 20 : 10;
  return [2.5, 5, 10, 20][configuration & 3] ?? 20;
}

/** Fullband CELT, or wideband SILK for the durations only that has. */
function opusConfiguration(duration: Milliseconds): number {
  const celt = [2.5, 5, 10, 20].indexOf(duration);
  if (celt >= 0) return 28 + celt;
  const silk = [10, 20, 40, 60].indexOf(duration);
  return silk >= 0 ? 8 + silk : 31;
}

/** What filler is cut out of: bytes that do not compress to nothing (xorshift32). */
const NOISE = createNoise();

function createNoise(): Uint8Array {
  let state = 1;
  const words = Uint32Array.from({ length: 16_384 }, () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state;
  });
  return new Uint8Array(words.buffer);
}

/** Deterministic bytes that differ from frame to frame: each begins elsewhere in the noise. */
function fill(bytes: Uint8Array, from: number, seed: number): void {
  let start = Math.imul(seed, 0x9e3779b1) >>> 16;
  for (let at = from; at < bytes.length; ) {
    const piece = NOISE.subarray(start, start + bytes.length - at);
    bytes.set(piece, at);
    at += piece.length;
    start = 0;
  }
}

/** FNV-1a over everything but the four bytes of the checksum itself: what follows them word by word, for speed. */
function checksum(bytes: Uint8Array, skip: number): number {
  const aligned = bytes.byteOffset % 4 === 0 ? bytes : bytes.slice();
  const words = new Uint32Array(aligned.buffer, aligned.byteOffset, aligned.length >> 2);
  const firstWord = Math.min(words.length, (skip + 7) >> 2);
  let hash = mix(0x811c9dc5, bytes, 0, skip);
  hash = mix(hash, bytes, skip + 4, Math.min(4 * firstWord, bytes.length));
  hash = mix(hash, words, firstWord, words.length);
  return mix(hash, bytes, Math.max(skip + 4, 4 * words.length), bytes.length) >>> 0;
}

function mix(before: number, values: Uint8Array | Uint32Array, from: number, to: number): number {
  let hash = before;
  for (let i = from; i < to; i++) hash = Math.imul(hash ^ (values[i] ?? 0), 0x01000193);
  return hash;
}
