import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ArgumentError } from '../../src/errors.ts';
import {
  parseVp8Descriptor,
  renumberVp8,
  type Vp8Descriptor,
  Vp8Packetizer,
  vp8KeyFrameResolution,
} from '../../src/payload/vp8.ts';
import { vp8Format } from '../../src/payload/vp8-format.ts';
import { seededRandom } from '../../src/random.ts';
import { hex, toHex } from '../rtcp/hex.ts';
import { wholeRewriter } from './rewritten.ts';

const ABSENT = {
  nonReference: false,
  partitionStart: false,
  partition: 0,
  pictureId: undefined,
  longPictureId: false,
  tl0PictureIndex: undefined,
  temporalLayer: undefined,
  layerSync: false,
  keyIndex: undefined,
};

describe('RFC 7741 §4.6: the examples', () => {
  test.each<[name: string, bytes: string, descriptor: Partial<Vp8Descriptor>]>([
    [
      '§4.6.1, a key frame in one packet: X, S, I with a picture id of 7 bits',
      '90 80 11 00',
      { size: 3, partitionStart: true, pictureId: 0x11 },
    ],
    [
      '§4.6.2, a discardable interframe in one packet: X, N, S, I',
      'b0 80 11 01',
      { size: 3, nonReference: true, partitionStart: true, pictureId: 0x11 },
    ],
    [
      '§4.6.3, the first packet of a fragmented partition: X, S, I',
      '90 80 11 00',
      { size: 3, partitionStart: true, pictureId: 0x11 },
    ],
    ['§4.6.3, a later packet of it: X, I', '80 80 11 55', { size: 3, pictureId: 0x11 }],
    [
      '§4.6.4, the second partition: X, S, PID 1',
      '91 80 11 55',
      { size: 3, partitionStart: true, partition: 1, pictureId: 0x11 },
    ],
    [
      '§4.6.5, a picture id of 15 bits: X, S, I, M',
      '90 80 92 34 01',
      { size: 4, partitionStart: true, pictureId: 0x1234, longPictureId: true },
    ],
  ])('%s', (_, bytes, descriptor) => {
    expect(parseVp8Descriptor(hex(bytes))).toEqual({ ...ABSENT, ...descriptor });
  });
});

/** The bytes of libwebrtc's unit tests of its own reader. */
describe("libwebrtc's vectors", () => {
  test.each<[name: string, bytes: string, descriptor: Partial<Vp8Descriptor>]>([
    ['basic header', '14 01 00 00', { size: 1, partitionStart: true, partition: 4 }],
    ['reserved bit before the partition, to be ignored', '18 01 00 00', { size: 1, partitionStart: true }],
    ['one-byte picture id', 'a0 80 11 00', { size: 3, nonReference: true, pictureId: 17 }],
    ['two-byte picture id', 'a0 80 92 34 00', { size: 4, nonReference: true, pictureId: 0x1234, longPictureId: true }],
    ['TL0PICIDX', '80 40 11 00', { size: 3, tl0PictureIndex: 17 }],
    ['TID, no layer sync', '80 20 80 00', { size: 3, temporalLayer: 2 }],
    ['KEYIDX', '80 10 11 00', { size: 3, keyIndex: 17 }],
    [
      'all extensions',
      'a6 f0 92 34 2a 71 00',
      {
        size: 6,
        nonReference: true,
        partition: 6,
        pictureId: 0x1234,
        longPictureId: true,
        tl0PictureIndex: 42,
        temporalLayer: 1,
        layerSync: true,
        keyIndex: 17,
      },
    ],
    [
      'all extensions, one-byte picture id',
      '80 f0 0f 00 00 00',
      { size: 5, pictureId: 15, tl0PictureIndex: 0, temporalLayer: 0, keyIndex: 0 },
    ],
  ])('%s', (_, bytes, descriptor) => {
    expect(parseVp8Descriptor(hex(bytes))).toEqual({ ...ABSENT, ...descriptor });
  });

  test('a header that is too short', () => {
    expect(parseVp8Descriptor(hex('80 f0 91 11'))).toBeUndefined();
  });
});

