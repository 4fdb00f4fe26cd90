// UTF-8 in RTCP packets (RFC 3550 §6.5: every text is at most 255 bytes long).

import { ArgumentError } from '../errors.ts';
import { decodeUtf8, encodeUtf8 } from '../utf8.ts';

/** The text in `size` bytes of `view`; what is not UTF-8 becomes U+FFFD. */
export function readText(view: DataView, offset: number, size: number): string {
  return decodeUtf8(new Uint8Array(view.buffer, view.byteOffset + offset, size));
}

/** The bytes of `text`, or an `ArgumentError` when they are more than 255. */
export function encodeText(text: string, name: string): Uint8Array {
  const bytes = encodeUtf8(text);
  if (bytes.length > 255) {
    throw new ArgumentError(`RTCP ${name} is ${bytes.length} bytes of UTF-8 long: shorten it to 255.`);
  }
  return bytes;
}
