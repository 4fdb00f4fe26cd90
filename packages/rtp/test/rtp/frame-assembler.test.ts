import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type PayloadFormat, UNCHANGED } from '../../src/payload/payload-format.ts';
import { type AssembledFrame, FrameAssembler } from '../../src/rtp/frame-assembler.ts';
import type { ReceivedPacket } from '../../src/rtp/receive-stream.ts';

/** A payload format whose first byte says it all: 2 = key frame begins, 1 = delta begins, 0 = goes on, 9 = malformed. */
const format: PayloadFormat = {
  codec: 'plain',
  marksFrameStart: true,
  inspect: ([first = 9]) =>
    first === 9 ? undefined : { frameStart: first > 0, keyFrameStart: first === 2, temporalLayer: 0, layerSync: false },
  depacketize: (payloads) => Uint8Array.from(payloads.flatMap((payload) => [...payload.subarray(1)])),
  createPacketizer: () => ({ packetize: (frame) => [frame] }),
  createRewriter: () => UNCHANGED,
};

interface Frame {
  readonly number: number;
  readonly key: boolean;
  readonly packets: readonly ReceivedPacket[];
  readonly data: readonly number[];
}

/** A stream as `format` writes it; a frame's data are its number and its parts. `padding`: after which frames. */
function streamOf(
  shapes: readonly { key: boolean; parts: number; padding?: boolean }[],
  firstSequence = 1000,
): Frame[] {
  let sequence = firstSequence;
  return shapes.map(({ key, parts, padding = false }, number) => {
    const packets: ReceivedPacket[] = Array.from({ length: parts }, (_, part) => ({
      sequence: sequence++,
      timestamp: number * 3000,
      marker: part === parts - 1,
      payload: Uint8Array.of(part > 0 ? 0 : key ? 2 : 1, number, part),
      arrival: 0,
      size: 15,
      recovered: false,
    }));
    if (padding) {
      const empty = {
        timestamp: number * 3000,
        marker: false,
        payload: new Uint8Array(0),
        arrival: 0,
        size: 12,
        recovered: false,
      };
      packets.push({ ...empty, sequence: sequence++ });
    }
    return { number, key, packets, data: Array.from({ length: parts }, (_, part) => [number, part]).flat() };
  });
}

