// The bytes of several views as one.

/** A copy of the parts, one behind the other. */
export function concatenate(parts: readonly Uint8Array[]): Uint8Array {
  let size = 0;
  for (const part of parts) size += part.length;
  const whole = new Uint8Array(size);
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}

/**
 * Cuts `size` bytes into the fewest shares of at most `room` bytes, as even as can be: no tiny last packet.
 *
 * @returns where each share ends, ascending; empty for no bytes
 * @throws RangeError where `room` is not positive
 */
export function evenShares(size: number, room: number): number[] {
  if (!(room >= 1)) throw new RangeError('The payload size leaves no room for codec data; allow at least 32 bytes.');
  const count = Math.ceil(size / Math.floor(room));
  const ends: number[] = [];
  for (let i = 1; i <= count; i++) ends.push(Math.round((size * i) / count));
  return ends;
}
