import { describe, expect, test } from 'vitest';
import { ArgumentError } from '../../src/errors.ts';
import { FlexFecEncoder, type FlexFecEncoderOptions, type RepairPayload } from '../../src/recovery/flexfec-encoder.ts';
import { FLEXFEC_OVERHEAD, parseFlexFec } from '../../src/recovery/flexfec-packet.ts';
import { serializeRtp } from '../../src/rtp/packet.ts';

const SSRC = 0xcafe_0001;

function packet(sequenceNumber: number, marker = false, size = 100): Uint8Array {
  const payload = new Uint8Array(size).fill(sequenceNumber);
  return serializeRtp({ payloadType: 96, sequenceNumber, timestamp: 3000, ssrc: SSRC, marker, payload });
}

function sequences(repairs: readonly RepairPayload[]): (readonly number[])[] {
  return repairs.map(({ payload }) => {
    const read = parseFlexFec(payload, 1);
    return read?.type === 'parity' ? (read.streams[0] ?? []) : [];
  });
}

/** Sends a frame of `count` packets from `from` on; answers what each repair packet of it protects. */
function frame(encoder: FlexFecEncoder, from: number, count: number, now = 0, keyFrame = false): (readonly number[])[] {
  return Array.from({ length: count }, (_, i) =>
    sequences(encoder.add(packet((from + i) & 0xffff, i === count - 1), now, keyFrame)),
  ).flat();
}

function encoder(options: Partial<FlexFecEncoderOptions> = {}): FlexFecEncoder {
  return new FlexFecEncoder({ ssrc: SSRC, ratio: 0.2, ...options });
}

test('a repair packet is the exclusive or of the packets, fixed header aside (RFC 8627 §6.2)', () => {
  const fec = encoder({ ratio: 0.5 });
  const first = serializeRtp({
    payloadType: 0x21,
    sequenceNumber: 7,
    timestamp: 0x01020304,
    ssrc: SSRC,
    marker: false,
    csrcs: [0x11223344],
    payload: Uint8Array.of(1, 2, 3),
  });
  const second = serializeRtp({
    payloadType: 0x60,
    sequenceNumber: 8,
    timestamp: 0x00000001,
    ssrc: SSRC,
    marker: true,
    payload: Uint8Array.of(0xf0, 0xf1),
    paddingSize: 3,
  });
  expect(fec.add(first, 0)).toEqual([]);
  const [repair] = fec.add(second, 0);
  expect(repair?.csrcs).toEqual([SSRC]);
  expect([...(repair?.payload ?? [])]).toEqual([
    ...[0x20 ^ 0x01, 0x21 ^ 0xe0, 0, 7 ^ 5], // flags with one source and with padding, payload type and marker, sizes
    ...[0x01, 0x02, 0x03, 0x05], // timestamps
    ...[0, 7, 0x60, 0], // two bits from sequence number 7 on
    ...[0x11 ^ 0xf0, 0x22 ^ 0xf1, 0x33, 0x44, 1 ^ 3, 2, 3], // source and payload against payload and padding
  ]);
});

describe('a block', () => {
  test('ends with the frame, where that is due a repair packet', () => {
    const fec = encoder();
    expect(frame(fec, 0, 5)).toEqual([[0, 1, 2, 3, 4]]);
    expect(frame(fec, 5, 10)).toEqual([
      [5, 7, 9, 11, 13],
      [6, 8, 10, 12, 14],
    ]);
  });

  test('goes on over small frames until enough is due', () => {
    const fec = encoder();
    expect(frame(fec, 0, 2)).toEqual([]);
    expect(frame(fec, 2, 2)).toEqual([]);
    expect(frame(fec, 4, 2)).toEqual([[0, 1, 2, 3, 4, 5]]);
  });

  test('goes on until as many are due as bursts ask for', () => {
    const fec = encoder({ minRepairs: 2 });
    expect(frame(fec, 0, 9)).toEqual([]);
    expect(frame(fec, 9, 3)).toEqual([
      [0, 2, 4, 6, 8, 10],
      [1, 3, 5, 7, 9, 11],
    ]);
  });

  test('that is old ends with one repair packet, at a frame or when asked', () => {
    const fec = encoder();
    expect(frame(fec, 0, 1, 1000)).toEqual([]);
    expect(frame(fec, 1, 1, 1099)).toEqual([]);
    expect(frame(fec, 2, 1, 1100)).toEqual([[0, 1, 2]]);
    expect(frame(fec, 3, 2, 1200)).toEqual([]);
    expect(fec.poll(1299)).toEqual([]);
    expect(sequences(fec.poll(1300))).toEqual([[3, 4]]);
    expect(fec.poll(2000)).toEqual([]);
  });

  test('ends when it is full, in the middle of a frame', () => {
    const fec = encoder({ maxPackets: 10 });
    expect(frame(fec, 0, 12)).toEqual([
      [0, 2, 4, 6, 8],
      [1, 3, 5, 7, 9],
    ]);
    expect(sequences(fec.finish())).toEqual([[10, 11]]);
  });

  test('ends where a mask would not reach', () => {
    const fec = encoder();
    fec.add(packet(65_530), 0);
    expect(sequences(fec.add(packet((65_530 + 109) & 0xffff), 0))).toEqual([]);
    expect(sequences(fec.add(packet((65_530 + 110) & 0xffff), 0))).toEqual([[65_530, 103]]);
    expect(sequences(fec.add(packet(0), 0))).toEqual([]);
    expect(sequences(fec.finish())).toEqual([[0, 104]]);
  });

  test('has its packets in the mask by number, whatever their order of departure', () => {
    const fec = encoder();
    for (const sequenceNumber of [2, 65_535, 1, 0]) fec.add(packet(sequenceNumber), 0);
    expect(sequences(fec.finish())).toEqual([[65_535, 0, 1, 2]]);
  });

  test('holds each sequence number once', () => {
    const fec = encoder();
    for (const sequenceNumber of [1, 2, 1]) fec.add(packet(sequenceNumber), 0);
    expect(sequences(fec.finish())).toEqual([[1, 2]]);
    expect(fec.packetsProtected).toBe(2);
  });

  test('with three repair packets or more has each packet in up to two of them', () => {
    expect(frame(encoder(), 0, 15)).toEqual([
      [0, 3, 6, 9, 12],
      [0, 1, 4, 6, 7, 10, 12, 13],
      [1, 2, 3, 5, 7, 8, 9, 11, 13, 14],
    ]);
    expect(frame(encoder({ copies: 1 }), 0, 15)).toEqual([
      [0, 3, 6, 9, 12],
      [1, 4, 7, 10, 13],
      [2, 5, 8, 11, 14],
    ]);
  });
});

