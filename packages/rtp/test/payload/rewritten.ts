// Rewritten payloads in one piece.

import type { PayloadFormat } from '../../src/payload/payload-format.ts';

/** A rewriter of the format that answers whole payloads. */
export function wholeRewriter(format: PayloadFormat) {
  const rewriter = format.createRewriter();
  return {
    splice: (payload: Uint8Array) => rewriter.splice(payload),
    drop: (payload: Uint8Array) => rewriter.drop(payload),
    rewrite: (original: Uint8Array): Uint8Array | undefined => {
      const rewritten = rewriter.rewrite(original);
      if (rewritten?.head === undefined) return rewritten?.payload;
      const payload = rewritten.payload.slice();
      payload.set(rewritten.head);
      return payload;
    },
  };
}
