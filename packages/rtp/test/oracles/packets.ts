// Arbitrary RTP packets, and the other implementations' views of bytes.

import fc from 'fast-check';
import type { ExtensionElement, RtpFields } from '../../src/rtp/packet.ts';

const uint = (bits: number) => fc.integer({ min: 0, max: 2 ** bits - 1 });

/** Elements of the one-byte form; rtp.js keeps one for each identifier, so that these differ. */
export const oneByteElements = elements(14, 1, 16);

/** Elements of the two-byte form, at least one of which the one-byte form cannot hold. */
export const twoByteElements = elements(255, 0, 60).filter((all) =>
  all.some(({ id, value }) => id > 14 || value.length === 0 || value.length > 16),
);

/** Packets with everything that RFC 3550 §5.1 and RFC 8285 have, padding included. */
export const rtpFields: fc.Arbitrary<Required<Omit<RtpFields, 'payloadHead'>>> = fieldsWith(
  fc.oneof(oneByteElements, twoByteElements),
);

/** Packets without padding and with elements of the one-byte form, as a sender has them before it wraps them in RTX. */
export const mediaFields: fc.Arbitrary<Required<Omit<RtpFields, 'payloadHead'>>> = fieldsWith(oneByteElements).map(
  (fields) => ({
    ...fields,
    paddingSize: 0,
  }),
);

/** The same memory as rtp.js takes it. */
export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** The bytes of a view, copied. */
export function bytesOf(view: DataView): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength).slice();
}

/** The same bytes as a Buffer, which is what werift takes. */
export function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes);
}

function fieldsWith(
  extensions: fc.Arbitrary<ExtensionElement[]>,
): fc.Arbitrary<Required<Omit<RtpFields, 'payloadHead'>>> {
  return fc.record({
    payloadType: uint(7),
    sequenceNumber: uint(16),
    timestamp: uint(32),
    ssrc: uint(32),
    marker: fc.boolean(),
    csrcs: fc.array(uint(32), { maxLength: 15 }),
    extensions,
    payload: fc.uint8Array({ maxLength: 100, size: 'max' }),
    paddingSize: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 255 })),
  });
}

function elements(maxId: number, minLength: number, maxLength: number): fc.Arbitrary<ExtensionElement[]> {
  const value = fc.uint8Array({ minLength, maxLength, size: 'max' });
  const element = fc.record({ id: fc.integer({ min: 1, max: maxId }), value });
  return fc.uniqueArray(element, { maxLength: 6, selector: ({ id }) => id });
}
