// Video is held back on a link that bears none, audio is not; and the layer follows a link that bears some.

import { expect, test } from './harness.ts';

test('rows 14, 17: strangled to 9 kbit/s video is suspended and audio goes on; freed, it comes back by itself at a key frame', async ({
  page,
}) => {
  test.setTimeout(120_000);
  const result = await page.evaluate(async () => {
    const { SimulatedSfu, BarCodeSource, createRoom, view, until, errors } = window.sluice;
    const events: { type: string; to: unknown }[] = [];
    const sfu = new SimulatedSfu({
      seed: 7,
      tracer: (event) => {
        if (event.type === 'video-state-changed') events.push({ type: event.type, to: event['to'] });
        if (event.type === 'video-suspended' || event.type === 'video-resumed') {
          events.push({ type: event.type, to: undefined });
        }
      },
    });
    const ada = createRoom();
    await ada.connect(sfu.transport({ identity: 'ada' }));
    const microphone = await navigator.mediaDevices.getUserMedia({ audio: true });
    for (const track of microphone.getTracks()) await ada.localParticipant.publishTrack(track);
    await ada.localParticipant.publishTrack(new BarCodeSource({ width: 640, height: 360 }));
    const bob = await view(sfu, { identity: 'bob', downlink: { rate: 2_000_000, delay: 20 } });
    const { seen } = bob.reader;
    const consumer = (kind: string) => {
      const found = sfu
        .participant('bob')
        .stats()
        .consumers.find((each) => each.kind === kind);
      if (found === undefined) throw new Error(`Bob gets no ${kind}.`);
      return found;
    };
    await until('the top layer', () => seen.at(-1)?.width === 640 && seen.length >= 60);

    sfu.participant('bob').downlink.set({ rate: 9000 });
    // Below 80 kbit/s video is held back already.
    await until('video to be suspended', () => events.some(({ to }) => to === 'suspended'), 20_000);
    const before = { video: consumer('video').packetsSent, audio: consumer('audio').packetsSent };
    await until('ten seconds of audio', () => consumer('audio').packetsSent >= before.audio + 500, 30_000);
    const withheld = bob.publication.layers.rid;
    const videoMeanwhile = consumer('video').packetsSent - before.video;

    sfu.participant('bob').downlink.set({ rate: 2_000_000 });
    const freedAt = performance.now();
    const [shown, keyFrames] = [seen.length, bob.track.stats.keyFramesDecoded];
    await until('a picture', () => seen.length > shown, 20_000);
    const backAfter = performance.now() - freedAt;
    const backAt = { width: seen[shown]?.width, keyFrames: bob.track.stats.keyFramesDecoded - keyFrames };
    await until('a better layer', () => (seen.at(-1)?.width ?? 0) > (seen[shown]?.width ?? 0), 30_000);
    const { stats } = bob.track;
    for (const track of microphone.getTracks()) track.stop();
    ada.disconnect();
    bob.room.disconnect();
    return { withheld, videoMeanwhile, backAfter, backAt, events, seen, stats, errors };
  });
  console.log(`a picture ${Math.round(result.backAfter)} ms after the link was back`);
  expect(result.errors).toEqual([]);
  expect(result.withheld, 'what Bob is told of the layer').toBeUndefined();
  expect(result.videoMeanwhile, 'video packets while suspended').toBe(0);
  const states = result.events.filter(({ type }) => type === 'video-state-changed').map(({ to }) => to);
  expect(states.filter((to) => to === 'suspended')).toHaveLength(1);
  // One probe may show at once that the link bears video again.
  const back = states.slice(states.indexOf('suspended') + 1);
  expect([['audio-only', 'video'], ['video']]).toContainEqual(back);
  expect(result.events.filter(({ type }) => type === 'video-suspended')).toHaveLength(1);
  expect(result.events.filter(({ type }) => type === 'video-resumed')).toHaveLength(1);
  expect(result.backAfter).toBeLessThan(10_000);
  expect(result.backAt.width).toBe(160);
  expect(result.backAt.keyFrames).toBeGreaterThanOrEqual(1);
  const numbers = result.seen.map(({ number }) => number ?? Number.NaN);
  expect(numbers).not.toContain(Number.NaN);
  expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b));
  expect(result.stats.decoderErrors).toBe(0);
});

test('row 26: the layer follows the downlink, down within 5 s of a drop, and up again', async ({ page }) => {
  test.setTimeout(120_000);
  const result = await page.evaluate(async () => {
    const { SimulatedSfu, BarCodeSource, createRoom, view, until, errors } = window.sluice;
    const sfu = new SimulatedSfu({ seed: 7 });
    const ada = createRoom();
    await ada.connect(sfu.transport({ identity: 'ada' }));
    await ada.localParticipant.publishTrack(new BarCodeSource({ width: 640, height: 360 }));
    const bob = await view(sfu, { identity: 'bob', downlink: { rate: 3_000_000, delay: 20 } });
    const { seen } = bob.reader;
    // All pictures of the top layer: half of them come before those of a smaller one.
    const isTop = () => {
      const { rid, temporalLayer } = bob.publication.layers;
      return rid === 'f' && temporalLayer === undefined && seen.at(-1)?.width === 640;
    };
    await until('the top layer', isTop);

    sfu.participant('bob').downlink.set({ rate: 250_000 });
    const droppedAt = performance.now();
    await until('a lower layer', () => !isTop(), 20_000);
    const downAfter = performance.now() - droppedAt;
    const estimate = () => sfu.participant('bob').stats().downlinkEstimate ?? Number.POSITIVE_INFINITY;
    await until('the estimate to fit', () => estimate() < 290_000, 20_000);

    sfu.participant('bob').downlink.set({ rate: 3_000_000 });
    await until('the top layer again', isTop, 30_000);
    const { stats } = bob.track;
    ada.disconnect();
    bob.room.disconnect();
    return { downAfter, seen, stats, errors };
  });
  console.log(`down ${Math.round(result.downAfter)} ms after the drop`);
  expect(result.errors).toEqual([]);
  expect(result.downAfter).toBeLessThan(5000);
  const numbers = result.seen.map(({ number }) => number ?? Number.NaN);
  expect(numbers).not.toContain(Number.NaN);
  expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b));
  expect(result.stats.decoderErrors).toBe(0);
});
