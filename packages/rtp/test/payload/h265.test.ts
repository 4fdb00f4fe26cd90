import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BitWriter } from '../../src/payload/bit-writer.ts';
import { h265Format } from '../../src/payload/h265-format.ts';
import { h265SpsResolution } from '../../src/payload/h265-sps.ts';
import { seededRandom } from '../../src/random.ts';
import { hex, toHex } from '../rtcp/hex.ts';
import { inspectAll, keyFrameStarts } from './frames.ts';
import { expectCalm, hostilePayload } from './hostile.ts';
import { annexB, unitOf, withLengths } from './nal.ts';

const vps = hex('40 01 0c 01 ff 80');
const sps = spsOf({ width: 640, height: 368, cropBottom: 4, subLayers: 2 });
const pps = hex('44 01 c0 80');
const sei = hex('4e 01 05 01 aa 80');
const delimiter = hex('46 01 50');
const idr = hex('26 01 af 01 02 03 04 05 06 80');
const secondIdrSegment = hex('26 01 20 01 02 03 80');
const slice = hex('02 01 d0 01 02 80');

const packetize = (frame: Uint8Array, max: number): Uint8Array[] =>
  h265Format.createPacketizer(seededRandom(1)).packetize(frame, max);

/** An SPS as H.265 §7.3.2.2.1 has it, up to the size. */
function spsOf(size: { width: number; height: number; cropBottom: number; subLayers: number }): Uint8Array {
  const writer = new BitWriter();
  const ue = (value: number): void => {
    const width = 32 - Math.clz32(value + 1);
    writer.bits(2 * width - 1, value + 1);
  };
  writer.bits(4, 0);
  writer.bits(3, size.subLayers);
  writer.bits(1, 1);
  for (let i = 0; i < 11; i++) writer.bits(8, 0x55);
  writer.bits(8, 93);
  // Sub-layers: the first with profile and level, the others with the level only; then the flags' alignment.
  for (let i = 0; i < size.subLayers; i++) writer.bits(2, i === 0 ? 3 : 1);
  if (size.subLayers > 0) for (let i = size.subLayers; i < 8; i++) writer.bits(2, 0);
  for (let i = 0; i < size.subLayers; i++) for (let left = i === 0 ? 12 : 1; left > 0; left--) writer.bits(8, 0x55);
  ue(0);
  ue(1);
  ue(size.width);
  ue(size.height);
  writer.bits(1, 1);
  for (const crop of [0, 0, 0, size.cropBottom]) ue(crop);
  writer.bits(1, 1);
  return Uint8Array.of(0x42, 0x01, ...writer.bytes);
}

describe('payloads', () => {
  it('of a unit that fits are the unit, RFC 7798 §4.4.1', () => {
    expect(packetize(annexB([slice]), 100).map(toHex)).toEqual([toHex(slice)]);
  });

  it('of small units are one aggregation packet of the lowest layers, RFC 7798 §4.4.2', () => {
    const payloads = packetize(annexB([hex('02 03 d0 80'), hex('02 0a d0 80'), hex('02 12 d0 80')]), 100);
    expect(payloads.map(toHex)).toEqual([toHex(hex('6002', '0004 0203d080', '0004 020ad080', '0004 0212d080'))]);
  });

  it('of a large unit are fragmentation units with its header spread over theirs, RFC 7798 §4.4.3', () => {
    expect(packetize(annexB([idr]), 6).map(toHex)).toEqual(['620193af0102', '6201130304', '620153050680']);
  });
});

