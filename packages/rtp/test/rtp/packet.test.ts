import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ArgumentError } from '../../src/errors.ts';
import {
  HEADER_EXTENSION_URIS,
  readToken,
  readTransportSequence,
  writeAbsSendTime,
  writeToken,
  writeTransportSequence,
} from '../../src/rtp/header-extensions.ts';
import { type RtpFields, RtpPacket, serializeRtp } from '../../src/rtp/packet.ts';
import { hex, toHex } from '../rtcp/hex.ts';

const fixed = 'e5 1234 89abcdef cafebabe';
const elementsOf = (...lines: string[]) =>
  RtpPacket.parse(hex(...lines))!.extensions.map(({ id, value }) => [id, toHex(value)]);

describe('RFC 3550 §5.1: the fixed header', () => {
  const bytes = hex('b2 e0 1234 89abcdef cafebabe 00000001 ffffffff', 'bede 0001 10ff0000', 'aabbcc', '0000 03');
  const fields: RtpFields = {
    payloadType: 96,
    marker: true,
    sequenceNumber: 0x1234,
    timestamp: 0x89abcdef,
    ssrc: 0xcafebabe,
    csrcs: [1, 0xffffffff],
    extensions: [{ id: 1, value: hex('ff') }],
    payload: hex('aabbcc'),
    paddingSize: 3,
  };

  test('version, padding, extension, CSRC count, marker, payload type, numbers: read', () => {
    const packet = RtpPacket.parse(bytes)!;
    expect(packet).toMatchObject({
      payloadType: 96,
      marker: true,
      sequenceNumber: 0x1234,
      timestamp: 0x89abcdef,
      ssrc: 0xcafebabe,
      csrcs: [1, 0xffffffff],
      paddingSize: 3,
      size: bytes.length,
    });
    expect(toHex(packet.payload)).toBe('aabbcc');
  });

  test('and written', () => {
    expect(toHex(serializeRtp(fields))).toBe(toHex(bytes));
  });

  test('the smallest packet is twelve bytes', () => {
    const packet = RtpPacket.parse(hex('80', '60 0001 00000002 00000003'))!;
    expect(packet).toMatchObject({ payloadType: 96, marker: false, csrcs: [], extensions: [], paddingSize: 0 });
    expect(packet.payload.length).toBe(0);
  });

  test.each([
    ['nothing', ''],
    ['eleven bytes', '80 60 0001 00000002 000000'],
    ['version 1', '40 60 0001 00000002 00000003'],
    ['a CSRC list that is cut short', '82 60 0001 00000002 00000003 00000004'],
    ['an extension without its head', '90 60 0001 00000002 00000003 bede'],
    ['an extension longer than the packet', '90 60 0001 00000002 00000003 bede0002 00000000'],
    ['padding of 0 bytes', 'a0 60 0001 00000002 00000003 00'],
    ['more padding than there is', 'a0 60 0001 00000002 00000003 0003'],
    ['padding in the header', 'a0 60 0001 00000002 00000003'],
  ])('%s is not a packet', (_, text) => {
    expect(RtpPacket.parse(hex(text))).toBeUndefined();
  });

  test('a packet may be padding alone', () => {
    const packet = RtpPacket.parse(hex('a0', fixed, '000003'))!;
    expect(packet.payload.length).toBe(0);
    expect(packet.paddingSize).toBe(3);
  });
});

describe('RFC 8285 §4.2: one-byte elements', () => {
  test('the example: three elements with padding after the second', () => {
    expect(elementsOf('90', fixed, 'bede 0003', '10 aa', '21 bbcc', '0000', '33 01020304', '00')).toEqual([
      [1, 'aa'],
      [2, 'bbcc'],
      [3, '01020304'],
    ]);
  });

  test('an element may have sixteen bytes', () => {
    const value = '000102030405060708090a0b0c0d0e0f';
    expect(elementsOf('90', fixed, 'bede 0005', `ef ${value}`, '000000')).toEqual([[14, value]]);
  });

  test('is the form in which elements of at most sixteen bytes and identifiers up to 14 are written', () => {
    const write = (id: number, size: number) =>
      toHex(
        serializeRtp({
          payloadType: 0,
          marker: false,
          sequenceNumber: 0,
          timestamp: 0,
          ssrc: 0,
          extensions: [{ id, value: new Uint8Array(size) }],
          payload: new Uint8Array(0),
        }).subarray(12, 18),
      );
    expect(write(14, 16)).toBe('bede0005ef00');
    expect(write(1, 1)).toBe('bede00011000');
    expect(write(15, 1)).toBe('100000010f01');
    expect(write(1, 17)).toBe('100000050111');
    expect(write(1, 0)).toBe('100000010100');
  });

  test('identifier 15 ends the block', () => {
    expect(elementsOf('90', fixed, 'bede 0002', '10 aa', 'f0 bb', '20 cc', '0000')).toEqual([[1, 'aa']]);
  });

  test('identifier 0 with a length is not padding and ends the block', () => {
    expect(elementsOf('90', fixed, 'bede 0002', '10 aa', '01 bbcc', '20 cc', '00')).toEqual([[1, 'aa']]);
  });

  test('an element that is cut short is left out, with what is before it kept', () => {
    expect(elementsOf('90', fixed, 'bede 0001', '10 aa', '23 bb', 'cccccc')).toEqual([[1, 'aa']]);
  });
});

