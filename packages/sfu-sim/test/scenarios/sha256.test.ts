import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Sha256 } from '../../src/bench/scenario/sha256.ts';

const text = (value: string) => new TextEncoder().encode(value);

test.each([
  ['', 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
  ['abc', 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'],
  [
    'abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq',
    '248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1',
  ],
])("the standard's example %j", (message, digest) => {
  expect(new Sha256().update(text(message)).hex()).toBe(digest);
});

test("the standard's million times a, in pieces", () => {
  const digest = new Sha256();
  for (let i = 0; i < 1000; i++) digest.update(text('a'.repeat(1000)));
  expect(digest.hex()).toBe('cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0');
});

test("agrees with the platform's, however the bytes are cut", () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 8 }), (pieces) => {
      const digest = new Sha256();
      const reference = createHash('sha256');
      for (const piece of pieces) {
        digest.update(piece);
        reference.update(piece);
      }
      expect(digest.hex()).toBe(reference.digest('hex'));
    }),
  );
});
