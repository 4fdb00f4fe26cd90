// How much of what a wire loses comes back, against what the masks promise: each pattern of losses in a block, times
// its probability.

import { describe, expect, test } from 'vitest';
import { seededRandom } from '../../src/random.ts';
import { FlexFecDecoder } from '../../src/recovery/flexfec-decoder.ts';
import { FlexFecEncoder, type RepairPayload } from '../../src/recovery/flexfec-encoder.ts';
import { parseFlexFec } from '../../src/recovery/flexfec-packet.ts';
import { RtpPacket, serializeRtp } from '../../src/rtp/packet.ts';

const SSRC = 1;
const PACKETS = 15;
const REPAIRS = 3;
const BLOCKS = 3000;

/**
 * Loses packets with these probabilities, after one that arrived and after one that was lost; to begin with, `share`.
 */
interface LossModel {
  readonly share: number;
  readonly afterArrival: number;
  readonly afterLoss: number;
}

const RANDOM: LossModel = { share: 0.05, afterArrival: 0.05, afterLoss: 0.05 };
/** Gilbert's model: bursts of three packets on average. */
const BURSTS: LossModel = { share: 0.05, afterArrival: (0.05 / 0.95) * (1 / 3), afterLoss: 2 / 3 };

function encoderOf(copies: 1 | 2): FlexFecEncoder {
  return new FlexFecEncoder({ ssrc: SSRC, ratio: REPAIRS / PACKETS, minRepairs: REPAIRS, copies });
}

function block(encoder: FlexFecEncoder, n: number): { packets: Uint8Array[]; repairs: RepairPayload[] } {
  const packets = Array.from({ length: PACKETS }, (_, i) => {
    const sequenceNumber = (n * PACKETS + i) & 0xffff;
    const payload = Uint8Array.from({ length: 10 + (i % 4) }, (_, j) => n * 3 + i * 5 + j);
    const marker = i === PACKETS - 1;
    return serializeRtp({ payloadType: 96, sequenceNumber, timestamp: n * 3000, ssrc: SSRC, marker, payload });
  });
  return { packets, repairs: packets.flatMap((packet) => encoder.add(packet, n)) };
}

/** The share of lost packets that come back, by going through all patterns. */
function theory(copies: 1 | 2, { share, afterArrival, afterLoss }: LossModel): number {
  const masks = block(encoderOf(copies), 0).repairs.map(({ payload }) => {
    const read = parseFlexFec(payload, 1);
    return read?.type === 'parity' ? read.streams[0]!.reduce((mask, position) => mask | (1 << position), 0) : 0;
  });
  const sent = PACKETS + REPAIRS;
  let expected = 0;
  for (let pattern = 0; pattern < 1 << sent; pattern++) {
    let probability = 1;
    for (let i = 0; i < sent; i++) {
      const loss = i === 0 ? share : pattern & (1 << (i - 1)) ? afterLoss : afterArrival;
      probability *= pattern & (1 << i) ? loss : 1 - loss;
    }
    let holes = pattern & ((1 << PACKETS) - 1);
    let recovered = 0;
    for (let again = true; again; ) {
      again = false;
      for (let i = 0; i < REPAIRS; i++) {
        const here = masks[i]! & holes;
        if (pattern & (1 << (PACKETS + i)) || here === 0 || here & (here - 1)) continue;
        holes ^= here;
        recovered += 1;
        again = true;
      }
    }
    expected += probability * recovered;
  }
  return expected / (share * PACKETS);
}

/** The share of lost packets that came back on a wire. */
function measure(copies: 1 | 2, model: LossModel): number {
  const random = seededRandom(20);
  const encoder = encoderOf(copies);
  const decoder = new FlexFecDecoder({ ssrc: SSRC });
  let previous: boolean | undefined;
  const isLost = () => {
    previous = random.next() < (previous === undefined ? model.share : previous ? model.afterLoss : model.afterArrival);
    return previous;
  };
  let lost = 0;
  for (let n = 0; n < BLOCKS; n++) {
    const { packets, repairs } = block(encoder, n);
    for (const packet of packets) {
      if (isLost()) lost += 1;
      else decoder.onMedia(packet, 30 * n);
    }
    for (const { csrcs, payload } of repairs) {
      const fields = { payloadType: 97, sequenceNumber: 0, timestamp: 0, ssrc: 2, marker: false, csrcs, payload };
      if (!isLost()) decoder.onRepair(RtpPacket.parse(serializeRtp(fields))!, 30 * n);
    }
  }
  return decoder.stats.recovered / lost;
}

describe('with 5 % of packets lost and 20 % protection, comes back', () => {
  test('of random losses with one copy what a repair packet for five gives: 77 %', () => {
    expect(theory(1, RANDOM)).toBeCloseTo(0.95 ** 5, 10);
    expect(Math.abs(measure(1, RANDOM) - 0.95 ** 5)).toBeLessThan(0.03);
  });

  test('of random losses with two copies more: 83 %', () => {
    expect(theory(2, RANDOM)).toBeCloseTo(0.829, 3);
    expect(Math.abs(measure(2, RANDOM) - theory(2, RANDOM))).toBeLessThan(0.03);
  });

  test('of bursts, which take repair packets along, less: 46 % with one copy, 41 % with two', () => {
    expect(theory(1, BURSTS)).toBeCloseTo(0.46, 3);
    expect(theory(2, BURSTS)).toBeCloseTo(0.406, 3);
    expect(Math.abs(measure(1, BURSTS) - theory(1, BURSTS))).toBeLessThan(0.03);
    expect(Math.abs(measure(2, BURSTS) - theory(2, BURSTS))).toBeLessThan(0.03);
  });
});
