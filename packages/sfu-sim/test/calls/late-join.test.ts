// Behaviours 1, 2, 3, 5 to 8 and 12: late joiners, with and without the key frame cache.

import { expect, test } from 'vitest';
import { VirtualCall, videoPublication, videoTrack } from './virtual-call.ts';

const RTT = 40;

/** Ada has been on air for a while; the next key frame is far away. */
async function onAir(options: ConstructorParameters<typeof VirtualCall>[0] = {}, keyframeInterval = 4000) {
  const call = new VirtualCall({ seed: 7, ...options });
  const ada = await call.join('ada', { uplink: { delay: RTT / 2 }, downlink: { delay: RTT / 2 } });
  const publication = await call.settle(ada.room.localParticipant.publishTrack(call.camera(), { keyframeInterval }));
  await call.clock.run(5500);
  const keyFramesRequested = () =>
    call.sfu
      .participant('ada')
      .stats()
      .producers.flatMap(({ layers }) => layers)
      .reduce((sum, layer) => sum + layer.keyFramesRequested, 0);
  const join = async (name: string, keyframeCache: boolean) => {
    const viewer = await call.join(name, {
      uplink: { delay: RTT / 2 },
      downlink: { delay: RTT / 2 },
      keyframeCache,
    });
    await call.until(() => videoTrack(viewer.room).stats.timeToFirstFrame !== undefined);
    return viewer;
  };
  return { call, ada, publication, keyFramesRequested, join };
}

test('rows 1, 2: warm late join: first frame in less than 200 ms, no key frame asked; without the cache it takes a PLI round trip', async () => {
  const { keyFramesRequested, join, call } = await onAir();
  const warm = await join('bob', true);
  expect(keyFramesRequested()).toBe(0);
  const cold = await join('carol', false);
  const [warmTime = Number.NaN, coldTime = Number.NaN] = [warm, cold].map(
    ({ room }) => videoTrack(room).stats.timeToFirstFrame,
  );
  console.log(`first frame: with the cache ${warmTime.toFixed(1)} ms, without it ${coldTime.toFixed(1)} ms`);
  expect(warmTime).toBeLessThan(200);
  expect(coldTime).toBeGreaterThan(warmTime + RTT);
  expect(keyFramesRequested()).toBe(1);
  expect(call.sfu.participant('bob').stats().consumers[0]?.packetsReplayed).toBeGreaterThan(0);
  expect(call.sfu.participant('carol').stats().consumers[0]?.packetsReplayed).toBe(0);
});

test('row 3: the replay comes strictly before live and joins it without a gap, a duplicate or a damaged frame', async () => {
  const { call, join } = await onAir();
  const bob = await join('bob', true);
  await call.clock.run(3000);
  const { stats } = videoTrack(bob.room);
  expect(stats).toMatchObject({ packetsLost: 0, packetsDiscarded: 0, decoderErrors: 0, pliCount: 0 });
  expect(stats.framesDecoded - stats.framesDropped).toBe(bob.shown.length);
  const numbers = bob.shown.map(({ frameNumber }) => frameNumber);
  expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b));
  expect(bob.shown.every(({ corrupt }) => !corrupt)).toBe(true);
});

test('a joiner is at the live edge as soon as the replay is decoded, and stays there', async () => {
  const { call, join } = await onAir();
  const eve = await join('eve', true);
  const frank = await join('frank', false);
  await call.clock.run(6000);
  const newest = [eve, frank].map(({ shown }) => shown.at(-1)?.frameNumber ?? Number.NaN);
  expect(Math.abs((newest[0] ?? 0) - (newest[1] ?? 0))).toBeLessThanOrEqual(1);
});

