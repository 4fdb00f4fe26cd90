import { payloadFormatOf } from '@sluice/rtp';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type Act,
  expectDecodable,
  expectEverySwitchToBeginWithAKeyFrame,
  expectNoHolesOfOurMaking,
  expectTimestampsStrictlyForward,
  FIRST_OUTPUT,
  PICTURE_INTERVAL,
  PROMPT,
  play,
  RIDS,
  Scene,
  script,
} from './scene.ts';

const vp8Format = payloadFormatOf('VP8')!;

describe('a publisher without loss, a subscriber that changes its mind', () => {
  const scenes = fc.tuple(script, fc.integer({ min: 0, max: 1000 }), fc.boolean(), fc.boolean());

  function run([acts, seed, reports, replay]: [Act[], number, boolean, boolean]): Scene {
    const scene = new Scene({ seed, reports, replay });
    scene.picture();
    scene.start();
    play(scene, acts);
    return scene;
  }

  test('invariant 2: sequence numbers, picture ids and TL0PICIDX go on one by one, timestamps strictly forward', () => {
    fc.assert(
      fc.property(scenes, (input) => {
        const scene = run(input);
        const { outputs } = scene;
        outputs.forEach(({ packet, descriptor }, index) => {
          expect(packet.sequenceNumber).toBe((FIRST_OUTPUT + index) & 0xffff);
          const before = outputs[index - 1];
          expect(descriptor).toBeDefined();
          if (before === undefined) return;
          const newFrame = vp8Format.inspect(packet.payload)!.frameStart;
          expect(packet.timestamp !== before.packet.timestamp).toBe(newFrame);
          expect(before.packet.marker).toBe(newFrame);
          const step = (descriptor!.pictureId! - before.descriptor!.pictureId!) & 0x7fff;
          expect(step).toBe(newFrame ? 1 : 0);
          const tl0Step = (descriptor!.tl0PictureIndex! - before.descriptor!.tl0PictureIndex!) & 0xff;
          expect(tl0Step).toBe(newFrame && descriptor!.temporalLayer === 0 ? 1 : 0);
        });
        expectTimestampsStrictlyForward(scene);
      }),
    );
  });

  test('the subscriber gets no layer above those it prefers, and the preferred ones within a key frame', () => {
    fc.assert(
      fc.property(scenes, fc.constantFrom(...RIDS), fc.constantFrom(0, 1, 2), (input, rid, temporalLayer) => {
        const scene = run(input);
        scene.prefer({ rid, temporalLayer });
        for (let i = 0; i < 25; i++) scene.picture();
        const seen = scene.assembled.length;
        for (let i = 0; i < 8; i++) scene.picture();
        const later = scene.assembled.slice(seen);
        expect(new Set(later.map((frame) => frame.rid))).toEqual(new Set([rid]));
        expect(later.length).toBe([2, 4, 8][temporalLayer]);
        expect(Math.max(...later.map((frame) => frame.temporalLayer))).toBe(temporalLayer);
      }),
      { numRuns: 40 },
    );
  });

  test('timestamps keep the distance of capture across a switch', () => {
    fc.assert(
      fc.property(fc.boolean(), fc.integer({ min: 1, max: 1000 }), (reports, seed) => {
        const scene = new Scene({ reports, seed });
        scene.prefer({ rid: 'q' });
        scene.start();
        for (let i = 0; i < 10; i++) scene.picture();
        scene.prefer({ rid: 'f' });
        scene.picture({ key: true });
        for (let i = 0; i < 10; i++) scene.picture();
        const steps = scene.timestamps.slice(1).map((timestamp, i) => (timestamp - scene.timestamps[i]!) | 0);
        expect(scene.assembled.at(-1)!.rid).toBe('f');
        // The picture of the switch is sent in both encodings, one tick apart; the next one is on time again.
        expect(steps.filter((step) => step !== PICTURE_INTERVAL * 90)).toEqual([1, PICTURE_INTERVAL * 90 - 1]);
        expect(scene.assembled.map(({ number }) => number)).toEqual([
          0,
          1,
          2,
          3,
          4,
          5,
          6,
          7,
          8,
          9,
          10,
          10,
          ...Array.from({ length: 10 }, (_, i) => 11 + i),
        ]);
      }),
    );
  });
});