describe('what a packet says', () => {
  it('a key frame starts where the VPS is, however the units are packed', () => {
    const frame = annexB([delimiter, vps, sps, pps, sei, idr, secondIdrSegment]);
    for (let max = 10; max < 200; max += 3) {
      const payloads = packetize(frame, max);
      expect(keyFrameStarts(h265Format, payloads)).toHaveLength(1);
      expect(inspectAll(h265Format, payloads)[0]?.frameStart).toBe(true);
      expect(toHex(h265Format.depacketize(payloads)!)).toBe(toHex(frame));
    }
    const apart = [vps, sps, pps, sei, idr, secondIdrSegment];
    expect(keyFrameStarts(h265Format, apart)).toEqual([0]);
    expect(inspectAll(h265Format, apart).map(({ frameStart }) => frameStart)).toEqual([
      true,
      true,
      true,
      true,
      true,
      false,
    ]);
  });

  it('parameter sets ahead of another picture start none', () => {
    expect(keyFrameStarts(h265Format, packetize(annexB([vps, sps, pps, slice]), 1000))).toEqual([]);
  });

  it('a later fragment starts no frame, whatever its data looks like', () => {
    expect(h265Format.inspect(hex('62 01 81 d0 01'))?.frameStart).toBe(true);
    expect(h265Format.inspect(hex('62 01 01 d0 01'))?.frameStart).toBe(false);
    expect(h265Format.inspect(hex('62 01 41 d0 01'))?.frameStart).toBe(false);
  });

  it('every packet tells the temporal layer', () => {
    const large = Uint8Array.of(0x00, 0x03, 0xd0, ...new Uint8Array(100).fill(7));
    for (const info of inspectAll(h265Format, packetize(annexB([large]), 40))) expect(info.temporalLayer).toBe(2);
    expect(h265Format.inspect(slice)?.temporalLayer).toBe(0);
  });

  it('an access picture of layer 1 depends on layer 0 only, H.265 §7.4.2.2', () => {
    const syncs = [
      [2, 1],
      [3, 1],
      [4, 1],
      [5, 1],
      [0, 1],
      [3, 2],
    ].map(([type, layer]) => h265Format.inspect(Uint8Array.of(type! << 1, layer! + 1, 0xd0))?.layerSync);
    expect(syncs).toEqual([true, true, true, true, false, false]);
  });

  it('RFC 7798 §1.1.4: what has the forbidden bit is damaged, and neither taken nor sent', () => {
    for (const bytes of ['82 01 d0 01', 'e2 01 93 af', 'e0 01 0004 0201d080', '60 01 0004 8201d080']) {
      expect(h265Format.inspect(hex(bytes))).toBeUndefined();
      expect(h265Format.depacketize([slice, hex(bytes)])).toBeUndefined();
    }
    expect(packetize(annexB([hex('82 01 d0 80'), slice]), 100).map(toHex)).toEqual([toHex(slice)]);
  });

  it('every IRAP type starts a key frame behind its VPS, H.265 table 7-1', () => {
    for (let type = 0; type < 32; type++) {
      const picture = Uint8Array.of(type << 1, 1, 0xd0, 0x80);
      const isIrap = type >= 16 && type <= 23;
      const [payload] = packetize(annexB([vps, sps, pps, picture]), 1000);
      expect(h265Format.inspect(payload!)?.keyFrameStart).toBe(isIrap);
      expect(h265Format.inspect(picture)).toMatchObject({ frameStart: true, keyFrameStart: false });
      const packetizer = h265Format.createPacketizer(seededRandom(1));
      packetizer.packetize(annexB([vps, sps, pps, idr]), 1000);
      expect(packetizer.packetize(annexB([picture]), 1000)[0]!.length > picture.length).toBe(isIrap);
    }
  });

  it('PACI packets are ignored, cut ones malformed', () => {
    expect(h265Format.inspect(hex('64 01 00 00'))).toMatchObject({ keyFrameStart: false });
    for (const bytes of ['', '40', '60 01', '60 01 00', '60 01 0001 40', '60 01 0005 40', '62 01', '62 01 93']) {
      expect(h265Format.inspect(hex(bytes))).toBeUndefined();
    }
  });

  it('the size comes from the SPS, after cropping', () => {
    expect(h265Format.inspect(packetize(annexB([vps, sps, pps, idr]), 1000)[0]!)?.resolution).toEqual({
      width: 640,
      height: 360,
    });
    expect(h265Format.inspect(sps)?.parameters).toBe('level-id=93;profile-id=21;tier-flag=0');
    for (const subLayers of [0, 1, 6]) {
      const resolution = h265SpsResolution(spsOf({ width: 1920, height: 1088, cropBottom: 4, subLayers }));
      expect(resolution).toEqual({ width: 1920, height: 1080 });
    }
    expect(h265SpsResolution(sps.subarray(0, 15))).toBeUndefined();
  });
});

