// Parameter sets that come with the session description, and the key frames that rely on them.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { payloadFormatOf } from '../../src/payload/formats.ts';
import { createH264Format, h264Format } from '../../src/payload/h264-format.ts';
import { h264SpsResolution } from '../../src/payload/h264-sps.ts';
import { createH265Format, h265Format } from '../../src/payload/h265-format.ts';
import { describedParameterSets, readParameterSets, writeParameterSets } from '../../src/payload/parameter-sets.ts';
import type { PayloadFormat } from '../../src/payload/payload-format.ts';
import { seededRandom } from '../../src/random.ts';
import { FrameAssembler } from '../../src/rtp/frame-assembler.ts';
import { hex, toHex } from '../rtcp/hex.ts';
import { keyFrameStarts } from './frames.ts';
import { expectCalm, hostilePayload } from './hostile.ts';
import { annexB, unitOf } from './nal.ts';

/** The example of RFC 3984 §8.2, which RFC 6184 took the place of: QCIF. */
const EXAMPLE = 'profile-level-id=42A01E; packetization-mode=1; sprop-parameter-sets=Z0IACpZTBYmI,aMljiA==';

const sps = hex('67 42 00 0a 96 53 05 89 88');
const pps = hex('68 c9 63 88');
const otherSps = hex('67 42c0158c8d40a0cbcf3506060607844235');
const delimiter = hex('09 f0');
const sei = hex('06 05 01 aa 80');
const idr = hex('65 b8 01 02 03 04 05 06 07 80');
const laterIdrSlice = hex('65 40 01 02 03 80');
const slice = hex('41 9a 01 02 03 80');

const vps265 = hex('40 01 0c 01 ff 80');
const sps265 = hex('42 01 01 01 60 80');
const pps265 = hex('44 01 c0 80');
const idr265 = hex('26 01 af 01 02 03 04 05 06 80');
const slice265 = hex('02 01 d0 01 02 80');

describe('in a session description', () => {
  it('RFC 6184 §8.1: sprop-parameter-sets is a list of NAL units in base64', () => {
    const units = readParameterSets('H264', EXAMPLE);
    expect(units.map(toHex)).toEqual([toHex(sps), toHex(pps)]);
    expect(h264SpsResolution(units[0]!)).toEqual({ width: 176, height: 144 });
    expect(writeParameterSets('H264', units)).toBe('sprop-parameter-sets=Z0IACpZTBYmI,aMljiA==');
  });

  it('RFC 7798 §7.1: VPS, SPS and PPS have a parameter each', () => {
    const parameters = writeParameterSets('H265', [pps265, vps265, sps265]);
    expect(parameters).toBe('sprop-vps=QAEMAf+A;sprop-sps=QgEBAWCA;sprop-pps=RAHAgA==');
    expect(readParameterSets('H265', `level-id=93; ${parameters}`).map(toHex)).toEqual(
      [vps265, sps265, pps265].map(toHex),
    );
  });

  it('come in the order in which a stream needs them', () => {
    const parameters = writeParameterSets('H264', [pps, sps]);
    expect(readParameterSets('H264', parameters).map(toHex)).toEqual([toHex(sps), toHex(pps)]);
  });

  it('what is no parameter set is left out', () => {
    expect(readParameterSets('H264', undefined)).toEqual([]);
    expect(readParameterSets('H264', 'sprop-parameter-sets')).toEqual([]);
    expect(readParameterSets('H264', 'sprop-parameter-sets=,?,ZbgB,aMljiA==,')).toEqual([pps]);
    expect(readParameterSets('H265', 'sprop-vps=RAHAgA==')).toEqual([]);
    expect(writeParameterSets('H264', [idr, slice])).toBe('');
  });

  it('are as many as a stream can have, however many are given', () => {
    const many = Array.from({ length: 500 }, () => 'Z0IACpZTBYmI').join();
    expect(readParameterSets('H264', `sprop-parameter-sets=${many}`)).toHaveLength(64);
    const each = Array.from({ length: 500 }, () => 'QAEMAf+A').join();
    expect(readParameterSets('H265', `sprop-vps=${each};sprop-pps=RAHAgA==`)).toHaveLength(64);
  });

  it('come back as they were written, and no text does harm', () => {
    const unit = unitOf(fc.constantFrom([0x67], [0x68]), 60);
    fc.assert(
      fc.property(fc.array(unit, { maxLength: 8 }), fc.string(), (units, text) => {
        const back = readParameterSets('H264', writeParameterSets('H264', units));
        expect(back.map(toHex).sort()).toEqual(units.map(toHex).sort());
        expect(readParameterSets('H264', `sprop-parameter-sets=${text}`).length).toBeLessThanOrEqual(64);
      }),
    );
  });

  it('are taken from a decoder configuration record', () => {
    const avcc = hex('01 42000a ff e1 0009', toHex(sps), '01 0004', toHex(pps));
    expect(describedParameterSets('H264', avcc)?.map(toHex)).toEqual([toHex(sps), toHex(pps)]);
    expect(describedParameterSets('H264', avcc.subarray(0, 12))).toBeUndefined();
    expect(describedParameterSets('H265', avcc.subarray(0, 22))).toBeUndefined();
  });
});

