import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ArgumentError } from '../../src/errors.ts';
import { parseVp9Descriptor, type Vp9Descriptor, writeVp9Descriptor } from '../../src/payload/vp9.ts';
import { vp9Format } from '../../src/payload/vp9-format.ts';
import { seededRandom } from '../../src/random.ts';
import { hex, toHex } from '../rtcp/hex.ts';
import { groupByFrame, mediaPackets } from './frames.ts';
import { wholeRewriter } from './rewritten.ts';

const chromium = groupByFrame(mediaPackets('vp9-one', 98));

/** The first bytes of a VP9 key frame of profile 0, 320×180 (VP9 bitstream specification §6.2). */
const keyFrameHead = hex('82 49 83 42 00 13 f0 0b 30');
const deltaFrame = hex('86 00 40 92');

const keyFrame = (size = 9): Uint8Array => Uint8Array.of(...keyFrameHead, ...new Uint8Array(size - 9));
const describeAll = (payloads: Uint8Array[]): Vp9Descriptor[] => payloads.map((each) => parseVp9Descriptor(each)!);

/** The descriptors of the first packets of pictures of these layers, the first of them a key frame unless said otherwise. */
function descriptorsOf(layers: readonly (number | undefined)[], mode: Mode, begin = keyFrame()): Vp9Descriptor[] {
  const packetizer = vp9Format.createPacketizer(seededRandom(1), { vp9Mode: mode });
  return layers.map((layer, i) => {
    return describeAll(packetizer.packetize(i === 0 ? begin : deltaFrame, 100, layer))[0]!;
  });
}

type Mode = 'flexible' | 'non-flexible';

/** Any order of layers there can be. */
const anyLayers = fc.array(fc.nat(3), { minLength: 1, maxLength: 60 });

describe('flexible mode, RFC 9628 §4.2: F is 1', () => {
  it('is the default, and is what Chromium sends', () => {
    const packetizer = vp9Format.createPacketizer(seededRandom(1));
    const frames = chromium.map((payloads) => vp9Format.depacketize(payloads)!);
    frames.forEach((frame, i) => {
      const theirs = parseVp9Descriptor(chromium[i]![0]!)!;
      const ours = describeAll(packetizer.packetize(frame, 1200))[0]!;
      expect({ ...ours, pictureId: 0, frameEnd: false }).toEqual({ ...theirs, pictureId: 0, frameEnd: false });
    });
  });

  it('marks a frame, and puts its size in front of key frames only', () => {
    const packetizer = vp9Format.createPacketizer(seededRandom(1));
    const key = describeAll(packetizer.packetize(keyFrame(209), 100));
    const [delta, ...more] = describeAll(packetizer.packetize(deltaFrame, 100));
    expect(key.map(({ frameStart, frameEnd, interPredicted }) => [frameStart, frameEnd, interPredicted])).toEqual([
      [true, false, false],
      [false, false, false],
      [false, true, false],
    ]);
    expect(key.map(({ structure }) => structure)).toEqual([
      { spatialLayers: 1, resolutions: [{ width: 320, height: 180 }], group: undefined },
      undefined,
      undefined,
    ]);
    expect(more).toEqual([]);
    expect(delta).toMatchObject({ frameStart: true, frameEnd: true, interPredicted: true, references: [1] });
    expect(delta?.layer).toBeUndefined();
    expect(delta?.pictureId).toBe((key[0]!.pictureId! + 1) & 0x7fff);
  });

  it.each([
    ['no layers', Array(6).fill(undefined), [[], [1], [1], [1], [1], [1]]],
    ['L1T1', [0, 0, 0, 0], [[], [1], [1], [1]]],
    ['L1T2', [0, 1, 0, 1, 0, 1], [[], [1], [2], [1], [2], [1]]],
    ['L1T3', [0, 2, 1, 2, 0, 2, 1, 2], [[], [1], [2], [1], [4], [1], [2], [1]]],
    ['L1T3 with pictures left out by the encoder', [0, 2, 2, 0, 1, 2, 0, 0], [[], [1], [1], [3], [1], [1], [3], [1]]],
    ['an order of its own', [0, 1, 1, 3, 2, 0], [[], [1], [1], [1], [2], [5]]],
  ])('%s: each picture names the newest one of its own or a lower layer', (_name, layers, references) => {
    expect(descriptorsOf(layers, 'flexible').map((each) => each.references)).toEqual(references);
  });

  it('in a stream that begins without a key frame, pictures name one that never was', () => {
    const descriptors = descriptorsOf([2, 1, 0, 0], 'flexible', deltaFrame);
    expect(descriptors.map(({ references }) => references)).toEqual([[1], [1], [1], [1]]);
    expect(descriptors.every(({ interPredicted }) => interPredicted)).toBe(true);
  });

  it('a reference beyond what seven bits can tell is the picture before', () => {
    const layers = [0, ...Array(126).fill(1), 0, ...Array(127).fill(1), 0];
    const references = descriptorsOf(layers, 'flexible').map((each) => each.references);
    expect(references[127]).toEqual([127]);
    expect(references.at(-1)).toEqual([1]);
  });

  it('nobody refers to what was before a key frame', () => {
    const packetizer = vp9Format.createPacketizer(seededRandom(1));
    const layers = [0, 2, 0, 2, 1, 2, 0];
    const references = layers.map((layer, i) => {
      return describeAll(packetizer.packetize(i === 0 || i === 2 ? keyFrame() : deltaFrame, 100, layer))[0]!.references;
    });
    expect(references).toEqual([[], [1], [], [1], [2], [1], [4]]);
  });

  it('whatever the order of layers: a picture refers to what was sent, to no higher layer, and never backwards in time', () => {
    fc.assert(
      fc.property(anyLayers, (layers) => {
        const descriptors = descriptorsOf([0, ...layers], 'flexible');
        descriptors.forEach((descriptor, i) => {
          const [back, ...more] = descriptor.references;
          expect(more).toEqual([]);
          if (i === 0) expect(back).toBeUndefined();
          else expect(descriptors[i - back!]!.layer!.temporal).toBeLessThanOrEqual(descriptor.layer!.temporal);
        });
      }),
    );
  });
});

