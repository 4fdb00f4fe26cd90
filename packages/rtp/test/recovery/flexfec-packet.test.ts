import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ArgumentError } from '../../src/errors.ts';
import {
  flexFecTimestamp,
  MAX_FLEXFEC_SPAN,
  parseFlexFec,
  serializeFlexFec,
} from '../../src/recovery/flexfec-packet.ts';

const RECOVERY = [0x00, 0x7b, 0xab, 0xcd, 0x01, 0x23, 0x45, 0x67];
const PAYLOAD = [9, 8, 7, 6];

function parity(bytes: number[], sources = 1) {
  const packet = parseFlexFec(Uint8Array.from(bytes), sources);
  if (packet?.type !== 'parity') throw new Error('not a parity');
  return { streams: packet.streams, recovery: [...packet.recovery], payload: [...packet.payload] };
}

/** The numbers from `base` whose bits are set in a mask without the bits that tell its length. */
function positions(base: number, mask: number[]): number[] {
  return mask.flatMap((byte, i) =>
    [...byte.toString(2).padStart(8, '0')].flatMap((bit, j) => (bit === '1' ? [base + 8 * i + j] : [])),
  );
}

// The masks are the vectors of libwebrtc's FlexfecHeaderReaderTest, with and without the bits that tell their length.
describe('a flexible mask (RFC 8627 §4.2.2.1)', () => {
  test('of 15 bits ends where its first bit is clear', () => {
    expect(parity([...RECOVERY, 1, 2, 0x08, 0x81, ...PAYLOAD])).toEqual({
      streams: [positions(0x0102, [0x11, 0x02])],
      recovery: RECOVERY,
      payload: PAYLOAD,
    });
  });

  test('of 46 bits has its first bit set and the first of the second part clear', () => {
    const entry = [1, 2, 0x80 | 0x48, 0x81, 0x02, 0x11, 0x00, 0x21];
    expect(parity([...RECOVERY, ...entry, ...PAYLOAD])).toEqual({
      streams: [positions(0x0102, [0x91, 0x02, 0x08, 0x44, 0x00, 0x84])],
      recovery: RECOVERY,
      payload: PAYLOAD,
    });
  });

  test('of 110 bits has both set, and none in its third part', () => {
    const last = [0x01, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11];
    const entry = [1, 2, 0x80 | 0x48, 0x81, 0x80 | 0x02, 0x11, 0x00, 0x21, ...last];
    const mask = [0x91, 0x02, 0x08, 0x44, 0x00, 0x84, 0x04, 0x44, 0x44, 0x44, 0x44, 0x44, 0x44, 0x44];
    expect(parity([...RECOVERY, ...entry, ...PAYLOAD])).toEqual({
      streams: [positions(0x0102, mask)],
      recovery: RECOVERY,
      payload: PAYLOAD,
    });
  });

  test('is there once for each contributing source', () => {
    const first = [1, 2, 0x80 | 0x48, 0x81, 0x02, 0x11, 0x00, 0x21];
    const second = [3, 4, 0x04, 0x41];
    expect(parity([...RECOVERY, ...first, ...second, ...PAYLOAD], 2)).toEqual({
      streams: [positions(0x0102, [0x91, 0x02, 0x08, 0x44, 0x00, 0x84]), positions(0x0304, [0x08, 0x82])],
      recovery: RECOVERY,
      payload: PAYLOAD,
    });
  });

  test('goes on behind the highest sequence number', () => {
    expect(parity([...RECOVERY, 0xff, 0xff, 0x60, 0x00]).streams).toEqual([[0xffff, 0]]);
  });

  test('without a bit set protects nothing', () => {
    expect(parseFlexFec(Uint8Array.from([...RECOVERY, 1, 2, 0, 0, ...PAYLOAD]), 1)).toBeUndefined();
  });

  test('is written as short as its numbers allow', () => {
    const write = (...sequenceNumbers: number[]) =>
      [
        ...serializeFlexFec({
          recovery: Uint8Array.from(RECOVERY),
          streams: [sequenceNumbers],
          payload: new Uint8Array(0),
        }),
      ].slice(8);
    expect(write(0xfffe, 12 - 2)).toEqual([0xff, 0xfe, 0x40, 0x04]);
    expect(write(100, 114)).toEqual([0, 100, 0x40, 0x01]);
    expect(write(100, 115)).toEqual([0, 100, 0xc0, 0x00, 0x40, 0, 0, 0]);
    expect(write(100, 145)).toEqual([0, 100, 0xc0, 0x00, 0, 0, 0, 0x01]);
    expect(write(100, 146)).toEqual([0, 100, 0xc0, 0x00, 0x80, 0, 0, 0, 0x80, 0, 0, 0, 0, 0, 0, 0]);
    expect(write(100, 209)).toEqual([0, 100, 0xc0, 0x00, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x01]);
  });

  test('comes back as it was written', () => {
    const stream = fc
      .tuple(fc.nat(0xffff), fc.uniqueArray(fc.nat(MAX_FLEXFEC_SPAN - 2), { maxLength: MAX_FLEXFEC_SPAN }))
      .map(([base, offsets]) => [base, ...offsets.sort((a, b) => a - b).map((offset) => (base + offset + 1) & 0xffff)]);
    fc.assert(
      fc.property(
        fc.array(stream, { minLength: 1, maxLength: 15 }),
        fc.uint8Array({ minLength: 8, maxLength: 8 }),
        fc.uint8Array(),
        (streams, recovery, payload) => {
          const read = parseFlexFec(serializeFlexFec({ recovery, streams, payload }), streams.length);
          const flags = (recovery[0] ?? 0) & 0x3f;
          expect(read).toEqual({
            type: 'parity',
            recovery: Uint8Array.from([flags, ...recovery.slice(1)]),
            streams,
            payload,
          });
        },
      ),
    );
  });
});

