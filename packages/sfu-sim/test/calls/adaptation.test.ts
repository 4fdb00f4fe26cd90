// Behaviours 22 and 26: every subscriber gets the best layer its downlink carries, and nobody else's.

import { expect, test } from 'vitest';
import { VirtualCall, videoPublication } from './virtual-call.ts';

/** Ada on air with bit rates of about 150 k, 500 k and 1.7 M, and audio. */
async function onAir(seed = 7) {
  const call = new VirtualCall({ seed });
  const ada = await call.join('ada');
  await call.settle(ada.room.localParticipant.publishTrack(call.microphone()));
  await call.settle(ada.room.localParticipant.publishTrack(call.camera()));
  await call.clock.run(2000);
  return call;
}

test('row 26: the layer follows the downlink: down within 5 s of a drop, up within 10 s of its end', async () => {
  const call = await onAir();
  const bob = await call.join('bob', { downlink: { rate: 4e6, delay: 25 } });
  await call.clock.run(8000);
  const rid = () => videoPublication(bob.room).layers.rid;
  expect(rid()).toBe('f');
  call.sfu.participant('bob').downlink.set({ rate: 800_000 });
  await call.until(() => rid() === 'h', 5000);
  await call.clock.run(5000);
  call.sfu.participant('bob').downlink.set({ rate: 300_000 });
  await call.until(() => rid() === 'q', 5000);
  await call.clock.run(10_000);
  expect(rid()).toBe('q');
  call.sfu.participant('bob').downlink.set({ rate: 4e6 });
  const risen = call.clock.now();
  await call.until(() => rid() === 'f', 10_000);
  console.log(`up to f again ${Math.round(call.clock.now() - risen)} ms after the downlink was`);
  expect(bob.shown.every(({ corrupt }) => !corrupt)).toBe(true);
  const reasons = call.trace.ofType('layer-switch').map(({ reason }) => reason);
  const fell = /^f( at T1)?→h( at T1)?: share \d+ kbit\/s < \d+ kbit\/s measured for f at T1$/;
  expect(reasons.some((reason) => fell.test(String(reason)))).toBe(true);
});

test('row 22: four subscribers at 5 M, 1 M, 500 k and 250 k get f, h, half the pictures of h, and q, each by itself', async () => {
  const call = await onAir();
  const rates = { rich: 5e6, middle: 1e6, poor: 500_000, poorest: 250_000 };
  const viewers = [];
  for (const [name, rate] of Object.entries(rates))
    viewers.push(await call.join(name, { downlink: { rate, delay: 20 } }));
  await call.clock.run(10_000);
  expect(viewers.map(({ room }) => videoPublication(room).layers)).toEqual([
    { rid: 'f', temporalLayer: undefined },
    { rid: 'h', temporalLayer: undefined },
    { rid: 'h', temporalLayer: 1 },
    { rid: 'q', temporalLayer: undefined },
  ]);
  const before = viewers.map(({ shown, heard }) => ({ shown: shown.length, heard: heard.length }));
  await call.clock.run(10_000);
  for (const [i, viewer] of viewers.entries()) {
    expect(viewer.shown.length - (before[i]?.shown ?? 0)).toBeGreaterThan(i === 2 ? 140 : 270);
    expect(viewer.shown.every(({ corrupt }) => !corrupt)).toBe(true);
    expect(viewer.heard.length - (before[i]?.heard ?? 0)).toBeGreaterThan(480);
  }
});

test('a newcomer on a wide link only ever goes up', async () => {
  for (const seed of [1, 2, 3, 4, 5]) {
    const call = await onAir(seed);
    const bob = await call.join('bob', { uplink: { delay: 30 }, downlink: { delay: 30 } });
    await call.clock.run(6000);
    const rids = call.trace.ofType('layer-switch').map(({ rid }) => String(rid));
    const ranks = rids.map((rid) => ['q', 'h', 'f'].indexOf(rid));
    expect(ranks, `seed ${seed}: ${rids.join(' ')}`).toEqual([...new Set(ranks)].sort());
    expect(videoPublication(bob.room).layers.rid).toBe('f');
  }
});
