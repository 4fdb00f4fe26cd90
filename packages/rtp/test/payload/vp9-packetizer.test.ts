import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseVp9Descriptor, type Vp9Descriptor, writeVp9Descriptor } from '../../src/payload/vp9.ts';
import { vp9Format } from '../../src/payload/vp9-format.ts';
import { seededRandom } from '../../src/random.ts';
import { hex, toHex } from '../rtcp/hex.ts';
import { groupByFrame, mediaPackets } from './frames.ts';

const chromium = groupByFrame(mediaPackets('vp9-one', 98));

/** The first bytes of a VP9 key frame of profile 0, 320×180 (VP9 bitstream specification §6.2). */
const keyFrameHead = hex('82 49 83 42 00 13 f0 0b 30');
const deltaFrame = hex('86 00 40 92');

describe('the packetizer', () => {
  const describeAll = (payloads: Uint8Array[]): Vp9Descriptor[] => payloads.map((each) => parseVp9Descriptor(each)!);

  it('marks a frame in non-flexible mode, and puts the structure in front of key frames only', () => {
    const packetizer = vp9Format.createPacketizer(seededRandom(1));
    const key = describeAll(packetizer.packetize(Uint8Array.of(...keyFrameHead, ...new Uint8Array(200)), 100));
    const delta = describeAll(packetizer.packetize(deltaFrame, 100));
    expect(key.map(({ frameStart, frameEnd, interPredicted }) => [frameStart, frameEnd, interPredicted])).toEqual([
      [true, false, false],
      [false, false, false],
      [false, true, false],
    ]);
    expect(key.map(({ structure }) => structure?.resolutions)).toEqual([
      [{ width: 320, height: 180 }],
      undefined,
      undefined,
    ]);
    expect(delta).toHaveLength(1);
    expect(delta[0]).toMatchObject({ frameStart: true, frameEnd: true, interPredicted: true, flexible: false });
    expect(delta[0]?.layer).toBeUndefined();
    expect(delta[0]?.pictureId).toBe((key[0]!.pictureId! + 1) & 0x7fff);
  });

  it.each([
    ['L1T2', [0, 1, 0, 1, 0, 1, 0, 1], [1, 1, 2, 2, 3, 3, 4, 4]],
    ['L1T3', [0, 2, 1, 2, 0, 2, 1, 2], [1, 1, 1, 1, 2, 2, 2, 2]],
  ])('%s: TL0PICIDX counts the pictures of the lowest layer', (_mode, layers, indices) => {
    const packetizer = vp9Format.createPacketizer(seededRandom(1));
    const frames = layers.map((layer, i) => {
      return describeAll(packetizer.packetize(i === 0 ? keyFrameHead : deltaFrame, 100, layer))[0]!;
    });
    const first = frames[0]!.tl0PictureIndex! - 1;
    expect(frames.map(({ tl0PictureIndex }) => (tl0PictureIndex! - first) & 0xff)).toEqual(indices);
    expect(frames.map(({ layer }) => layer?.temporal)).toEqual(layers);
  });

  it('the picture group of the newest structure has the layer of every picture behind it', () => {
    for (const pattern of [[0], [0, 1], [0, 2, 1, 2]]) {
      const packetizer = vp9Format.createPacketizer(seededRandom(1));
      let group: readonly { temporal: number }[] = [];
      let begin = 0;
      for (let i = 0; i < 40; i++) {
        const layer = pattern[i % pattern.length]!;
        const { structure } = describeAll(packetizer.packetize(i === 0 ? keyFrameHead : deltaFrame, 100, layer))[0]!;
        if (structure?.group !== undefined) {
          group = structure.group;
          begin = i;
        }
        // L1T3 is announced at once; the others once the frames have shown what they are.
        if (pattern.length === 4 || i >= pattern.length)
          expect(group[(i - begin) % group.length]?.temporal).toBe(layer);
      }
      expect(group).toHaveLength(pattern.length);
    }
  });

  it('frames come back whole, and no payload is larger than allowed', () => {
    const frame = fc.uint8Array({ minLength: 1, maxLength: 4000 });
    const layer = fc.constantFrom(undefined, 0, 1, 2);
    fc.assert(
      fc.property(
        fc.array(fc.tuple(frame, layer), { maxLength: 5 }),
        fc.integer({ min: 32, max: 1500 }),
        (frames, max) => {
          const packetizer = vp9Format.createPacketizer(seededRandom(1));
          for (const [data, temporalLayer] of frames) {
            const payloads = packetizer.packetize(data, max, temporalLayer);
            for (const each of payloads) expect(each.length).toBeLessThanOrEqual(max);
            expect(toHex(vp9Format.depacketize(payloads)!)).toBe(toHex(data));
          }
        },
      ),
    );
  });
});

