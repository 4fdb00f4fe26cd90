// WebCodecs' names of colour spaces and the code points of ITU-T H.273 that stand for them on the wire.

import type { ColorSpace } from '@sluice/rtp';

const PRIMARIES: Readonly<Record<string, number>> = { bt709: 1, bt470bg: 5, smpte170m: 6, bt2020: 9, smpte432: 12 };

const TRANSFERS: Readonly<Record<string, number>> = {
  bt709: 1,
  smpte170m: 6,
  linear: 8,
  'iec61966-2-1': 13,
  pq: 16,
  hlg: 18,
};

const MATRICES: Readonly<Record<string, number>> = { rgb: 0, bt709: 1, bt470bg: 5, smpte170m: 6, 'bt2020-ncl': 9 };

/** H.273's code point for "not known". */
const UNSPECIFIED = 2;

/** The wire's form of a colour space. */
export function toWireColorSpace(space: VideoColorSpaceInit): ColorSpace {
  return {
    primaries: PRIMARIES[space.primaries ?? ''] ?? UNSPECIFIED,
    transfer: TRANSFERS[space.transfer ?? ''] ?? UNSPECIFIED,
    matrix: MATRICES[space.matrix ?? ''] ?? UNSPECIFIED,
    fullRange: space.fullRange ?? false,
  };
}

/** WebCodecs' form of a colour space; what it has no name for is left to the decoder. */
export function fromWireColorSpace(space: ColorSpace): VideoColorSpaceInit {
  const name = (names: Readonly<Record<string, number>>, code: number) =>
    Object.keys(names).find((candidate) => names[candidate] === code) ?? null;
  return {
    primaries: name(PRIMARIES, space.primaries) as VideoColorPrimaries | null,
    transfer: name(TRANSFERS, space.transfer) as VideoTransferCharacteristics | null,
    matrix: name(MATRICES, space.matrix) as VideoMatrixCoefficients | null,
    fullRange: space.fullRange,
  };
}
