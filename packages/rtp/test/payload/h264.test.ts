import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { h264Format } from '../../src/payload/h264-format.ts';
import { h264SpsResolution } from '../../src/payload/h264-sps.ts';
import { seededRandom } from '../../src/random.ts';
import { hex, toHex } from '../rtcp/hex.ts';
import { groupByFrame, inspectAll, keyFrameStarts, mediaPackets } from './frames.ts';
import { expectCalm, hostilePayload } from './hostile.ts';
import { annexB, unitOf, withLengths } from './nal.ts';

const chromium = groupByFrame(mediaPackets('h264-one', 108));

/** Chromium's own, 320×180; it sends them with the zero of the next start code. */
const sps = hex('67 42c0158c8d40a0cbcf3506060607844235');
const pps = hex('68ce3c80');
const sei = hex('06 05 01 aa 80');
const delimiter = hex('09 f0');
const idr = hex('65 b8 01 02 03 04 05 06 07 80');
const secondIdrSlice = hex('65 40 01 02 03 04 05 06 07 80');
const slice = hex('41 9a 01 02 03 80');

const packetize = (frame: Uint8Array, max: number): Uint8Array[] =>
  h264Format.createPacketizer(seededRandom(1)).packetize(frame, max);

describe('payloads', () => {
  it('of a unit that fits are the unit, RFC 6184 §5.6', () => {
    expect(packetize(annexB([slice]), 100).map(toHex)).toEqual([toHex(slice)]);
  });

  it('of small units are one STAP-A with the highest importance, RFC 6184 §5.7.1', () => {
    const payloads = packetize(annexB([sei, hex('41 9a 80'), hex('21 9a 80')]), 100);
    expect(payloads.map(toHex)).toEqual([toHex(hex('58 0005', '0605 01aa80', '0003 419a80 0003 219a80'))]);
  });

  it('of a large unit are FU-A with its header spread over theirs, RFC 6184 §5.8', () => {
    expect(packetize(annexB([idr]), 6).map(toHex)).toEqual(['7c85b80102', '7c05030405', '7c45060780']);
  });

  it('of an IDR picture begin with its parameter sets', () => {
    const together = hex('78 0012', toHex(sps), '0004', toHex(pps), '000a', toHex(idr));
    expect(packetize(annexB([sps, pps, idr]), 1000).map(toHex)).toEqual([toHex(together)]);
    const apart = packetize(annexB([sps, pps, idr]), 30);
    expect(apart.map(([first]) => first! & 0x1f)).toEqual([24, 5]);
  });

  it('are none for what is no frame', () => {
    for (const frame of [hex(), hex('00'), hex('000001'), hex('00000001'), hex('ff ff ff ff ff')]) {
      expect(packetize(frame, 100)).toEqual([]);
    }
  });
});

