// A publisher's target becomes bit rates: audio first, lower encodings first, slower before off, and calmly.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  UPLINK_ALLOCATION_DEFAULTS,
  type UplinkAllocation,
  type UplinkVideo,
} from '../../src/congestion/uplink-allocation.ts';
import { UplinkAllocator } from '../../src/congestion/uplink-allocator.ts';
import { seededRandom } from '../../src/random.ts';

const { audioOverhead, videoOverhead, videoFloor } = UPLINK_ALLOCATION_DEFAULTS;
const WIRE = 1 + videoOverhead;
const MICROPHONE = { id: 'microphone', maxBitrate: 32_000 };

const encoding = (rid: string, minBitrate: number, maxBitrate: number, frameRate = 30) => ({
  rid,
  minBitrate,
  maxBitrate,
  frameRate,
  wanted: true,
});

/** A camera at 720p: floors and maxima as the client has them. */
const CAMERA: UplinkVideo = {
  id: 'camera',
  content: 'camera',
  repairRatio: 0,
  encodings: [encoding('q', 30_000, 150_000), encoding('h', 150_000, 500_000), encoding('f', 600_000, 1_700_000)],
};

/** A screen of 1080p at 10 frames per second, with a smaller encoding beside it. */
const SCREEN: UplinkVideo = {
  id: 'screen',
  content: 'screen',
  repairRatio: 0,
  encodings: [encoding('h', 50_000, 500_000, 10), encoding('f', 270_000, 2_500_000, 10)],
};

/** An allocator, driven every 20 ms. */
function publisher(...video: UplinkVideo[]) {
  const allocator = new UplinkAllocator();
  const demand = { lossRatio: 0, audio: [MICROPHONE], video };
  let now = 0;
  return {
    at: (target: number, changes: Partial<typeof demand> = {}): UplinkAllocation => {
      now += 20;
      return allocator.allocate({ ...demand, ...changes, target }, now);
    },
    /** The last allocation of that many ms at a target. */
    hold(target: number, duration: number, changes: Partial<typeof demand> = {}): UplinkAllocation {
      let last = this.at(target, changes);
      for (let passed = 20; passed < duration; passed += 20) last = this.at(target, changes);
      return last;
    },
  };
}

const on = ({ video }: UplinkAllocation) => video.flat().flatMap(({ active, rid }) => (active ? [rid] : []));
const audioRate = ({ audio }: UplinkAllocation) => audio.reduce((sum, { bitrate }) => sum + bitrate + audioOverhead, 0);
const videoRate = ({ video }: UplinkAllocation) => WIRE * video.flat().reduce((sum, { bitrate }) => sum + bitrate, 0);

/** Turns of an encoding on or off, over a run. */
function transitions(allocations: readonly UplinkAllocation[]): number {
  const states = allocations.map((allocation) => on(allocation).join());
  return states.filter((state, i) => i > 0 && state !== states[i - 1]).length;
}

