import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { leb128Size, parseAv1Payload, readLeb128, splitObus, writeLeb128, writeObus } from '../../src/payload/av1.ts';
import { av1Format } from '../../src/payload/av1-format.ts';
import { BitWriter } from '../../src/payload/bit-writer.ts';
import { seededRandom } from '../../src/random.ts';
import { hex, toHex } from '../rtcp/hex.ts';
import { groupByFrame, inspectAll, keyFrameStarts, mediaPackets } from './frames.ts';
import { expectCalm, hostilePayload } from './hostile.ts';

const chromium = groupByFrame(mediaPackets('av1-one', 45));

const delimiter = hex('12 00');
const sequenceHeader = hex('0a 0b 000000043cfecc01a00830');
const keyFrame = hex('32 04 10 01 02 03');
const deltaFrame = hex('32 04 30 01 02 03');

const join = (...parts: Uint8Array[]): Uint8Array => Uint8Array.of(...parts.flatMap((part) => [...part]));
const packetize = (frame: Uint8Array, max: number): Uint8Array[] =>
  av1Format.createPacketizer(seededRandom(1)).packetize(frame, max);

describe('leb128, AV1 §4.10.5', () => {
  it.each([
    [0, '00'],
    [127, '7f'],
    [128, '8001'],
    [300, 'ac02'],
    [2 ** 32 - 1, 'ffffffff0f'],
  ])('%d is %s', (value, bytes) => {
    expect(readLeb128(hex(bytes), 0)).toEqual({ value, size: leb128Size(value) });
    const written = new Uint8Array(leb128Size(value));
    writeLeb128(written, 0, value);
    expect(toHex(written)).toBe(bytes);
  });

  it('may be longer than it has to be, yet not too large nor cut short', () => {
    expect(readLeb128(hex('80 80 80 00'), 0)).toEqual({ value: 0, size: 4 });
    for (const bytes of ['', '80', 'ffffffff 1f', 'ffffffffffffff 7f', '808080808080808000']) {
      expect(readLeb128(hex(bytes), 0)).toBeUndefined();
    }
  });
});

describe('payloads', () => {
  it('have an element size in front of all but the last, RTP Payload Format For AV1 §4.4', () => {
    const payload = join(hex('20 c8 01'), new Uint8Array(200).fill(1), new Uint8Array(100).fill(2));
    expect(payload).toHaveLength(303);
    expect(parseAv1Payload(payload)?.elements.map(({ length }) => length)).toEqual([200, 100]);
  });

  it('with W 0 have one in front of each', () => {
    expect(parseAv1Payload(hex('00 02 3001 00 01 ff'))?.elements.map(toHex)).toEqual(['3001', '', 'ff']);
  });

  it('are malformed where a size reaches beyond the end, or a sequence starts in the middle of an OBU', () => {
    for (const bytes of ['', '10', '20 05 01', '00 02 01', '20 80', '30 01 aa', '88 01']) {
      expect(parseAv1Payload(hex(bytes))).toBeUndefined();
    }
  });

  it('of a key frame: no delimiter, no sizes, N set', () => {
    const [payload, ...more] = packetize(join(delimiter, sequenceHeader, keyFrame), 100);
    expect(more).toEqual([]);
    expect(toHex(payload!)).toBe(toHex(hex('28 0c 08 000000043cfecc01a00830 30 10010203')));
  });

  it('of a delta frame: one element, its size that of the packet', () => {
    expect(packetize(join(delimiter, deltaFrame), 100).map(toHex)).toEqual(['103030010203']);
  });

  it('of an OBU that does not fit: fragments, told by Z and Y', () => {
    const frame = join(hex('32 64'), hex('30'), new Uint8Array(99).fill(7));
    const payloads = packetize(frame, 50);
    expect(payloads.map(([head]) => head! & 0xc0)).toEqual([0x40, 0xc0, 0x80]);
    expect(toHex(av1Format.depacketize(payloads)!)).toBe(toHex(frame));
  });

  it('never hold two layers', () => {
    const units = [hex('36 00 02 10 aa'), hex('36 08 02 10 bb'), hex('36 08 02 10 cc')];
    const payloads = packetize(join(sequenceHeader, ...units), 1000);
    expect(payloads.map((payload) => parseAv1Payload(payload)?.elements.length)).toEqual([2, 2]);
  });

  it('leave out delimiters, tile lists and padding; receivers ignore the first two, §5', () => {
    const leftOut = [delimiter, hex('42 02 01 02'), hex('7a 03 00 00 80')];
    const unit = join(...leftOut, deltaFrame, ...leftOut);
    expect(packetize(unit, 100).map(toHex)).toEqual([toHex(hex('10 30 30010203'))]);
    expect(packetize(join(...leftOut), 100)).toEqual([]);
    expect(toHex(av1Format.depacketize([hex('30 01 10 03 400102 30010203')])!)).toBe('3203010203');
    expect(toHex(av1Format.depacketize([hex('20 02 7880 30010203')])!)).toBe('7a01803203010203');
  });

  it('are none for what is no temporal unit', () => {
    for (const frame of [hex(), hex('12 00'), hex('80 00'), hex('32 05 01'), hex('36'), hex('32 80')]) {
      expect(packetize(frame, 100)).toEqual([]);
    }
  });
});

