// Makes an input that fails as small and as plain as it can be while it still fails.

/** How often the input is tried at most. */
const MAX_ATTEMPTS = 50_000;
/** How long it may take altogether, in ms. */
const MAX_DURATION = 5000;

/**
 * Leaves out what the failure does not need, from large parts to single bytes, then makes zeros of what may be zero.
 *
 * @param fails - whether the code still fails on that input
 */
export function minimize(input: Uint8Array, fails: (candidate: Uint8Array) => boolean): Uint8Array {
  const end = performance.now() + MAX_DURATION;
  let attempts = 0;
  let best: Uint8Array = input.slice();
  const take = (candidate: Uint8Array): boolean => {
    attempts += 1;
    if (attempts > MAX_ATTEMPTS || performance.now() > end || !fails(candidate.slice())) return false;
    best = candidate;
    return true;
  };
  for (let size = best.length; size >= 1; size = Math.floor(size / 2)) {
    for (let start = best.length - size; start >= 0; start -= size) {
      take(without(best, Math.min(start, best.length), size));
    }
  }
  for (let i = 0; i < best.length; i++) {
    if (best[i] === 0) continue;
    const candidate = best.slice();
    candidate[i] = 0;
    take(candidate);
  }
  return best;
}

function without(bytes: Uint8Array, start: number, size: number): Uint8Array {
  const rest = new Uint8Array(Math.max(start, bytes.length - size));
  rest.set(bytes.subarray(0, start));
  rest.set(bytes.subarray(start + size), start);
  return rest;
}