describe('RFC 7741 §4.2: the payload descriptor', () => {
  test.each<[name: string, bytes: string, descriptor: Partial<Vp8Descriptor>]>([
    ['no extension', '10 00', { size: 1, partitionStart: true }],
    ['an empty extension', '90 00 00', { size: 2, partitionStart: true }],
    ['L without T: TL0PICIDX alone', '90 40 aa 00', { size: 3, partitionStart: true, tl0PictureIndex: 0xaa }],
    [
      'T without K: the key index means nothing',
      '90 20 bf 00',
      { size: 3, partitionStart: true, temporalLayer: 2, layerSync: true },
    ],
    ['K without T: the temporal layer means nothing', '90 10 ff 00', { size: 3, partitionStart: true, keyIndex: 31 }],
    [
      'everything',
      '90 f0 ff ff fe 9f 00',
      {
        size: 6,
        partitionStart: true,
        pictureId: 0x7fff,
        longPictureId: true,
        tl0PictureIndex: 0xfe,
        temporalLayer: 2,
        keyIndex: 31,
      },
    ],
  ])('%s', (_, bytes, descriptor) => {
    expect(parseVp8Descriptor(hex(bytes))).toEqual({ ...ABSENT, ...descriptor });
  });

  test.each(['', '10', '90', '90 00', '90 80', '90 80 11', '90 80 92 34', '90 f0 ff ff fe 9f', '90 f0 ff'])(
    'bytes that end before the VP8 data are refused: "%s"',
    (bytes) => {
      expect(parseVp8Descriptor(hex(bytes))).toBeUndefined();
      expect(vp8Format.inspect(hex(bytes))).toBeUndefined();
    },
  );
});

describe('RFC 6386 §9.1: the frame header', () => {
  const keyFrame = '10 02 00 9d 01 2a 00 05 d0 82';

  test('the size of a key frame, without the two bits of scaling', () => {
    expect(vp8KeyFrameResolution(hex(keyFrame))).toEqual({ width: 1280, height: 720 });
    expect(vp8Format.inspect(hex('90 80 11', keyFrame))).toMatchObject({
      frameStart: true,
      keyFrameStart: true,
      resolution: { width: 1280, height: 720 },
    });
  });

  test('an interframe, a wrong start code and a header that is cut short have no size', () => {
    expect(vp8KeyFrameResolution(hex(keyFrame.replace('10', '11')))).toBeUndefined();
    expect(vp8KeyFrameResolution(hex(keyFrame.replace('9d', '9e')))).toBeUndefined();
    expect(vp8KeyFrameResolution(hex(keyFrame.slice(0, -3)))).toBeUndefined();
  });

  test('nor has a key frame that says 0, which no decoder takes', () => {
    expect(vp8KeyFrameResolution(hex('10 02 00 9d 01 2a 00 00 d0 82'))).toBeUndefined();
    expect(vp8KeyFrameResolution(hex('10 02 00 9d 01 2a 00 05 00 80'))).toBeUndefined();
    expect(vp8Format.inspect(hex('90 80 11', '10 02 00 9d 01 2a 00 05 00 80'))).toMatchObject({ keyFrameStart: true });
  });

  test('only the first packet of the first partition begins a frame', () => {
    expect(vp8Format.inspect(hex('80 80 11', keyFrame))).toMatchObject({ frameStart: false, keyFrameStart: false });
    expect(vp8Format.inspect(hex('91 80 11', keyFrame))).toMatchObject({ frameStart: false, keyFrameStart: false });
    expect(vp8Format.inspect(hex('90 80 11 01'))).toMatchObject({ frameStart: true, keyFrameStart: false });
  });
});

const frame = fc.uint8Array({ minLength: 1, maxLength: 3000 });
const temporalLayer = fc.constantFrom(undefined, 0, 1, 2, 3);

