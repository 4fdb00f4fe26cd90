import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type ForwardedPacket, KeyframeCache, type KeyframeCacheOptions } from '../../src/sfu/keyframe-cache.ts';

interface FrameShape {
  readonly key: boolean;
  readonly sizes: readonly number[];
  readonly temporalLayer: number;
}

const FIRST_SEQUENCE = 65_530;

/** The packets of a stream of frames, in the order of sending, one frame every 33 ms. */
function packetsOf(frames: readonly FrameShape[], firstSequence = FIRST_SEQUENCE): ForwardedPacket[] {
  const packets: ForwardedPacket[] = [];
  frames.forEach(({ key, sizes, temporalLayer }, index) => {
    sizes.forEach((size, part) => {
      packets.push({
        packet: {
          sequence: firstSequence + packets.length,
          timestamp: (4_294_960_000 + 3000 * index) >>> 0,
          marker: part === sizes.length - 1,
          payload: new Uint8Array(size),
          arrival: 33 * index,
          size: 12 + size,
          recovered: false,
        },
        info: {
          frameStart: part === 0,
          keyFrameStart: key && part === 0,
          temporalLayer,
          layerSync: false,
        },
      });
    });
  });
  return packets;
}

const size = fc.integer({ min: 1, max: 1200 });
const frame = (key: boolean, maxPackets: number): fc.Arbitrary<FrameShape> =>
  fc.record({
    key: fc.constant(key),
    sizes: fc.array(size, { minLength: 1, maxLength: maxPackets }),
    temporalLayer: key ? fc.constant(0) : fc.integer({ min: 0, max: 2 }),
  });
const groupOfPictures = fc
  .tuple(frame(true, 6), fc.array(frame(false, 3), { maxLength: 6 }))
  .map(([key, deltas]) => [key, ...deltas]);
/** Perhaps the end of an older group, then groups that each begin with a key frame. */
const stream = fc
  .tuple(fc.array(frame(false, 3), { maxLength: 3 }), fc.array(groupOfPictures, { minLength: 1, maxLength: 6 }))
  .map(([rest, groups]) => packetsOf([...rest, ...groups.flat()]));

type Step = { readonly push: ForwardedPacket } | 'purge';

/** Loss, bounded reordering, late fills and purges of one stream. */
const interleaving: fc.Arbitrary<Step[]> = stream.chain((packets) =>
  fc
    .tuple(
      fc.array(
        fc.oneof(
          { weight: 12, arbitrary: fc.constant(0) },
          { weight: 2, arbitrary: fc.integer({ min: 1, max: 4 }) },
          { weight: 1, arbitrary: fc.integer({ min: 5, max: 40 }) },
          { weight: 1, arbitrary: fc.constant('lost' as const) },
        ),
        { minLength: packets.length, maxLength: packets.length },
      ),
      fc.array(fc.integer({ min: 0, max: packets.length }), { maxLength: 2 }),
    )
    .map(([fates, purges]) => {
      const steps: { at: number; step: Step }[] = purges.map((at) => ({ at, step: 'purge' }));
      packets.forEach((push, index) => {
        const fate = fates[index] ?? 0;
        if (fate !== 'lost') steps.push({ at: index + fate, step: { push } });
      });
      return steps.sort((a, b) => a.at - b.at).map(({ step }) => step);
    }),
);

const bounds: fc.Arbitrary<Required<KeyframeCacheOptions>> = fc.record({
  maxKeyFrameBytes: fc.constantFrom(1500, 4000, 200_000),
  maxPackets: fc.constantFrom(4, 12, 512),
  maxBytes: fc.constantFrom(3000, 10_000, 2_000_000),
  maxAge: fc.constant(1e9),
});

/** The packets of the key frame that begins the burst. */
function keyFrameOf(burst: readonly ForwardedPacket[]): ForwardedPacket[] {
  const end = burst.findIndex(({ packet }) => packet.marker);
  return end < 0 ? [] : burst.slice(0, end + 1);
}

const bytesOf = (packets: readonly ForwardedPacket[]) =>
  packets.reduce((sum, { packet }) => sum + packet.payload.length, 0);

