import fc from 'fast-check';
import { expect, test } from 'vitest';
import { RetransmissionHistory, readRtxSequence, writeRtxPayload } from '../../src/recovery/retransmission-history.ts';
import { hex, toHex } from '../rtcp/hex.ts';

const packet = (sequenceNumber: number) => ({
  sequenceNumber: sequenceNumber & 0xffff,
  timestamp: sequenceNumber,
  marker: false,
  payload: new Uint8Array(1),
  payloadHead: undefined,
  extensions: [],
});

function add(history: RetransmissionHistory, sequence: number): void {
  const { sequenceNumber, timestamp, marker, payload, payloadHead, extensions } = packet(sequence);
  history.add(sequenceNumber, timestamp, marker, payload, payloadHead, extensions, 0);
}

test('RFC 4588 §4: a retransmission begins with the original sequence number', () => {
  expect(toHex(writeRtxPayload(0x1234, hex('aabb')))).toBe('1234aabb');
  expect(toHex(writeRtxPayload(0x1234, hex('aabb'), hex('cc')))).toBe('1234ccbb');
  expect(readRtxSequence(hex('1234aabb'))).toBe(0x1234);
  expect(readRtxSequence(hex('12'))).toBeUndefined();
  expect(readRtxSequence(hex(''))).toBeUndefined();
});

test('a packet is sent again once per round trip, while it is young enough', () => {
  const history = new RetransmissionHistory({ maxAge: 1000 });
  add(history, 7);
  expect(history.take(7, 10, 100)).toMatchObject(packet(7));
  expect(history.take(7, 109, 100)).toBeUndefined();
  expect(history.take(7, 110, 100)).toMatchObject(packet(7));
  expect(history.take(7, 1000, 100)).toMatchObject(packet(7));
  expect(history.take(7, 1001, 0)).toBeUndefined();
  expect(history.take(8, 10, 0)).toBeUndefined();
});

test('the newest packets are kept, across the wrap of the numbers, and none is taken for another', () => {
  fc.assert(
    fc.property(
      fc.nat(65_535),
      fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 100 }),
      (first, steps) => {
        const capacity = 16;
        const history = new RetransmissionHistory({ capacity, maxAge: 1e9 });
        const sent: number[] = [];
        let sequence = first;
        for (const step of steps) {
          add(history, sequence);
          sent.push(sequence);
          sequence += step;
        }
        const newest = sent.at(-1)!;
        for (let asked = newest - 40; asked <= newest + 5; asked++) {
          const found = history.take(asked & 0xffff, 0, 0);
          if (found !== undefined) expect(found.sequenceNumber).toBe(asked & 0xffff);
          const kept = sent.includes(asked) && !sent.some((later) => later > asked && (later - asked) % capacity === 0);
          expect(found !== undefined).toBe(kept);
          if (sent.includes(asked) && asked > newest - capacity) expect(found).toMatchObject(packet(asked));
        }
      },
    ),
  );
});