describe('the packetizer', () => {
  test('what it makes of frames gives the frames back, in payloads of even size within the bound', () => {
    fc.assert(
      fc.property(
        fc.nat(0x7fff),
        fc.array(fc.tuple(frame, temporalLayer), { minLength: 1, maxLength: 8 }),
        fc.integer({ min: 7, max: 1300 }),
        (first, frames, maxPayloadSize) => {
          const packetizer = new Vp8Packetizer(first);
          let tl0: number | undefined;
          frames.forEach(([data, layer], index) => {
            const payloads = packetizer.packetize(data, maxPayloadSize, layer);
            const sizes = payloads.map(({ length }) => length);
            expect(Math.max(...sizes)).toBeLessThanOrEqual(maxPayloadSize);
            expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
            expect(toHex(vp8Format.depacketize(payloads)!)).toBe(toHex(data));
            payloads.forEach((payload, part) => {
              const descriptor = parseVp8Descriptor(payload)!;
              expect(descriptor).toMatchObject({
                partitionStart: part === 0,
                partition: 0,
                pictureId: (first + index) & 0x7fff,
                longPictureId: true,
                temporalLayer: layer,
              });
              if (layer === undefined) return;
              const expected =
                tl0 === undefined || part > 0 || layer > 0 ? descriptor.tl0PictureIndex : (tl0 + 1) & 0xff;
              expect(descriptor.tl0PictureIndex).toBe(expected);
              if (tl0 !== undefined && (part > 0 || layer > 0)) expect(descriptor.tl0PictureIndex).toBe(tl0);
              tl0 = descriptor.tl0PictureIndex;
            });
          });
        },
      ),
    );
  });

  test('its first picture id is drawn from the 15 bits', () => {
    const packetizer = vp8Format.createPacketizer(seededRandom(7));
    const [payload] = packetizer.packetize(Uint8Array.of(1), 1200);
    const again = vp8Format.createPacketizer(seededRandom(8)).packetize(Uint8Array.of(1), 1200)[0]!;
    expect(parseVp8Descriptor(payload!)!.pictureId).not.toBe(parseVp8Descriptor(again)!.pictureId);
  });
});

/** Any descriptor there can be, as bytes, with the fields it holds. */
const anyPayload = fc
  .record({
    flags: fc.integer({ min: 0, max: 15 }).map((bits) => bits << 4),
    first: fc.integer({ min: 0, max: 0x3f }),
    extended: fc.boolean(),
    pictureId: fc.oneof(
      fc.nat(0x7f).map((id) => [id]),
      fc.nat(0x7fff).map((id) => [0x80 | (id >> 8), id & 0xff]),
    ),
    tl0: fc.nat(255),
    last: fc.nat(255),
    data: fc.uint8Array({ minLength: 1, maxLength: 40 }),
  })
  .map(({ flags, first, extended, pictureId, tl0, last, data }) =>
    extended
      ? Uint8Array.of(
          0x80 | first,
          flags,
          ...(flags & 0x80 ? pictureId : []),
          ...(flags & 0x40 ? [tl0] : []),
          ...(flags & 0x30 ? [last] : []),
          ...data,
        )
      : Uint8Array.of(first, ...data),
  );

