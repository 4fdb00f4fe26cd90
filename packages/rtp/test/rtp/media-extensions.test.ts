import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ArgumentError } from '../../src/errors.ts';
import { absSendTimeAt, readAbsSendTime, writeAbsSendTime } from '../../src/rtp/header-extensions.ts';
import {
  readAudioLevel,
  readCaptureLag,
  readColorSpace,
  readFrameMarking,
  readPlayoutDelay,
  readVideoOrientation,
  writeAudioLevel,
  writeCaptureLag,
  writeColorSpace,
  writeFrameMarking,
  writePlayoutDelay,
  writeVideoOrientation,
} from '../../src/rtp/media-extensions.ts';
import { hex, toHex } from '../rtcp/hex.ts';

const uint = (bits: number) => fc.integer({ min: 0, max: 2 ** bits - 1 });

describe('abs-send-time', () => {
  test('is 6.18 fixed-point seconds', () => {
    expect(toHex(writeAbsSendTime(1000))).toBe('040000');
    expect(toHex(writeAbsSendTime(500.5))).toBe('020083');
    expect(readAbsSendTime(hex('040000'))).toBe(1000);
  });

  test('wraps every 64 s, for as long as anybody runs', () => {
    expect(absSendTimeAt(64_000)).toBe(0);
    expect(absSendTimeAt(64_000 * 1e6 + 250)).toBe(absSendTimeAt(250));
  });

  test('too short is none', () => expect(readAbsSendTime(hex('0400'))).toBeUndefined());
});

describe('RFC 6464 §3: audio level', () => {
  test('the voice bit stands above seven bits of −dBov', () => {
    expect(toHex(writeAudioLevel({ level: 0, voice: true }))).toBe('80');
    expect(toHex(writeAudioLevel({ level: 127, voice: false }))).toBe('7f');
    expect(readAudioLevel(hex('a3'))).toEqual({ level: 35, voice: true });
  });

  test('what is not a level is refused', () => {
    for (const level of [-1, 128, 0.5, Number.NaN]) {
      expect(() => writeAudioLevel({ level, voice: false })).toThrow(ArgumentError);
    }
    expect(readAudioLevel(hex(''))).toBeUndefined();
  });
});

describe('RFC 9626: frame marking', () => {
  test('§3.2, the short form: S, E, I, D and four zeros', () => {
    expect(toHex(writeFrameMarking({ start: true, end: false, independent: true, discardable: false }))).toBe('a0');
    expect(readFrameMarking(hex('50'))).toEqual({ start: false, end: true, independent: false, discardable: true });
  });

  test('§3.1, the long form: B and TID, then LID, then TL0PICIDX, the last two of which may be left out', () => {
    const base = { start: true, end: true, independent: false, discardable: true };
    const layer = { baseLayerSync: true, temporal: 2 };
    expect(toHex(writeFrameMarking({ ...base, layer }))).toBe('da');
    expect(toHex(writeFrameMarking({ ...base, layer: { ...layer, layerId: 3 } }))).toBe('da03');
    expect(toHex(writeFrameMarking({ ...base, layer: { ...layer, layerId: 3, tl0PictureIndex: 254 } }))).toBe('da03fe');
  });

  test('what was written is read, the base layer without LID in its short form', () => {
    const layer = fc.record(
      { baseLayerSync: fc.boolean(), temporal: uint(3), layerId: uint(8), tl0PictureIndex: uint(8) },
      { requiredKeys: ['baseLayerSync', 'temporal', 'layerId'] },
    );
    const flags = { start: fc.boolean(), end: fc.boolean(), independent: fc.boolean(), discardable: fc.boolean() };
    const requiredKeys = ['start', 'end', 'independent', 'discardable'] as const;
    fc.assert(
      fc.property(fc.record({ ...flags, layer }, { requiredKeys: [...requiredKeys] }), (marking) => {
        expect(readFrameMarking(writeFrameMarking(marking))).toEqual(marking);
      }),
    );
  });

  test('numbers out of range, and TL0PICIDX without LID, are refused', () => {
    const base = { start: true, end: true, independent: true, discardable: false };
    const write = (layer: object) => () =>
      writeFrameMarking({ ...base, layer: { baseLayerSync: false, temporal: 0, ...layer } });
    expect(write({ temporal: 8 })).toThrow(ArgumentError);
    expect(write({ layerId: 256 })).toThrow(ArgumentError);
    expect(write({ layerId: 1, tl0PictureIndex: -1 })).toThrow(ArgumentError);
    expect(write({ tl0PictureIndex: 1 })).toThrow(ArgumentError);
  });
});

describe('playout delay', () => {
  test('is two times twelve bits of 10 ms', () => {
    expect(toHex(writePlayoutDelay({ min: 0, max: 0 }))).toBe('000000');
    expect(toHex(writePlayoutDelay({ min: 100, max: 40_950 }))).toBe('00afff');
    expect(readPlayoutDelay(hex('001002'))).toEqual({ min: 10, max: 20 });
  });

  test('bounds that are out of range or the wrong way round are refused, and not read', () => {
    expect(() => writePlayoutDelay({ min: 0, max: 40_960 })).toThrow(ArgumentError);
    expect(() => writePlayoutDelay({ min: 20, max: 10 })).toThrow(ArgumentError);
    expect(() => writePlayoutDelay({ min: Number.NaN, max: 10 })).toThrow(ArgumentError);
    expect(readPlayoutDelay(hex('002001'))).toBeUndefined();
    expect(readPlayoutDelay(hex('0020'))).toBeUndefined();
  });
});

test('3GPP TS 26.114 §7.4.5: camera, flip and two bits of rotation', () => {
  expect(toHex(writeVideoOrientation({ camera: 'front', flip: false, rotation: 0 }))).toBe('00');
  expect(toHex(writeVideoOrientation({ camera: 'back', flip: true, rotation: 270 }))).toBe('0f');
  expect(readVideoOrientation(hex('09'))).toEqual({ camera: 'back', flip: false, rotation: 90 });
  expect(readVideoOrientation(hex(''))).toBeUndefined();
});

test('random bytes are read or not, and never throw', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 20 }), (value) => {
      for (const read of [
        readAbsSendTime,
        readAudioLevel,
        readFrameMarking,
        readPlayoutDelay,
        readVideoOrientation,
        readColorSpace,
        readCaptureLag,
      ]) {
        expect(() => read(value)).not.toThrow();
      }
    }),
  );
});

test('a capture lag is read as it was written', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 0xffffffff }), (ticks) => {
      expect(readCaptureLag(writeCaptureLag(ticks))).toBe(ticks);
    }),
  );
  expect(readCaptureLag(Uint8Array.of(1, 2, 3))).toBeUndefined();
  expect(() => writeCaptureLag(-1)).toThrow(/capture lag/);
});

test('a colour space is read as it was written', () => {
  const colorSpace = { primaries: 1, transfer: 13, matrix: 1, fullRange: true };
  expect(readColorSpace(writeColorSpace(colorSpace))).toEqual(colorSpace);
});
