// AV1 open bitstream units (AV1 §5.3) and the aggregation header of their RTP payloads (RTP Payload Format For AV1 §4.4).

import { BitReader } from './bit-reader.ts';
import type { Resolution } from './vp8.ts';

/** OBU types (AV1 §6.2.2) with a part here. */
export const OBU_TYPE = {
  sequenceHeader: 1,
  temporalDelimiter: 2,
  frameHeader: 3,
  tileGroup: 4,
  frame: 6,
  redundantFrameHeader: 7,
  tileList: 8,
  padding: 15,
} as const;

const HAS_EXTENSION = 0x04;
const HAS_SIZE = 0x02;
/** AV1 §4.10.5: a leb128 value has at most 8 bytes and is below 2^32. */
const MAX_LEB128_BYTES = 8;

/** A number in leb128 form and how many bytes it takes. */
export interface Leb128 {
  readonly value: number;
  readonly size: number;
}

/** Reads the leb128 number at `offset` (AV1 §4.10.5), or answers `undefined` where it is cut short or too large. */
export function readLeb128(bytes: Uint8Array, offset: number): Leb128 | undefined {
  let value = 0;
  for (let i = 0; i < MAX_LEB128_BYTES; i++) {
    const byte = bytes[offset + i];
    if (byte === undefined) return undefined;
    value += (byte & 0x7f) * 2 ** (7 * i);
    if (byte < 0x80) return value < 2 ** 32 ? { value, size: i + 1 } : undefined;
  }
  return undefined;
}

/** How many bytes a number below 2^32 takes in leb128 form. */
export function leb128Size(value: number): number {
  let size = 1;
  for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) size += 1;
  return size;
}

/** Writes a number below 2^32 in leb128 form, and answers the offset behind it. */
export function writeLeb128(bytes: Uint8Array, offset: number, value: number): number {
  let at = offset;
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes[at++] = 0x80 | (rest % 0x80);
  bytes[at++] = rest;
  return at;
}

/** An open bitstream unit. */
export interface Obu {
  readonly type: number;
  /** The header without its size flag: one byte, or two with the extension. */
  readonly header: Uint8Array;
  /** temporal_id, 0–7; `undefined` without the extension. */
  readonly temporalLayer: number | undefined;
  /** spatial_id, 0–3; `undefined` without the extension. */
  readonly spatialLayer: number | undefined;
  /** What is behind header and size, a view. */
  readonly data: Uint8Array;
}

/**
 * Reads the unit at `offset`: up to its size where it has one, else to the end.
 *
 * @param partial - the bytes may be the beginning of the unit only
 * @returns the unit and the offset behind it; `undefined` where it is cut short or its forbidden bit is set
 */
export function readObu(bytes: Uint8Array, offset = 0, partial = false): { obu: Obu; end: number } | undefined {
  const first = bytes[offset];
  if (first === undefined || first & 0x80) return undefined;
  const extended = (first & HAS_EXTENSION) !== 0;
  let start = offset + (extended ? 2 : 1);
  if (start > bytes.length) return undefined;
  let end = bytes.length;
  if (first & HAS_SIZE) {
    const size = readLeb128(bytes, start);
    if (size === undefined) return undefined;
    start += size.size;
    end = start + size.value;
    if (end > bytes.length) {
      if (!partial) return undefined;
      end = bytes.length;
    }
  }
  const extension = bytes[offset + 1] ?? 0;
  const header = extended ? Uint8Array.of(first & ~HAS_SIZE, extension) : Uint8Array.of(first & ~HAS_SIZE);
  const obu = {
    type: (first >> 3) & 0x0f,
    header,
    temporalLayer: extended ? extension >> 5 : undefined,
    spatialLayer: extended ? (extension >> 3) & 0x03 : undefined,
    data: bytes.subarray(start, end),
  };
  return { obu, end };
}

/** The units of a temporal unit, or `undefined` where the bytes are not one. */
export function splitObus(bytes: Uint8Array): Obu[] | undefined {
  const obus: Obu[] = [];
  for (let offset = 0; offset < bytes.length; ) {
    const read = readObu(bytes, offset);
    if (read === undefined) return undefined;
    obus.push(read.obu);
    offset = read.end;
  }
  return obus;
}

/** Whether receivers ignore the unit (RTP Payload Format For AV1 §5). */
export function isIgnored({ type }: Obu): boolean {
  return type === OBU_TYPE.temporalDelimiter || type === OBU_TYPE.tileList;
}

/** Whether senders leave the unit out: what receivers ignore, and padding, which decoders do (AV1 §5.8). */
export function isLeftOut(obu: Obu): boolean {
  return isIgnored(obu) || obu.type === OBU_TYPE.padding;
}

