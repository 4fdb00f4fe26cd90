// UTF-8, by what every platform has: this package is typed for none in particular.

interface PlatformText {
  TextEncoder: new () => { encode(text: string): Uint8Array };
  TextDecoder: new (label: string, options: { ignoreBOM: boolean }) => { decode(bytes: Uint8Array): string };
}

const platform = globalThis as unknown as PlatformText;
const encoder = new platform.TextEncoder();
const decoder = new platform.TextDecoder('utf-8', { ignoreBOM: true });

/** The bytes of a text. */
export function encodeUtf8(text: string): Uint8Array {
  return encoder.encode(text);
}

/** The text of the bytes; what is not UTF-8 becomes U+FFFD. */
export function decodeUtf8(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}
