// NAL units of H.264 and H.265: finding them in an encoder's output, in either form it may have.

/** What stands in front of each NAL unit in Annex B form. */
export const START_CODE = Uint8Array.of(0, 0, 0, 1);

/** How an encoder's frames hold their NAL units. */
export interface NalFraming {
  /** Bytes of the length ahead of each unit, 1–4; `undefined` for Annex B start codes. */
  readonly lengthSize: number | undefined;
}

/**
 * The NAL units of one frame, views. Frames are taken for what the framing says; where their lengths don't add up, for
 * Annex B if there is a start code at the beginning. None for bytes that are neither.
 */
export function splitNalUnits(frame: Uint8Array, { lengthSize }: NalFraming): Uint8Array[] {
  if (lengthSize !== undefined) {
    const units = splitByLength(frame, lengthSize);
    if (units !== undefined) return units;
  }
  if (startsWithStartCode(frame)) return splitAnnexB(frame);
  return (lengthSize === undefined ? splitByLength(frame, 4) : undefined) ?? [];
}

function startsWithStartCode(frame: Uint8Array): boolean {
  if (frame[0] !== 0 || frame[1] !== 0) return false;
  return frame[2] === 1 || (frame[2] === 0 && frame[3] === 1);
}

/** The units between start codes (H.264 §B.1, H.265 §B.1), without the zeros that may stand behind them. */
function splitAnnexB(frame: Uint8Array): Uint8Array[] {
  const units: Uint8Array[] = [];
  let start: number | undefined;
  for (let one = frame.indexOf(1, 2); ; one = frame.indexOf(1, one + 1)) {
    const isStartCode = one >= 0 && frame[one - 1] === 0 && frame[one - 2] === 0;
    if (one >= 0 && !isStartCode) continue;
    if (start !== undefined) {
      let end = one >= 0 ? one - 2 : frame.length;
      while (end > start && frame[end - 1] === 0) end -= 1;
      if (end > start) units.push(frame.subarray(start, end));
    }
    if (one < 0) return units;
    start = one + 1;
  }
}

/** The units behind lengths (ISO/IEC 14496-15 §5.3.3.1), or `undefined` where these don't fill the frame exactly. */
function splitByLength(frame: Uint8Array, lengthSize: number): Uint8Array[] | undefined {
  const units: Uint8Array[] = [];
  let offset = 0;
  while (offset < frame.length) {
    let size = 0;
    for (let i = 0; i < lengthSize; i++) size = size * 256 + (frame[offset + i] ?? 0);
    const start = offset + lengthSize;
    offset = start + size;
    if (size === 0 || offset > frame.length) return undefined;
    units.push(frame.subarray(start, offset));
  }
  return units;
}

/** The raw bytes of a NAL unit's payload, at most `limit` of them: without emulation prevention (H.264 §7.3.1). */
export function unescapeNalUnit(unit: Uint8Array, headerSize: number, limit: number): Uint8Array {
  const raw = new Uint8Array(Math.min(limit, Math.max(0, unit.length - headerSize)));
  let size = 0;
  let zeros = 0;
  for (let i = headerSize; i < unit.length && size < raw.length; i++) {
    const byte = unit[i] ?? 0;
    if (zeros >= 2 && byte === 3) {
      zeros = 0;
      continue;
    }
    zeros = byte === 0 ? zeros + 1 : 0;
    raw[size++] = byte;
  }
  return raw.subarray(0, size);
}