describe('renumbering', () => {
  test('sets the counters that are there, widens a picture id of 7 bits, and changes nothing else', () => {
    fc.assert(
      fc.property(
        anyPayload,
        fc.nat(0x7fff),
        fc.nat(255),
        fc.nat(31),
        (payload, pictureId, tl0PictureIndex, keyIndex) => {
          const before = parseVp8Descriptor(payload)!;
          const original = toHex(payload);
          const renumbered = renumberVp8(payload, before, { pictureId, tl0PictureIndex, keyIndex });
          expect(toHex(payload)).toBe(original);
          const widened = before.pictureId !== undefined && !before.longPictureId;
          expect(parseVp8Descriptor(renumbered)).toEqual({
            ...before,
            size: before.size + (widened ? 1 : 0),
            pictureId: before.pictureId === undefined ? undefined : pictureId,
            longPictureId: before.pictureId !== undefined,
            tl0PictureIndex: before.tl0PictureIndex === undefined ? undefined : tl0PictureIndex,
            keyIndex: before.keyIndex === undefined ? undefined : keyIndex,
          });
          expect(toHex(vp8Format.depacketize([renumbered])!)).toBe(toHex(vp8Format.depacketize([payload])!));
          expect(toHex(renumbered.subarray(0, Math.min(2, before.size)))).toBe(
            toHex(payload.subarray(0, Math.min(2, before.size))),
          );
        },
      ),
      { numRuns: 500 },
    );
  });

  test('to the same numbers gives the same bytes, where the picture id is long or absent', () => {
    fc.assert(
      fc.property(anyPayload, (payload) => {
        const descriptor = parseVp8Descriptor(payload)!;
        fc.pre(descriptor.longPictureId || descriptor.pictureId === undefined);
        const { pictureId = 0, tl0PictureIndex = 0, keyIndex = 0 } = descriptor;
        expect(toHex(renumberVp8(payload, descriptor, { pictureId, tl0PictureIndex, keyIndex }))).toBe(toHex(payload));
      }),
    );
  });

  test('an example: 7 bits become 15', () => {
    const payload = hex('90 f0 11 aa bf 00 ff');
    const renumbered = renumberVp8(payload, parseVp8Descriptor(payload)!, {
      pictureId: 0x1234,
      tl0PictureIndex: 0xbb,
      keyIndex: 3,
    });
    expect(toHex(renumbered)).toBe('90f09234bba300ff');
  });
});

describe('the rewriter', () => {
  const describeAll = (payloads: readonly (Uint8Array | undefined)[]) =>
    payloads.map((payload) => {
      const { pictureId, tl0PictureIndex, keyIndex } = parseVp8Descriptor(payload!)!;
      return [pictureId, tl0PictureIndex, keyIndex];
    });
  /** X, I, L, T, K; TID 0. */
  const payload = (pictureId: number, tl0: number, keyIndex: number) =>
    Uint8Array.of(0x90, 0xf0, 0x80 | (pictureId >> 8), pictureId & 0xff, tl0, keyIndex, 0, 0);

  test('RFC 7741 §4.2: picture id, TL0PICIDX and KEYIDX go on across a splice, and wrap', () => {
    const rewriter = wholeRewriter(vp8Format);
    rewriter.splice(payload(0x7ffe, 254, 30));
    const first = [payload(0x7ffe, 254, 30), payload(0x7fff, 255, 30), payload(0, 0, 31)].map((each) =>
      rewriter.rewrite(each),
    );
    rewriter.splice(payload(500, 77, 9));
    const second = [payload(500, 77, 9), payload(501, 78, 9)].map((each) => rewriter.rewrite(each));
    expect(describeAll([...first, ...second])).toEqual([
      [0, 1, 1],
      [1, 2, 1],
      [2, 3, 2],
      [3, 4, 3],
      [4, 5, 3],
    ]);
  });

  test('a frame that is left out leaves no hole; its late packets have no place', () => {
    const rewriter = wholeRewriter(vp8Format);
    rewriter.splice(payload(10, 1, 1));
    rewriter.rewrite(payload(10, 1, 1));
    rewriter.drop(payload(11, 1, 1));
    rewriter.drop(payload(11, 1, 1));
    expect(describeAll([rewriter.rewrite(payload(12, 2, 1))])).toEqual([[1, 2, 1]]);
    expect(rewriter.rewrite(payload(11, 1, 1))).toBeUndefined();
  });

  test('a straggler of the spliced stream keeps its own numbers', () => {
    const rewriter = wholeRewriter(vp8Format);
    rewriter.splice(payload(10, 250, 1));
    const late = payload(11, 251, 1);
    const out = [payload(10, 250, 1), payload(12, 252, 1), late, payload(13, 253, 1)].map((each) =>
      rewriter.rewrite(each),
    );
    expect(describeAll(out)).toEqual([
      [0, 1, 1],
      [2, 3, 1],
      [1, 2, 1],
      [3, 4, 1],
    ]);
  });

  test('after a straggler, a splice goes on behind the newest frame', () => {
    const rewriter = wholeRewriter(vp8Format);
    rewriter.splice(payload(10, 250, 1));
    for (const each of [payload(10, 250, 1), payload(12, 252, 2), payload(11, 251, 1)]) rewriter.rewrite(each);
    rewriter.splice(payload(99, 9, 9));
    expect(describeAll([rewriter.rewrite(payload(99, 9, 9))])).toEqual([[3, 4, 3]]);
  });

  test('a payload without counters stays as it is', () => {
    const plain = hex('10 00 01 02');
    const rewriter = wholeRewriter(vp8Format);
    rewriter.splice(plain);
    expect(toHex(rewriter.rewrite(plain)!)).toBe(toHex(plain));
  });
});

