// UTF-8 in RTCP packets (RFC 3550 §6.5: every text is at most 255 bytes long).

import { ArgumentError } from '../errors.ts';

interface PlatformText {
  TextEncoder: new () => { encode(text: string): Uint8Array };
  TextDecoder: new (label: string, options: { ignoreBOM: boolean }) => { decode(bytes: Uint8Array): string };
}

const platform = globalThis as unknown as PlatformText;
const encoder = new platform.TextEncoder();
const decoder = new platform.TextDecoder('utf-8', { ignoreBOM: true });

/** The text in `size` bytes of `view`; what is not UTF-8 becomes U+FFFD. */
export function readText(view: DataView, offset: number, size: number): string {
  return decoder.decode(new Uint8Array(view.buffer, view.byteOffset + offset, size));
}

/** The bytes of `text`, or an `ArgumentError` when they are more than 255. */
export function encodeText(text: string, name: string): Uint8Array {
  const bytes = encoder.encode(text);
  if (bytes.length > 255) {
    throw new ArgumentError(`RTCP ${name} is ${bytes.length} bytes of UTF-8 long: shorten it to 255.`);
  }
  return bytes;
}
