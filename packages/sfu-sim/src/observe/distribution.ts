// Percentiles and fairness: what figures are told in.

/**
 * The value that a share of all values does not exceed, by the nearest rank: always one of them. `undefined` of none.
 *
 * @param share - 0 to 1
 */
export function percentile(values: readonly number[], share: number): number | undefined {
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
}

/**
 * Jain's fairness index (Jain, Chiu, Hawe 1984, DEC-TR-301): 1 when all get the same, 1/n when one gets everything.
 * `undefined` of none, and where nobody gets anything.
 */
export function jainIndex(rates: readonly number[]): number | undefined {
  const sum = rates.reduce((total, rate) => total + rate, 0);
  const squares = rates.reduce((total, rate) => total + rate * rate, 0);
  return squares === 0 ? undefined : (sum * sum) / (rates.length * squares);
}