describe('non-flexible mode, RFC 9628 §4.2: F is 0', () => {
  it('marks a frame, and puts the structure in front of key frames only', () => {
    const packetizer = vp9Format.createPacketizer(seededRandom(1), { vp9Mode: 'non-flexible' });
    const key = describeAll(packetizer.packetize(keyFrame(209), 100));
    const [delta] = describeAll(packetizer.packetize(deltaFrame, 100));
    expect(key.map(({ structure }) => structure?.resolutions)).toEqual([
      [{ width: 320, height: 180 }],
      undefined,
      undefined,
    ]);
    expect(delta).toMatchObject({ frameStart: true, frameEnd: true, interPredicted: true, flexible: false });
    expect(delta?.references).toEqual([]);
  });

  it.each([
    ['L1T2', [0, 1, 0, 1, 0, 1, 0, 1], [1, 1, 2, 2, 3, 3, 4, 4]],
    ['L1T3', [0, 2, 1, 2, 0, 2, 1, 2], [1, 1, 1, 1, 2, 2, 2, 2]],
  ])('%s: TL0PICIDX counts the pictures of the lowest layer', (_mode, layers, indices) => {
    const descriptors = descriptorsOf(layers, 'non-flexible');
    const first = descriptors[0]!.tl0PictureIndex! - 1;
    expect(descriptors.map(({ tl0PictureIndex }) => (tl0PictureIndex! - first) & 0xff)).toEqual(indices);
    expect(descriptors.map(({ layer }) => layer?.temporal)).toEqual(layers);
  });

  /** The layer and the reference that the newest group gives each picture; `undefined` before the first group. */
  const followGroups = (descriptors: readonly Vp9Descriptor[]): ([layer: number, back: number] | undefined)[] => {
    let begin = 0;
    let group: NonNullable<Vp9Descriptor['structure']>['group'];
    return descriptors.map(({ structure }, i) => {
      if (structure?.group !== undefined) {
        group = structure.group;
        begin = i;
      }
      const picture = group?.[(i - begin) % group.length];
      return picture && [picture.temporal, picture.references[0]!];
    });
  };

  it.each([
    ['L1T1', [0], [1]],
    ['L1T2', [0, 1], [2, 1]],
    ['L1T3', [0, 2, 1, 2], [4, 1, 2, 1]],
    ['an order of its own', [0, 1, 1], [3, 1, 1]],
  ])('%s: the groups tell what flexible mode tells, once the encoder has shown a round', (_name, round, references) => {
    const layers = Array.from({ length: 12 * round.length }, (_, i) => round[i % round.length]!);
    const told = followGroups(descriptorsOf(layers, 'non-flexible'));
    const flexible = descriptorsOf(layers, 'flexible');
    for (let i = 2 * round.length; i < layers.length; i++) {
      expect(told[i]).toEqual([layers[i], references[i % round.length]]);
      expect(told[i]![1]).toBe(flexible[i]!.references[0]);
    }
  });

  it('a change of the order is announced with the first picture of layer 0 behind it', () => {
    const layers = [...[0, 2, 1, 2], ...[0, 2, 1, 2], ...[0, 1], ...[0, 1], ...[0, 1]];
    const descriptors = descriptorsOf(layers, 'non-flexible');
    const announced = descriptors.flatMap(({ structure }, i) => (structure === undefined ? [] : [i]));
    expect(announced).toEqual([0, 10]);
    expect(descriptors[10]!.structure).toMatchObject({ resolutions: [], group: [{ temporal: 0 }, { temporal: 1 }] });
  });

  it('pictures that the encoder leaves out put the groups out of step until the next one of layer 0', () => {
    const layers = [...[0, 2, 1, 2], ...[0, 2, 2], ...[0, 2, 1, 2], ...[0, 2, 1, 2]];
    const told = followGroups(descriptorsOf(layers, 'non-flexible'));
    layers.forEach((layer, i) => {
      if (i !== 6) expect(told[i]![0]).toBe(layer);
    });
  });

  it('a round that a key frame cuts short changes nothing', () => {
    const packetizer = vp9Format.createPacketizer(seededRandom(1), { vp9Mode: 'non-flexible' });
    const layers = [0, 2, 0, 2, 1, 2, 0, 2];
    const descriptors = layers.map((layer, i) => {
      return describeAll(packetizer.packetize(i === 0 || i === 2 ? keyFrame() : deltaFrame, 100, layer))[0]!;
    });
    expect(followGroups(descriptors).map((told) => told![0])).toEqual(layers);
    expect(descriptors.map(({ structure }) => structure?.group?.length)).toEqual([
      4,
      undefined,
      4,
      ...Array(5).fill(undefined),
    ]);
  });

  it('a round too long for a group is not announced', () => {
    const layers = [0, ...Array(300).fill(1), 0, 1, 0, 1];
    const descriptors = descriptorsOf(layers, 'non-flexible');
    expect(descriptors[301]!.structure?.group).toHaveLength(4);
    expect(descriptors[303]!.structure?.group).toHaveLength(2);
  });
});

