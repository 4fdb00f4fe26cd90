// Bytes that no sender should send.

import fc from 'fast-check';
import { expect } from 'vitest';
import type { PayloadFormat } from '../../src/payload/payload-format.ts';
import { wholeRewriter } from './rewritten.ts';

/** Random payloads, and good ones with bytes changed, cut off or added. */
export function hostilePayload(good: readonly Uint8Array[]): fc.Arbitrary<Uint8Array> {
  const mutated = fc
    .record({
      payload: fc.constantFrom(...good),
      changes: fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 6 }),
      size: fc.option(fc.nat(1500)),
      more: fc.uint8Array({ maxLength: 8 }),
    })
    .map(({ payload, changes, size, more }) => {
      const bytes = Uint8Array.of(...payload.subarray(0, size ?? payload.length), ...more);
      // Most of the changes go to the head, where the structure is.
      for (const [at, value] of changes) bytes[at % Math.min(bytes.length || 1, at % 3 === 0 ? 1500 : 24)] = value;
      return bytes;
    });
  return fc.oneof(fc.uint8Array({ maxLength: 64 }), mutated);
}

/** Nothing throws, and what comes out is not much more than what went in. */
export function expectCalm(format: PayloadFormat, payloads: readonly Uint8Array[]): void {
  let size = 0;
  const rewriter = wholeRewriter(format);
  for (const payload of payloads) {
    size += payload.length;
    format.inspect(payload);
    rewriter.splice(payload);
    rewriter.drop(payload);
    expect(rewriter.rewrite(payload)?.length ?? 0).toBeLessThanOrEqual(payload.length + 1);
  }
  expect(format.depacketize(payloads)?.length ?? 0).toBeLessThanOrEqual(4 * size + 4);
}
