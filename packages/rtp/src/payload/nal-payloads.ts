// Packing NAL units into RTP payloads and taking them out again. H.264 (RFC 6184 §5.6–5.8) and H.265 (RFC 7798 §4.4) do it
// alike, and differ in their headers.

import { concatenate, evenShares } from './concatenate.ts';
import { START_CODE } from './nal-units.ts';

/** Sizes in an aggregate have 16 bits. */
const MAX_AGGREGATE = 0xffff;

/** What kind of payload a packet has. */
export type NalPayloadKind = 'unit' | 'aggregate' | 'fragment' | 'ignored' | 'unsupported';

/** The headers of one codec's RTP payloads. */
export interface NalPayloadSyntax {
  /** Bytes of a NAL unit's header, and of the payload header that stands in its place. */
  readonly headerSize: number;
  /** The kind of a payload by its type: that of a NAL unit, or one which no unit has. */
  kindOf(type: number): NalPayloadKind;
  /** The payload header ahead of aggregated units. */
  aggregateHeader(units: readonly Uint8Array[]): Uint8Array;
  /** The payload header and the fragment header of a part of `unit`. */
  fragmentHeader(unit: Uint8Array, first: boolean, last: boolean): Uint8Array;
  /** The type of the unit or payload whose header begins with `firstByte`. */
  typeOf(firstByte: number): number;
  /** The bits of a fragment header that are the unit's type. */
  readonly fragmentTypeMask: number;
  /** The header of the unit that a fragment's headers tell of. */
  unitHeader(fragment: Uint8Array): Uint8Array;
}

/** Where a NAL unit, or a part of one, is in an RTP payload. */
export interface NalPart {
  /** Offset of the unit, its header included; of a fragment, offset of its data. */
  readonly start: number;
  /** Offset behind it. */
  readonly end: number;
  /** NAL unit type. */
  readonly type: number;
  /** The unit's header isn't in front of the data: a fragment. */
  readonly fragment: boolean;
  /** The part begins the unit. */
  readonly first: boolean;
  /** The part ends the unit. */
  readonly last: boolean;
}

/** Packs units into payloads of at most `maxPayloadSize` bytes: small ones together, large ones in even parts. */
export function packNalUnits(
  units: readonly Uint8Array[],
  maxPayloadSize: number,
  syntax: NalPayloadSyntax,
): Uint8Array[] {
  const limit = Math.min(maxPayloadSize, MAX_AGGREGATE);
  const payloads: Uint8Array[] = [];
  let group: Uint8Array[] = [];
  let groupSize = syntax.headerSize;
  const flush = (): void => {
    const [only] = group;
    if (only !== undefined) payloads.push(group.length === 1 ? only.slice() : aggregate(group, syntax));
    group = [];
    groupSize = syntax.headerSize;
  };
  for (const unit of units) {
    // A unit of a type that payloads use for themselves would be taken for one of these; one with F is damaged.
    const [header = 0] = unit;
    if (unit.length < syntax.headerSize || header >= 0x80 || syntax.kindOf(syntax.typeOf(header)) !== 'unit') continue;
    if (unit.length > limit) {
      flush();
      fragment(payloads, unit, limit, syntax);
      continue;
    }
    if (groupSize + 2 + unit.length > limit) flush();
    group.push(unit);
    groupSize += 2 + unit.length;
  }
  flush();
  return payloads;
}

function aggregate(units: readonly Uint8Array[], syntax: NalPayloadSyntax): Uint8Array {
  const parts = [syntax.aggregateHeader(units)];
  for (const unit of units) parts.push(Uint8Array.of(unit.length >> 8, unit.length & 0xff), unit);
  return concatenate(parts);
}

function fragment(
  payloads: Uint8Array[],
  unit: Uint8Array,
  maxPayloadSize: number,
  { headerSize, fragmentHeader }: NalPayloadSyntax,
): void {
  // The unit's own header travels in the fragment headers. It may not be one fragment alone: the unit is larger than that.
  const body = unit.subarray(headerSize);
  const ends = evenShares(body.length, maxPayloadSize - headerSize - 1);
  let start = 0;
  for (const end of ends) {
    const header = fragmentHeader(unit, start === 0, end === body.length);
    const payload = new Uint8Array(header.length + end - start);
    payload.set(header);
    payload.set(body.subarray(start, end), header.length);
    payloads.push(payload);
    start = end;
  }
}