describe('whatever arrives in whatever order', () => {
  test('a replay is a whole key frame and everything after it up to the newest packet, within all bounds, or nothing', () => {
    fc.assert(
      fc.property(interleaving, bounds, (steps, limits) => {
        const cache = new KeyframeCache(limits);
        let newest = Number.NEGATIVE_INFINITY;
        let purgedUpTo = Number.NEGATIVE_INFINITY;
        for (const step of steps) {
          if (step === 'purge') {
            cache.purge();
            purgedUpTo = newest;
            expect(cache.stats).toMatchObject({ packets: 0, bytes: 0 });
          } else {
            cache.push(step.push);
            newest = Math.max(newest, step.push.packet.sequence);
          }
          expect(cache.stats.packets).toBeLessThanOrEqual(limits.maxPackets);
          expect(cache.stats.bytes).toBeLessThanOrEqual(limits.maxBytes);

          const burst = cache.replay(0);
          if (burst === undefined) continue;
          const sequences = burst.map(({ packet }) => packet.sequence);
          const first = sequences[0]!;
          expect(sequences).toEqual(sequences.map((_, index) => first + index));
          expect(sequences.at(-1)).toBe(newest);
          expect(first).toBeGreaterThan(purgedUpTo);
          expect(burst[0]!.info!.keyFrameStart).toBe(true);
          const keyFrame = keyFrameOf(burst);
          expect(keyFrame.length).toBeGreaterThan(0);
          expect(new Set(keyFrame.map(({ packet }) => packet.timestamp)).size).toBe(1);
          expect(bytesOf(keyFrame)).toBeLessThanOrEqual(limits.maxKeyFrameBytes);
          expect(burst.length).toBe(cache.stats.packets);
          expect(bytesOf(burst)).toBe(cache.stats.bytes);
        }
      }),
      { numRuns: 1000 },
    );
  });

  test('every packet that is asked for is counted as a hit or a miss', () => {
    fc.assert(
      fc.property(interleaving, bounds, (steps, limits) => {
        const cache = new KeyframeCache(limits);
        let hits = 0;
        for (const step of steps) {
          if (step === 'purge') cache.purge();
          else cache.push(step.push);
          if (cache.replay(0) !== undefined) hits += 1;
        }
        expect(cache.stats).toMatchObject({ hits, misses: steps.length - hits });
      }),
      { numRuns: 100 },
    );
  });
});

test('a stream without loss: at every moment the replay is the newest whole key frame and all that followed', () => {
  fc.assert(
    fc.property(stream, (packets) => {
      const cache = new KeyframeCache();
      packets.forEach(({ packet }, index) => {
        cache.push(packets[index]!);
        const sent = packets.slice(0, index + 1);
        const start = sent.findLastIndex(
          ({ info }, at) => info!.keyFrameStart && sent.slice(at).some((later) => later.packet.marker),
        );
        expect(cache.replay(packet.arrival)).toEqual(start < 0 ? undefined : sent.slice(start));
      });
    }),
  );
});

test('a late fill makes the replay whole again', () => {
  const packets = packetsOf([
    { key: true, sizes: [10, 10, 10], temporalLayer: 0 },
    { key: false, sizes: [10, 10], temporalLayer: 0 },
  ]);
  const cache = new KeyframeCache();
  for (const index of [0, 2, 3, 4]) cache.push(packets[index]!);
  expect(cache.replay(0)).toBeUndefined();
  cache.push(packets[1]!);
  expect(cache.replay(0)).toEqual(packets);
});

test('it says while a key frame is arriving: from its first packet until it is whole, but not for longer than 200 ms', () => {
  const packets = packetsOf([
    { key: false, sizes: [10], temporalLayer: 0 },
    { key: true, sizes: [10, 10, 10], temporalLayer: 0 },
    { key: false, sizes: [10], temporalLayer: 0 },
    { key: true, sizes: [10, 10], temporalLayer: 0 },
    { key: false, sizes: [10], temporalLayer: 0 },
  ]);
  const cache = new KeyframeCache();
  const told = packets.map((forwarded) => {
    cache.push(forwarded);
    return cache.isKeyFrameArriving(forwarded.packet.arrival);
  });
  expect(told).toEqual([false, true, true, false, false, true, false, false]);
  cache.purge();
  expect(cache.isKeyFrameArriving(0)).toBe(false);
  const holed = new KeyframeCache();
  for (const index of [1, 3, 4]) holed.push(packets[index]!);
  const began = packets[1]!.packet.arrival;
  expect([199, 200].map((later) => holed.isKeyFrameArriving(began + later))).toEqual([true, false]);
});

test('row 5: a key frame over the bound is never cached, nor anything after it until the next one', () => {
  const packets = packetsOf([
    { key: true, sizes: [100], temporalLayer: 0 },
    { key: false, sizes: [100], temporalLayer: 0 },
    { key: true, sizes: [500, 500, 1], temporalLayer: 0 },
    { key: false, sizes: [100, 100], temporalLayer: 0 },
    { key: false, sizes: [100], temporalLayer: 0 },
    { key: true, sizes: [500, 500], temporalLayer: 0 },
    { key: false, sizes: [100], temporalLayer: 0 },
  ]);
  const cache = new KeyframeCache({ maxKeyFrameBytes: 1000 });
  const replayed = packets.map((forwarded) => {
    cache.push(forwarded);
    return cache.replay(0)?.map(({ packet }) => packet.sequence - FIRST_SEQUENCE);
  });
  expect(replayed).toEqual([
    [0],
    [0, 1],
    // The old group of pictures goes on until the new key frame is whole and found too large.
    [0, 1, 2],
    [0, 1, 2, 3],
    undefined,
    undefined,
    undefined,
    undefined,
    undefined,
    [8, 9],
    [8, 9, 10],
  ]);
  expect(cache.stats.overflows).toBe(1);
});