describe('layers', () => {
  test.each([
    [60_000, [], 'off: less than 50 kbit/s are left for video'],
    [120_000, ['q'], 'the lowest alone'],
    [400_000, ['q', 'h'], 'two'],
    [3_000_000, ['q', 'h', 'f'], 'all'],
  ])('%i bit/s pay for %j', (target, expected) => {
    expect(on(publisher(CAMERA).at(target))).toEqual(expected);
  });

  test('when the target sinks a layer is slowed down before it is turned off, from the top', () => {
    const ada = publisher(CAMERA);
    const seen: string[] = [];
    for (let target = 3_000_000; target > 20_000; target *= 0.98) {
      for (const { rid, active, frameRate } of ada.at(target).video.flat()) {
        const state = `${rid} ${active ? frameRate : 'off'}`;
        if (!seen.includes(state)) seen.push(state);
      }
    }
    expect(seen).toEqual(['q 30', 'h 30', 'f 30', 'f 20', 'f 15', 'f off', 'h 20', 'h 15', 'h off', 'q off']);
  });

  test('what is left over goes to the top layer, up to its maximum, then down', () => {
    const [q, h, f] = publisher(CAMERA).at(1_600_000).video.flat();
    expect(q?.bitrate).toBe(90_000);
    expect(h?.bitrate).toBe(325_000);
    expect(f?.bitrate).toBeGreaterThan(1_000_000);
    const rich = publisher(CAMERA).at(4_000_000).video.flat();
    expect(rich.map(({ bitrate, limited }) => [bitrate, limited])).toEqual([
      [150_000, false],
      [500_000, false],
      [1_700_000, false],
    ]);
  });

  test('a layer that was turned off comes back after two seconds of enough, one that was never on at once', () => {
    const ada = publisher(CAMERA);
    expect(on(ada.at(400_000))).toEqual(['q', 'h']);
    expect(on(ada.at(2_000_000))).toEqual(['q', 'h', 'f']);
    expect(on(ada.at(400_000))).toEqual(['q', 'h']);
    expect(on(ada.hold(2_000_000, 1900))).toEqual(['q', 'h']);
    expect(on(ada.hold(2_000_000, 200))).toEqual(['q', 'h', 'f']);
  });

  test('a layer is turned on with a fifth to spare and stays with a tenth too little', () => {
    const reserved = audioOverhead + 32_000 + WIRE * (90_000 + 325_000);
    const target = (left: number) => Math.ceil(reserved + WIRE * left);
    expect(on(publisher(CAMERA).at(target(715_000)))).toEqual(['q', 'h']);
    const ada = publisher(CAMERA);
    expect(on(ada.at(target(725_000)))).toEqual(['q', 'h', 'f']);
    expect(on(ada.at(target(275_000)))).toEqual(['q', 'h', 'f']);
    expect(on(ada.at(target(265_000)))).toEqual(['q', 'h']);
  });

  test('video that was off comes back whole, when one and a half times the least has been left for two seconds', () => {
    const ada = publisher(CAMERA);
    ada.at(3_000_000);
    expect(on(ada.at(70_000))).toEqual([]);
    expect(on(ada.hold(105_000, 10_000))).toEqual([]);
    expect(on(ada.hold(3_000_000, 1900))).toEqual([]);
    expect(on(ada.hold(3_000_000, 200))).toEqual(['q', 'h', 'f']);
  });

  test('what is not wanted gets nothing, and is back at once', () => {
    const ada = publisher(CAMERA);
    const muted = { ...CAMERA, encodings: CAMERA.encodings.map((each) => ({ ...each, wanted: false })) };
    ada.at(3_000_000);
    const off = ada.at(3_000_000, { video: [muted] });
    expect(off.video.flat().map(({ active, limited }) => [active, limited])).toEqual([
      [false, false],
      [false, false],
      [false, false],
    ]);
    expect(on(ada.at(3_000_000))).toEqual(['q', 'h', 'f']);
  });

  test('repair and retransmissions are paid for from the same target', () => {
    const allocation = publisher({ ...CAMERA, repairRatio: 0.25 }).at(2_200_000, { lossRatio: 0.1 });
    const media = videoRate(allocation) / WIRE;
    expect((WIRE + 0.25 + 0.1) * media).toBeCloseTo(2_200_000 - audioRate(allocation), -1);
  });
});

describe('screens', () => {
  test('keep their size and become slides', () => {
    const ada = publisher(SCREEN);
    const rates: number[] = [];
    for (let target = 3_000_000; target > 100_000; target *= 0.98) {
      const full = ada.at(target).video.flat()[1];
      expect(full?.active).toBe(true);
      if (full && rates.at(-1) !== full.frameRate) rates.push(full.frameRate);
    }
    expect(rates).toEqual([10, 7.5, 5, 3, 2]);
    const slides = publisher(SCREEN).at(95_000).video.flat();
    expect(slides).toMatchObject([
      { rid: 'h', active: false },
      { rid: 'f', active: true, frameRate: 1 },
    ]);
  });

  test('come before cameras, but a camera does not starve', () => {
    const [screen, camera] = publisher(CAMERA, SCREEN).at(1_000_000).video.toReversed();
    expect(screen?.[1]?.bitrate).toBeGreaterThan(800_000);
    expect(camera?.map(({ active }) => active)).toEqual([true, false, false]);
    expect(camera?.[0]?.frameRate).toBe(30);
  });
});

