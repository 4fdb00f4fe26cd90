import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_RED_OFFSET, MAX_RED_SIZE, parseRed, RedPacketizer, writeRed } from '../../src/payload/red.ts';
import { hex, toHex } from '../rtcp/hex.ts';

const bytes = (size: number, fill = 7): Uint8Array => new Uint8Array(size).fill(fill);

describe('payloads, RFC 2198 §3', () => {
  it('have a header of four bytes for each redundant frame and one of a byte for their own', () => {
    // An LPC frame (type 7) of 14 bytes, 160 ticks old, in front of a DVI4 frame (type 5) of 84 bytes: RFC 2198 §7.
    const payload = writeRed([
      { payloadType: 7, timestampOffset: 160, data: bytes(14, 1) },
      { payloadType: 5, timestampOffset: 0, data: bytes(84, 2) },
    ]);
    expect(toHex(payload)).toBe(toHex(hex('87 02 80 0e', '05', '01'.repeat(14), '02'.repeat(84))));
  });

  it('without redundancy are the frame behind one byte', () => {
    expect(toHex(writeRed([{ payloadType: 111, timestampOffset: 0, data: hex('aabb') }]))).toBe('6faabb');
  });

  it('come back as they were written', () => {
    const block = fc.record({
      payloadType: fc.nat(127),
      timestampOffset: fc.nat(MAX_RED_OFFSET),
      data: fc.uint8Array({ maxLength: 60 }).map((data) => Uint8Array.from(data)),
    });
    fc.assert(
      fc.property(fc.array(block, { maxLength: 31 }), block, (earlier, own) => {
        const blocks = [...earlier, { ...own, timestampOffset: 0 }];
        expect(parseRed(writeRed(blocks))).toEqual(blocks);
      }),
    );
  });

  it('carry the largest frame and the oldest', () => {
    const blocks = [
      { payloadType: 127, timestampOffset: MAX_RED_OFFSET, data: bytes(MAX_RED_SIZE) },
      { payloadType: 0, timestampOffset: 0, data: bytes(2000) },
    ];
    expect(parseRed(writeRed(blocks))).toEqual(blocks);
  });

  it('never carry more than their fields can say', () => {
    const own = { payloadType: 111, timestampOffset: 0, data: bytes(1) };
    expect(() => writeRed([{ ...own, data: bytes(MAX_RED_SIZE + 1) }, own])).toThrow(RangeError);
    expect(() => writeRed([{ ...own, timestampOffset: MAX_RED_OFFSET + 1 }, own])).toThrow(RangeError);
    expect(() => writeRed([])).toThrow(RangeError);
    expect(() => writeRed(Array.from({ length: 33 }, () => ({ ...own })))).toThrow(RangeError);
  });

  it('are malformed where they are cut short', () => {
    const payload = hex('87 02 80 02 05 0101 02');
    for (let size = 0; size < 7; size++) expect(parseRed(payload.subarray(0, size))).toBeUndefined();
    expect(parseRed(payload)).toHaveLength(2);
  });

  it('of random bytes do no harm', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (payload) => {
        let size = 0;
        for (const { data } of parseRed(payload) ?? []) size += data.length;
        expect(size).toBeLessThanOrEqual(payload.length);
      }),
      { numRuns: 1000 },
    );
    expect(parseRed(bytes(1200, 0xff))).toBeUndefined();
  });
});

describe('the packetizer', () => {
  const offsets = (payload: Uint8Array): number[] => parseRed(payload)!.map(({ timestampOffset }) => timestampOffset);

  it('adds the frames before, as many as it is told', () => {
    const packetizer = new RedPacketizer({ payloadType: 111, distance: 2 });
    const payloads = [0, 1, 2, 3].map((i) => packetizer.packetize(bytes(10, i), 960 * i, 1000));
    expect(payloads.map(offsets)).toEqual([[0], [960, 0], [1920, 960, 0], [1920, 960, 0]]);
    expect(parseRed(payloads[3]!)?.map(({ data }) => data[0])).toEqual([1, 2, 3]);
  });

  it('repairs any single loss', () => {
    const packetizer = new RedPacketizer({ payloadType: 111 });
    const payloads = Array.from({ length: 6 }, (_, i) => packetizer.packetize(bytes(10, i), 960 * i, 1000));
    const heard = new Set(
      payloads.filter((_, i) => i !== 3).flatMap((each) => parseRed(each)!.map(({ data }) => data[0])),
    );
    expect([...heard].sort()).toEqual([0, 1, 2, 3, 4, 5]);
  });

  it('goes on over the end of the timestamps', () => {
    const packetizer = new RedPacketizer({ payloadType: 111 });
    packetizer.packetize(bytes(10), 0xffffffff - 479, 1000);
    expect(offsets(packetizer.packetize(bytes(10), 480, 1000))).toEqual([960, 0]);
  });

  it('leaves out what is too large, too old, or does not fit the packet', () => {
    const large = new RedPacketizer({ payloadType: 111 });
    large.packetize(bytes(MAX_RED_SIZE + 1), 0, 5000);
    expect(offsets(large.packetize(bytes(10), 960, 5000))).toEqual([0]);

    const old = new RedPacketizer({ payloadType: 111 });
    old.packetize(bytes(10), 0, 1000);
    expect(offsets(old.packetize(bytes(10), MAX_RED_OFFSET + 1, 1000))).toEqual([0]);

    const tight = new RedPacketizer({ payloadType: 111, distance: 2 });
    for (const [i, size] of [100, 50, 100].entries()) {
      const payload = tight.packetize(bytes(size), 960 * i, 170);
      expect(payload.length).toBeLessThanOrEqual(170);
      expect(offsets(payload)).toEqual([[0], [960, 0], [960, 0]][i]);
    }
  });

  it('keeps copies: the frame may change afterwards', () => {
    const packetizer = new RedPacketizer({ payloadType: 111 });
    const frame = bytes(3, 1);
    packetizer.packetize(frame, 0, 100);
    frame.fill(9);
    expect(parseRed(packetizer.packetize(frame, 960, 100))?.map(({ data }) => data[0])).toEqual([1, 9]);
  });

  it('refuses options that make no sense', () => {
    for (const options of [
      { payloadType: 128 },
      { payloadType: 1.5 },
      { payloadType: 1, distance: 9 },
      { payloadType: 1, distance: -1 },
    ]) {
      expect(() => new RedPacketizer(options)).toThrow(TypeError);
    }
  });
});
