// The size of the picture in an H.264 sequence parameter set (H.264 §7.3.2.1.1).

import { BitReader } from './bit-reader.ts';
import { unescapeNalUnit } from './nal-units.ts';
import type { Resolution } from './vp8.ts';

/** The size fields come before the VUI, within this many bytes even with all scaling lists. */
const MAX_SPS_BYTES = 2048;

/** Profiles whose SPS tells of the chroma format. */
const HIGH_PROFILES = new Set([100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135]);

/** The size after cropping, in pixels; `undefined` where the unit is no SPS or is cut short. */
export function h264SpsResolution(unit: Uint8Array): Resolution | undefined {
  const reader = new BitReader(unescapeNalUnit(unit, 1, MAX_SPS_BYTES));
  const profile = reader.bits(8);
  reader.skip(16);
  reader.exponentialGolomb();
  let chromaFormat = 1;
  if (HIGH_PROFILES.has(profile)) {
    chromaFormat = reader.exponentialGolomb();
    // Separate colour planes are coded as monochrome each.
    if (chromaFormat === 3 && reader.flag()) chromaFormat = 0;
    reader.exponentialGolomb();
    reader.exponentialGolomb();
    reader.skip(1);
    if (reader.flag()) skipScalingLists(reader, chromaFormat === 3 ? 12 : 8);
  }
  reader.exponentialGolomb();
  skipPictureOrder(reader);
  reader.exponentialGolomb();
  reader.skip(1);
  const widthInMacroblocks = reader.exponentialGolomb() + 1;
  const heightInMapUnits = reader.exponentialGolomb() + 1;
  const framesOnly = reader.bit();
  if (!framesOnly) reader.skip(1);
  reader.skip(1);
  let cropX = 0;
  let cropY = 0;
  if (reader.flag()) {
    cropX = reader.exponentialGolomb() + reader.exponentialGolomb();
    cropY = reader.exponentialGolomb() + reader.exponentialGolomb();
  }
  if (reader.overrun) return undefined;
  const fields = 2 - framesOnly;
  const cropUnitX = chromaFormat === 1 || chromaFormat === 2 ? 2 : 1;
  const cropUnitY = (chromaFormat === 1 ? 2 : 1) * fields;
  const width = 16 * widthInMacroblocks - cropUnitX * cropX;
  const height = 16 * fields * heightInMapUnits - cropUnitY * cropY;
  // Level 6.2, the highest, ends at 139 264 macroblocks in at most 1055 a side (H.264 §A.3.1).
  const plausible = width > 0 && height > 0 && width <= 16_880 && height <= 16_880;
  return plausible ? { width, height } : undefined;
}

/** Profile, constraints and level as SDP has them (RFC 6184 §8.1); `undefined` where the unit is cut short. */
export function h264SpsParameters(unit: Uint8Array): string | undefined {
  if (unit.length < 4) return undefined;
  const digits = [...unit.subarray(1, 4)].map((byte) => byte.toString(16).padStart(2, '0'));
  return `profile-level-id=${digits.join('')}`;
}

function skipScalingLists(reader: BitReader, count: number): void {
  for (let i = 0; i < count && !reader.overrun; i++) {
    if (!reader.flag()) continue;
    let last = 8;
    let next = 8;
    for (let left = i < 6 ? 16 : 64; left > 0 && next !== 0 && !reader.overrun; left--) {
      next = (last + reader.signedExponentialGolomb() + 256) % 256;
      last = next === 0 ? last : next;
    }
  }
}

function skipPictureOrder(reader: BitReader): void {
  const type = reader.exponentialGolomb();
  if (type === 0) reader.exponentialGolomb();
  if (type !== 1) return;
  reader.skip(1);
  reader.exponentialGolomb();
  reader.exponentialGolomb();
  for (let left = reader.exponentialGolomb(); left > 0 && !reader.overrun; left--) reader.exponentialGolomb();
}
