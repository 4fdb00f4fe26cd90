// The bandwidth slider: equal steps are equal ratios, and the last one takes the limit away.

const LOWEST = 50_000;
const HIGHEST = 10_000_000;
const STEPS = 60;

/** The slider's last position. */
export const UNLIMITED_POSITION = STEPS + 1;

/** The rate in bit/s at a position of 0 to `UNLIMITED_POSITION`, to two digits. */
export function rateAt(position: number): number {
  if (position > STEPS) return Number.POSITIVE_INFINITY;
  const rate = LOWEST * (HIGHEST / LOWEST) ** (position / STEPS);
  return Number(rate.toPrecision(2));
}