const shape = fc.record({
  key: fc.oneof({ weight: 4, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
  parts: fc.integer({ min: 1, max: 5 }),
  padding: fc.oneof({ weight: 5, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
});
/** Begins with a key frame. */
const stream = fc
  .array(shape, { minLength: 1, maxLength: 30 })
  .map((shapes) => streamOf(shapes.map((each, index) => ({ ...each, key: each.key || index === 0 }))));

/** The packets, each moved back by its delay. */
function delayed(packets: readonly ReceivedPacket[], delays: readonly number[]): ReceivedPacket[] {
  return packets
    .map((packet, index) => ({ packet, at: index + (delays[index] ?? 0) }))
    .sort((a, b) => a.at - b.at)
    .map(({ packet }, index) => ({ ...packet, arrival: index }));
}

function pushAll(assembler: FrameAssembler, packets: readonly ReceivedPacket[]): AssembledFrame[] {
  return packets.flatMap((packet) => assembler.push(packet));
}

const numberOf = (frame: AssembledFrame) => frame.data[0]!;

describe('a stream without loss', () => {
  test('in order: every frame comes out with its last packet, whole', () => {
    fc.assert(
      fc.property(stream, (frames) => {
        const assembler = new FrameAssembler(format);
        for (const { packets, data, key, number } of frames) {
          const media = packets.filter(({ payload }) => payload.length > 0);
          expect(pushAll(assembler, media.slice(0, -1))).toEqual([]);
          const [frame, ...others] = assembler.push({ ...media.at(-1)!, arrival: 77 });
          expect(others).toEqual([]);
          expect(frame).toMatchObject({ timestamp: number * 3000, keyFrame: key, completedAt: 77 });
          expect([...frame!.data]).toEqual(data);
          expect(pushAll(assembler, packets.slice(media.length))).toEqual([]);
          expect(assembler.blockedSince).toBeUndefined();
        }
      }),
    );
  });

  test('in any order with one key frame: all frames come out, in order, once', () => {
    fc.assert(
      fc.property(
        stream.chain((frames) => {
          const packets = frames.flatMap((frame) => frame.packets);
          return fc.tuple(fc.constant(frames), fc.shuffledSubarray(packets, { minLength: packets.length }));
        }),
        ([frames, packets]) => {
          const assembler = new FrameAssembler({
            ...format,
            inspect: (payload) => {
              const info = format.inspect(payload);
              return info && { ...info, keyFrameStart: info.keyFrameStart && payload[1] === 0 };
            },
          });
          const out = pushAll(assembler, packets);
          expect(out.map((frame) => [...frame.data])).toEqual(frames.map(({ data }) => data));
          expect(pushAll(assembler, packets)).toEqual([]);
          expect(assembler.packetsDiscarded).toBe(0);
          expect(assembler.blockedSince).toBeUndefined();
        },
      ),
    );
  });

  test('out of order with several key frames: a newer whole key frame may end the wait, nothing else is left out', () => {
    fc.assert(
      fc.property(
        stream,
        fc.array(fc.integer({ min: 0, max: 20 }), { minLength: 150, maxLength: 150 }),
        (frames, delays) => {
          const assembler = new FrameAssembler(format);
          const packets = frames.flatMap((frame) => frame.packets);
          const out = pushAll(assembler, delayed(packets, delays)).map(numberOf);
          expectDecodable(out, frames);
          const lastKey = frames.findLastIndex(({ key }) => key);
          expect(out.slice(out.indexOf(lastKey))).toEqual(frames.slice(lastKey).map(({ number }) => number));
        },
      ),
    );
  });
});

/** In order, each once, and a delta only straight after the frame it refers to. */
function expectDecodable(out: readonly number[], frames: readonly Frame[]): void {
  out.forEach((number, index) => {
    if (frames[number]!.key) expect(number).toBeGreaterThan(out[index - 1] ?? -1);
    else expect(out[index - 1]).toBe(number - 1);
  });
}

describe('invariant 1, the decode gate: a stream with losses', () => {
  const lossy = fc.tuple(
    stream,
    fc.array(fc.integer({ min: 0, max: 19 }), { minLength: 200, maxLength: 200 }),
    fc.array(fc.oneof({ weight: 9, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat(60) }), {
      minLength: 200,
      maxLength: 200,
    }),
  );

  test('whole frames come out in order, and never a delta without the frame before it', () => {
    fc.assert(
      fc.property(lossy, fc.array(fc.nat(200), { maxLength: 3 }), ([frames, fates, delays], closes) => {
        const assembler = new FrameAssembler(format);
        const all = frames.flatMap((frame) => frame.packets);
        const received = delayed(
          all.filter((_, index) => fates[index]! > 1),
          delays,
        );
        const out: number[] = [];
        let mustBeKey = true;
        received.forEach((packet, index) => {
          if (closes.includes(index)) {
            assembler.close();
            expect(assembler.closed).toBe(true);
            mustBeKey = true;
          }
          for (const frame of assembler.push(packet)) {
            const number = numberOf(frame);
            expect([...frame.data]).toEqual(frames[number]!.data);
            expect(frame.keyFrame).toBe(frames[number]!.key);
            if (mustBeKey) expect(frame.keyFrame).toBe(true);
            mustBeKey = false;
            out.push(number);
          }
        });
        expectDecodable(out, frames);
      }),
      { numRuns: 500 },
    );
  });

  test('the wait ends: late packets or a newer whole key frame bring the stream to its end', () => {
    fc.assert(
      fc.property(lossy, ([frames, fates, delays]) => {
        const assembler = new FrameAssembler(format);
        const last = frames.at(-1)!.packets.at(-1)!.sequence;
        const [key, delta] = streamOf(
          [
            { key: true, parts: 3 },
            { key: false, parts: 2 },
          ],
          last + 1,
        );
        const received = frames.flatMap((frame) => frame.packets).filter((_, index) => fates[index]! > 1);
        pushAll(assembler, delayed(received, delays));
        expect(pushAll(assembler, key!.packets).at(-1)?.keyFrame).toBe(true);
        expect(pushAll(assembler, delta!.packets)).toHaveLength(1);
        expect(assembler.blockedSince).toBeUndefined();
      }),
    );
  });
});

describe('waiting', () => {
  const [key, delta, next, newKey, last] = streamOf([
    { key: true, parts: 2 },
    { key: false, parts: 3 },
    { key: false, parts: 1 },
    { key: true, parts: 2 },
    { key: false, parts: 1 },
  ]);
  const at = (packet: ReceivedPacket, arrival: number) => ({ ...packet, arrival });

  test('begins with the first packet behind a missing one and ends when it comes, although its frame is not whole yet', () => {
    const assembler = new FrameAssembler(format);
    pushAll(assembler, key!.packets);
    assembler.push(at(delta!.packets[1]!, 10));
    expect(assembler.blockedSince).toBe(10);
    expect(assembler.push(at(delta!.packets[0]!, 15))).toEqual([]);
    expect(assembler.blockedSince).toBeUndefined();
    assembler.push(at(next!.packets[0]!, 20));
    expect(assembler.blockedSince).toBe(20);
    expect(assembler.push(at(delta!.packets[2]!, 30)).map(numberOf)).toEqual([1, 2]);
    expect(assembler.blockedSince).toBeUndefined();
  });

  test('begins anew when frames came out and another packet is missing', () => {
    const assembler = new FrameAssembler(format);
    pushAll(assembler, key!.packets);
    for (const packet of delta!.packets.slice(1)) assembler.push(at(packet, 10));
    assembler.push(at(newKey!.packets[1]!, 12));
    expect(assembler.blockedSince).toBe(10);
    expect(assembler.push(at(delta!.packets[0]!, 50)).map(numberOf)).toEqual([1]);
    expect(assembler.blockedSince).toBe(50);
  });

  test('ends with a newer whole key frame, which discards what waited', () => {
    const assembler = new FrameAssembler(format);
    pushAll(assembler, key!.packets);
    pushAll(assembler, delta!.packets.slice(1));
    assembler.push(next!.packets[0]!);
    expect(pushAll(assembler, [...newKey!.packets].reverse()).map(numberOf)).toEqual([3]);
    expect(assembler.packetsDiscarded).toBe(3);
    expect(pushAll(assembler, delta!.packets)).toEqual([]);
    expect(pushAll(assembler, last!.packets).map(numberOf)).toEqual([4]);
  });

  test('a closed gate waits for nothing, and opens with a key frame that was under way', () => {
    const assembler = new FrameAssembler(format);
    pushAll(assembler, key!.packets);
    assembler.push(delta!.packets[1]!);
    assembler.push(newKey!.packets[0]!);
    assembler.close();
    expect(assembler.closed).toBe(true);
    expect(assembler.blockedSince).toBeUndefined();
    expect(pushAll(assembler, [delta!.packets[0]!, delta!.packets[2]!])).toEqual([]);
    expect(assembler.push(newKey!.packets[1]!).map(numberOf)).toEqual([3]);
    expect(assembler.closed).toBe(false);
  });
});

test('a key frame that several packets may begin starts with the first of them', () => {
  // Parameter sets in a packet of their own and a picture that could do without: both begin a key frame.
  const [first, second] = streamOf([
    { key: true, parts: 3 },
    { key: true, parts: 3 },
  ]).map(({ packets }) =>
    packets.map((packet, i) => (i === 1 ? { ...packet, payload: Uint8Array.of(2, packet.payload[1]!, 1) } : packet)),
  );
  const ambiguous = { ...format, marksFrameStart: false };
  const assembler = new FrameAssembler(ambiguous);
  expect(pushAll(assembler, first!).map((frame) => [...frame.data])).toEqual([[0, 0, 0, 1, 0, 2]]);
  // Behind a gap, and its own packets in another order.
  const behind = [1, 0, 2].map((part) => ({ ...second![part]!, sequence: second![part]!.sequence + 5 }));
  expect(pushAll(assembler, behind).map((frame) => [...frame.data])).toEqual([[1, 0, 1, 1, 1, 2]]);
});

test('of two key frames that begin to arrive in the wrong order, the newer ends the wait in the end', () => {
  const assembler = new FrameAssembler(format);
  const [older, missing, newer] = streamOf([
    { key: true, parts: 1 },
    { key: false, parts: 1 },
    { key: true, parts: 2 },
  ]);
  assembler.push(newer!.packets[0]!);
  expect(assembler.push(older!.packets[0]!).map(numberOf)).toEqual([0]);
  expect(assembler.push(newer!.packets[1]!).map(numberOf)).toEqual([2]);
  expect(pushAll(assembler, missing!.packets)).toEqual([]);
});

describe('what a sender or a forwarder did wrong', () => {
  test('a stream that goes on in the middle of a frame closes the gate', () => {
    const assembler = new FrameAssembler(format);
    const [key, delta] = streamOf([
      { key: true, parts: 1 },
      { key: false, parts: 2 },
    ]);
    pushAll(assembler, key!.packets);
    assembler.push({ ...delta!.packets[1]!, sequence: delta!.packets[0]!.sequence });
    expect(assembler.closed).toBe(true);
  });

  test('a frame whose end never was in the sequence closes the gate', () => {
    const assembler = new FrameAssembler(format);
    const [key, delta, next] = streamOf([
      { key: true, parts: 1 },
      { key: false, parts: 2 },
      { key: false, parts: 1 },
    ]);
    pushAll(assembler, key!.packets);
    assembler.push(delta!.packets[0]!);
    expect(assembler.closed).toBe(false);
    assembler.push({ ...next!.packets[0]!, sequence: delta!.packets[1]!.sequence });
    expect(assembler.closed).toBe(true);
  });

  test('padding in the place of a frame end closes the gate when the next frame begins', () => {
    const assembler = new FrameAssembler(format);
    const [key, delta, next] = streamOf([
      { key: true, parts: 1 },
      { key: false, parts: 2 },
      { key: false, parts: 1 },
    ]);
    pushAll(assembler, key!.packets);
    assembler.push(delta!.packets[0]!);
    assembler.push({ ...delta!.packets[1]!, payload: new Uint8Array(0), marker: false });
    assembler.push(next!.packets[0]!);
    expect(assembler.closed).toBe(true);
  });

  test('malformed payloads are counted and dropped', () => {
    const assembler = new FrameAssembler(format);
    const [key] = streamOf([{ key: true, parts: 1 }]);
    expect(assembler.push({ ...key!.packets[0]!, payload: Uint8Array.of(9) })).toEqual([]);
    expect(assembler.packetsMalformed).toBe(1);
    expect(assembler.push(key!.packets[0]!)).toHaveLength(1);
  });

  test('invariant 7: what waits is bounded; beyond, the gate closes and a key frame opens it again', () => {
    const assembler = new FrameAssembler(format);
    const [key, ...deltas] = streamOf([
      { key: true, parts: 1 },
      ...Array.from({ length: 200 }, () => ({ key: false, parts: 25 })),
    ]);
    pushAll(assembler, key!.packets);
    const waiting = deltas.flatMap(({ packets }) => packets).slice(1);
    for (const packet of waiting) expect(assembler.push(packet)).toEqual([]);
    expect(assembler.closed).toBe(true);
    expect(assembler.packetsDiscarded).toBeGreaterThan(waiting.length - 2049);
    const [newKey] = streamOf([{ key: true, parts: 2 }], waiting.at(-1)!.sequence + 1);
    expect(pushAll(assembler, newKey!.packets)).toHaveLength(1);
  });
});
