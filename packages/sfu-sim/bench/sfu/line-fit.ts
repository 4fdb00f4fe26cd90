// The straight line through measurements, and how far they are from it.

/** One measurement; both positive. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

/** `y = intercept + slope · x`. */
export interface Line {
  readonly slope: number;
  readonly intercept: number;
}

/**
 * The line whose relative deviations have the least sum of squares: every point counts as much, however small its value.
 *
 * @param points - at least two that differ in `x`
 */
export function fitLine(points: readonly Point[]): Line {
  let weights = 0;
  let sumX = 0;
  let sumY = 0;
  for (const { x, y } of points) {
    const weight = 1 / y ** 2;
    weights += weight;
    sumX += weight * x;
    sumY += weight * y;
  }
  const meanX = sumX / weights;
  const meanY = sumY / weights;
  let covariance = 0;
  let variance = 0;
  for (const { x, y } of points) {
    const weight = 1 / y ** 2;
    covariance += weight * (x - meanX) * (y - meanY);
    variance += weight * (x - meanX) ** 2;
  }
  const slope = covariance / variance;
  return { slope, intercept: meanY - slope * meanX };
}

/** The largest distance of a point from the line, as a share of the point's value. */
export function worstDeviation(points: readonly Point[], { slope, intercept }: Line): number {
  return Math.max(...points.map(({ x, y }) => Math.abs(y - (intercept + slope * x)) / y));
}
