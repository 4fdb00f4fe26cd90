// The VP8 RTP payload format (RFC 7741).

import { checkInteger } from '../arguments.ts';
import { PacketAllocator } from '../rtp/packet-allocator.ts';

/** The VP8 payload descriptor (RFC 7741 §4.2), decoded. */
export interface Vp8Descriptor {
  /** Bytes before the VP8 data. */
  readonly size: number;
  /** N: no other frame depends on this one. */
  readonly nonReference: boolean;
  /** S: the packet starts a partition. */
  readonly partitionStart: boolean;
  /** PID: index of the partition, 0–15. */
  readonly partition: number;
  /** 7 or 15 bit, counts frames; `undefined` when absent. */
  readonly pictureId: number | undefined;
  /** M: the picture id has 15 bits. */
  readonly longPictureId: boolean;
  /** 8 bit, counts frames of temporal layer 0. */
  readonly tl0PictureIndex: number | undefined;
  /** TID, 0–3. */
  readonly temporalLayer: number | undefined;
  /** Y: the frame depends on temporal layer 0 only. */
  readonly layerSync: boolean;
  /** 5 bit, counts key frames. */
  readonly keyIndex: number | undefined;
}

/** Reads the payload descriptor, or answers `undefined` where the payload is cut short or holds no VP8 data. */
export function parseVp8Descriptor(payload: Uint8Array): Vp8Descriptor | undefined {
  const first = payload[0];
  if (first === undefined) return undefined;
  let offset = 1;
  let pictureId: number | undefined;
  let longPictureId = false;
  let tl0PictureIndex: number | undefined;
  let temporalLayer: number | undefined;
  let layerSync = false;
  let keyIndex: number | undefined;
  if (first & 0x80) {
    const present = payload[offset++] ?? 0;
    if (present & 0x80) {
      const byte = payload[offset++] ?? 0;
      longPictureId = byte >= 0x80;
      pictureId = longPictureId ? ((byte & 0x7f) << 8) | (payload[offset++] ?? 0) : byte;
    }
    if (present & 0x40) tl0PictureIndex = payload[offset++] ?? 0;
    if (present & 0x30) {
      const byte = payload[offset++] ?? 0;
      if (present & 0x20) {
        temporalLayer = byte >> 6;
        layerSync = (byte & 0x20) !== 0;
      }
      if (present & 0x10) keyIndex = byte & 0x1f;
    }
  }
  if (offset >= payload.length) return undefined;
  return {
    size: offset,
    nonReference: (first & 0x20) !== 0,
    partitionStart: (first & 0x10) !== 0,
    partition: first & 0x07,
    pictureId,
    longPictureId,
    tl0PictureIndex,
    temporalLayer,
    layerSync,
    keyIndex,
  };
}

/** Width and height in pixels. */
export interface Resolution {
  readonly width: number;
  readonly height: number;
}

/** Whether the VP8 frame that starts at `offset` is a key frame: bit 0 of its frame tag (RFC 6386 §9.1) is clear. */
export function isVp8KeyFrame(bytes: Uint8Array, offset = 0): boolean {
  return ((bytes[offset] ?? 1) & 1) === 0;
}

/** The size in the header of the VP8 key frame at `offset` (RFC 6386 §9.1), `undefined` where there is none or it is 0. */
export function vp8KeyFrameResolution(bytes: Uint8Array, offset = 0): Resolution | undefined {
  if (bytes.length < offset + 10 || !isVp8KeyFrame(bytes, offset)) return undefined;
  if (bytes[offset + 3] !== 0x9d || bytes[offset + 4] !== 0x01 || bytes[offset + 5] !== 0x2a) return undefined;
  const width = (((bytes[offset + 7] ?? 0) << 8) | (bytes[offset + 6] ?? 0)) & 0x3fff;
  const height = (((bytes[offset + 9] ?? 0) << 8) | (bytes[offset + 8] ?? 0)) & 0x3fff;
  return width > 0 && height > 0 ? { width, height } : undefined;
}

/**
 * Splits encoded frames into RTP payloads, numbering pictures and temporal layers as it goes. The partitions of a frame are
 * sent as one, as RFC 7741 §4.4 allows. N and Y stay 0, the cautious value: encoders don't say who refers to what.
 */
export class Vp8Packetizer {
  readonly #allocator = new PacketAllocator();
  #pictureId: number;
  #tl0PictureIndex: number;