describe('RFC 8285 §4.3: two-byte elements', () => {
  test('the example: a length of zero, padding, an element of more than sixteen bytes', () => {
    const value = '000102030405060708090a0b0c0d0e0f10';
    expect(elementsOf('90', fixed, '1000 0007', '01 00', '02 01 bb', '00', `ff 11 ${value}`, '000000')).toEqual([
      [1, ''],
      [2, 'bb'],
      [255, value],
    ]);
  });

  test('the four application bits of the profile change nothing', () => {
    expect(elementsOf('90', fixed, '100f 0001', '0f 01 bb 00')).toEqual([[15, 'bb']]);
  });

  test('an element that is cut short is left out', () => {
    expect(elementsOf('90', fixed, '1000 0001', '01 03 aabb', 'cc')).toEqual([]);
    expect(elementsOf('90', fixed, '1000 0001', '01 01 aa', '02')).toEqual([[1, 'aa']]);
  });

  test('another profile is nobody of ours', () => {
    expect(elementsOf('90', fixed, 'abac 0001', '10 aa 0000')).toEqual([]);
  });
});

describe('what does not fit its place on the wire is refused', () => {
  const whole: RtpFields = {
    payloadType: 96,
    marker: false,
    sequenceNumber: 1,
    timestamp: 2,
    ssrc: 3,
    payload: new Uint8Array(0),
  };

  test.each<[string, Partial<RtpFields>]>([
    ['a payload type of eight bits', { payloadType: 128 }],
    ['a sequence number of seventeen bits', { sequenceNumber: 0x10000 }],
    ['a negative sequence number', { sequenceNumber: -1 }],
    ['a timestamp of 33 bits', { timestamp: 2 ** 32 }],
    ['a timestamp with a fraction', { timestamp: 0.5 }],
    ['an SSRC of 33 bits', { ssrc: 2 ** 32 }],
    ['sixteen contributing sources', { csrcs: new Array(16).fill(1) }],
    ['a contributing source of 33 bits', { csrcs: [2 ** 32] }],
    ['256 bytes of padding', { paddingSize: 256 }],
    ['an extension with the identifier 0', { extensions: [{ id: 0, value: hex('aa') }] }],
    ['an extension with the identifier 256', { extensions: [{ id: 256, value: hex('aa') }] }],
    ['an extension of 256 bytes', { extensions: [{ id: 1, value: new Uint8Array(256) }] }],
  ])('%s', (_, wrong) => {
    expect(() => serializeRtp({ ...whole, ...wrong })).toThrow(ArgumentError);
  });
});

describe('the departure stamp', () => {
  const stamp = { absSendTimeId: 4, absSendTime: 0x123456, transportSequenceId: 5, transportSequence: 0x789a };
  const whole: RtpFields = {
    payloadType: 96,
    marker: false,
    sequenceNumber: 1,
    timestamp: 2,
    ssrc: 3,
    extensions: [{ id: 1, value: hex('30') }],
    payload: hex('ff'),
  };

  test('adds its elements behind those of the packet', () => {
    const packet = RtpPacket.parse(serializeRtp(whole, stamp))!;
    expect(packet.extensions.map(({ id, value }) => [id, toHex(value)])).toEqual([
      [1, '30'],
      [4, '123456'],
      [5, '789a'],
    ]);
    expect(toHex(packet.payload)).toBe('ff');
  });

  test('gives the same bytes as elements that are handed in', () => {
    const elements = [
      { id: 1, value: hex('30') },
      { id: 4, value: hex('123456') },
      { id: 5, value: hex('789a') },
    ];
    expect(toHex(serializeRtp(whole, stamp))).toBe(toHex(serializeRtp({ ...whole, extensions: elements })));
  });

  test('leaves out what has no identifier', () => {
    const nothing = { absSendTimeId: 0, absSendTime: 1, transportSequenceId: 0, transportSequence: 2 };
    expect(toHex(serializeRtp(whole, nothing))).toBe(toHex(serializeRtp(whole)));
    const packet = RtpPacket.parse(serializeRtp(whole, { ...stamp, absSendTimeId: 0 }))!;
    expect(packet.extension(4)).toBeUndefined();
    expect(toHex(packet.extension(5)!)).toBe('789a');
  });

  test('takes the two-byte form for a large identifier', () => {
    const packet = RtpPacket.parse(serializeRtp(whole, { ...stamp, transportSequenceId: 20 }))!;
    expect(toHex(packet.extension(20)!)).toBe('789a');
    expect(toHex(packet.extension(4)!)).toBe('123456');
  });
});