describe('what a packet says', () => {
  const first = (units: Uint8Array[], max: number): [frameStart: boolean, keyFrameStart: boolean][] =>
    inspectAll(h264Format, packetize(annexB(units), max)).map((info) => [info.frameStart, info.keyFrameStart]);

  it('a key frame starts where the SPS is, in a STAP-A whose IDR is not the first unit', () => {
    expect(first([sps, pps, sei, idr], 1000)).toEqual([[true, true]]);
    expect(first([delimiter, sps, pps, idr], 1000)).toEqual([[true, true]]);
  });

  it('with parameter sets ahead of the IDR in a STAP-A, the IDR in FU-A', () => {
    const long = Uint8Array.of(0x65, 0xb8, ...new Uint8Array(100).fill(7));
    expect(first([sps, pps, long], 60)).toEqual([
      [true, true],
      [true, false],
      [false, false],
    ]);
  });

  it('with parameter sets and slices in packets of their own, it is one packet only', () => {
    const payloads = [sps, pps, sei, idr, secondIdrSlice];
    expect(keyFrameStarts(h264Format, payloads)).toEqual([0]);
    expect(inspectAll(h264Format, payloads).map(({ frameStart }) => frameStart)).toEqual([
      true,
      true,
      true,
      true,
      false,
    ]);
    expect(inspectAll(h264Format, payloads).map(({ parameterSets }) => parameterSets)).toEqual([
      true,
      true,
      undefined,
      undefined,
      undefined,
    ]);
    expect(toHex(h264Format.depacketize(payloads)!)).toBe(toHex(annexB(payloads)));
  });

  it('an SPS in fragments starts one too', () => {
    expect(keyFrameStarts(h264Format, packetize(annexB([sps, pps, idr]), 10))).toEqual([0]);
  });

  it('parameter sets ahead of another picture do not', () => {
    expect(first([sps, pps, slice], 1000)).toEqual([[true, false]]);
  });

  it('units without a meaning are ignored, payloads of other modes malformed', () => {
    for (const type of [0, 30, 31]) {
      expect(h264Format.inspect(Uint8Array.of(type, 1, 2))).toMatchObject({ keyFrameStart: false });
      expect(toHex(h264Format.depacketize([Uint8Array.of(type, 1), slice])!)).toBe(toHex(annexB([slice])));
    }
    for (const type of [25, 26, 27, 29]) expect(h264Format.inspect(Uint8Array.of(type, 1, 2, 3, 4))).toBeUndefined();
    for (const bytes of ['', '78', '78 00', '78 0000', '78 0005 41', '7c', '7c 85']) {
      expect(h264Format.inspect(hex(bytes))).toBeUndefined();
    }
    // Inside a STAP-A or FU-A too.
    expect(h264Format.inspect(hex('78 0002 7d01'))).toBeUndefined();
    expect(h264Format.inspect(hex('7c dc 01'))).toBeUndefined();
  });

  it('RFC 6184 §5.3: what has the forbidden bit is damaged, and neither taken nor sent', () => {
    for (const bytes of ['c1 9a 01', 'e5 b8 01', 'fc 85 b8', 'd8 0003 419a80', '78 0003 419a80 0003 c19a80']) {
      expect(h264Format.inspect(hex(bytes))).toBeUndefined();
      expect(h264Format.depacketize([slice, hex(bytes)])).toBeUndefined();
    }
    expect(packetize(annexB([hex('c1 9a 80'), slice]), 100).map(toHex)).toEqual([toHex(slice)]);
  });

  it('a unit of no bytes spoils its STAP-A, wherever it is, as in libwebrtc', () => {
    for (const bytes of [
      '18 0000',
      '18 0000 0004 05ff0011',
      '18 0003 05ff00 0000 0004 05ff0011',
      '18 0003 05ff00 0000',
    ]) {
      expect(h264Format.inspect(hex(bytes))).toBeUndefined();
      expect(h264Format.depacketize([hex(bytes)])).toBeUndefined();
    }
  });

  it("libwebrtc's vectors: SPS alone, in a STAP-A, and an IDR picture in FU-A", () => {
    const sps720 = '07 7a001fbcd940 5005ba10000003 00c00000032ae0f18325';
    const single = h264Format.inspect(hex(sps720));
    expect(single).toMatchObject({ keyFrameStart: true, resolution: { width: 1280, height: 720 } });
    expect(single?.parameters).toBe('profile-level-id=7a001f');
    const stapA = hex('18', '0018', sps720, '000d 0869fc0000030007fffffff640', '000b 0585b80004000013931200');
    expect(h264Format.inspect(stapA)).toMatchObject({ keyFrameStart: true, resolution: { width: 1280, height: 720 } });
    const fragments = [hex('1c85 85b80004000013931200'), hex('1c05 02'), hex('1c45 03')];
    expect(inspectAll(h264Format, fragments).map(({ frameStart }) => frameStart)).toEqual([true, false, false]);
    expect(toHex(h264Format.depacketize(fragments)!)).toBe(toHex(annexB([hex('05 85b80004000013931200 02 03')])));
    for (const bytes of ['', '9c', 'd8 27', '58 cbeddf']) expect(h264Format.inspect(hex(bytes))).toBeUndefined();
  });

  it('a later fragment starts no frame, whatever its data looks like', () => {
    for (const bytes of ['7c 05 b8 01', '7c 45 b8 01', '5c 01 9a 01', '7c 07 b8 01']) {
      expect(h264Format.inspect(hex(bytes))).toMatchObject({ frameStart: false, keyFrameStart: false });
    }
  });

  it('each of several slices may be in fragments', () => {
    const slices = [idr, secondIdrSlice, secondIdrSlice];
    const payloads = packetize(annexB([sps, pps, ...slices]), 8);
    expect(keyFrameStarts(h264Format, payloads)).toEqual([0]);
    const starts = inspectAll(h264Format, payloads).map(({ frameStart }) => frameStart);
    // SPS, PPS and the first slice could each begin a frame; the slices behind it could not.
    expect(starts.filter(Boolean)).toHaveLength(3);
    expect(toHex(h264Format.depacketize(payloads)!)).toBe(toHex(annexB([sps, pps, ...slices])));
  });

  it('a unit whose type a payload has for itself is not sent', () => {
    expect(packetize(annexB([hex('7c 85 01'), slice, hex('78 01')]), 100).map(toHex)).toEqual([toHex(slice)]);
  });
});

