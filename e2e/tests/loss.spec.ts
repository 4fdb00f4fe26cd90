// Lost packets are repaired; what cannot be repaired is never shown.

import { expect, test } from './harness.ts';

test('row 25a: an outage of the downlink: nothing damaged is shown, and a PLI brings the picture back', async ({
  page,
}) => {
  const result = await page.evaluate(async () => {
    const { SimulatedSfu, BarCodeSource, createRoom, view, until, errors } = window.sluice;
    const sfu = new SimulatedSfu({ seed: 7 });
    const ada = createRoom();
    await ada.connect(sfu.transport({ identity: 'ada' }));
    const publication = await ada.localParticipant.publishTrack(new BarCodeSource({ width: 640, height: 360 }), {
      keyframeInterval: Number.POSITIVE_INFINITY,
    });
    const bob = await view(sfu, { identity: 'bob', downlink: { delay: 20 } });
    const { seen } = bob.reader;
    await until('30 frames', () => seen.length >= 30);
    const framesEncoded = () => publication.stats.at(-1)?.framesEncoded ?? 0;
    const encoded = framesEncoded();
    sfu.participant('bob').downlink.set({ loss: 1 });
    await until('three seconds of frames to be lost', () => framesEncoded() >= encoded + 90);
    sfu.participant('bob').downlink.set({ loss: 0 });
    const before = seen.length;
    await until('the picture to come back', () => seen.length >= before + 30);
    const { stats } = bob.track;
    ada.disconnect();
    bob.room.disconnect();
    return { seen, stats, errors };
  });
  const numbers = result.seen.map(({ number }) => number ?? Number.NaN);
  expect(result.errors).toEqual([]);
  expect(numbers).not.toContain(Number.NaN);
  expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b));
  expect(result.stats.pliCount).toBeGreaterThan(0);
  expect(result.stats.keyFramesDecoded).toBeGreaterThan(1);
  expect(result.stats.decoderErrors).toBe(0);
});

test('rows 25, 25a: 5 % loss both ways: retransmissions repair it, and nothing damaged is shown', async ({ page }) => {
  const result = await page.evaluate(async () => {
    const { SimulatedSfu, BarCodeSource, createRoom, view, until, errors } = window.sluice;
    const sfu = new SimulatedSfu({ seed: 7 });
    const ada = createRoom();
    await ada.connect(sfu.transport({ identity: 'ada', uplink: { delay: 10, loss: 0.05 } }));
    await ada.localParticipant.publishTrack(new BarCodeSource({ width: 640, height: 360 }));
    const bob = await view(sfu, { identity: 'bob', downlink: { delay: 10, loss: 0.05 } });
    await until('150 frames', () => bob.reader.seen.length >= 150, 40_000);
    const { stats } = bob.track;
    ada.disconnect();
    bob.room.disconnect();
    return { seen: bob.reader.seen, stats, errors };
  });
  const numbers = result.seen.map(({ number }) => number ?? Number.NaN);
  expect(result.errors).toEqual([]);
  expect(numbers).not.toContain(Number.NaN);
  expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b));
  expect(result.stats.packetsRecovered).toBeGreaterThan(0);
  expect(result.stats.decoderErrors).toBe(0);
});