/** A temporal unit in the low-overhead format (AV1 §5.2): every unit with its size. */
export function writeObus(obus: readonly Obu[]): Uint8Array {
  let size = 0;
  for (const { header, data } of obus) size += header.length + leb128Size(data.length) + data.length;
  const bytes = new Uint8Array(size);
  let offset = 0;
  for (const { header, data } of obus) {
    bytes.set(header, offset);
    bytes[offset] = (header[0] ?? 0) | HAS_SIZE;
    offset = writeLeb128(bytes, offset + header.length, data.length);
    bytes.set(data, offset);
    offset += data.length;
  }
  return bytes;
}

/** An RTP payload taken apart (RTP Payload Format For AV1 §4.4). */
export interface Av1Payload {
  /** Z: the first element goes on with the last one of the packet before. */
  readonly continues: boolean;
  /** Y: the last element goes on in the next packet. */
  readonly continued: boolean;
  /** N: the first packet of a coded video sequence. */
  readonly sequenceStart: boolean;
  /** OBUs without sizes, the first and the last of them possibly in part: views. */
  readonly elements: readonly Uint8Array[];
}

/** Takes a payload apart, or answers `undefined` where it is malformed. */
export function parseAv1Payload(payload: Uint8Array): Av1Payload | undefined {
  const head = payload[0];
  if (head === undefined || payload.length < 2) return undefined;
  const continues = (head & 0x80) !== 0;
  const sequenceStart = (head & 0x08) !== 0;
  if (continues && sequenceStart) return undefined;
  const count = (head >> 4) & 0x03;
  const elements: Uint8Array[] = [];
  let offset = 1;
  while (count > 0 ? elements.length < count : offset < payload.length) {
    let end = payload.length;
    if (count === 0 || elements.length < count - 1) {
      const size = readLeb128(payload, offset);
      if (size === undefined) return undefined;
      offset += size.size;
      end = offset + size.value;
    }
    if (end > payload.length) return undefined;
    elements.push(payload.subarray(offset, end));
    offset = end;
  }
  return { continues, continued: (head & 0x40) !== 0, sequenceStart, elements };
}

/** What a sequence header says of the stream: the size is that of its largest picture. */
export interface Av1Sequence {
  readonly resolution: Resolution;
  /** Profile, level and tier as SDP has them (RTP Payload Format For AV1 §7.2.1). */
  readonly parameters: string;
}

/** Reads the data of an OBU_SEQUENCE_HEADER (AV1 §5.5.1); `undefined` where it is cut short. */
export function readAv1Sequence(data: Uint8Array): Av1Sequence | undefined {
  const reader = new BitReader(data);
  const profile = reader.bits(3);
  reader.skip(1);
  const { level, tier } = reader.flag() ? { level: reader.bits(5), tier: 0 } : readOperatingPoints(reader);
  const widthBits = reader.bits(4) + 1;
  const heightBits = reader.bits(4) + 1;
  const width = reader.bits(widthBits) + 1;
  const height = reader.bits(heightBits) + 1;
  if (reader.overrun) return undefined;
  return { resolution: { width, height }, parameters: `level-idx=${level};profile=${profile};tier=${tier}` };
}

/** Reads up to the last operating point, and answers what the first, which is all of the stream, needs of a decoder. */
function readOperatingPoints(reader: BitReader): { level: number; tier: number } {
  let decoderModel = false;
  let delaySize = 0;
  if (reader.flag()) {
    reader.skip(64);
    // num_ticks_per_picture_minus_1 is uvlc(), which is ue(v) by another name.
    if (reader.flag()) reader.exponentialGolomb();
    decoderModel = reader.flag();
    if (decoderModel) {
      delaySize = reader.bits(5) + 1;
      reader.skip(32 + 5 + 5);
    }
  }
  const initialDelay = reader.flag();
  let first: { level: number; tier: number } | undefined;
  for (let left = reader.bits(5) + 1; left > 0; left--) {
    reader.skip(12);
    const level = reader.bits(5);
    const tier = level > 7 ? reader.bit() : 0;
    first ??= { level, tier };
    if (decoderModel && reader.flag()) reader.skip(2 * delaySize + 1);
    if (initialDelay && reader.flag()) reader.skip(4);
  }
  return first ?? { level: 0, tier: 0 };
}

/** Whether the frame of an OBU_FRAME or OBU_FRAME_HEADER is a key frame that is shown (AV1 §5.9.2). */
export function isAv1KeyFrame(data: Uint8Array): boolean {
  const head = data[0] ?? 0;
  // show_existing_frame, frame_type in two bits with KEY_FRAME as 0, show_frame.
  return head >> 4 === 1;
}