  /** @param firstPictureId - 15 bit; random, as RFC 7741 §4.2 asks */
  constructor(firstPictureId: number) {
    this.#pictureId = (firstPictureId - 1) & 0x7fff;
    this.#tl0PictureIndex = firstPictureId & 0xff;
  }

  /**
   * The payloads of one frame, in order, each at most `maxPayloadSize` bytes.
   *
   * @param temporalLayer - of the frame; `undefined` for a stream without temporal layers
   * @throws RangeError where `maxPayloadSize` leaves no room behind the descriptor
   * @throws ArgumentError where the descriptor cannot tell the temporal layer
   */
  packetize(frame: Uint8Array, maxPayloadSize: number, temporalLayer?: number): Uint8Array[] {
    if (temporalLayer !== undefined) checkInteger(temporalLayer, 0, 3, 'temporal layer of a VP8 frame');
    if (frame.length === 0) return [];
    const descriptorSize = temporalLayer === undefined ? 4 : 6;
    const room = maxPayloadSize - descriptorSize;
    if (room < 1) throw new RangeError(`A payload of ${maxPayloadSize} bytes has no room behind its descriptor.`);
    this.#pictureId = (this.#pictureId + 1) & 0x7fff;
    if (temporalLayer === 0) this.#tl0PictureIndex = (this.#tl0PictureIndex + 1) & 0xff;
    const count = Math.ceil(frame.length / room);
    const payloads: Uint8Array[] = [];
    // One buffer for all: one for each packet would cost more than filling it.
    const bytes = this.#allocator.allocate(frame.length + count * descriptorSize);
    let start = 0;
    for (let i = 0; i < count; i++) {
      // Even shares: no tiny last packet (RFC 7741 leaves the split to the sender).
      const end = Math.round((frame.length * (i + 1)) / count);
      const payload = bytes.subarray(start + i * descriptorSize, end + (i + 1) * descriptorSize);
      payload[0] = 0x80 | (i === 0 ? 0x10 : 0);
      payload[1] = temporalLayer === undefined ? 0x80 : 0xe0;
      payload[2] = 0x80 | (this.#pictureId >> 8);
      payload[3] = this.#pictureId & 0xff;
      if (temporalLayer !== undefined) {
        payload[4] = this.#tl0PictureIndex;
        payload[5] = temporalLayer << 6;
      }
      payload.set(frame.subarray(start, end), descriptorSize);
      payloads.push(payload);
      start = end;
    }
    return payloads;
  }
}

/** What a forwarded packet's descriptor shall say instead; absent fields of the original stay absent. */
export interface Vp8Renumbering {
  /** 15 bit; a 7-bit original is widened. */
  readonly pictureId: number;
  /** 8 bit. */
  readonly tl0PictureIndex: number;
  /** 5 bit. */
  readonly keyIndex: number;
}

/** A copy of the payload with its counters replaced (RFC 7741 §4.2: a splice keeps them continuous). */
export function renumberVp8(payload: Uint8Array, descriptor: Vp8Descriptor, numbers: Vp8Renumbering): Uint8Array {
  const renumbered = renumberVp8Descriptor(payload, descriptor, numbers);
  const copy = new Uint8Array(renumbered.length + payload.length - descriptor.size);
  copy.set(renumbered);
  copy.set(payload.subarray(descriptor.size), renumbered.length);
  return copy;
}

/** A copy of the payload's descriptor with its counters replaced: as long as before, or a byte more for a 7-bit picture id. */
export function renumberVp8Descriptor(
  payload: Uint8Array,
  { size, pictureId, longPictureId, tl0PictureIndex, keyIndex }: Vp8Descriptor,
  numbers: Vp8Renumbering,
): Uint8Array {
  const widened = pictureId !== undefined && !longPictureId;
  const copy = new Uint8Array(size + (widened ? 1 : 0));
  for (let i = 0; i < 2 && i < size; i++) copy[i] = payload[i] ?? 0;
  let from = 2;
  let to = 2;
  if (pictureId !== undefined) {
    copy[to++] = 0x80 | (numbers.pictureId >> 8);
    copy[to++] = numbers.pictureId & 0xff;
    from += longPictureId ? 2 : 1;
  }
  if (tl0PictureIndex !== undefined) {
    copy[to++] = numbers.tl0PictureIndex;
    from += 1;
  }
  if (from < size) {
    const byte = payload[from] ?? 0;
    copy[to] = keyIndex === undefined ? byte : (byte & 0xe0) | numbers.keyIndex;
  }
  return copy;
}