/**
 * Where the NAL units in a payload are, whole or in part; none for a payload that receivers ignore, `undefined` for one
 * that is malformed, of a kind that wasn't negotiated, or damaged: a unit with the F bit is to be discarded, and its frame
 * is not whole without it (RFC 6184 §5.3, RFC 7798 §1.1.4).
 */
export function findNalUnits(payload: Uint8Array, syntax: NalPayloadSyntax): NalPart[] | undefined {
  const { headerSize } = syntax;
  const header = payload[0] ?? 0;
  if (payload.length < headerSize || header >= 0x80) return undefined;
  const type = syntax.typeOf(header);
  switch (syntax.kindOf(type)) {
    case 'unit':
      return [{ start: 0, end: payload.length, type, fragment: false, first: true, last: true }];
    case 'aggregate':
      return findAggregated(payload, syntax);
    case 'fragment':
      return findFragment(payload, syntax);
    case 'ignored':
      return [];
    case 'unsupported':
      return undefined;
  }
}

function findFragment(payload: Uint8Array, syntax: NalPayloadSyntax): NalPart[] | undefined {
  const start = syntax.headerSize + 1;
  if (payload.length <= start) return undefined;
  const flags = payload[start - 1] ?? 0;
  const type = flags & syntax.fragmentTypeMask;
  const kind = syntax.kindOf(type);
  if (kind !== 'unit') return kind === 'ignored' ? [] : undefined;
  const first = (flags & 0x80) !== 0;
  return [{ start, end: payload.length, type, fragment: true, first, last: (flags & 0x40) !== 0 }];
}

function findAggregated(payload: Uint8Array, syntax: NalPayloadSyntax): NalPart[] | undefined {
  const { headerSize } = syntax;
  if (payload.length === headerSize) return undefined;
  const parts: NalPart[] = [];
  let offset = headerSize;
  while (offset < payload.length) {
    const start = offset + 2;
    const end = start + (((payload[offset] ?? 0) << 8) | (payload[offset + 1] ?? 0));
    const header = payload[start] ?? 0;
    if (end < start + headerSize || end > payload.length || header >= 0x80) return undefined;
    const type = syntax.typeOf(header);
    const kind = syntax.kindOf(type);
    if (kind === 'unit') parts.push({ start, end, type, fragment: false, first: true, last: true });
    else if (kind !== 'ignored') return undefined;
    offset = end;
  }
  return parts;
}

/** The frame in Annex B form, of the payloads of all its packets; `undefined` where a part is missing or malformed. */
export function depacketizeNalUnits(payloads: readonly Uint8Array[], syntax: NalPayloadSyntax): Uint8Array | undefined {
  const pieces: Uint8Array[] = [];
  let inside = false;
  for (const payload of payloads) {
    const parts = findNalUnits(payload, syntax);
    if (parts === undefined) return undefined;
    for (const part of parts) {
      if (part.first === inside) return undefined;
      pushAnnexB(pieces, payload, part, syntax);
      inside = !part.last;
    }
  }
  return pieces.length === 0 || inside ? undefined : concatenate(pieces);
}

function pushAnnexB(pieces: Uint8Array[], payload: Uint8Array, part: NalPart, syntax: NalPayloadSyntax): void {
  if (part.first) pieces.push(START_CODE);
  if (part.first && part.fragment) pieces.push(syntax.unitHeader(payload));
  pieces.push(payload.subarray(part.start, part.last ? endOfUnit(payload, part) : part.end));
}

/** A unit never ends in a zero (H.264 §7.4.1, H.265 §7.4.2.4.1), yet Chromium sends SPS with one: of the next start code. */
function endOfUnit(payload: Uint8Array, { start, end }: NalPart): number {
  let last = end;
  while (last > start + 1 && payload[last - 1] === 0) last -= 1;
  return last;
}