test('row 5: a burst over the bound of packets is dropped whole and counted', () => {
  const packets = packetsOf([
    { key: true, sizes: [10, 10], temporalLayer: 0 },
    ...Array.from({ length: 10 }, () => ({ key: false, sizes: [10], temporalLayer: 0 })),
  ]);
  const cache = new KeyframeCache({ maxPackets: 8 });
  for (const forwarded of packets.slice(0, 8)) cache.push(forwarded);
  expect(cache.replay(0)).toHaveLength(8);
  for (const forwarded of packets.slice(8)) {
    cache.push(forwarded);
    expect(cache.replay(0)).toBeUndefined();
  }
  expect(cache.stats).toMatchObject({ packets: 0, bytes: 0, overflows: 1 });
});

test('row 5: what stays after an overflow is within the bounds, however large the packet that overflowed', () => {
  const [key, part, newKey, rest] = packetsOf([
    { key: true, sizes: [10, 10, 10], temporalLayer: 0 },
    { key: true, sizes: [900, 900, 900], temporalLayer: 0 },
  ]).filter((_, index) => index === 0 || index === 1 || index === 3 || index === 4);
  const cache = new KeyframeCache({ maxBytes: 1000 });
  for (const forwarded of [key!, part!, newKey!, rest!]) {
    cache.push(forwarded);
    expect(cache.stats.bytes).toBeLessThanOrEqual(1000);
  }
});

test('row 6: a key frame with a hole is never replayed, and neither are its deltas', () => {
  const packets = packetsOf([
    { key: true, sizes: [10, 10, 10], temporalLayer: 0 },
    { key: false, sizes: [10], temporalLayer: 0 },
    { key: false, sizes: [10], temporalLayer: 0 },
  ]);
  for (const hole of [0, 1, 2]) {
    const cache = new KeyframeCache();
    for (const [index, forwarded] of packets.entries()) {
      if (index !== hole) cache.push(forwarded);
      if (index >= hole) expect(cache.replay(0)).toBeUndefined();
    }
  }
});

test('row 8: nothing from before a purge is replayed, also when it arrives after it', () => {
  const packets = packetsOf([
    { key: false, sizes: [10], temporalLayer: 0 },
    { key: true, sizes: [10], temporalLayer: 0 },
    { key: false, sizes: [10], temporalLayer: 0 },
  ]);
  const cache = new KeyframeCache();
  cache.push(packets[0]!);
  cache.push(packets[2]!);
  cache.purge();
  cache.push(packets[1]!);
  expect(cache.replay(0)).toBeUndefined();
  expect(cache.stats).toMatchObject({ packets: 0, bytes: 0 });
});

test('a key frame that arrives behind newer packets is not replayed without them', () => {
  const packets = packetsOf([
    { key: true, sizes: [10], temporalLayer: 0 },
    { key: false, sizes: [10], temporalLayer: 0 },
  ]);
  const cache = new KeyframeCache();
  cache.push(packets[1]!);
  cache.push(packets[0]!);
  expect(cache.replay(0)).toBeUndefined();
});

test('a key frame that another frame follows without an end of it is never replayed', () => {
  const [first, next] = packetsOf([
    { key: true, sizes: [10], temporalLayer: 0 },
    { key: false, sizes: [10], temporalLayer: 0 },
  ]);
  const cache = new KeyframeCache();
  cache.push({ ...first!, packet: { ...first!.packet, marker: false } });
  cache.push(next!);
  expect(cache.replay(0)).toBeUndefined();
});

describe('the packets behind a key frame that begins late', () => {
  const packets = packetsOf([
    { key: true, sizes: [10], temporalLayer: 0 },
    { key: true, sizes: [10, 10], temporalLayer: 0 },
    { key: false, sizes: [10], temporalLayer: 0 },
  ]);
  const late = packets[1]!.packet.sequence;

  test('are those that have come, in order', () => {
    const cache = new KeyframeCache();
    for (const index of [0, 3, 2, 1]) cache.push(packets[index]!);
    expect(cache.following(late)).toEqual(packets.slice(2));
    expect(cache.following(packets[3]!.packet.sequence)).toEqual([]);
  });

  test('are not told where some were not kept', () => {
    const cache = new KeyframeCache();
    for (const index of [2, 1, 3]) cache.push(packets[index]!);
    expect(cache.following(late)).toBeUndefined();
  });
});

test('row 5: a key frame older than the bound of age is not replayed', () => {
  const packets = packetsOf([
    { key: true, sizes: [10], temporalLayer: 0 },
    { key: false, sizes: [10], temporalLayer: 0 },
  ]);
  const cache = new KeyframeCache({ maxAge: 5000 });
  for (const forwarded of packets) cache.push(forwarded);
  expect(cache.replay(5000)).toEqual(packets);
  expect(cache.replay(5001)).toBeUndefined();
});

test('another stream is cached whatever its sequence numbers are', () => {
  const key: FrameShape = { key: true, sizes: [10], temporalLayer: 0 };
  const cache = new KeyframeCache();
  cache.push(packetsOf([key], 50_000)[0]!);
  cache.restart();
  expect(cache.replay(0)).toBeUndefined();
  const [packet] = packetsOf([key], 10);
  cache.push(packet!);
  expect(cache.replay(0)).toEqual([packet]);
});