describe('parameter sets', () => {
  const avcc = hex('01 42c015 ff e1 0012', toHex(sps), '01 0004', toHex(pps));

  it('from an avcC record go in front of every IDR picture, behind a delimiter', () => {
    const packetizer = h264Format.createPacketizer(seededRandom(1));
    packetizer.describe?.(avcc);
    const frames = [[delimiter, idr], [slice], [idr, secondIdrSlice]].map((units) =>
      h264Format.depacketize(packetizer.packetize(withLengths(units, 4), 1000)),
    );
    expect(frames.map((frame) => toHex(frame!))).toEqual(
      [[delimiter, sps, pps, idr], [slice], [sps, pps, idr, secondIdrSlice]].map((units) => toHex(annexB(units))),
    );
  });

  it('that came with one key frame go in front of the next that comes without', () => {
    const packetizer = h264Format.createPacketizer(seededRandom(1));
    const frames = [[sps, pps, idr], [slice], [idr]].map((units) => packetizer.packetize(annexB(units), 1000));
    expect(toHex(h264Format.depacketize(frames[2]!)!)).toBe(toHex(annexB([sps, pps, idr])));
  });

  it('lengths of one and two bytes are read as the record says', () => {
    for (const lengthSize of [1, 2]) {
      const packetizer = h264Format.createPacketizer(seededRandom(1));
      packetizer.describe?.(Uint8Array.of(...avcc.subarray(0, 4), 0xfc | (lengthSize - 1), ...avcc.subarray(5)));
      const payloads = packetizer.packetize(withLengths([slice, slice], lengthSize), 1000);
      expect(toHex(h264Format.depacketize(payloads)!)).toBe(toHex(annexB([slice, slice])));
    }
  });

  it('a broken record changes nothing', () => {
    const packetizer = h264Format.createPacketizer(seededRandom(1));
    for (let size = 0; size < avcc.length; size++) packetizer.describe?.(avcc.subarray(0, size));
    expect(packetizer.packetize(annexB([slice]), 100).map(toHex)).toEqual([toHex(slice)]);
  });

  it('tell the size after cropping', () => {
    expect(h264SpsResolution(sps)).toEqual({ width: 320, height: 180 });
    const cut = sps.subarray(0, 8);
    expect(h264SpsResolution(cut)).toBeUndefined();
  });
});

