// The H.264 RTP payload format in packetization mode 1 (RFC 6184): single NAL units, STAP-A, FU-A.

import { BitReader } from './bit-reader.ts';
import type { NalPayloadKind, NalPayloadSyntax } from './nal-payloads.ts';

/** NAL unit types (H.264 table 7-1) and payload types (RFC 6184 table 1) with a part here. */
export const H264_NAL = {
  slice: 1,
  partitionA: 2,
  partitionB: 3,
  partitionC: 4,
  idrSlice: 5,
  enhancement: 6,
  sps: 7,
  pps: 8,
  delimiter: 9,
  stapA: 24,
  fuA: 28,
} as const;

/** The payload headers of RFC 6184 §5.3, §5.7.1 and §5.8. */
export const h264Syntax: NalPayloadSyntax = {
  headerSize: 1,
  kindOf(type): NalPayloadKind {
    if (type === H264_NAL.stapA) return 'aggregate';
    if (type === H264_NAL.fuA) return 'fragment';
    // 0, 30 and 31 have no meaning yet, and are to be ignored (RFC 6184 §5.2); 25–27 and 29 belong to interleaved mode.
    if (type === 0 || type >= 30) return 'ignored';
    return type >= 24 ? 'unsupported' : 'unit';
  },
  typeOf: (firstByte) => firstByte & 0x1f,
  aggregateHeader(units) {
    // NRI is the highest of all (RFC 6184 §5.7); units with F are not sent.
    let importance = 0;
    for (const [header = 0] of units) importance = Math.max(importance, header & 0x60);
    return Uint8Array.of(importance | H264_NAL.stapA);
  },
  fragmentHeader([header = 0], first, last) {
    const flags = (first ? 0x80 : 0) | (last ? 0x40 : 0);
    return Uint8Array.of((header & 0xe0) | H264_NAL.fuA, flags | (header & 0x1f));
  },
  fragmentTypeMask: 0x1f,
  unitHeader: ([indicator = 0, header = 0]) => Uint8Array.of((indicator & 0xe0) | (header & 0x1f)),
};

/**
 * Whether a frame can begin with a NAL unit (H.264 §7.4.1.2.3): one that is not a later slice, whose first macroblock
 * isn't 0, nor belongs behind a slice.
 *
 * @param body - the byte behind the unit's header
 */
export function h264CanStartFrame(type: number, body: number): boolean {
  switch (type) {
    case H264_NAL.slice:
    case H264_NAL.partitionA:
    case H264_NAL.idrSlice:
      // first_mb_in_slice is the first field of a slice: as ue(v), 0 is the bit 1.
      return body >= 0x80;
    case H264_NAL.partitionB:
    case H264_NAL.partitionC:
    case 10: // end of sequence
    case 11: // end of stream
    case 12: // filler
    case 19: // slice of an auxiliary picture
      return false;
    default:
      return true;
  }
}

/** The decoder configuration of ISO/IEC 14496-15 §5.3.3.1, "avcC". */
export interface AvcConfiguration {
  /** Bytes of the length ahead of each NAL unit: 1, 2 or 4. */
  readonly lengthSize: number;
  /** SPS, then PPS, views. */
  readonly parameterSets: readonly Uint8Array[];
}

/** Reads an avcC record, or answers `undefined` where it isn't one. */
export function parseAvcConfiguration(bytes: Uint8Array): AvcConfiguration | undefined {
  if (bytes.length < 7 || bytes[0] !== 1) return undefined;
  const parameterSets: Uint8Array[] = [];
  let offset = 5;
  for (const mask of [0x1f, 0xff]) {
    const count = (bytes[offset++] ?? 0) & mask;
    for (let i = 0; i < count; i++) {
      const start = offset + 2;
      const end = start + (((bytes[offset] ?? 0) << 8) | (bytes[offset + 1] ?? 0));
      if (end > bytes.length) return undefined;
      if (end > start) parameterSets.push(bytes.subarray(start, end));
      offset = end;
    }
  }
  return { lengthSize: ((bytes[4] ?? 0) & 0x03) + 1, parameterSets };
}

/** What tells one parameter set from another: its type and its id (H.264 §7.3.2.1.1, §7.3.2.2). */
export function h264ParameterSetKey(unit: Uint8Array): number {
  const type = (unit[0] ?? 0) & 0x1f;
  // An SPS has its id behind profile, constraints and level; none of these can be part of an emulated start code.
  const id = new BitReader(unit, type === H264_NAL.sps ? 4 : 1).exponentialGolomb();
  return type * 256 + Math.min(255, id);
}