describe('the format of a session whose description has parameter sets', () => {
  it('is the usual one where it has none', () => {
    expect(payloadFormatOf('h264', 'packetization-mode=1')).toBe(h264Format);
    expect(payloadFormatOf('H265')).toBe(h265Format);
    expect(payloadFormatOf('VP8', EXAMPLE)).toBe(payloadFormatOf('VP8'));
    expect(payloadFormatOf('H263')).toBeUndefined();
  });

  const outOfBand = payloadFormatOf('H264', EXAMPLE)!;
  const depacketized = (format: PayloadFormat, units: readonly Uint8Array[], max = 1000): string => {
    const packetizer = format.createPacketizer(seededRandom(1), { parameterSets: 'out-of-band' });
    return toHex(format.depacketize(packetizer.packetize(annexB(units), max))!);
  };

  it('begins at the first slice of an IDR picture, which has no SPS in front', () => {
    for (const max of [1000, 12, 8]) {
      const packetizer = outOfBand.createPacketizer(seededRandom(1), { parameterSets: 'out-of-band' });
      const payloads = packetizer.packetize(annexB([sei, idr, laterIdrSlice]), max);
      expect(keyFrameStarts(outOfBand, payloads)).toHaveLength(1);
      expect(keyFrameStarts(h264Format, payloads)).toEqual([]);
    }
    expect(outOfBand.inspect(idr)).toMatchObject({ keyFrameStart: true, resolution: { width: 176, height: 144 } });
    for (const unit of [laterIdrSlice, slice, sei]) expect(outOfBand.inspect(unit)?.keyFrameStart).toBe(false);
  });

  it('puts the sets in front of the picture, behind its delimiter', () => {
    expect(depacketized(outOfBand, [idr])).toBe(toHex(annexB([sps, pps, idr])));
    expect(depacketized(outOfBand, [delimiter, sei, idr, laterIdrSlice], 12)).toBe(
      toHex(annexB([delimiter, sps, pps, sei, idr, laterIdrSlice])),
    );
    expect(depacketized(outOfBand, [slice])).toBe(toHex(annexB([slice])));
  });

  it('takes sets in the packets instead, of each type that is there', () => {
    const all = [otherSps, pps, idr];
    expect(toHex(outOfBand.depacketize(all)!)).toBe(toHex(annexB(all)));
    expect(toHex(outOfBand.depacketize([otherSps, idr])!)).toBe(toHex(annexB([otherSps, pps, idr])));
    expect(toHex(outOfBand.depacketize([hex('68ce3c80'), idr])!)).toBe(toHex(annexB([sps, hex('68ce3c80'), idr])));
    expect(outOfBand.inspect(otherSps)).toMatchObject({
      keyFrameStart: true,
      resolution: { width: 320, height: 180 },
    });
  });

  it('lets a receiver begin', () => {
    const assembler = new FrameAssembler(outOfBand);
    const push = (sequence: number, payload: Uint8Array) =>
      assembler.push({
        sequence,
        timestamp: sequence * 3000,
        marker: true,
        payload,
        arrival: sequence,
        size: 100,
        recovered: false,
      });
    expect(push(1, slice)).toEqual([]);
    const [frame] = push(2, idr);
    expect(frame).toMatchObject({ keyFrame: true, resolution: { width: 176, height: 144 } });
    expect(toHex(frame!.data)).toBe(toHex(annexB([sps, pps, idr])));
    expect(push(3, slice)).toHaveLength(1);
  });

  it('H.265: the same, with VPS, SPS and PPS', () => {
    const format = createH265Format([pps265, vps265, sps265]);
    expect(depacketized(format, [idr265])).toBe(toHex(annexB([vps265, sps265, pps265, idr265])));
    expect(depacketized(format, [idr265], 8)).toBe(toHex(annexB([vps265, sps265, pps265, idr265])));
    expect(depacketized(format, [slice265])).toBe(toHex(annexB([slice265])));
    expect(toHex(format.depacketize([sps265, idr265])!)).toBe(toHex(annexB([vps265, sps265, pps265, idr265])));
    for (const payload of [idr265, hex('62 01 93 af 01 02')]) expect(format.inspect(payload)?.keyFrameStart).toBe(true);
    for (const payload of [slice265, hex('26 01 20 01'), hex('62 01 13 af 01'), hex('62 01 93 20 01')]) {
      expect(format.inspect(payload)?.keyFrameStart).toBe(false);
    }
    expect(h265Format.inspect(idr265)?.keyFrameStart).toBe(false);
  });

  it('hostile payloads do it no harm', () => {
    const good = [idr, slice, sps, pps, hex('78 0009', toHex(sps), '0004', toHex(pps)), hex('7c85b80102')];
    const sets = fc.array(hostilePayload([sps, pps]), { maxLength: 3 });
    fc.assert(
      fc.property(fc.array(hostilePayload(good), { maxLength: 4 }), sets, (payloads, units) => {
        const size = units.reduce((sum, { length }) => sum + length + 4, 0);
        const format = createH264Format(units);
        for (const payload of payloads) format.inspect(payload);
        const plain = h264Format.depacketize(payloads);
        expect(format.depacketize(payloads)?.length ?? 0).toBeLessThanOrEqual((plain?.length ?? 0) * 2 + size + 4);
        expectCalm(h264Format, payloads);
      }),
      { numRuns: 300 },
    );
  });
});

describe('the packetizer of a session whose description has them', () => {
  it.each([
    ['H264', h264Format, [delimiter, sps, pps, sei, idr], [delimiter, sei, idr]],
    ['H265', h265Format, [vps265, sps265, pps265, idr265], [idr265]],
  ] as const)('%s: sends none', (_name, format, units, sent) => {
    const packetizer = format.createPacketizer(seededRandom(1), { parameterSets: 'out-of-band' });
    expect(toHex(format.depacketize(packetizer.packetize(annexB(units), 1000))!)).toBe(toHex(annexB(sent)));
    const described = format.createPacketizer(seededRandom(1), { parameterSets: 'out-of-band' });
    described.describe?.(hex('01 42000a ff e1 0009', toHex(sps), '01 0004', toHex(pps)));
    const last = sent.at(-1)!;
    expect(described.packetize(annexB([last]), 1000).map(toHex)).toEqual([toHex(last)]);
  });
});
