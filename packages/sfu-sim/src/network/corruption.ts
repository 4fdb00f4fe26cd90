// Damage on the wire.

import type { Random } from '@sluice/rtp';

/** A copy of `packet`, which has at least one byte, with one to three of its bits flipped. */
export function corrupted(packet: Uint8Array, random: Random): Uint8Array {
  const copy = packet.slice();
  const bits = copy.byteLength * 8;
  const flips = Math.min(random.integer(1, 3), bits);
  const first = random.integer(0, bits - 1);
  // Neighbours, so that no flip undoes another.
  for (let flip = 0; flip < flips; flip++) {
    const bit = (first + flip) % bits;
    copy[bit >> 3] = (copy[bit >> 3] ?? 0) ^ (0x80 >> (bit & 7));
  }
  return copy;
}
