import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  parseVp9Descriptor,
  parseVp9FrameHead,
  type Vp9Descriptor,
  writeVp9Descriptor,
} from '../../src/payload/vp9.ts';
import { vp9Format } from '../../src/payload/vp9-format.ts';
import { seededRandom } from '../../src/random.ts';
import { hex, toHex } from '../rtcp/hex.ts';
import { groupByFrame, inspectAll, keyFrameStarts, mediaPackets } from './frames.ts';
import { expectCalm, hostilePayload } from './hostile.ts';

const chromium = groupByFrame(mediaPackets('vp9-one', 98));

const plain: Omit<Vp9Descriptor, 'size'> = {
  pictureId: undefined,
  longPictureId: false,
  interPredicted: false,
  flexible: false,
  frameStart: false,
  frameEnd: false,
  notForUpperLayers: false,
  layer: undefined,
  tl0PictureIndex: undefined,
  references: [],
  structure: undefined,
};

/** A payload of that descriptor and some data. */
function payload(fields: Partial<Vp9Descriptor>, data = hex('a5 a5')): Uint8Array {
  const descriptor = writeVp9Descriptor({ ...plain, ...fields });
  return Uint8Array.of(...descriptor, ...data);
}

/** The first bytes of a VP9 key frame of profile 0, 320×180 (VP9 bitstream specification §6.2). */
const keyFrameHead = hex('82 49 83 42 00 13 f0 0b 30');
const deltaFrame = hex('86 00 40 92');