const uint = (bits: number) => fc.integer({ min: 0, max: 2 ** bits - 1 });
const fields = fc.record({
  payloadType: uint(7),
  sequenceNumber: uint(16),
  timestamp: uint(32),
  ssrc: uint(32),
  marker: fc.boolean(),
  csrcs: fc.array(uint(32), { maxLength: 15 }),
  extensions: fc.oneof(
    fc.array(
      fc.record({ id: fc.integer({ min: 1, max: 14 }), value: fc.uint8Array({ minLength: 1, maxLength: 16 }) }),
      { maxLength: 6 },
    ),
    fc.array(fc.record({ id: fc.integer({ min: 1, max: 255 }), value: fc.uint8Array({ maxLength: 255 }) }), {
      maxLength: 6,
    }),
  ),
  payload: fc.uint8Array({ maxLength: 1200 }),
  paddingSize: fc.oneof(fc.constant(0), uint(8)),
});

test('a payload is written with another head, and stays as it is', () => {
  const payload = Uint8Array.of(1, 2, 3, 4);
  const fields = { payloadType: 96, sequenceNumber: 1, timestamp: 2, ssrc: 3, marker: true, payload };
  const headed = serializeRtp({ ...fields, payloadHead: Uint8Array.of(8, 9) });
  expect(headed).toEqual(serializeRtp({ ...fields, payload: Uint8Array.of(8, 9, 3, 4) }));
  expect(payload).toEqual(Uint8Array.of(1, 2, 3, 4));
});

test('every packet is read back as it was written', () => {
  fc.assert(
    fc.property(fields, (original) => {
      const bytes = serializeRtp(original);
      const { payloadType, sequenceNumber, timestamp, ssrc, marker, csrcs, extensions, payload, paddingSize, size } =
        RtpPacket.parse(bytes)!;
      expect({ payloadType, sequenceNumber, timestamp, ssrc, marker, csrcs, paddingSize }).toEqual({
        ...original,
        extensions: undefined,
        payload: undefined,
      });
      expect(extensions.map(({ id, value }) => [id, toHex(value)])).toEqual(
        original.extensions.map(({ id, value }) => [id, toHex(value)]),
      );
      expect(toHex(payload)).toBe(toHex(original.payload));
      expect(size).toBe(bytes.length);
    }),
  );
});

test('the first element of an identifier is the one that is found', () => {
  fc.assert(
    fc.property(fields, uint(8), (original, id) => {
      const found = RtpPacket.parse(serializeRtp(original))!.extension(id);
      const expected = original.extensions.find((element) => element.id === id)?.value;
      expect(found && toHex(found)).toBe(expected && toHex(expected));
    }),
  );
});

/** Reads everything there is to read; a view into other bytes, as a packet of a larger buffer is. */
function readAll(bytes: Uint8Array): void {
  const buffer = new Uint8Array(bytes.length + 7);
  buffer.set(bytes, 3);
  const packet = RtpPacket.parse(buffer.subarray(3, 3 + bytes.length));
  if (packet === undefined) return;
  expect(packet.csrcs.length).toBeLessThanOrEqual(15);
  for (const { id, value } of packet.extensions) {
    expect(id).toBeGreaterThan(0);
    expect(value.byteOffset + value.length).toBeLessThanOrEqual(3 + bytes.length);
    packet.extension(id);
  }
  expect(packet.payload.length + packet.paddingSize).toBeLessThanOrEqual(bytes.length - 12);
}

test('invariant 7: random and damaged bytes never throw and never read beyond the packet', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 60 }), readAll), { numRuns: 2000 });
  const damage = fc.array(fc.tuple(fc.nat(), uint(8)), { minLength: 1, maxLength: 6 });
  fc.assert(
    fc.property(fields, damage, fc.nat(), (original, changes, cut) => {
      const bytes = serializeRtp(original);
      for (const [at, value] of changes) bytes[at % Math.min(bytes.length, 40)] = value;
      readAll(bytes);
      readAll(bytes.subarray(0, cut % bytes.length));
    }),
    { numRuns: 2000 },
  );
});

describe('the values of the extensions', () => {
  test('a token is its ASCII characters (RFC 8852 §3)', () => {
    expect(toHex(writeToken('q-1'))).toBe('712d31');
    fc.assert(
      fc.property(fc.stringMatching(/^[A-Za-z0-9_-]{1,16}$/), (token) => readToken(writeToken(token)) === token),
    );
  });

  test('abs-send-time is 6.18 fixed-point seconds and wraps after 64 s', () => {
    expect(toHex(writeAbsSendTime(1000))).toBe('040000');
    expect(toHex(writeAbsSendTime(63_500))).toBe('fe0000');
    expect(toHex(writeAbsSendTime(64_000 + 500))).toBe('020000');
    expect(toHex(writeAbsSendTime(1e15))).toHaveLength(6);
  });

  test('the transport-wide counter is 16 bit', () => {
    fc.assert(
      fc.property(uint(16), (sequence) => readTransportSequence(writeTransportSequence(sequence)) === sequence),
    );
    expect(readTransportSequence(hex('12'))).toBeUndefined();
  });

  test('no two extensions have the same URI', () => {
    const uris = Object.values(HEADER_EXTENSION_URIS);
    expect(new Set(uris).size).toBe(uris.length);
  });
});
