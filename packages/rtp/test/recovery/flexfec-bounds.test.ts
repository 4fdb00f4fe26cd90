import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FlexFecDecoder } from '../../src/recovery/flexfec-decoder.ts';
import { RtpPacket } from '../../src/rtp/packet.ts';
import { media, repairOf, repairPacket, SSRC } from './flexfec-packets.ts';

function decoder(maxAge = 1000): FlexFecDecoder {
  return new FlexFecDecoder({ ssrc: SSRC, maxAge });
}

describe('invariant 7:', () => {
  test('what is about other streams, or several, is counted and left alone', () => {
    const fec = decoder();
    expect(fec.onMedia(media(1, { ssrc: 7 }), 0)).toEqual([]);
    expect(fec.onMedia(new Uint8Array(3), 0)).toEqual([]);
    const { payload } = repairOf(media(1));
    expect(fec.onRepair(repairPacket(payload, [7]), 0)).toEqual([]);
    expect(fec.onRepair(repairPacket(payload, []), 0)).toEqual([]);
    expect(fec.onRepair(repairPacket(payload, [SSRC, 7]), 0)).toEqual([]);
    expect(fec.stats).toMatchObject({ foreign: 5, recovered: 0 });
  });

  test('a damaged repair packet is counted, and what it would make is not handed out', () => {
    const fec = decoder();
    fec.onMedia(media(1), 0);
    const { payload } = repairOf(media(1), media(2));
    const damaged = (offset: number, value: number) => {
      const bytes = payload.slice();
      bytes[offset]! ^= value;
      return repairPacket(bytes);
    };
    expect(fec.onRepair(damaged(2, 0x40), 0)).toEqual([]); // longer than the repair packet
    expect(fec.onRepair(damaged(3, 0x07), 0)).toEqual([]); // shorter, so that something is left behind it
    expect(fec.onRepair(damaged(0, 0x10), 0)).toEqual([]); // an extension that goes beyond the packet
    expect(fec.onRepair(repairPacket(payload.subarray(0, 9)), 0)).toEqual([]);
    expect(fec.onRepair(repairPacket(Uint8Array.from([0x90, ...media(3).subarray(1, 14)])), 0)).toEqual([]);
    expect(fec.stats).toMatchObject({ malformed: 5, recovered: 0 });
    expect(fec.onRepair(repairPacket(payload), 0)).toEqual([media(2)]);
  });

  test('a packet that is too old to be kept repairs nothing', () => {
    const fec = decoder(200);
    fec.onMedia(media(1), 0);
    fec.onMedia(media(3), 0);
    expect(fec.onRepair(repairOf(media(1), media(2)), 200)).toEqual([media(2)]);
    expect(fec.onRepair(repairOf(media(3), media(4)), 201)).toEqual([]);
    expect(fec.onMedia(media(5), 401)).toEqual([]);
    expect(fec.pending).toBe(1);
    expect(fec.onMedia(media(6), 402)).toEqual([]);
    expect(fec.pending).toBe(0);
    expect(fec.stats).toMatchObject({ givenUp: 1 });
  });

  test('a repair packet whose packets went out of the window meanwhile is given up', () => {
    const fec = decoder();
    fec.onMedia(media(1), 0);
    fec.onRepair(repairOf(media(1), media(2), media(3)), 0);
    for (let i = 4; i < 514; i++) fec.onMedia(media(i), 1);
    expect(fec.onMedia(media(3), 2)).toEqual([]);
    expect(fec.stats).toMatchObject({ givenUp: 1, recovered: 0 });
  });

  test('a straggler does not push out a packet that came after it', () => {
    const fec = decoder();
    fec.onMedia(media(600), 0);
    fec.onMedia(media(600 - 512), 0);
    expect(fec.onRepair(repairOf(media(600), media(601)), 0)).toEqual([media(601)]);
  });

  test('at most 64 repair packets wait; the oldest gives way', () => {
    const fec = decoder();
    for (let i = 0; i < 100; i++) fec.onRepair(repairOf(media(3 * i), media(3 * i + 1)), 0);
    expect(fec.pending).toBe(64);
    expect(fec.stats.givenUp).toBe(36);
    expect(fec.onMedia(media(3 * 35), 0)).toEqual([]);
    expect(fec.onMedia(media(3 * 36), 0)).toEqual([media(3 * 36 + 1)]);
  });

  test('a stream that begins anew with other numbers is repaired once the old packets are too old', () => {
    const fec = decoder(200);
    for (let i = 40_000; i < 40_600; i++) fec.onMedia(media(i), 0);
    for (let i = 100; i < 700; i++) fec.onMedia(media(i), 201);
    expect(fec.onRepair(repairOf(media(699), media(700)), 201)).toEqual([media(700)]);
  });

  test('hostile bytes never throw, and what is made of them is RTP of the stream', () => {
    const arrival = fc.oneof(
      fc.record({ sequenceNumber: fc.nat(40), payload: fc.uint8Array({ maxLength: 40 }) }),
      fc.record({ repair: fc.uint8Array({ maxLength: 80 }), csrcs: fc.constantFrom([SSRC], [SSRC], [], [SSRC, 3]) }),
      fc.record({ repair: fc.uint8Array({ minLength: 12, maxLength: 60 }), base: fc.nat(40) }),
    );
    fc.assert(
      fc.property(fc.array(arrival, { maxLength: 60 }), (arrivals) => {
        const fec = decoder();
        const made: Uint8Array[] = [];
        for (const [now, each] of arrivals.entries()) {
          if ('sequenceNumber' in each)
            made.push(...fec.onMedia(media(each.sequenceNumber, { payload: each.payload }), now));
          else if ('csrcs' in each) made.push(...fec.onRepair(repairPacket(each.repair, each.csrcs), now));
          else {
            const { repair, base } = each;
            repair.set([repair[0]! & 0x3f, repair[1]!, 0, repair[3]! & 0x3f], 0);
            repair.set([0, base, repair[10]! & 0x7f], 8);
            made.push(...fec.onRepair(repairPacket(repair), now));
          }
        }
        for (const bytes of made) expect(RtpPacket.parse(bytes)?.ssrc).toBe(SSRC);
        const { recovered, repairs, unneeded, givenUp, malformed } = fec.stats;
        expect(made).toHaveLength(recovered);
        expect(recovered + unneeded + givenUp + malformed + fec.pending + fec.stats.foreign).toBeGreaterThanOrEqual(
          repairs,
        );
      }),
    );
  });
});
