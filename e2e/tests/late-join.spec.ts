// A late joiner with the key frame cache, and beside it the same joiner without.

import { expect, test } from './harness.ts';

test('rows 1, 2: late join mid-GOP: the cache shows the first frame at once, without a key frame of the publisher', async ({
  page,
}) => {
  const result = await page.evaluate(async () => {
    const { SimulatedSfu, BarCodeSource, createRoom, view, until, errors } = window.sluice;
    const sfu = new SimulatedSfu({ seed: 7 });
    const ada = createRoom();
    await ada.connect(sfu.transport({ identity: 'ada' }));
    const publication = await ada.localParticipant.publishTrack(new BarCodeSource({ width: 1280, height: 720 }), {
      keyframeInterval: 4000,
    });
    const top = () => publication.stats.at(-1)!;
    const requested = () => {
      const layers = sfu.participant('ada').stats().producers[0]?.layers ?? [];
      return layers.reduce((sum, layer) => sum + layer.keyFramesRequested, 0);
    };

    const join = async (identity: string, keyframeCache: boolean) => {
      // Mid-GOP: a second and a half after a key frame of the top layer.
      const { keyFramesEncoded } = top();
      await until('a key frame', () => top().keyFramesEncoded > keyFramesEncoded);
      const { framesEncoded } = top();
      await until('45 frames more', () => top().framesEncoded >= framesEncoded + 45);
      const [before, keyFrames] = [requested(), top().keyFramesEncoded];
      const viewer = await view(sfu, { identity, keyframeCache });
      await until('the first frame', () => viewer.track.stats.timeToFirstFrame !== undefined);
      await until('the live picture', () => viewer.reader.seen.length >= 30);
      const { packetsReplayed } = sfu.participant(identity).stats().consumers[0]!;
      const figures = {
        timeToFirstFrame: viewer.track.stats.timeToFirstFrame ?? Number.NaN,
        keyFramesRequested: requested() - before,
        keyFramesSpent: top().keyFramesEncoded - keyFrames,
        packetsReplayed,
        stats: viewer.track.stats,
        numbers: viewer.reader.seen.map(({ number }) => number ?? Number.NaN),
      };
      viewer.room.disconnect();
      return figures;
    };
    const warm = await join('with-cache', true);
    const cold = await join('without-cache', false);
    ada.disconnect();
    return { warm, cold, errors };
  });
  const { warm, cold } = result;
  const row = (name: string, figures: typeof warm) =>
    `${name}: first frame after ${figures.timeToFirstFrame.toFixed(1)} ms, ${figures.keyFramesRequested} key frames asked, ${figures.packetsReplayed} packets replayed`;
  console.log(`${row('with the cache', warm)}\n${row('without it', cold)}`);

  expect(result.errors).toEqual([]);
  expect(warm.timeToFirstFrame).toBeLessThan(200);
  expect(warm.keyFramesRequested).toBe(0);
  expect(warm.packetsReplayed).toBeGreaterThan(0);
  expect(warm.stats.decoderErrors).toBe(0);
  expect(warm.stats.packetsLost).toBe(0);
  expect(warm.numbers).not.toContain(Number.NaN);
  expect(warm.numbers).toEqual([...warm.numbers].sort((a, b) => a - b));

  expect(cold.packetsReplayed).toBe(0);
  expect(cold.keyFramesRequested).toBe(1);
  expect(cold.numbers).not.toContain(Number.NaN);
});