describe('a publisher whose layers lag behind one another', () => {
  const lags = fc.array(fc.oneof(fc.nat({ max: 200 }), fc.nat({ max: 5000 })), { minLength: 3, maxLength: 3 });

  /** When each frame was captured by what the subscriber is told, and by its picture's number, in ticks from the first. */
  function captureTimes({ assembled, assembledRaw }: Scene): { said: number; true: number }[] {
    const captured = assembledRaw.map(({ timestamp, captureLag }) => timestamp - captureLag);
    return captured.map((said, i) => ({
      said: (said - captured[0]!) | 0,
      true: (assembled[i]!.number - assembled[0]!.number) * PICTURE_INTERVAL * 90,
    }));
  }

  function run(scene: Scene, acts: readonly Act[]): void {
    scene.picture();
    scene.start();
    // Until the layer that lags most has come, too.
    for (let i = 0; i < 155; i++) scene.picture({ key: i % 20 === 0 });
    play(scene, acts);
  }

  test('the subscriber is told of each frame when it was captured, and timestamps go strictly forward', () => {
    fc.assert(
      fc.property(script, lags, fc.integer({ min: 0, max: 1000 }), fc.boolean(), (acts, layerLags, seed, replay) => {
        const scene = new Scene({ reports: true, lags: layerLags, seed, replay });
        run(scene, acts);
        expectTimestampsStrictlyForward(scene);
        expectDecodable(scene);
        // A tick of rounding at each switch.
        for (const { said, true: captured } of captureTimes(scene)) expect(Math.abs(said - captured)).toBeLessThan(45);
      }),
      { numRuns: 60 },
    );
  });

  test('what the reports of encodings that share a clock differ by makes no picture newer than it is', () => {
    fc.assert(
      fc.property(
        script,
        lags,
        fc.array(fc.nat({ max: 200 }), { minLength: 3, maxLength: 3 }),
        (acts, layerLags, errors) => {
          const scene = new Scene({ reports: true, lags: layerLags, reportErrors: errors });
          run(scene, acts);
          for (const { said, true: captured } of captureTimes(scene)) expect(said).toBe(captured);
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe('a key frame whose first packet comes behind the others', () => {
  /** The first packet of the next key frame of `f` comes `delay` ms late. */
  function lateStart(delay: number): Scene {
    const scene = new Scene();
    scene.prefer({ rid: 'q' });
    scene.picture();
    scene.start();
    for (let i = 0; i < 5; i++) scene.picture();
    scene.prefer({ rid: 'f' });
    const begun = scene.encodings.map(({ frames }) => frames.size);
    let packets = 0;
    scene.picture({
      key: true,
      fate: () => {
        packets += 1;
        // 160 bytes of q in 2 packets, 310 of h in 4, then f.
        return packets === 7 ? { lost: false, delay } : PROMPT;
      },
    });
    expect(begun).toEqual([6, 6, 6]);
    return scene;
  }

  test.each([1, 40, 200])('the switch %i ms late leaves no hole of our making', (delay) => {
    const scene = lateStart(delay);
    for (let i = 0; i < 10; i++) scene.picture();
    expectNoHolesOfOurMaking(scene);
    expectEverySwitchToBeginWithAKeyFrame(scene);
    expectDecodable(scene);
  });

  test('of a layer of which nothing is kept, the next key frame is waited for', () => {
    const scene = new Scene();
    let packets = 0;
    scene.prefer({ rid: 'q' });
    scene.start();
    scene.picture({
      fate: () => {
        packets += 1;
        return packets === 1 ? { lost: false, delay: 1 } : PROMPT;
      },
    });
    for (let i = 0; i < 5; i++) scene.picture();
    expect(scene.outputs).toEqual([]);
    scene.picture({ key: true });
    scene.picture();
    expect(scene.assembled.map(({ number }) => number)).toEqual([6, 7]);
    expectNoHolesOfOurMaking(scene);
  });

  test('the subscriber sees every picture after it without asking for a key frame', () => {
    const scene = lateStart(1);
    const seen = scene.assembled.length;
    for (let i = 0; i < 10; i++) scene.picture();
    expect(scene.assembled.length - seen).toBe(10);
    expect(scene.assembler.blockedSince).toBeUndefined();
  });
});

test.each(['first', 'last'])(
  'a frame under way when its temporal layer is given up is still finished: %s packet late',
  (which) => {
    const scene = new Scene();
    scene.prefer({ rid: 'q' });
    scene.picture();
    scene.start();
    scene.picture({ key: true });
    const late = which === 'first' ? 1 : 2;
    let packets = 0;
    scene.picture({
      fate: () => {
        packets += 1;
        return packets === late ? { lost: false, delay: 40 } : PROMPT;
      },
    });
    scene.prefer({ rid: 'q', temporalLayer: 0 });
    for (let i = 0; i < 8; i++) scene.picture();
    expect(scene.assembled.map(({ number, temporalLayer }) => [number, temporalLayer])).toEqual([
      [1, 0],
      [2, 2],
      [5, 0],
      [9, 0],
    ]);
    expectNoHolesOfOurMaking(scene);
  },
);

test('padding takes the place of a straggler above the preferred temporal layer', () => {
  const scene = new Scene();
  scene.prefer({ rid: 'q', temporalLayer: 0 });
  scene.picture();
  scene.start();
  scene.picture({ key: true });
  for (let i = 0; i < 2; i++) scene.picture();
  // The last picture before the next of the lowest temporal layer.
  scene.picture({ size: 1, fate: () => ({ lost: false, delay: 40 }) });
  for (let i = 0; i < 8; i++) scene.picture();
  expect(scene.assembled.map(({ number }) => number)).toEqual([1, 5, 9]);
  expect(scene.outputs.some(({ packet }) => packet.payload.length === 0)).toBe(true);
  expectNoHolesOfOurMaking(scene);
  expect(scene.receiver.packetsLost).toBe(0);
});

test('a layer that comes from a new stream goes on in sequence and in time', () => {
  const scene = new Scene({ reports: true });
  scene.prefer({ rid: 'q' });
  scene.picture();
  scene.start();
  for (let i = 0; i < 5; i++) scene.picture();
  scene.replaceStream(0);
  for (let i = 0; i < 5; i++) scene.picture();
  expect(scene.outputs.map(({ packet }) => packet.sequenceNumber)).toEqual(
    scene.outputs.map((_, index) => (FIRST_OUTPUT + index) & 0xffff),
  );
  expect(scene.assembled.filter(({ key }) => key).map(({ number }) => number)).toEqual([1, 6]);
  const steps = scene.timestamps.slice(1).map((timestamp, i) => (timestamp - scene.timestamps[i]!) | 0);
  expect(steps).toEqual(steps.map(() => PICTURE_INTERVAL * 90));
});

describe('a newcomer', () => {
  test('row 1: a warm cache costs the publisher no key frame', () => {
    const scene = new Scene({ replay: true });
    scene.picture();
    for (let i = 0; i < 30; i++) scene.picture();
    scene.start();
    for (let i = 0; i < 30; i++) scene.picture();
    expect(scene.assembled.length).toBe(61);
    expect(scene.assembled.filter(({ key }) => key).length).toBe(1);
  });
});

describe('row 8: after a mute', () => {
  test('a newcomer is not shown a key frame that was in flight when the track was muted', () => {
    const scene = new Scene({ replay: true });
    scene.picture();
    scene.producer.setMuted(true);
    scene.picture({ key: true });
    scene.start();
    expect(scene.outputs).toEqual([]);
  });

  test('nor after the track goes on', () => {
    const scene = new Scene({ replay: true });
    scene.picture();
    scene.producer.setMuted(true);
    scene.picture({ key: true });
    scene.producer.setMuted(false);
    scene.start();
    expect(scene.outputs).toEqual([]);
    scene.picture({ key: true });
    expect(scene.assembled.map(({ number }) => number)).toEqual([2]);
  });
});