describe('frames', () => {
  const header = fc.constantFrom([0x41], [0x61], [0x01], [0x65], [0x67], [0x68], [0x06], [0x09]);
  const units = fc.array(unitOf(header, 3000), { minLength: 1, maxLength: 6 });
  const sizes = fc.integer({ min: 32, max: 1500 });

  it('come back byte for byte from Annex B and from lengths, and no payload is larger than allowed', () => {
    fc.assert(
      fc.property(units, sizes, fc.boolean(), (frame, max, lengths) => {
        const payloads = packetize(lengths ? withLengths(frame, 4) : annexB(frame), max);
        for (const payload of payloads) {
          expect(payload.length).toBeLessThanOrEqual(max);
          expect(h264Format.inspect(payload)).toBeDefined();
        }
        expect(toHex(h264Format.depacketize(payloads)!)).toBe(toHex(annexB(frame)));
      }),
    );
  });

  it('with short start codes and zeros between units come back in one form', () => {
    const frame = hex('000001', toHex(sps), '00 000001', toHex(pps), '000000 000001', toHex(idr), '0000');
    expect(toHex(h264Format.depacketize(packetize(frame, 1000))!)).toBe(toHex(annexB([sps, pps, idr])));
  });

  it('of which a part is missing are none', () => {
    const payloads = packetize(annexB([idr]), 6);
    expect(payloads).toHaveLength(3);
    for (const i of [0, 2]) expect(h264Format.depacketize(payloads.filter((_, at) => at !== i))).toBeUndefined();
    expect(h264Format.depacketize([payloads[0]!, slice, payloads[2]!])).toBeUndefined();
    expect(h264Format.depacketize([])).toBeUndefined();
  });

  it('need some room', () => {
    expect(() => packetize(annexB([idr]), 2)).toThrow(RangeError);
  });
});

describe("Chromium's packets", () => {
  it('are 101 frames, two of them key frames, each of which starts once', () => {
    expect(chromium).toHaveLength(101);
    const keys = chromium.flatMap((payloads, i) => keyFrameStarts(h264Format, payloads).map((at) => [i, at]));
    expect(keys).toEqual([
      [0, 0],
      [77, 0],
    ]);
    expect(inspectAll(h264Format, chromium[0]!)[0]?.resolution).toEqual({ width: 320, height: 180 });
    expect(inspectAll(h264Format, chromium[77]!)[0]?.resolution).toEqual({ width: 480, height: 270 });
  });

  it('begin each frame with a packet that can start one', () => {
    expect(chromium.every(([head]) => h264Format.inspect(head!)?.frameStart)).toBe(true);
  });

  it('hold frames that survive our own packets', () => {
    const packetizer = h264Format.createPacketizer(seededRandom(1));
    for (const payloads of chromium) {
      const frame = h264Format.depacketize(payloads)!;
      expect(toHex(h264Format.depacketize(packetizer.packetize(frame, 500))!)).toBe(toHex(frame));
    }
  });
});

it('hostile payloads do no harm', () => {
  const good = [...chromium[0]!, ...chromium[1]!, ...packetize(annexB([sps, pps, idr]), 1000)];
  fc.assert(
    fc.property(fc.array(hostilePayload(good), { maxLength: 4 }), (payloads) => expectCalm(h264Format, payloads)),
    { numRuns: 500 },
  );
});

it('hostile frames and records do no harm', () => {
  const bytes = fc.oneof(fc.uint8Array({ maxLength: 80 }), hostilePayload([annexB([sps, pps, idr])]));
  fc.assert(
    fc.property(bytes, bytes, fc.integer({ min: 32, max: 200 }), (description, frame, max) => {
      const packetizer = h264Format.createPacketizer(seededRandom(1));
      packetizer.describe?.(description);
      for (const payload of packetizer.packetize(frame, max)) expect(payload.length).toBeLessThanOrEqual(max);
      h264SpsResolution(frame);
    }),
    { numRuns: 500 },
  );
});