test('row 8: after a mute or an unpublish a joiner is shown nothing of before', async () => {
  const { call, publication, ada, keyFramesRequested } = await onAir();
  await call.settle(publication.mute());
  const layers = () => call.sfu.participant('ada').stats().producers[0]?.layers ?? [];
  await call.clock.run(200);
  expect(layers().map(({ cache }) => cache.bytes)).toEqual([0, 0, 0]);
  const bob = await call.join('bob');
  await call.clock.run(2000);
  expect(bob.shown).toEqual([]);
  expect(keyFramesRequested(), 'key frames asked of a muted publisher').toBe(0);
  await call.settle(publication.unmute());
  const resumedAt = call.clock.now();
  await call.until(() => bob.shown.length > 0);
  expect(call.clock.now() - resumedAt).toBeLessThan(400);

  await call.settle(ada.room.localParticipant.unpublishTrack(publication));
  await call.clock.run(100);
  const carol = await call.join('carol');
  await call.clock.run(1000);
  expect(carol.room.remoteParticipants.size).toBe(2);
  expect(carol.shown).toEqual([]);
});

test('row 5: a key frame beyond the bounds is not replayed, and costs one PLI', async () => {
  const { join, keyFramesRequested, call } = await onAir({ keyframeCache: { maxKeyFrameBytes: 1000 } });
  const bob = await join('bob', true);
  expect(call.sfu.participant('bob').stats().consumers[0]?.packetsReplayed).toBe(0);
  expect(keyFramesRequested()).toBe(1);
  expect(bob.shown.every(({ corrupt }) => !corrupt)).toBe(true);
});

test('row 23: 40 joiners in a second, with a cache that is too old for them, cost two key frames at most', async () => {
  const { call } = await onAir({}, Number.POSITIVE_INFINITY);
  await call.clock.run(7000);
  const requested = () => call.trace.ofType('key-frame-requested').length;
  const before = requested();
  const joiners = Array.from({ length: 40 }, (_, i) => call.participant(`joiner-${i}`));
  const path = { uplink: { delay: RTT / 2 }, downlink: { delay: RTT / 2 } };
  const connected = joiners.map(async ({ room }, i) => {
    await new Promise<void>((resolve) => call.clock.setTimeout(resolve, i * 25));
    await room.connect(call.sfu.transport({ identity: `joiner-${i}`, ...path }));
  });
  await call.settle(Promise.all(connected));
  await call.clock.run(1000);
  expect(joiners.every(({ shown }) => shown.length > 0)).toBe(true);
  console.log(`40 joiners in a second: ${requested() - before} key frames`);
  expect(requested() - before).toBeLessThanOrEqual(2);
});

test('row 12: who subscribes before anything is published gets it when it comes', async () => {
  const call = new VirtualCall({ seed: 7 });
  const bob = await call.join('bob');
  const ada = await call.join('ada');
  await call.clock.run(1000);
  await call.settle(ada.room.localParticipant.publishTrack(call.camera()));
  await call.until(() => bob.shown.length > 0, 1000);
  await call.settle(videoPublication(bob.room).setSubscribed(false));
  const { length } = bob.shown;
  await call.clock.run(1000);
  expect(bob.shown.length).toBeLessThanOrEqual(length + 1);
  await call.settle(videoPublication(bob.room).setSubscribed(true));
  await call.until(() => bob.shown.length > length + 10, 1000);
});

test('row 10c: on a thin link the replay is one that drains: at the live edge within 700 ms', async () => {
  const { call } = await onAir();
  const bob = await call.join('bob', { downlink: { rate: 1_000_000, delay: RTT / 2 } });
  const joinedAt = call.clock.now();
  await call.clock.run(1000);
  expect(call.sfu.participant('bob').stats().consumers[0]?.packetsReplayed).toBeGreaterThan(0);
  const late = bob.shown.filter(({ at }) => at > joinedAt + 700);
  expect(late.length).toBeGreaterThan(5);
  expect(Math.max(...late.map(({ delay }) => delay))).toBeLessThan(150);
  expect(bob.shown.every(({ corrupt }) => !corrupt)).toBe(true);
});
