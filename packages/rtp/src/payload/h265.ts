// The H.265 RTP payload format (RFC 7798) without DONL: single NAL units, aggregation packets, fragmentation units.

import type { NalPayloadKind, NalPayloadSyntax } from './nal-payloads.ts';

/** NAL unit types (H.265 table 7-1) and payload types (RFC 7798 §4.4) with a part here. */
export const H265_NAL = {
  tsaN: 2,
  stsaR: 5,
  firstIrap: 16,
  lastIrap: 23,
  lastSlice: 31,
  vps: 32,
  sps: 33,
  pps: 34,
  delimiter: 35,
  endOfSequence: 36,
  filler: 38,
  suffixEnhancement: 40,
  aggregation: 48,
  fragmentation: 49,
} as const;

/** The type of a NAL unit by the first byte of its header (RFC 7798 §1.1.4). */
export function h265NalType(firstByte: number): number {
  return (firstByte >> 1) & 0x3f;
}

/** The payload headers of RFC 7798 §4.4.1 to §4.4.3. */
export const h265Syntax: NalPayloadSyntax = {
  headerSize: 2,
  kindOf(type): NalPayloadKind {
    if (type === H265_NAL.aggregation) return 'aggregate';
    if (type === H265_NAL.fragmentation) return 'fragment';
    // PACI packets and unspecified types: nothing that was negotiated is in them.
    return type > H265_NAL.fragmentation ? 'ignored' : 'unit';
  },
  typeOf: h265NalType,
  aggregateHeader(units) {
    // LayerId and TID are the lowest of all (RFC 7798 §4.4.2); units with F are not sent.
    let layer = 63;
    let temporal = 7;
    for (const [first = 0, second = 0] of units) {
      layer = Math.min(layer, ((first & 1) << 5) | (second >> 3));
      temporal = Math.min(temporal, second & 7);
    }
    return Uint8Array.of((H265_NAL.aggregation << 1) | (layer >> 5), ((layer & 0x1f) << 3) | temporal);
  },
  fragmentHeader([header = 0, second = 0], first, last) {
    const flags = (first ? 0x80 : 0) | (last ? 0x40 : 0);
    return Uint8Array.of((header & 0x81) | (H265_NAL.fragmentation << 1), second, flags | h265NalType(header));
  },
  fragmentTypeMask: 0x3f,
  unitHeader: ([first = 0, second = 0, header = 0]) => Uint8Array.of((first & 0x81) | ((header & 0x3f) << 1), second),
};

/** Whether a picture of this type can be decoded without earlier ones (H.265 §7.4.2.2). */
export function isH265Irap(type: number): boolean {
  return type >= H265_NAL.firstIrap && type <= H265_NAL.lastIrap;
}

/**
 * Whether a frame can begin with a NAL unit (H.265 §7.4.2.4.4): one that is not a later segment of a picture, nor belongs
 * behind one.
 *
 * @param body - the byte behind the unit's header
 */
export function h265CanStartFrame(type: number, body: number): boolean {
  // first_slice_segment_in_pic_flag is the first bit of a slice segment.
  if (type <= H265_NAL.lastSlice) return body >= 0x80;
  return !(type >= H265_NAL.endOfSequence && type <= H265_NAL.filler) && type !== H265_NAL.suffixEnhancement;
}

/** The decoder configuration of ISO/IEC 14496-15 §8.3.3.1, "hvcC". */
export interface HevcConfiguration {
  /** Bytes of the length ahead of each NAL unit: 1, 2 or 4. */
  readonly lengthSize: number;
  /** VPS, SPS, PPS and what else there is, in the order of the record, views. */
  readonly parameterSets: readonly Uint8Array[];
}

/** Reads an hvcC record, or answers `undefined` where it isn't one. */
export function parseHevcConfiguration(bytes: Uint8Array): HevcConfiguration | undefined {
  if (bytes.length < 23 || bytes[0] !== 1) return undefined;
  const parameterSets: Uint8Array[] = [];
  let offset = 23;
  for (let arrays = bytes[22] ?? 0; arrays > 0; arrays--) {
    const count = ((bytes[offset + 1] ?? 0) << 8) | (bytes[offset + 2] ?? 0);
    offset += 3;
    for (let i = 0; i < count; i++) {
      const start = offset + 2;
      const end = start + (((bytes[offset] ?? 0) << 8) | (bytes[offset + 1] ?? 0));
      if (end > bytes.length) return undefined;
      if (end > start) parameterSets.push(bytes.subarray(start, end));
      offset = end;
    }
  }
  return { lengthSize: ((bytes[21] ?? 0) & 0x03) + 1, parameterSets };
}
