// How quantities are written: always with a unit, never jumping in width more than the digits ask for.

const SPACE = '\u00a0';

/** What stands where there is no figure yet. */
export const NONE = '–';

/** E.g. `1.70 Mbit/s`, `340 kbit/s`. */
export function bitrateText(bitsPerSecond: number | undefined): string {
  if (bitsPerSecond === undefined) return NONE;
  if (bitsPerSecond === Number.POSITIVE_INFINITY) return 'unlimited';
  if (bitsPerSecond >= 999_500) return `${(bitsPerSecond / 1e6).toFixed(2)}${SPACE}Mbit/s`;
  return `${Math.round(bitsPerSecond / 1000)}${SPACE}kbit/s`;
}

/** E.g. `85 ms`, `1.24 s`. */
export function durationText(milliseconds: number | undefined): string {
  if (milliseconds === undefined) return NONE;
  if (!Number.isFinite(milliseconds)) return 'for ever';
  if (milliseconds >= 9999.5) return `${(milliseconds / 1000).toFixed(1)}${SPACE}s`;
  return `${Math.round(milliseconds)}${SPACE}ms`;
}

/** E.g. `1280 × 720`. */
export function sizeText(width: number, height: number): string {
  return width > 0 ? `${width}${SPACE}×${SPACE}${height}` : NONE;
}

/** E.g. `2.5 %`, from a share of 0 to 1. */
export function shareText(share: number | undefined): string {
  return share === undefined ? NONE : `${(100 * share).toFixed(1)}${SPACE}%`;
}

/** E.g. `30 fps`. */
export function frameRateText(framesPerSecond: number | undefined): string {
  return framesPerSecond === undefined ? NONE : `${Math.round(framesPerSecond)}${SPACE}fps`;
}

/** A plain number. */
export function countText(count: number | undefined): string {
  return count === undefined ? NONE : String(count);
}