/** Payloads and frames of libwebrtc's unit tests of its own packetizer and depacketizer. */
describe("libwebrtc's vectors", () => {
  it.each([
    ['a unit without a size', ['10 30 14 1e 28'], '32 03 14 1e 28'],
    ['a unit that kept its size', ['10 32 03 14 1e 28'], '32 03 14 1e 28'],
    ['an extension, no size', ['10 34 48 14 1e 28'], '36 48 03 14 1e 28'],
    ['an extension and a size', ['10 36 48 03 14 1e 28'], '36 48 03 14 1e 28'],
    ['two units', ['20 02 08 0a 30 14'], '0a 01 0a 32 01 14'],
    ['one unit in two packets', ['50 30 14 1e', '90 28'], '32 03 14 1e 28'],
    ['two units in two packets', ['60 02 08 0a 30 14 1e', '90 28'], '0a 01 0a 32 03 14 1e 28'],
    [
      'many units, W 0, some with extensions',
      ['40 02 08 0a 02 28 14 04 2c 30 14 1e 05 34 30 28 32 3c', '90 46 50 5a'],
      '0a 01 0a 2a 01 14 2e 30 02 14 1e 36 30 06 28 32 3c 46 50 5a',
    ],
    ['one unit in four packets', ['50 30 0b 0c', 'd0 0d 0e', 'd0 0f 10 11', '90 12'], '32 08 0b 0c 0d 0e 0f 10 11 12'],
    [
      'units that end where a packet does',
      ['60 03 18 0b 0c 20 15 16 17', '90 18 19 1a 1b', '60 03 38 0b 0c 20 1f 20', '90 21 22 23 24'],
      '1a 02 0b 0c 22 07 15 16 17 18 19 1a 1b 3a 02 0b 0c 22 06 1f 20 21 22 23 24',
    ],
    ['an extension apart from its header', ['60 03 1c 28 15 24', '90 28 0b 0c 0d 0e'], '1e 28 01 15 26 28 04 0b0c0d0e'],
  ])('%s', (_name, payloads, unit) => {
    expect(toHex(av1Format.depacketize(payloads.map((each) => hex(each)))!)).toBe(toHex(hex(unit)));
    for (const payload of payloads) expect(av1Format.inspect(hex(payload))).toBeDefined();
  });

  it.each([
    ['no size, no extension', '30 01020304050607', '10 30 01020304050607'],
    ['the size is left out', '32 07 01020304050607', '10 30 01020304050607'],
    ['behind the extension too', '36 28 06 020304050607', '10 34 28 020304050607'],
    ['three units: the last without a size', '0a 01 01 2a 01 0b 32 01 35', '30 02 08 01 02 28 0b 30 35'],
    ['four units: all with sizes', '0a 01 01 2a 01 0b 1a 01 35 22 01 1f', '00 02 08 01 02 28 0b 02 18 35 02 20 1f'],
    [
      'no delimiter, no tile list',
      '12 00 2a 00 42 06 010203040506 1a 03 151617 22 06 1f2021222324',
      '30 01 28 04 18 151617 20 1f2021222324',
    ],
  ])('packets: %s', (_name, unit, payload) => {
    expect(packetize(hex(unit), 1200).map(toHex)).toEqual([toHex(hex(payload))]);
  });
});