describe('protection', () => {
  test('keeps to its ratio over frames of any size', () => {
    for (const ratio of [0.1, 0.15, 0.2, 0.5, 1]) {
      const fec = encoder({ ratio });
      for (let n = 0, from = 0; n < 200; n++) {
        const count = 1 + ((n * 7) % 13);
        frame(fec, from, count, 0);
        from += count;
      }
      fec.finish();
      expect(Math.abs(fec.repairs - ratio * fec.packetsProtected)).toBeLessThanOrEqual(1);
    }
  });

  test('of key frames is twice as much, or what it is set to, and theirs alone', () => {
    const fec = encoder({ copies: 1 });
    expect(frame(fec, 0, 2)).toEqual([]);
    expect(frame(fec, 2, 10, 0, true)).toEqual([
      [0, 1],
      [2, 6, 10],
      [3, 7, 11],
      [4, 8],
      [5, 9],
    ]);
    expect(frame(encoder({ keyFrameRatio: 0.1 }), 0, 10, 0, true)).toHaveLength(1);
    expect(frame(encoder({ ratio: 0.7 }), 0, 10, 0, true)).toHaveLength(10);
  });

  test('of ratio 0 is none, and leaves what was begun protected', () => {
    const fec = encoder();
    frame(fec, 0, 2);
    fec.setProtection({ ratio: 0 });
    expect(frame(fec, 2, 20)).toEqual([[0, 1]]);
    expect(frame(fec, 22, 20, 0, true)).toEqual([]);
    expect(fec.finish()).toEqual([]);
    expect(fec.packetsProtected).toBe(2);
    fec.setProtection({ ratio: 1 });
    expect(frame(fec, 42, 2)).toHaveLength(2);
  });

  test('costs no more bytes per repair packet than the longest packet and the overhead', () => {
    const fec = encoder({ ratio: 0.02, maxPackets: 110 });
    const repairs = Array.from({ length: 110 }, (_, i) => fec.add(packet(i, i === 109, 10 * i), 0)).flat();
    const rtpHeader = 12 + 4 * (repairs[0]?.csrcs.length ?? 0);
    expect(Math.max(...repairs.map(({ payload }) => rtpHeader + payload.length))).toBe(12 + 1090 + FLEXFEC_OVERHEAD);
    expect(fec.repairBytes).toBe(repairs.reduce((sum, { payload }) => sum + payload.length, 0));
  });
});

test('what was added may be written over at once', () => {
  const fec = encoder();
  const bytes = packet(1);
  fec.add(bytes, 0);
  bytes.fill(0xff);
  const [repair] = fec.finish();
  expect([...(repair?.payload ?? [])].slice(12)).toEqual(new Array(100).fill(1));
});

test('bytes that are no packet of the stream, and options out of range, are refused', () => {
  const other = serializeRtp({
    payloadType: 96,
    sequenceNumber: 1,
    timestamp: 0,
    ssrc: 5,
    marker: false,
    payload: new Uint8Array(1),
  });
  for (const bytes of [other, packet(1).subarray(0, 11), new Uint8Array(100)]) {
    expect(() => encoder().add(bytes, 0)).toThrow(ArgumentError);
  }
  for (const options of [
    { ratio: -0.1 },
    { ratio: 1.1 },
    { ratio: Number.NaN },
    { keyFrameRatio: 2 },
    { minRepairs: 0 },
    { maxPackets: 111 },
    { maxDelay: -1 },
    { ssrc: -1 },
  ]) {
    expect(() => encoder(options)).toThrow(ArgumentError);
  }
});
