import fc from 'fast-check';
import { expect, it } from 'vitest';
import { decodeBase64, encodeBase64 } from '../../src/payload/base64.ts';

const ascii = (text: string): Uint8Array => new TextEncoder().encode(text);

it.each([
  ['', ''],
  ['f', 'Zg=='],
  ['fo', 'Zm8='],
  ['foo', 'Zm9v'],
  ['foob', 'Zm9vYg=='],
  ['fooba', 'Zm9vYmE='],
  ['foobar', 'Zm9vYmFy'],
])('RFC 4648 §10: "%s" is "%s"', (text, base64) => {
  expect(encodeBase64(ascii(text))).toBe(base64);
  expect(decodeBase64(base64)).toEqual(ascii(text));
  expect(decodeBase64(base64.replace(/=/g, ''))).toEqual(ascii(text));
});

it('what is no base64 is none', () => {
  for (const text of ['Z', 'Zm9vY', 'Zm9v-', 'Zm 9v', 'Zm=9v', 'Zg===', 'Zmé=', '====']) {
    expect(decodeBase64(text)).toBeUndefined();
  }
});

it('bytes come back, and are written as Node writes them', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
      expect(encodeBase64(bytes)).toBe(Buffer.from(bytes).toString('base64'));
      expect(decodeBase64(encodeBase64(bytes))).toEqual(Uint8Array.from(bytes));
    }),
  );
});
