/** The bytes written as hexadecimal digits; white space is for the reader. */
export function hex(...lines: string[]): Uint8Array {
  const digits = lines.join('').replace(/\s/g, '');
  if (!/^([0-9a-f]{2})*$/.test(digits)) throw new Error(`not hexadecimal: ${digits}`);
  return Uint8Array.from(digits.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16));
}

/** Bytes as hexadecimal digits, for readable differences. */
export function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
