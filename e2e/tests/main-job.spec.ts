// The main job with real WebCodecs: what one participant shows, another one sees, whole and in order.

import { expect, test } from './harness.ts';

test('frames arrive in order, none damaged, and move', async ({ page }) => {
  const result = await page.evaluate(async () => {
    const { SimulatedSfu, BarCodeSource, createRoom, view, until, errors } = window.sluice;
    const sfu = new SimulatedSfu({ seed: 7 });
    const ada = createRoom();
    await ada.connect(sfu.transport({ identity: 'ada' }));
    const source = new BarCodeSource({ width: 1280, height: 720 });
    await ada.localParticipant.publishTrack(source);
    const bob = await view(sfu, { identity: 'bob', downlink: { delay: 20 } });
    await until('100 frames', () => bob.reader.seen.length >= 100);
    const { stats } = bob.track;
    ada.disconnect();
    bob.room.disconnect();
    return { seen: bob.reader.seen, stats, errors, made: source.framesMade };
  });
  const numbers = result.seen.map(({ number }) => number);
  expect(result.errors).toEqual([]);
  expect(numbers).not.toContain(undefined);
  expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => (a ?? 0) - (b ?? 0)));
  expect(result.seen.at(-1)).toMatchObject({ width: 1280, height: 720 });
  expect(result.stats.decoderErrors).toBe(0);
  console.log('frames seen', numbers.length, 'of', result.made, result.stats);
});