describe('a block of columns and rows (RFC 8627 §4.2.2.2)', () => {
  const block = (columns: number, rows: number) => {
    const packet = parseFlexFec(
      Uint8Array.from([0x40, ...RECOVERY.slice(1), 0xff, 0xfe, columns, rows, ...PAYLOAD]),
      1,
    );
    return packet?.type === 'parity' ? packet.streams : packet;
  };

  test('has repair packets of one row: with no column to follow, or with one', () => {
    expect(block(4, 0)).toEqual([[0xfffe, 0xffff, 0, 1]]);
    expect(block(4, 1)).toEqual([[0xfffe, 0xffff, 0, 1]]);
  });

  test('has repair packets of one column', () => {
    expect(block(4, 3)).toEqual([[0xfffe, 2, 6]]);
  });

  test('without columns is to be ignored', () => {
    expect(block(0, 0)).toBeUndefined();
    expect(block(0, 3)).toBeUndefined();
  });
});

test('a retransmission is the packet as it was, its version telling the form (RFC 8627 §4.2.2.3)', () => {
  const packet = Uint8Array.from([0x90, 0x60, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 4, 5]);
  expect(parseFlexFec(packet, 1)).toEqual({ type: 'retransmission', packet });
  expect(parseFlexFec(packet.subarray(0, 11), 1)).toBeUndefined();
});

test('the form of which both bits are set is none', () => {
  expect(parseFlexFec(Uint8Array.from([0xc0, ...RECOVERY.slice(1), 1, 2, 0x40, 0]), 1)).toBeUndefined();
});

test('a repair packet that names no source protects nothing', () => {
  expect(parseFlexFec(Uint8Array.from([...RECOVERY, 1, 2, 0x40, 0]), 0)).toBeUndefined();
});

test('a header cut short is refused, at whichever byte', () => {
  const entry = [1, 2, 0xc0, 0, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];
  const whole = Uint8Array.from([...RECOVERY, ...entry, 3, 4, 0x40, 0]);
  for (let size = 0; size < whole.length; size++) expect(parseFlexFec(whole.subarray(0, size), 2)).toBeUndefined();
  expect(parseFlexFec(whole, 2)).toBeDefined();
});

test('hostile bytes never throw, and never name more than 255 packets of a stream', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(15), (bytes, sources) => {
      const packet = parseFlexFec(bytes, sources);
      if (packet?.type !== 'parity') return;
      expect(packet.streams).toHaveLength(sources);
      for (const stream of packet.streams) expect(stream.length).toBeLessThanOrEqual(255);
    }),
  );
});

test('sequence numbers that fit no mask are refused', () => {
  const write =
    (...sequenceNumbers: number[]) =>
    () =>
      serializeFlexFec({ recovery: new Uint8Array(8), streams: [sequenceNumbers], payload: new Uint8Array(0) });
  expect(write()).toThrow(ArgumentError);
  expect(write(5, 4)).toThrow(ArgumentError);
  expect(write(5, 5)).toThrow(ArgumentError);
  expect(write(5, 115)).toThrow(ArgumentError);
  expect(write(0x10000)).toThrow(ArgumentError);
  expect(write(5, 114)).not.toThrow();
  const short = () => serializeFlexFec({ recovery: new Uint8Array(7), streams: [[1]], payload: new Uint8Array(0) });
  expect(short).toThrow(ArgumentError);
});

test('the timestamp is the time of sending on the media clock (RFC 8627 §4.2.1)', () => {
  expect(flexFecTimestamp(1000, 5)).toBe(90_005);
  expect(flexFecTimestamp(10.5, 0xffff_ffff)).toBe(944);
  expect(flexFecTimestamp(1000, 0, 48_000)).toBe(48_000);
});
