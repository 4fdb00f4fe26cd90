// The pieces of data messages, one in each RTP payload.

import type { Bytes } from '../units.ts';
import { MAX_DATA_SIZE, MAX_ENVELOPE_SIZE } from './data-message.ts';

/** A piece of a message. */
export interface DataFragment {
  /** Counts the messages of a sender, 32 bit. */
  readonly messageId: number;
  /** Which one it is, of how many. */
  readonly index: number;
  readonly count: number;
  readonly bytes: Uint8Array;
}

/** Bytes of a message in one packet. */
export const FRAGMENT_SIZE: Bytes = 1100;

const HEADER_SIZE: Bytes = 8;
/** Of the largest message with the largest envelope. */
const MAX_FRAGMENTS = Math.ceil((MAX_DATA_SIZE + MAX_ENVELOPE_SIZE + 4) / FRAGMENT_SIZE);

/** Message id, 32 bit; index and count, 16 bit each; the bytes. */
export function writeDataFragment({ messageId, index, count, bytes }: DataFragment): Uint8Array {
  const payload = new Uint8Array(HEADER_SIZE + bytes.length);
  const view = new DataView(payload.buffer);
  view.setUint32(0, messageId);
  view.setUint16(4, index);
  view.setUint16(6, count);
  payload.set(bytes, HEADER_SIZE);
  return payload;
}

/** Reads a payload; `undefined` where it is no piece of a message. The bytes are those of `payload`. */
export function readDataFragment(payload: Uint8Array): DataFragment | undefined {
  if (payload.length <= HEADER_SIZE) return undefined;
  const view = new DataView(payload.buffer, payload.byteOffset, payload.length);
  const index = view.getUint16(4);
  const count = view.getUint16(6);
  const bytes = payload.subarray(HEADER_SIZE);
  if (count === 0 || count > MAX_FRAGMENTS || index >= count || bytes.length > FRAGMENT_SIZE) return undefined;
  return { messageId: view.getUint32(0), index, count, bytes };
}