describe('what a packet says', () => {
  it('a key frame starts at N, or at a sequence header ahead of a key frame', () => {
    const key = (bytes: string): boolean | undefined => av1Format.inspect(hex(bytes))?.keyFrameStart;
    expect(key('18 30 10')).toBe(true);
    expect(key('20 0c 08 000000043cfecc01a00830 30 10')).toBe(true);
    expect(key('20 0c 08 000000043cfecc01a00830 30 30')).toBe(false);
    expect(key('10 30 10')).toBe(false);
    expect(key('a0 0c 08 000000043cfecc01a00830 30 10')).toBe(false);
    // What follows a sequence header alone only N can tell.
    expect(key('10 08 000000043cfecc01a00830')).toBe(false);
    expect(key('18 08 000000043cfecc01a00830')).toBe(true);
    expect(key('00 0c 08 000000043cfecc01a00830 02 30 10 02 30 30')).toBe(false);
    expect(key('00 0c 08 000000043cfecc01a00830 02 30 30 02 30 10')).toBe(false);
  });

  it('a packet that goes on with another is told by Z alone, and N with it is malformed', () => {
    expect(av1Format.inspect(hex('90 01 02 03 04'))).toMatchObject({ frameStart: false, continued: true });
    expect(av1Format.inspect(hex('98 08'))).toBeUndefined();
    // A unit that begins behind the rest of another may tell its layer.
    const both = av1Format.inspect(hex('a0 02 aabb 34 40 30'));
    expect(both).toMatchObject({ frameStart: false, temporalLayer: 2 });
    expect(both?.continued).toBeUndefined();
  });

  it('a unit cut off behind its first byte tells no layer', () => {
    expect(av1Format.inspect(hex('50 34'))).toMatchObject({ frameStart: true, temporalLayer: 0 });
    expect(av1Format.inspect(hex('60 02 30 10 34'))).toMatchObject({ frameStart: true, temporalLayer: 0 });
  });

  it('a sequence header repeated for an upper spatial layer starts none', () => {
    const upper = hex('20 0c 08 000000043cfecc01a00830 34 08 10');
    expect(av1Format.inspect(upper)?.keyFrameStart).toBe(false);
  });

  it('the temporal layer comes from the extension of an OBU; a fragment without its head cannot say it', () => {
    const frame = join(hex('36 40 64'), hex('30'), new Uint8Array(99).fill(7));
    const infos = inspectAll(av1Format, packetize(frame, 50));
    expect(infos.map(({ temporalLayer, continued }) => [temporalLayer, continued])).toEqual([
      [2, undefined],
      [0, true],
      [0, true],
    ]);
    expect(infos.map(({ frameStart }) => frameStart)).toEqual([true, false, false]);
  });

  it('a tile group does not start a frame', () => {
    expect(av1Format.inspect(hex('10 20 aa'))?.frameStart).toBe(false);
  });

  it('the size comes from the sequence header, AV1 §5.5', () => {
    const writer = new BitWriter();
    writer.bits(3, 0);
    writer.bits(2, 0);
    // Timing, decoder model, initial display delay, two operating points.
    writer.bits(1, 1);
    writer.bits(32, 1);
    writer.bits(32, 30);
    writer.bits(1, 1);
    writer.bits(3, 2);
    writer.bits(1, 1);
    writer.bits(5, 9);
    writer.bits(32, 1);
    writer.bits(10, 0);
    writer.bits(1, 1);
    writer.bits(5, 1);
    for (const level of [8, 5]) {
      writer.bits(12, 0);
      writer.bits(5, level);
      if (level > 7) writer.bits(1, 0);
      writer.bits(1, 1);
      writer.bits(21, 0);
      writer.bits(1, 1);
      writer.bits(4, 3);
    }
    writer.bits(4, 10);
    writer.bits(4, 9);
    writer.bits(11, 1279);
    writer.bits(10, 719);
    const { resolution, parameters } = av1Format.inspect(join(hex('18 08'), writer.bytes))!;
    expect(resolution).toEqual({ width: 1280, height: 720 });
    expect(parameters).toBe('level-idx=8;profile=0;tier=0');
    expect(av1Format.inspect(join(hex('18 08'), writer.bytes.subarray(0, 20)))?.resolution).toBeUndefined();
  });
});

