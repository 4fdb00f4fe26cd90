// RTP packets against rtp.js and werift: each reads what the others write (RFC 3550 §5.1, RFC 8285).

import fc from 'fast-check';
import { RtpPacket as RtpJsPacket } from 'rtp.js/packets';
import { describe, expect, test } from 'vitest';
import { RtpHeader as WeriftHeader, RtpPacket as WeriftPacket } from 'werift';
import { type RtpFields, RtpPacket, serializeRtp } from '../../src/rtp/packet.ts';
import { hex, toHex } from '../rtcp/hex.ts';
import { bufferOf, bytesOf, mediaFields, oneByteElements, rtpFields, twoByteElements, viewOf } from './packets.ts';

const RUNS = { numRuns: 300 };

type Fields = Required<Omit<RtpFields, 'payloadHead'>>;

/** What is compared, with bytes as hexadecimal digits. */
function readable(fields: Fields) {
  const { extensions, payload, ...rest } = fields;
  return {
    ...rest,
    extensions: extensions.map(({ id, value }) => `${id}: ${toHex(value)}`),
    payload: toHex(payload),
  };
}

function readWithOurs(bytes: Uint8Array): Fields {
  const packet = RtpPacket.parse(bytes);
  if (packet === undefined) throw new Error(`not RTP: ${toHex(bytes)}`);
  const { payloadType, sequenceNumber, timestamp, ssrc, marker, csrcs, extensions, payload, paddingSize } = packet;
  return { payloadType, sequenceNumber, timestamp, ssrc, marker, csrcs, extensions, payload, paddingSize };
}

function readWithRtpJs(bytes: Uint8Array): Fields {
  const packet = new RtpJsPacket(viewOf(bytes));
  return {
    payloadType: packet.getPayloadType(),
    sequenceNumber: packet.getSequenceNumber(),
    timestamp: packet.getTimestamp(),
    ssrc: packet.getSsrc(),
    marker: packet.getMarker(),
    csrcs: packet.getCsrcs(),
    extensions: [...packet.getExtensions()].map(([id, value]) => ({ id, value: bytesOf(value) })),
    payload: bytesOf(packet.getPayload()),
    paddingSize: packet.getPadding(),
  };
}

function readWithWerift(bytes: Uint8Array): Fields {
  const { header, payload } = WeriftPacket.deSerialize(bufferOf(bytes));
  return {
    payloadType: header.payloadType,
    sequenceNumber: header.sequenceNumber,
    timestamp: header.timestamp,
    ssrc: header.ssrc,
    marker: header.marker,
    csrcs: header.csrc,
    extensions: header.extensions.map(({ id, payload: value }) => ({ id, value })),
    payload,
    paddingSize: header.paddingSize,
  };
}

/** Without padding: rtp.js has no way to ask for it but up to a multiple of four. */
function writeWithRtpJs(fields: Fields, twoByte: boolean): Uint8Array {
  const packet = new RtpJsPacket();
  packet.setPayloadType(fields.payloadType);
  packet.setSequenceNumber(fields.sequenceNumber);
  packet.setTimestamp(fields.timestamp);
  packet.setSsrc(fields.ssrc);
  packet.setMarker(fields.marker);
  packet.setCsrcs([...fields.csrcs]);
  if (twoByte) packet.enableTwoBytesExtensions();
  for (const { id, value } of fields.extensions) packet.setExtension(id, viewOf(value));
  packet.setPayload(viewOf(fields.payload));
  return bytesOf(packet.getView());
}

function writeWithWerift(fields: Fields, twoByte: boolean): Uint8Array {
  const { payloadType, sequenceNumber, timestamp, ssrc, marker, csrcs, extensions, payload, paddingSize } = fields;
  const header = new WeriftHeader({
    payloadType,
    sequenceNumber,
    timestamp,
    ssrc,
    marker,
    csrc: [...csrcs],
    extensionProfile: twoByte ? 0x1000 : 0xbede,
    extensions: extensions.map(({ id, value }) => ({ id, payload: bufferOf(value) })),
    padding: paddingSize > 0,
    paddingSize,
  });
  return new WeriftPacket(header, bufferOf(payload)).serialize();
}