describe('the descriptor, RFC 9628 §4.2', () => {
  const vectors: [name: string, bytes: string, fields: Partial<Vp9Descriptor>][] = [
    ['no optional field', '08', { frameStart: true }],
    ['a picture id of 7 bits', '8c 7f', { frameStart: true, frameEnd: true, pictureId: 127 }],
    ['a picture id of 15 bits', '80 ff fe', { pictureId: 0x7ffe, longPictureId: true }],
    [
      'layer indices and TL0PICIDX, non-flexible',
      'e9 81 23 57 c8',
      {
        frameStart: true,
        pictureId: 0x123,
        longPictureId: true,
        interPredicted: true,
        notForUpperLayers: true,
        layer: { temporal: 2, switchingUp: true, spatial: 3, interLayer: true },
        tl0PictureIndex: 200,
      },
    ],
    [
      'three references, flexible: no TL0PICIDX',
      'f0 05 40 03 05 fe',
      {
        pictureId: 5,
        interPredicted: true,
        flexible: true,
        layer: { temporal: 2, switchingUp: false, spatial: 0, interLayer: false },
        references: [1, 2, 127],
      },
    ],
    [
      'a scalability structure of two sizes and a picture group',
      '0a 38 0140 00b4 0280 0168 02 14 02 48 01 02',
      {
        frameStart: true,
        structure: {
          spatialLayers: 2,
          resolutions: [
            { width: 320, height: 180 },
            { width: 640, height: 360 },
          ],
          group: [
            { temporal: 0, switchingUp: true, references: [2] },
            { temporal: 2, switchingUp: false, references: [1, 2] },
          ],
        },
      },
    ],
  ];

  /** The bytes of libwebrtc's unit tests of its own reader. */
  const theirs: [name: string, bytes: string, size: number, fields: Partial<Vp9Descriptor>][] = [
    ['basic header', '0c 00 00 00', 1, { frameStart: true, frameEnd: true }],
    ['one-byte picture id', '80 7f 00', 2, { pictureId: 127 }],
    ['two-byte picture id', '80 ff ff 00', 3, { pictureId: 0x7fff, longPictureId: true }],
    [
      'layers, non-flexible',
      '20 53 11 00',
      3,
      { layer: { temporal: 2, switchingUp: true, spatial: 1, interLayer: true }, tl0PictureIndex: 17 },
    ],
    [
      'layers, flexible',
      '38 50 00 00',
      2,
      {
        flexible: true,
        frameStart: true,
        layer: { temporal: 2, switchingUp: true, spatial: 0, interLayer: false },
      },
    ],
    [
      'references 17, 18 and 127 pictures back',
      'd8 80 11 23 25 fe 00',
      6,
      {
        flexible: true,
        interPredicted: true,
        frameStart: true,
        pictureId: 17,
        longPictureId: true,
        references: [17, 18, 127],
      },
    ],
    [
      'a structure of two spatial layers and a group of two',
      '0a 28 02 10 44 21 00',
      6,
      {
        frameStart: true,
        structure: {
          spatialLayers: 2,
          resolutions: [],
          group: [
            { temporal: 0, switchingUp: true, references: [] },
            { temporal: 2, switchingUp: false, references: [33] },
          ],
        },
      },
    ],
    ['last packet, nothing above refers to it', '05 00', 1, { frameEnd: true, notForUpperLayers: true }],
  ];

  it.each(theirs)('as libwebrtc reads it: %s', (_name, bytes, size, fields) => {
    expect(parseVp9Descriptor(hex(bytes))).toEqual({ ...plain, ...fields, size });
  });

  it.each(vectors)('%s', (_name, bytes, fields) => {
    const data = hex(bytes, 'a5');
    expect(parseVp9Descriptor(data)).toEqual({ ...plain, ...fields, size: data.length - 1 });
    expect(toHex(writeVp9Descriptor({ ...plain, ...fields }))).toBe(toHex(hex(bytes)));
  });

  it('is malformed where it is cut short, or nothing follows it', () => {
    for (const [, bytes] of vectors) {
      const whole = hex(bytes);
      for (let size = 0; size <= whole.length; size++)
        expect(parseVp9Descriptor(whole.subarray(0, size))).toBeUndefined();
    }
  });

  it('has three references at most', () => {
    expect(parseVp9Descriptor(hex('d0 05 03 03 03 02 a5'))).toBeUndefined();
  });

  it('has no references without a picture id to count from', () => {
    expect(parseVp9Descriptor(hex('58 06 a5 a5'))).toBeUndefined();
    expect(parseVp9Descriptor(hex('d8 05 06 a5'))).toBeDefined();
  });

  it('comes back as it was written, whatever is in it', () => {
    const resolution = fc.record({ width: fc.nat(0xffff), height: fc.nat(0xffff) });
    const picture = fc.record({
      temporal: fc.nat(7),
      switchingUp: fc.boolean(),
      references: fc.array(fc.nat(255), { maxLength: 3 }),
    });
    const structure = fc.integer({ min: 1, max: 8 }).chain((spatialLayers) =>
      fc.record({
        spatialLayers: fc.constant(spatialLayers),
        resolutions: fc.oneof(
          fc.constant([]),
          fc.array(resolution, { minLength: spatialLayers, maxLength: spatialLayers }),
        ),
        group: fc.option(fc.array(picture, { maxLength: 12 }), { nil: undefined }),
      }),
    );
    const layer = fc.record({
      temporal: fc.nat(7),
      switchingUp: fc.boolean(),
      spatial: fc.nat(7),
      interLayer: fc.boolean(),
    });
    const flags = fc.record({
      interPredicted: fc.boolean(),
      flexible: fc.boolean(),
      frameStart: fc.boolean(),
      frameEnd: fc.boolean(),
      notForUpperLayers: fc.boolean(),
    });
    const fields = fc.record({
      flags,
      pictureId: fc.option(fc.nat(0x7fff), { nil: undefined }),
      long: fc.boolean(),
      layer: fc.option(layer, { nil: undefined }),
      tl0: fc.nat(255),
      references: fc.array(fc.nat(127), { minLength: 1, maxLength: 3 }),
      structure: fc.option(structure, { nil: undefined }),
    });
    fc.assert(
      fc.property(fields, (drawn) => {
        // References are differences of picture ids: there has to be one.
        fc.pre(drawn.pictureId !== undefined || !(drawn.flags.flexible && drawn.flags.interPredicted));
        const longPictureId = drawn.pictureId !== undefined && (drawn.long || drawn.pictureId > 127);
        const descriptor = {
          ...drawn.flags,
          pictureId: drawn.pictureId,
          longPictureId,
          layer: drawn.layer,
          tl0PictureIndex: drawn.layer && !drawn.flags.flexible ? drawn.tl0 : undefined,
          references: drawn.flags.flexible && drawn.flags.interPredicted ? drawn.references : [],
          structure: drawn.structure,
        };
        const bytes = writeVp9Descriptor(descriptor);
        expect(parseVp9Descriptor(Uint8Array.of(...bytes, 0))).toEqual({ ...descriptor, size: bytes.length });
      }),
    );
  });
});

