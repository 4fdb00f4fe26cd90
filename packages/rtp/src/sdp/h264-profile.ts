// H.264's profile-level-id (RFC 6184 §8.1): three bytes in hexadecimal that name a profile and the highest level.

/** What a profile-level-id says. */
export interface H264ProfileLevel {
  readonly profile: string;
  /** Ten times its number, e.g. 31 for level 3.1; level 1b, between 1 and 1.1, is 10.5. */
  readonly level: number;
}

/** RFC 6184 §8.1, table 5, and constrained high (H.264 §A.2.4.2): profile_idc, and profile-iop with x for any bit. */
const PROFILES: readonly (readonly [idc: number, iop: string, profile: string])[] = [
  [0x42, 'x1xx0000', 'constrained baseline'],
  [0x4d, '1xxx0000', 'constrained baseline'],
  [0x58, '11xx0000', 'constrained baseline'],
  [0x42, 'x0xx0000', 'baseline'],
  [0x58, '10xx0000', 'baseline'],
  [0x4d, '0x0x0000', 'main'],
  [0x58, '00xx0000', 'extended'],
  [0x64, '00000000', 'high'],
  [0x64, '00001100', 'constrained high'],
  [0x6e, '00000000', 'high 10'],
  [0x7a, '00000000', 'high 4:2:2'],
  [0xf4, '00000000', 'high 4:4:4 predictive'],
  [0x6e, '00010000', 'high 10 intra'],
  [0x7a, '00010000', 'high 4:2:2 intra'],
  [0xf4, '00010000', 'high 4:4:4 intra'],
  [0x2c, '00010000', 'CAVLC 4:4:4 intra'],
];

const LEVEL_1B = 10.5;
/** Where level 1b has a number of its own; in the others it is 1.1 with constraint_set3_flag. */
const LEVEL_1B_IDC = 9;
const CONSTRAINT_SET_3 = 0x10;
const LEVELS: readonly number[] = [
  10,
  LEVEL_1B,
  11,
  12,
  13,
  20,
  21,
  22,
  30,
  31,
  32,
  40,
  41,
  42,
  50,
  51,
  52,
  60,
  61,
  62,
];

/** What an offer without one means (RFC 6184 §8.1): the baseline profile at level 1. */
export const DEFAULT_PROFILE_LEVEL_ID = '42000a';

/** Takes a profile-level-id apart; `undefined` where it is none, or of an unknown profile or level. */
export function parseProfileLevelId(text: string): H264ProfileLevel | undefined {
  const bytes = split(text);
  if (bytes === undefined) return undefined;
  const [idc, iop, levelIdc] = bytes;
  const bits = iop.toString(2).padStart(8, '0');
  const profile = PROFILES.find(
    ([candidate, pattern]) => candidate === idc && [...pattern].every((bit, i) => bit === 'x' || bit === bits[i]),
  )?.[2];
  const is1b = marks1b(idc) ? levelIdc === 11 && (iop & CONSTRAINT_SET_3) !== 0 : levelIdc === LEVEL_1B_IDC;
  const level = is1b ? LEVEL_1B : levelIdc;
  return profile === undefined || !LEVELS.includes(level) ? undefined : { profile, level };
}

/** The same profile at another level; `text` is one that can be parsed. */
export function withLevel(text: string, level: number): string {
  const [idc, iop, levelIdc] = split(text) ?? [0, 0, 0];
  const is1b = level === LEVEL_1B;
  const bytes = marks1b(idc)
    ? [idc, is1b ? iop | CONSTRAINT_SET_3 : iop & ~CONSTRAINT_SET_3, is1b ? 11 : level]
    : [idc, iop, is1b ? LEVEL_1B_IDC : level];
  // Constraints that say nothing of the level stay as they came.
  if (parseProfileLevelId(text)?.level === level) bytes.splice(1, 2, iop, levelIdc);
  return bytes.map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

function marks1b(idc: number): boolean {
  return idc === 0x42 || idc === 0x4d || idc === 0x58;
}

function split(text: string): [number, number, number] | undefined {
  if (!/^[0-9a-f]{6}$/i.test(text)) return undefined;
  const value = Number.parseInt(text, 16);
  return [value >> 16, (value >> 8) & 0xff, value & 0xff];
}