test('invariant 7: no bytes make it throw', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 20 }), { maxLength: 10 }), (payloads) => {
      const rewriter = wholeRewriter(vp8Format);
      for (const payload of payloads) {
        vp8Format.inspect(payload);
        vp8Format.depacketize([payload]);
        rewriter.splice(payload);
        rewriter.rewrite(payload);
        rewriter.drop(payload);
      }
    }),
    { numRuns: 2000 },
  );
});

test('a 7-bit picture id that wraps goes on by one in the rewritten stream', () => {
  const rewriter = wholeRewriter(vp8Format);
  const payloadOf = (pictureId: number) => Uint8Array.of(0x90, 0x80, pictureId, 0x01, 0x02);
  rewriter.splice(payloadOf(125));
  const rewritten = [125, 126, 127, 0, 1].map(
    (pictureId) => parseVp8Descriptor(rewriter.rewrite(payloadOf(pictureId))!)?.pictureId,
  );
  expect(rewritten).toEqual([0, 1, 2, 3, 4]);
});

test('partitions in packets of their own are one frame, RFC 7741 §4.4 and §4.6.4', () => {
  const payloads = [hex('90 80 11 10 02 00'), hex('80 80 11 03 04'), hex('91 80 11 05'), hex('92 80 11 06 07')];
  const infos = payloads.map((payload) => vp8Format.inspect(payload)!);
  expect(infos.map(({ frameStart }) => frameStart)).toEqual([true, false, false, false]);
  expect(infos.map(({ keyFrameStart }) => keyFrameStart)).toEqual([true, false, false, false]);
  expect(infos.map(({ pictureId }) => pictureId)).toEqual([17, 17, 17, 17]);
  expect(toHex(vp8Format.depacketize(payloads)!)).toBe('1002000304050607');
});

test('layer sync is told with the layer: Y', () => {
  const info = (bytes: string) => vp8Format.inspect(hex(bytes))!;
  expect(info('90 20 60 01')).toMatchObject({ temporalLayer: 1, layerSync: true });
  expect(info('90 20 40 01')).toMatchObject({ temporalLayer: 1, layerSync: false });
  // Without T the bits mean nothing.
  expect(info('90 10 60 01')).toMatchObject({ temporalLayer: 0, layerSync: false });
});

test('a layer that has no place in the descriptor is refused, and nothing is no frame', () => {
  const packetizer = new Vp8Packetizer(100);
  for (const layer of [4, -1, 0.5])
    expect(() => packetizer.packetize(Uint8Array.of(1), 100, layer)).toThrow(ArgumentError);
  expect(packetizer.packetize(new Uint8Array(0), 100)).toEqual([]);
  expect(parseVp8Descriptor(packetizer.packetize(Uint8Array.of(1), 100)[0]!)?.pictureId).toBe(100);
});

test('a payload size that leaves no room behind the descriptor is refused', () => {
  const packetizer = new Vp8Packetizer(0);
  for (const size of [-1, 0, 4]) expect(() => packetizer.packetize(new Uint8Array(10), size)).toThrow(RangeError);
  expect(packetizer.packetize(new Uint8Array(10), 5).length).toBe(10);
});
