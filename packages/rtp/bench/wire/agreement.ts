// A peer takes part only where it was seen to do the same work: what it makes has to equal what we make.

import { isDeepStrictEqual } from 'node:util';

/** @throws Error where the bytes differ */
export function requireSameBytes(what: string, ours: Uint8Array, theirs: Uint8Array): void {
  if (Buffer.compare(ours, theirs) === 0) return;
  throw new Error(`${what}: the bytes differ.\n  ours:   ${hexOf(ours)}\n  theirs: ${hexOf(theirs)}`);
}

/** @throws Error where the values differ */
export function requireSameValue(what: string, ours: unknown, theirs: unknown): void {
  if (isDeepStrictEqual(ours, theirs)) return;
  throw new Error(
    `${what}: the values differ.\n  ours:   ${JSON.stringify(ours)}\n  theirs: ${JSON.stringify(theirs)}`,
  );
}

/** The bytes as the class of Node that some libraries ask for: a view. */
export function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}

/** The bytes as the view that rtp.js asks for. */
export function dataViewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}

/** The bytes behind a view. */
export function bytesOf(view: DataView): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.subarray(0, 64)).toString('hex');
}
