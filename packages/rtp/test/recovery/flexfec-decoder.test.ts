import { describe, expect, test } from 'vitest';
import { ArgumentError } from '../../src/errors.ts';
import { FlexFecDecoder } from '../../src/recovery/flexfec-decoder.ts';
import { blockRepair, media, repairOf, repairPacket, SSRC } from './flexfec-packets.ts';

function decoder(): FlexFecDecoder {
  return new FlexFecDecoder({ ssrc: SSRC });
}

describe('a lost packet', () => {
  test('comes back bit by bit, with its sources, extensions, marker and padding', () => {
    const lost = media(2, {
      marker: true,
      payloadType: 127,
      timestamp: 0xffff_ffff,
      csrcs: [0x11223344, 0xffffffff],
      extensions: [
        { id: 3, value: Uint8Array.of(1, 2) },
        { id: 4, value: Uint8Array.of(9) },
      ],
      paddingSize: 9,
    });
    const fec = decoder();
    fec.onMedia(media(1), 0);
    fec.onMedia(media(3, { csrcs: [5], paddingSize: 200 }), 0);
    expect(fec.onRepair(repairOf(media(1), lost, media(3, { csrcs: [5], paddingSize: 200 })), 0)).toEqual([lost]);
    expect(fec.stats).toMatchObject({ recovered: 1, repairs: 1, unneeded: 0 });
  });

  test('comes back when it was the longest, the shortest, or the only one', () => {
    const long = media(2, { payload: new Uint8Array(1200).fill(7) });
    const short = media(3, { payload: new Uint8Array(0) });
    const fec = decoder();
    fec.onMedia(media(1), 0);
    expect(fec.onRepair(repairOf(media(1), long), 0)).toEqual([long]);
    expect(fec.onRepair(repairOf(media(1), short), 0)).toEqual([short]);
    expect(fec.onRepair(repairOf(media(4)), 0)).toEqual([media(4)]);
  });

  test('that comes back makes another solvable', () => {
    const fec = decoder();
    fec.onMedia(media(1), 0);
    expect(fec.onRepair(repairOf(media(3), media(4)), 0)).toEqual([]);
    expect(fec.onRepair(repairOf(media(2), media(3)), 0)).toEqual([]);
    expect(fec.pending).toBe(2);
    expect(fec.onRepair(repairOf(media(1), media(2)), 0)).toEqual([media(2), media(3), media(4)]);
    expect(fec.pending).toBe(0);
  });

  test('comes back once the packets that were only late are there', () => {
    const fec = decoder();
    expect(fec.onRepair(repairOf(media(1), media(2), media(3)), 0)).toEqual([]);
    expect(fec.onMedia(media(3), 1)).toEqual([]);
    expect(fec.onMedia(media(1), 2)).toEqual([media(2)]);
    expect(fec.onMedia(media(2), 3)).toEqual([]);
    expect(fec.stats).toMatchObject({ recovered: 1, duplicates: 1 });
  });

  test('comes back once, however many repair packets know it', () => {
    const fec = decoder();
    fec.onMedia(media(1), 0);
    expect(fec.onRepair(repairOf(media(1), media(2), media(3)), 0)).toEqual([]);
    expect(fec.onRepair(repairOf(media(1), media(2), media(3)), 0)).toEqual([]);
    expect(fec.onMedia(media(3), 0)).toEqual([media(2)]);
    expect(fec.onRepair(repairOf(media(1), media(2)), 0)).toEqual([]);
    expect(fec.stats).toMatchObject({ recovered: 1, repairs: 3, unneeded: 2 });
  });

  test('comes back across the end of the sequence numbers', () => {
    const fec = decoder();
    fec.onMedia(media(65_534), 0);
    fec.onMedia(media(1), 0);
    expect(fec.onRepair(repairOf(media(65_534), media(0), media(1)), 0)).toEqual([media(0)]);
  });

  test('comes back by retransmission in the repair stream (RFC 8627 §4.2.2.3)', () => {
    const fec = decoder();
    fec.onRepair(repairOf(media(1), media(2)), 0);
    expect(fec.onRepair(repairPacket(media(1)), 0)).toEqual([media(1), media(2)]);
    expect(fec.onRepair(repairPacket(media(1)), 0)).toEqual([]);
    expect(fec.onRepair(repairPacket(media(3, { ssrc: 9 })), 0)).toEqual([]);
    expect(fec.stats).toMatchObject({ recovered: 2, unneeded: 1, foreign: 1 });
  });
});

describe('a block of columns and rows (RFC 8627 §4.2.2.2)', () => {
  const packets = Array.from({ length: 12 }, (_, i) => media(65_530 + i > 65_535 ? i - 6 : 65_530 + i));
  const row = (y: number) => packets.slice(4 * y, 4 * y + 4);
  const column = (x: number) => [0, 1, 2].map((y) => packets[4 * y + x]!);

  test('is repaired by rows', () => {
    const fec = decoder();
    for (const i of [0, 1, 3]) fec.onMedia(packets[i]!, 0);
    expect(fec.onRepair(blockRepair(4, 0, row(0)), 0)).toEqual([packets[2]]);
  });

  test('is repaired by columns', () => {
    const fec = decoder();
    for (const i of [1, 9]) fec.onMedia(packets[i]!, 0);
    expect(fec.onRepair(blockRepair(4, 3, column(1)), 0)).toEqual([packets[5]]);
  });

  test('is repaired by both in turn, as long as one has a single hole (RFC 8627 §6.3.4)', () => {
    const fec = decoder();
    const lost = [0, 1, 2, 4, 5, 10];
    for (const [i, packet] of packets.entries()) if (!lost.includes(i)) fec.onMedia(packet, 0);
    const recovered: Uint8Array[] = [];
    for (const y of [0, 1, 2]) recovered.push(...fec.onRepair(blockRepair(4, 1, row(y)), 0));
    for (const x of [0, 1, 2, 3]) recovered.push(...fec.onRepair(blockRepair(4, 3, column(x)), 0));
    // Left are two rows and two columns with two holes each, which no order solves.
    expect(recovered).toEqual([packets[10], packets[2]]);
    expect(fec.pending).toBe(4);
    expect(fec.onMedia(packets[4]!, 0)).toHaveLength(3);
  });
});

test('an SSRC that is none is refused', () => {
  expect(() => new FlexFecDecoder({ ssrc: -1 })).toThrow(ArgumentError);
});
