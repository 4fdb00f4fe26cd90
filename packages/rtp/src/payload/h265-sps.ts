// The size of the picture in an H.265 sequence parameter set (H.265 §7.3.2.2.1).

import { BitReader } from './bit-reader.ts';
import { unescapeNalUnit } from './nal-units.ts';
import type { Resolution } from './vp8.ts';

/** The size fields come right behind the profile, within this many bytes. */
const MAX_SPS_BYTES = 256;

/** The size after cropping, in pixels; `undefined` where the unit is no SPS or is cut short. */
export function h265SpsResolution(unit: Uint8Array): Resolution | undefined {
  const reader = new BitReader(unescapeNalUnit(unit, 2, MAX_SPS_BYTES));
  reader.skip(4);
  const subLayers = reader.bits(3);
  reader.skip(1);
  skipProfileTierLevel(reader, subLayers);
  reader.exponentialGolomb();
  let chromaFormat = reader.exponentialGolomb();
  // Separate colour planes are coded as monochrome each.
  if (chromaFormat === 3 && reader.flag()) chromaFormat = 0;
  let width = reader.exponentialGolomb();
  let height = reader.exponentialGolomb();
  if (reader.flag()) {
    const unitX = chromaFormat === 1 || chromaFormat === 2 ? 2 : 1;
    const unitY = chromaFormat === 1 ? 2 : 1;
    width -= unitX * (reader.exponentialGolomb() + reader.exponentialGolomb());
    height -= unitY * (reader.exponentialGolomb() + reader.exponentialGolomb());
  }
  if (reader.overrun) return undefined;
  // Level 6.2, the highest, ends at 16 888 luma samples a side (H.265 §A.4.1).
  const plausible = width > 0 && height > 0 && width <= 16_888 && height <= 16_888;
  return plausible ? { width, height } : undefined;
}

/** Profile, tier and level as SDP has them (RFC 7798 §7.1); `undefined` where the unit is cut short. */
export function h265SpsParameters(unit: Uint8Array): string | undefined {
  const reader = new BitReader(unescapeNalUnit(unit, 2, MAX_SPS_BYTES));
  reader.skip(8 + 2);
  const tier = reader.bit();
  const profile = reader.bits(5);
  reader.skip(32 + 48);
  const level = reader.bits(8);
  return reader.overrun ? undefined : `level-id=${level};profile-id=${profile};tier-flag=${tier}`;
}

/** profile_tier_level(1, subLayers) of H.265 §7.3.3. */
function skipProfileTierLevel(reader: BitReader, subLayers: number): void {
  reader.skip(88 + 8);
  if (subLayers === 0) return;
  let size = 0;
  for (let i = 0; i < subLayers; i++) size += (reader.flag() ? 88 : 0) + (reader.flag() ? 8 : 0);
  reader.skip(2 * (8 - subLayers) + size);
}