describe('what a packet says', () => {
  const layer = { temporal: 0, switchingUp: false, spatial: 0, interLayer: false };

  it('a key frame starts at the first packet of spatial layer 0 of a picture without references', () => {
    expect(vp9Format.inspect(payload({ frameStart: true }, keyFrameHead))?.keyFrameStart).toBe(true);
    expect(vp9Format.inspect(payload({ frameStart: false }, keyFrameHead))?.keyFrameStart).toBe(false);
    expect(vp9Format.inspect(payload({ frameStart: true, interPredicted: true }))?.keyFrameStart).toBe(false);
    const upper = payload({ frameStart: true, layer: { ...layer, spatial: 1, interLayer: true } }, keyFrameHead);
    expect(vp9Format.inspect(upper)?.keyFrameStart).toBe(false);
  });

  it('an intra-only frame refers to nothing, yet is no key frame', () => {
    expect(vp9Format.inspect(payload({ frameStart: true }, deltaFrame))?.keyFrameStart).toBe(false);
  });

  it('an encrypted frame is what its descriptor says', () => {
    expect(vp9Format.inspect(payload({ frameStart: true }, hex('00 01 02')))?.keyFrameStart).toBe(true);
  });

  it('the size comes from the structure, else from the frame', () => {
    const structure = { spatialLayers: 1, resolutions: [{ width: 64, height: 36 }], group: undefined };
    const both = vp9Format.inspect(payload({ frameStart: true, structure }, keyFrameHead));
    expect(both?.resolution).toEqual({ width: 64, height: 36 });
    expect(vp9Format.inspect(payload({ frameStart: true }, keyFrameHead))?.resolution).toEqual({
      width: 320,
      height: 180,
    });
  });

  it('a size of 0 in the structure is none', () => {
    for (const size of [
      { width: 64, height: 0 },
      { width: 0, height: 36 },
    ]) {
      const structure = { spatialLayers: 1, resolutions: [size], group: undefined };
      const info = vp9Format.inspect(payload({ frameStart: true, structure }, keyFrameHead));
      expect(info?.resolution).toEqual({ width: 320, height: 180 });
    }
  });

  it('a receiver may go up behind a picture of the lowest layer with the switching-up bit', () => {
    const syncs = [0, 1, 2].map((temporal) => {
      const info = vp9Format.inspect(
        payload({ interPredicted: true, layer: { ...layer, temporal, switchingUp: true } }),
      );
      return [info?.temporalLayer, info?.layerSync];
    });
    expect(syncs).toEqual([
      [0, true],
      [1, false],
      [2, false],
    ]);
  });

  it('heads of other profiles tell their size too', () => {
    // Profile 1, 4:4:4: subsampling and a reserved bit ahead of the size.
    expect(parseVp9FrameHead(hex('a2 49 83 42 40 02 7e 01 66'))?.resolution).toEqual({ width: 320, height: 180 });
  });
});

describe("Chromium's packets", () => {
  it('are 101 frames, two of them key frames', () => {
    expect(chromium).toHaveLength(101);
    const keys = chromium.flatMap((payloads, i) => keyFrameStarts(vp9Format, payloads).map((at) => [i, at]));
    expect(keys).toEqual([
      [0, 0],
      [79, 0],
    ]);
    expect(inspectAll(vp9Format, chromium[79]!)[0]?.resolution).toEqual({ width: 640, height: 360 });
  });

  it('are flexible: each picture refers to the one before it', () => {
    const descriptors = chromium.map((payloads) => parseVp9Descriptor(payloads[0]!)!);
    expect(descriptors.every(({ flexible }) => flexible)).toBe(true);
    expect(descriptors.filter(({ references }) => references.length === 0)).toHaveLength(2);
    expect(new Set(descriptors.flatMap(({ references }) => references))).toEqual(new Set([1]));
  });

  it('say at the first packet of each frame, and there only, that a frame starts', () => {
    for (const payloads of chromium) {
      expect(inspectAll(vp9Format, payloads).map(({ frameStart }) => frameStart)).toEqual(
        payloads.map((_, i) => i === 0),
      );
    }
  });

  it('hold frames that survive our own packets', () => {
    const packetizer = vp9Format.createPacketizer(seededRandom(1));
    for (const payloads of chromium) {
      const frame = vp9Format.depacketize(payloads)!;
      const ours = packetizer.packetize(frame, 500);
      expect(toHex(vp9Format.depacketize(ours)!)).toBe(toHex(frame));
      expect(keyFrameStarts(vp9Format, ours)).toEqual(keyFrameStarts(vp9Format, payloads));
    }
  });
});

it('hostile payloads do no harm', () => {
  const good = chromium.slice(0, 10).flat();
  fc.assert(
    fc.property(fc.array(hostilePayload(good), { maxLength: 4 }), (payloads) => expectCalm(vp9Format, payloads)),
    { numRuns: 500 },
  );
});