describe('the rewriter', () => {
  const numbersOf = (bytes: Uint8Array | undefined): (number | undefined)[] => {
    const { pictureId, tl0PictureIndex } = parseVp9Descriptor(bytes!)!;
    return [pictureId, tl0PictureIndex];
  };
  const picture = (pictureId: number, tl0PictureIndex: number, long = true): Uint8Array => {
    const layer = { temporal: 0, switchingUp: true, spatial: 0, interLayer: false };
    const flags = { interPredicted: false, flexible: false, frameStart: true, frameEnd: true, notForUpperLayers: true };
    const numbers = { pictureId, longPictureId: long, layer, tl0PictureIndex, references: [], structure: undefined };
    return Uint8Array.of(...writeVp9Descriptor({ ...flags, ...numbers }), 0xa5);
  };

  it('counts on over a splice, and over the end of the numbers', () => {
    const rewriter = vp9Format.createRewriter();
    const old = [picture(0x7fff, 255), picture(0, 0), picture(1, 1)];
    rewriter.splice(old[0]!);
    const before = old.map((each) => numbersOf(rewriter.rewrite(each)));
    const next = [picture(7000, 90), picture(7001, 91)];
    rewriter.splice(next[0]!);
    const after = next.map((each) => numbersOf(rewriter.rewrite(each)));
    const [id, tl0] = before[0] as [number, number];
    expect([...before, ...after]).toEqual([0, 1, 2, 3, 4].map((i) => [(id + i) & 0x7fff, (tl0 + i) & 0xff]));
  });

  it('widens ids of 7 bits, and lets them wrap', () => {
    const rewriter = vp9Format.createRewriter();
    rewriter.splice(picture(126, 0, false));
    const ids = [126, 127, 0, 1].map((id) => parseVp9Descriptor(rewriter.rewrite(picture(id, 0, false))!)!);
    expect(ids.map(({ pictureId }) => pictureId! - ids[0]!.pictureId!)).toEqual([0, 1, 2, 3]);
    expect(ids.every(({ longPictureId }) => longPictureId)).toBe(true);
  });

  it('leaves a gap for a picture that is not forwarded, as references count pictures', () => {
    const rewriter = vp9Format.createRewriter();
    rewriter.splice(picture(10, 0));
    const [first] = numbersOf(rewriter.rewrite(picture(10, 0)));
    rewriter.drop(picture(11, 0));
    expect(numbersOf(rewriter.rewrite(picture(12, 1)))[0]).toBe(first! + 2);
  });

  it('changes nothing but its counters', () => {
    const rewriter = vp9Format.createRewriter();
    for (const [i, payloads] of chromium.entries()) {
      if (i === 0) rewriter.splice(payloads[0]!);
      for (const each of payloads) {
        const out = rewriter.rewrite(each)!;
        expect(parseVp9Descriptor(out)).toEqual({ ...parseVp9Descriptor(each), pictureId: i });
        expect(toHex(out.subarray(3))).toBe(toHex(each.subarray(3)));
      }
    }
  });
});
