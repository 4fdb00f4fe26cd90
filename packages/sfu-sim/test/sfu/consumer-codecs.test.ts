// What a subscriber gets is one stream that a standard receiver can decode, whatever the codec.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type Act,
  expectDecodable,
  expectEverySwitchToBeginWithAKeyFrame,
  expectNoDuplicates,
  expectNoHolesOfOurMaking,
  expectTimestampsStrictlyForward,
  type Fate,
  FIRST_OUTPUT,
  fate,
  PROMPT,
  play,
  Scene,
  script,
} from './scene.ts';
import type { SourceCodec } from './simulcast-source.ts';

const CODECS: readonly SourceCodec[] = ['VP8', 'VP9', 'H264', 'AV1'];

test('row 10a: VP9 pictures keep their distance within a layer, which their references count in, and go on after a switch', () => {
  fc.assert(
    fc.property(script, fc.integer({ min: 0, max: 1000 }), (acts, seed) => {
      const scene = new Scene({ codec: 'VP9', seed });
      scene.picture();
      scene.start();
      play(scene, acts);
      const { outputs, assembled, format } = scene;
      const ids = outputs
        .filter(({ packet }) => packet.marker)
        .map(({ packet }) => format.inspect(packet.payload)?.pictureId ?? Number.NaN);
      for (const [i, id] of ids.entries()) {
        const [before, frame] = [assembled[i - 1], assembled[i]];
        if (before === undefined || frame === undefined) continue;
        const step = (id - (ids[i - 1] ?? Number.NaN)) & 0x7fff;
        expect(step).toBe(frame.rid === before.rid ? frame.number - before.number : 1);
      }
    }),
  );
});

/** Where nothing was lost, nothing is missing. */
function expectNoHoles({ outputs }: Scene): void {
  expect(outputs.map(({ packet }) => packet.sequenceNumber)).toEqual(
    outputs.map((_, index) => (FIRST_OUTPUT + index) & 0xffff),
  );
}

describe.each(CODECS)('row 10a: %s', (codec) => {
  test('invariants 1 and 2: over any switches no hole, no frame that is not whole, and each can be decoded', () => {
    fc.assert(
      fc.property(script, fc.integer({ min: 0, max: 1000 }), fc.boolean(), (acts, seed, replay) => {
        const scene = new Scene({ codec, seed, replay });
        scene.picture();
        scene.start();
        play(scene, acts);
        const { outputs, assembled, assembler } = scene;
        expectNoHoles(scene);
        expect(assembled.length).toBe(outputs.filter(({ packet }) => packet.marker).length);
        expect(assembler.packetsDiscarded).toBe(0);
        expect(assembler.closed).toBe(outputs.length === 0);
        expectDecodable(scene);
        expectEverySwitchToBeginWithAKeyFrame(scene);
        expectTimestampsStrictlyForward(scene);
      }),
    );
  });

  test('invariants 1 and 2: under loss and reordering no duplicate, no hole of our making, and each frame can be decoded', () => {
    const scenes = fc.tuple(script, fc.array(fate, { minLength: 1, maxLength: 400 }), fc.boolean());
    fc.assert(
      fc.property(scenes, ([acts, fates, replay]: [Act[], Fate[], boolean]) => {
        const scene = new Scene({ codec, seed: 5, replay });
        scene.picture();
        scene.start();
        play(scene, acts, (packet) => fates[packet] ?? PROMPT);
        expectNoDuplicates(scene);
        expectNoHolesOfOurMaking(scene);
        expectEverySwitchToBeginWithAKeyFrame(scene);
        expectDecodable(scene);
        expectTimestampsStrictlyForward(scene);
        // And once the path is clean, every frame comes again.
        scene.prefer({});
        for (let i = 0; i < 45; i++) scene.picture();
        const seen = scene.assembled.length;
        for (let i = 0; i < 8; i++) scene.picture();
        expect(scene.assembled.length - seen).toBe(8);
      }),
      { numRuns: 100 },
    );
  });

  test('invariant 3: a newcomer is replayed the newest key frame and all behind it, then what is live', () => {
    fc.assert(
      fc.property(script, fc.integer({ min: 0, max: 30 }), (acts, before) => {
        const scene = new Scene({ codec, replay: true });
        for (let i = 0; i <= before; i++) scene.picture();
        scene.start();
        expect(scene.assembled.map(({ number }) => number)).toEqual(Array.from({ length: before + 1 }, (_, i) => i));
        expect(scene.assembled[0]?.key).toBe(true);
        expect(scene.consumer.packetsReplayed).toBe(scene.outputs.length);
        play(scene, acts);
        expectNoHoles(scene);
        expectDecodable(scene);
      }),
    );
  });
});

test.each(['H264', 'AV1'] as const)('row 4: the replay of %s begins with its parameter sets', (codec) => {
  const scene = new Scene({ codec, replay: true });
  for (let i = 0; i < 10; i++) scene.picture();
  scene.start();
  const [first] = scene.outputs;
  expect(first && scene.format.inspect(first.packet.payload)).toMatchObject({
    frameStart: true,
    keyFrameStart: true,
    parameterSets: true,
  });
});

test.each(CODECS)('row 4: after a replaced stream a newcomer is replayed %s of the new one alone', (codec) => {
  const scene = new Scene({ codec, replay: true });
  scene.picture();
  for (let i = 0; i < 5; i++) scene.picture();
  for (const layer of [0, 1, 2]) scene.replaceStream(layer);
  for (let i = 0; i < 5; i++) scene.picture();
  scene.start();
  expect(scene.assembled.map(({ number }) => number)).toEqual([6, 7, 8, 9, 10]);
  expect(scene.assembled[0]?.key).toBe(true);
});
