import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { opusFormat } from '../../src/payload/opus-format.ts';
import { opusDuration } from '../../src/payload/opus-packet.ts';
import { seededRandom } from '../../src/random.ts';
import { hex, toHex } from '../rtcp/hex.ts';

describe('the duration of a packet', () => {
  it('RFC 6716 §3.1, table 2: by its configuration', () => {
    const milliseconds = Array.from({ length: 32 }, (_, configuration) => {
      return opusDuration(Uint8Array.of(configuration << 3, 1))! / 48;
    });
    const silk = [10, 20, 40, 60];
    const hybrid = [10, 20];
    const celt = [2.5, 5, 10, 20];
    expect(milliseconds).toEqual([
      ...[...silk, ...silk, ...silk],
      ...[...hybrid, ...hybrid],
      ...[...celt, ...celt, ...celt, ...celt],
    ]);
  });

  it('RFC 6716 §3.2: codes 0 to 3 are one frame, two equal ones, two, and as many as are counted', () => {
    expect(['f8 01', 'f9 01 02', 'fa 01 02', 'fb 03 00'].map((bytes) => opusDuration(hex(bytes)))).toEqual([
      960, 1920, 1920, 2880,
    ]);
    // The bits for variable size and padding are not part of the count.
    expect(opusDuration(hex('fb c6'))).toBe(5760);
  });

  it('RFC 6716 §3.2.5: no packet is longer than 120 ms, nor has it no frames', () => {
    for (const bytes of ['', 'fb', 'fb 00', 'fb 07', '1b 03', 'fb ff'])
      expect(opusDuration(hex(bytes))).toBeUndefined();
    expect(opusDuration(hex('1b 02'))).toBe(5760);
  });

  it('RFC 7587 §3.1.3: a packet of silence is as long as any other', () => {
    expect(opusDuration(hex('78'))).toBe(960);
    expect(opusDuration(hex('78 ff fe'))).toBe(960);
  });

  it('is possible or none, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 8 }), (packet) => {
        const duration = opusDuration(packet) ?? 120;
        expect(duration % 120).toBe(0);
        expect(duration).toBeGreaterThan(0);
        expect(duration).toBeLessThanOrEqual(5760);
      }),
    );
  });
});

describe('the format, RFC 7587 §4.2', () => {
  it('a packet is a frame to begin with, one byte of DTX included; an empty one is none', () => {
    for (const bytes of ['78', '78 ff fe', 'fb 03 00']) {
      expect(opusFormat.inspect(hex(bytes))).toEqual({
        frameStart: true,
        keyFrameStart: true,
        temporalLayer: 0,
        layerSync: false,
      });
    }
    expect(opusFormat.inspect(new Uint8Array(0))).toBeUndefined();
  });

  it('a frame is one packet, whatever its size, and comes back as it is', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 2000 }), (frame) => {
        const payloads = opusFormat.createPacketizer(seededRandom(1)).packetize(frame, 1200);
        expect(payloads).toHaveLength(1);
        expect(toHex(opusFormat.depacketize(payloads)!)).toBe(toHex(frame));
      }),
    );
    expect(opusFormat.depacketize([])).toBeUndefined();
    expect(opusFormat.depacketize([hex('78'), hex('78')])).toBeUndefined();
  });

  it('nothing is to be renumbered', () => {
    const payload = hex('78 01 02');
    expect(opusFormat.createRewriter().rewrite(payload)?.payload).toBe(payload);
  });
});