it('a unit whose type a payload has for itself is not sent', () => {
  expect(packetize(annexB([hex('60 01 01'), slice, hex('62 01 93 01')]), 100).map(toHex)).toEqual([toHex(slice)]);
});

describe('parameter sets', () => {
  const array = (type: number, unit: Uint8Array): number[] => [0x80 | type, 0, 1, 0, unit.length, ...unit];
  const hvcc = Uint8Array.of(
    1,
    ...new Uint8Array(20),
    0xff,
    3,
    ...array(32, vps),
    ...array(33, sps),
    ...array(34, pps),
  );

  it('from an hvcC record go in front of every IRAP picture, behind a delimiter', () => {
    const packetizer = h265Format.createPacketizer(seededRandom(1));
    packetizer.describe?.(hvcc);
    const cra = Uint8Array.of(0x2a, ...idr.subarray(1));
    const frames = [[delimiter, idr], [slice], [cra]].map((units) =>
      h265Format.depacketize(packetizer.packetize(withLengths(units, 4), 1000)),
    );
    expect(frames.map((frame) => toHex(frame!))).toEqual(
      [[delimiter, vps, sps, pps, idr], [slice], [vps, sps, pps, cra]].map((units) => toHex(annexB(units))),
    );
  });

  it('that came with one key frame go in front of the next that comes without', () => {
    const packetizer = h265Format.createPacketizer(seededRandom(1));
    const frames = [[vps, sps, pps, idr], [idr]].map((units) => packetizer.packetize(annexB(units), 1000));
    expect(toHex(h265Format.depacketize(frames[1]!)!)).toBe(toHex(annexB([vps, sps, pps, idr])));
  });

  it('a broken record changes nothing', () => {
    const packetizer = h265Format.createPacketizer(seededRandom(1));
    for (let size = 0; size < hvcc.length; size++) packetizer.describe?.(hvcc.subarray(0, size));
    expect(packetizer.packetize(annexB([slice]), 100).map(toHex)).toEqual([toHex(slice)]);
  });
});

describe('frames', () => {
  const header = fc.constantFrom([0x02, 1], [0x26, 1], [0x40, 1], [0x42, 1], [0x4e, 1], [0x00, 3], [0x02, 0x0a]);

  it('come back byte for byte from Annex B and from lengths, and no payload is larger than allowed', () => {
    const units = fc.array(unitOf(header, 3000), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(units, fc.integer({ min: 32, max: 1500 }), fc.boolean(), (frame, max, lengths) => {
        const payloads = packetize(lengths ? withLengths(frame, 4) : annexB(frame), max);
        for (const payload of payloads) {
          expect(payload.length).toBeLessThanOrEqual(max);
          expect(h265Format.inspect(payload)).toBeDefined();
        }
        expect(toHex(h265Format.depacketize(payloads)!)).toBe(toHex(annexB(frame)));
      }),
    );
  });

  it('of which a part is missing are none', () => {
    const payloads = packetize(annexB([idr]), 6);
    for (const i of [0, 2]) expect(h265Format.depacketize(payloads.filter((_, at) => at !== i))).toBeUndefined();
  });
});

it('hostile payloads do no harm', () => {
  const good = [...packetize(annexB([vps, sps, pps, idr]), 1000), ...packetize(annexB([idr]), 8), slice];
  fc.assert(
    fc.property(fc.array(hostilePayload(good), { maxLength: 4 }), (payloads) => expectCalm(h265Format, payloads)),
    { numRuns: 500 },
  );
});

it('hostile frames and records do no harm', () => {
  const bytes = fc.oneof(fc.uint8Array({ maxLength: 80 }), hostilePayload([annexB([vps, sps, pps, idr])]));
  fc.assert(
    fc.property(bytes, bytes, fc.integer({ min: 32, max: 200 }), (description, frame, max) => {
      const packetizer = h265Format.createPacketizer(seededRandom(1));
      packetizer.describe?.(description);
      for (const payload of packetizer.packetize(frame, max)) expect(payload.length).toBeLessThanOrEqual(max);
      h265SpsResolution(frame);
    }),
    { numRuns: 500 },
  );
});