describe('temporal units', () => {
  const obu = fc
    .record({
      type: fc.constantFrom(1, 3, 4, 5, 6, 7, 9),
      layer: fc.option(fc.constantFrom(0x00, 0x08, 0x20, 0x40), { nil: undefined }),
      data: fc.uint8Array({ maxLength: 3000 }),
    })
    .map(({ type, layer, data }) => {
      const header = Uint8Array.from(layer === undefined ? [type << 3] : [(type << 3) | 4, layer]);
      return { type, header, temporalLayer: undefined, spatialLayer: undefined, data };
    });

  it('come back byte for byte, and no payload is larger than allowed', () => {
    const sizes = fc.integer({ min: 32, max: 1500 });
    fc.assert(
      fc.property(fc.array(obu, { minLength: 1, maxLength: 8 }), sizes, fc.boolean(), (obus, max, delimited) => {
        const unit = writeObus(obus);
        const payloads = packetize(delimited ? join(delimiter, unit) : unit, max);
        for (const payload of payloads) {
          expect(payload.length).toBeLessThanOrEqual(max);
          expect(av1Format.inspect(payload)).toBeDefined();
        }
        expect(payloads.map(([head]) => head! & 0x08).slice(1)).toEqual(payloads.slice(1).map(() => 0));
        expect(toHex(av1Format.depacketize(payloads)!)).toBe(toHex(unit));
      }),
    );
  });

  it('fit payloads of any size', () => {
    const unit = join(sequenceHeader, hex('32 28'), new Uint8Array(40).fill(0x10));
    for (let max = 2; max < 80; max++) {
      const payloads = packetize(unit, max);
      expect(Math.max(...payloads.map(({ length }) => length))).toBeLessThanOrEqual(max);
      expect(toHex(av1Format.depacketize(payloads)!)).toBe(toHex(unit));
    }
    for (const max of [1.5, 1, 0, -1, Number.NaN]) expect(() => packetize(unit, max)).toThrow(RangeError);
  });

  it('whose last unit has no size get one', () => {
    expect(toHex(av1Format.depacketize(packetize(hex('30 30 01 02 03'), 100))!)).toBe('320430010203');
  });

  it('of which a part is missing are none', () => {
    const payloads = packetize(join(hex('32 64'), new Uint8Array(100)), 50);
    expect(payloads).toHaveLength(3);
    for (let i = 0; i < 3; i++) {
      const rest = payloads.filter((_, at) => at !== i);
      // What lacks its middle has lost it unnoticed: packets are counted by their sequence numbers, not here.
      if (i !== 1) expect(av1Format.depacketize(rest)).toBeUndefined();
    }
    expect(av1Format.depacketize([])).toBeUndefined();
  });
});

describe("Chromium's packets", () => {
  it('are 101 frames, two of them key frames', () => {
    expect(chromium).toHaveLength(101);
    const keys = chromium.flatMap((payloads, i) => keyFrameStarts(av1Format, payloads).map((at) => [i, at]));
    expect(keys).toEqual([
      [0, 0],
      [77, 0],
    ]);
    expect(inspectAll(av1Format, chromium[0]!)[0]?.resolution).toEqual({ width: 320, height: 180 });
    expect(inspectAll(av1Format, chromium[77]!)[0]?.resolution).toEqual({ width: 480, height: 270 });
  });

  it('say at the first packet of each frame, and there only, that a frame starts', () => {
    for (const payloads of chromium) {
      expect(inspectAll(av1Format, payloads).map(({ frameStart }) => frameStart)).toEqual(
        payloads.map((_, i) => i === 0),
      );
    }
  });

  it('hold temporal units that survive our own packets', () => {
    for (const payloads of chromium) {
      const unit = av1Format.depacketize(payloads)!;
      expect(splitObus(unit)?.every(({ type }) => type === 1 || type === 6)).toBe(true);
      const ours = packetize(unit, 500);
      expect(toHex(av1Format.depacketize(ours)!)).toBe(toHex(unit));
      expect(keyFrameStarts(av1Format, ours)).toEqual(keyFrameStarts(av1Format, payloads));
    }
  });
});

it('hostile payloads do no harm', () => {
  const good = [...chromium.slice(0, 4).flat(), hex('00 02 3001 00 01 ff')];
  fc.assert(
    fc.property(fc.array(hostilePayload(good), { maxLength: 4 }), (payloads) => expectCalm(av1Format, payloads)),
    { numRuns: 500 },
  );
});

it('hostile frames do no harm', () => {
  const bytes = hostilePayload([join(delimiter, sequenceHeader, keyFrame)]);
  fc.assert(
    fc.property(bytes, fc.integer({ min: 32, max: 200 }), (frame, max) => {
      for (const payload of packetize(frame, max)) expect(payload.length).toBeLessThanOrEqual(max);
    }),
    { numRuns: 500 },
  );
});
