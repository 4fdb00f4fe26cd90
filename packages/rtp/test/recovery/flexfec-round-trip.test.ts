import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FlexFecDecoder } from '../../src/recovery/flexfec-decoder.ts';
import { FlexFecEncoder, type FlexFecEncoderOptions } from '../../src/recovery/flexfec-encoder.ts';
import { parseFlexFec } from '../../src/recovery/flexfec-packet.ts';
import { RtpPacket } from '../../src/rtp/packet.ts';
import { media, repairPacket, SSRC } from './flexfec-packets.ts';

/**
 * Sends a stream in frames of six packets over a wire that loses some; what the decoder makes of it, and what it could.
 */
function transmit(
  packets: readonly Uint8Array[],
  options: Partial<FlexFecEncoderOptions>,
  lost: (index: number) => boolean,
) {
  const encoder = new FlexFecEncoder({ ssrc: SSRC, ratio: 0.3, ...options });
  const fec = new FlexFecDecoder({ ssrc: SSRC });
  const missing = new Map<number, Uint8Array>();
  const masks: number[][] = [];
  const recovered: Uint8Array[] = [];
  let index = 0;
  for (const [n, packet] of packets.entries()) {
    const { sequenceNumber } = RtpPacket.parse(packet)!;
    if (lost(index++)) missing.set(sequenceNumber, packet);
    else recovered.push(...fec.onMedia(packet, n));
    for (const { payload } of n === packets.length - 1
      ? [...encoder.add(packet, n), ...encoder.finish()]
      : encoder.add(packet, n)) {
      if (lost(index++)) continue;
      const read = parseFlexFec(payload, 1);
      if (read?.type === 'parity') masks.push([...read.streams[0]!]);
      recovered.push(...fec.onRepair(repairPacket(payload), n));
    }
  }
  const solvable: Uint8Array[] = [];
  for (let again = true; again; ) {
    again = false;
    for (const mask of masks) {
      const holes = mask.filter((sequenceNumber) => missing.has(sequenceNumber));
      if (holes.length !== 1) continue;
      solvable.push(missing.get(holes[0]!)!);
      missing.delete(holes[0]!);
      again = true;
    }
  }
  return { recovered, solvable, stats: fec.stats };
}

const inOrder = (packets: readonly Uint8Array[]) => packets.map((packet) => packet.join()).sort();

test('all that can be solved hole by hole comes back bit-identical, and nothing else', () => {
  const packet = fc.record({
    payload: fc.uint8Array({ maxLength: 60 }),
    csrcs: fc.array(fc.nat(0xffffffff), { maxLength: 3 }),
    extensions: fc.array(
      fc.record({ id: fc.integer({ min: 1, max: 14 }), value: fc.uint8Array({ minLength: 1, maxLength: 5 }) }),
      {
        maxLength: 2,
      },
    ),
    paddingSize: fc.nat(20),
    marker: fc.boolean(),
    timestamp: fc.nat(0xffffffff),
    payloadType: fc.nat(127),
  });
  fc.assert(
    fc.property(
      fc.nat(0xffff),
      fc.array(packet, { minLength: 1, maxLength: 40 }),
      fc.array(fc.boolean(), { minLength: 80, maxLength: 80 }),
      fc.double({ min: 0.05, max: 1, noNaN: true }),
      fc.constantFrom(1 as const, 2 as const),
      fc.integer({ min: 1, max: 5 }),
      (first, fields, losses, ratio, copies, minRepairs) => {
        const packets = fields.map((each, i) => media((first + i) & 0xffff, each));
        const { recovered, solvable, stats } = transmit(packets, { ratio, copies, minRepairs }, (i) => losses[i]!);
        expect(inOrder(recovered)).toEqual(inOrder(solvable));
        expect(stats.malformed + stats.duplicates + stats.foreign).toBe(0);
      },
    ),
    { numRuns: 300 },
  );
});

test('as many packets in a row as a block has repair packets come back', () => {
  for (const copies of [1, 2] as const) {
    for (const repairs of [1, 2, 3, 4, 7]) {
      const count = 5 * repairs;
      const packets = Array.from({ length: count }, (_, i) => media(i, { marker: i === count - 1 }));
      for (let start = 0; start + repairs <= count; start++) {
        const burst = (i: number) => i >= start && i < start + repairs;
        const { recovered } = transmit(packets, { ratio: 0.2, minRepairs: repairs, copies }, burst);
        expect(inOrder(recovered)).toEqual(inOrder(packets.slice(start, start + repairs)));
      }
    }
  }
});

test('while nothing is lost, each repair packet is unneeded, and nothing is kept of it', () => {
  const packets = Array.from({ length: 100 }, (_, i) => media(i, { marker: i % 10 === 9 }));
  const { recovered, stats } = transmit(packets, {}, () => false);
  expect(recovered).toEqual([]);
  expect(stats).toEqual({
    recovered: 0,
    repairs: 30,
    unneeded: 30,
    givenUp: 0,
    malformed: 0,
    foreign: 0,
    duplicates: 0,
  });
});