describe('what we write', () => {
  test('is read by rtp.js', () => {
    fc.assert(
      fc.property(rtpFields, (fields) => {
        expect(readable(readWithRtpJs(serializeRtp(fields)))).toEqual(readable(fields));
      }),
      RUNS,
    );
  });

  test('is read by werift', () => {
    fc.assert(
      fc.property(rtpFields, (fields) => {
        expect(readable(readWithWerift(serializeRtp(fields)))).toEqual(readable(fields));
      }),
      RUNS,
    );
  });

  test('is what they write, byte for byte, in both forms of header extensions', () => {
    const forms = fc.oneof(fc.tuple(oneByteElements, fc.constant(false)), fc.tuple(twoByteElements, fc.constant(true)));
    fc.assert(
      fc.property(mediaFields, forms, (media, [extensions, twoByte]) => {
        const fields = { ...media, extensions };
        const ours = toHex(serializeRtp(fields));
        expect(ours).toBe(toHex(writeWithRtpJs(fields, twoByte)));
        expect(ours).toBe(toHex(writeWithWerift(fields, twoByte)));
      }),
      RUNS,
    );
  });
});

describe('we read', () => {
  test('what rtp.js writes, elements that fit the one-byte form in the two-byte form included', () => {
    fc.assert(
      fc.property(mediaFields, fc.boolean(), (fields, twoByte) => {
        expect(readable(readWithOurs(writeWithRtpJs(fields, twoByte)))).toEqual(readable(fields));
      }),
      RUNS,
    );
  });

  test('what werift writes, with padding', () => {
    const padding = fc.integer({ min: 0, max: 255 });
    fc.assert(
      fc.property(mediaFields, padding, fc.boolean(), (media, paddingSize, twoByte) => {
        const fields = { ...media, paddingSize };
        expect(readable(readWithOurs(writeWithWerift(fields, twoByte)))).toEqual(readable(fields));
      }),
      RUNS,
    );
  });

  test('padding that rtp.js added to fill a word', () => {
    fc.assert(
      fc.property(mediaFields, (fields) => {
        const packet = new RtpJsPacket(viewOf(serializeRtp(fields)));
        packet.padTo4Bytes();
        const paddingSize = -fields.payload.length & 3;
        expect(readable(readWithOurs(bytesOf(packet.getView())))).toEqual(readable({ ...fields, paddingSize }));
      }),
      RUNS,
    );
  });
});

// Each of these fails when the other implementation is mended; then its arbitrary above can be widened.
describe('where they deviate', () => {
  /** A packet with that extension block and the payload `aabb`. */
  const packetWith = (profile: string, block: string) =>
    hex('90 60 0001 00000002 00000003', profile, (block.length / 8).toString(16).padStart(4, '0'), block, 'aabb');

  test('werift reads the payload from inside the extensions behind identifier 15 (RFC 8285 §4.2: it ends them)', () => {
    const bytes = packetWith('bede', '11aabbf000000000');
    expect(toHex(RtpPacket.parse(bytes)!.payload)).toBe('aabb');
    expect(toHex(readWithRtpJs(bytes).payload)).toBe('aabb');
    expect(toHex(readWithWerift(bytes).payload)).toBe('00000000aabb');
  });

  test('werift and rtp.js go on behind identifier 0 with a length (RFC 8285 §4.2: it ends the elements)', () => {
    const bytes = packetWith('bede', '01050510ee000000');
    expect(RtpPacket.parse(bytes)!.extensions).toEqual([]);
    expect(readWithWerift(bytes).extensions.map(({ id }) => id)).toEqual([0, 1]);
    expect(readWithRtpJs(bytes).extensions.map(({ id }) => id)).toEqual([1]);
  });

  test('werift reads no elements where the application bits are set (RFC 8285 §4.3: they are to be ignored)', () => {
    const bytes = packetWith('1005', '2101cc00');
    expect(toHex(RtpPacket.parse(bytes)!.extension(0x21)!)).toBe('cc');
    expect(readWithRtpJs(bytes).extensions.map(({ id }) => id)).toEqual([0x21]);
    expect(readWithWerift(bytes).extensions.map(({ id }) => id)).toEqual([0]);
  });

  test('werift takes padding of 0 bytes and more padding than there is (RFC 3550 §5.1: the count includes itself)', () => {
    for (const count of ['00', 'ff']) {
      const bytes = hex('a0 60 0001 00000002 00000003 aabb', count);
      expect(RtpPacket.parse(bytes)).toBeUndefined();
      expect(() => readWithWerift(bytes)).not.toThrow();
    }
    expect(() => readWithRtpJs(hex('a0 60 0001 00000002 00000003 aabb 00'))).not.toThrow();
    expect(() => readWithRtpJs(hex('a0 60 0001 00000002 00000003 aabb ff'))).toThrow(RangeError);
  });

  test('werift reads any version as 2 (RFC 3550 §5.1)', () => {
    const bytes = hex('40 60 0001 00000002 00000003 aabb');
    expect(RtpPacket.parse(bytes)).toBeUndefined();
    expect(() => readWithRtpJs(bytes)).toThrow(TypeError);
    expect(readWithWerift(bytes).sequenceNumber).toBe(1);
  });
});
