// Frames of NAL units to test with.

import fc from 'fast-check';

/** Annex B with four-byte start codes. */
export function annexB(units: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.of(...units.flatMap((unit) => [0, 0, 0, 1, ...unit]));
}

/** Each unit behind its length. */
export function withLengths(units: readonly Uint8Array[], lengthSize: number): Uint8Array {
  const parts = units.flatMap((unit) => {
    const length = Array.from({ length: lengthSize }, (_, i) => (unit.length / 256 ** (lengthSize - 1 - i)) & 0xff);
    return [...length, ...unit];
  });
  return Uint8Array.from(parts);
}

/** A unit with that header, and data as an encoder makes it: without start codes inside, without a zero at the end. */
export function unitOf(header: fc.Arbitrary<readonly number[]>, maxLength: number): fc.Arbitrary<Uint8Array> {
  return fc.tuple(header, fc.uint8Array({ maxLength })).map(([head, data]) => {
    const unit = [...head];
    let zeros = 0;
    for (const byte of data) {
      if (zeros >= 2 && byte <= 3) unit.push(3);
      if (zeros >= 2 && byte <= 3) zeros = 0;
      unit.push(byte);
      zeros = byte === 0 ? zeros + 1 : 0;
    }
    unit.push(0x80);
    return Uint8Array.from(unit);
  });
}