describe('the packetizer', () => {
  it('frames come back whole in both modes, and no payload is larger than allowed', () => {
    const frame = fc.oneof(
      fc.uint8Array({ minLength: 1, maxLength: 4000 }),
      fc.nat(4000).map((n) => keyFrame(n + 9)),
    );
    const layer = fc.option(fc.nat(7), { nil: undefined });
    fc.assert(
      fc.property(
        fc.array(fc.tuple(frame, layer), { maxLength: 5 }),
        fc.integer({ min: 64, max: 1500 }),
        fc.constantFrom<Mode>('flexible', 'non-flexible'),
        (frames, max, vp9Mode) => {
          const packetizer = vp9Format.createPacketizer(seededRandom(1), { vp9Mode });
          for (const [data, temporalLayer] of frames) {
            const payloads = packetizer.packetize(data, max, temporalLayer);
            for (const each of payloads) {
              expect(each.length).toBeLessThanOrEqual(max);
              expect(vp9Format.inspect(each)?.temporalLayer).toBe(temporalLayer ?? 0);
            }
            expect(toHex(vp9Format.depacketize(payloads)!)).toBe(toHex(data));
          }
        },
      ),
    );
  });

  it('refuses a layer that has no place in the descriptor', () => {
    const packetizer = vp9Format.createPacketizer(seededRandom(1));
    for (const layer of [8, -1, 1.5, Number.NaN]) {
      expect(() => packetizer.packetize(keyFrame(), 100, layer)).toThrow(ArgumentError);
    }
  });

  it('makes no packets of nothing, and spends no picture id on it', () => {
    const packetizer = vp9Format.createPacketizer(seededRandom(1));
    const [first] = describeAll(packetizer.packetize(keyFrame(), 100));
    expect(packetizer.packetize(new Uint8Array(0), 100)).toEqual([]);
    const [next] = describeAll(packetizer.packetize(deltaFrame, 100));
    expect(next?.pictureId).toBe((first!.pictureId! + 1) & 0x7fff);
  });

  it('needs some room', () => {
    const packetizer = vp9Format.createPacketizer(seededRandom(1));
    expect(() => packetizer.packetize(keyFrame(), 8)).toThrow(RangeError);
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
    const rewriter = wholeRewriter(vp9Format);
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
    const rewriter = wholeRewriter(vp9Format);
    rewriter.splice(picture(126, 0, false));
    const ids = [126, 127, 0, 1].map((id) => parseVp9Descriptor(rewriter.rewrite(picture(id, 0, false))!)!);
    expect(ids.map(({ pictureId }) => pictureId! - ids[0]!.pictureId!)).toEqual([0, 1, 2, 3]);
    expect(ids.every(({ longPictureId }) => longPictureId)).toBe(true);
  });

  it('leaves a gap for a picture that is not forwarded, as references count pictures', () => {
    const rewriter = wholeRewriter(vp9Format);
    rewriter.splice(picture(10, 0));
    const [first] = numbersOf(rewriter.rewrite(picture(10, 0)));
    rewriter.drop(picture(11, 0));
    expect(numbersOf(rewriter.rewrite(picture(12, 1)))[0]).toBe(first! + 2);
  });

  it('changes nothing but its counters', () => {
    const rewriter = wholeRewriter(vp9Format);
    for (const [i, payloads] of chromium.entries()) {
      if (i === 0) rewriter.splice(payloads[0]!);
      for (const each of payloads) {
        const out = rewriter.rewrite(each)!;
        expect(parseVp9Descriptor(out)).toEqual({ ...parseVp9Descriptor(each), pictureId: i });
        expect(toHex(out.subarray(3))).toBe(toHex(each.subarray(3)));
      }
    }
  });

  it('without the upper layers, what is left refers to what was forwarded, in both modes', () => {
    const options = fc.record({
      layers: anyLayers,
      upTo: fc.nat(2),
      mode: fc.constantFrom<Mode>('flexible', 'non-flexible'),
    });
    fc.assert(
      fc.property(options, ({ layers, upTo, mode }) => {
        const packetizer = vp9Format.createPacketizer(seededRandom(1), { vp9Mode: mode });
        const rewriter = wholeRewriter(vp9Format);
        const forwarded = new Map<number, Vp9Descriptor>();
        [0, ...layers].forEach((layer, i) => {
          const [payload] = packetizer.packetize(i === 0 ? keyFrame() : deltaFrame, 100, layer);
          if (i === 0) rewriter.splice(payload!);
          if (layer > upTo) {
            rewriter.drop(payload!);
            return;
          }
          const descriptor = parseVp9Descriptor(rewriter.rewrite(payload!)!)!;
          const { pictureId, references } = descriptor;
          expect(descriptor.layer?.temporal).toBe(layer);
          for (const back of references) expect(forwarded.has((pictureId! - back) & 0x7fff)).toBe(true);
          forwarded.set(pictureId!, descriptor);
        });
      }),
    );
  });
});