describe('audio', () => {
  test('sinks to its floor before video goes, never lower, and is raised after two seconds', () => {
    const ada = publisher(CAMERA);
    expect(ada.at(1_000_000).audio[0]?.bitrate).toBe(32_000);
    expect(ada.at(88_000).audio[0]?.bitrate).toBe(26_000);
    expect(on(ada.at(88_000))).toEqual(['q']);
    expect(ada.at(20_000).audio[0]?.bitrate).toBe(24_000);
    expect(ada.at(5_000).audio[0]?.bitrate).toBe(24_000);
    expect(ada.hold(1_000_000, 1900).audio[0]?.bitrate).toBe(24_000);
    expect(ada.hold(1_000_000, 200).audio[0]?.bitrate).toBe(32_000);
  });
});

test('encoders are told of less at once, and of more twice a second when it is worth it', () => {
  const ada = publisher(CAMERA);
  const f = (target: number) => ada.at(target).video.flat()[2]?.bitrate ?? 0;
  const before = f(1_500_000);
  expect(f(1_400_000)).toBeLessThan(before - 90_000);
  const lowered = f(1_400_000);
  expect(f(1_403_000)).toBe(lowered);
  const raised = [1.05, 1.1, 1.15, 1.2, 1.25].flatMap((factor) =>
    Array.from({ length: 10 }, () => f(1_400_000 * factor)),
  );
  expect(new Set(raised).size).toBeLessThanOrEqual(3);
  expect(raised.at(-1)).toBeGreaterThan(raised[0] ?? Number.NaN);
});

test('desired: what all that is wanted would take, whatever the target, so that probing is worth it to there', () => {
  const ada = publisher(CAMERA);
  const { desired } = ada.at(100_000);
  expect(desired).toBeGreaterThan(44_000 + WIRE * 2_350_000);
  expect(desired).toBeLessThan(1.2 * (44_000 + WIRE * 2_350_000));
  expect(ada.at(3_000_000, { lossRatio: 0.1 }).desired).toBe(desired);
});

describe('whatever the target does', () => {
  const targets = fc.array(fc.integer({ min: 5_000, max: 5_000_000 }), { minLength: 1, maxLength: 200 });
  const tracks = fc.subarray([CAMERA, SCREEN, { ...CAMERA, id: 'second camera' }], { minLength: 1 });

  test('audio has its floor, and video no more than audio leaves', () => {
    fc.assert(
      fc.property(targets, tracks, (series, video) => {
        const ada = publisher(...video);
        for (const target of series) {
          const allocation = ada.at(target);
          expect(allocation.audio[0]?.bitrate).toBeGreaterThanOrEqual(24_000);
          expect(videoRate(allocation)).toBeLessThanOrEqual(Math.max(0, target - audioRate(allocation)) + 1);
          for (const { active, bitrate, frameRate } of allocation.video.flat()) {
            expect(active).toBe(bitrate > 0);
            expect(active).toBe(frameRate > 0);
          }
        }
      }),
    );
  });

  test('a higher target never means fewer encodings, nor less in all', () => {
    fc.assert(
      fc.property(fc.integer({ min: 5_000, max: 5_000_000 }), fc.integer({ min: 0, max: 500_000 }), (target, more) => {
        const [less, greater] = [publisher(CAMERA).at(target), publisher(CAMERA).at(target + more)];
        expect(on(greater).length).toBeGreaterThanOrEqual(on(less).length);
        expect(videoRate(greater) + audioRate(greater)).toBeGreaterThanOrEqual(videoRate(less) + audioRate(less) - 1);
      }),
    );
  });

  test('noise of ±10 % for a minute turns encodings on or off once at most', () => {
    fc.assert(
      fc.property(fc.integer({ min: 60_000, max: 3_000_000 }), fc.integer(), (target, seed) => {
        const random = seededRandom(seed);
        const ada = publisher(CAMERA);
        const allocations = Array.from({ length: 3000 }, () => ada.at(target * (0.9 + 0.2 * random.next())));
        expect(transitions(allocations)).toBeLessThanOrEqual(1);
      }),
      { numRuns: 40 },
    );
  });

  test(`video never runs on less than ${videoFloor} bit/s`, () => {
    fc.assert(
      fc.property(targets, (series) => {
        const ada = publisher(CAMERA);
        for (const target of series) {
          const allocation = ada.at(target);
          if (target - audioRate(allocation) < videoFloor) expect(on(allocation)).toEqual([]);
        }
      }),
    );
  });
});
