// Encodings that nobody has a use for are not made, and come back with a key frame.

import { expect, test } from 'vitest';
import { VirtualCall, videoPublication } from './virtual-call.ts';

async function onAir(options: { dynacast?: boolean } = {}) {
  const call = new VirtualCall({ seed: 7, dynacast: true, ...options });
  const ada = await call.join('ada', { uplink: { delay: 20 }, downlink: { delay: 20 } });
  const publication = await call.settle(ada.room.localParticipant.publishTrack(call.camera()));
  const active = () => publication.stats.map((layer) => layer.active);
  const reasons = () => publication.stats.map(({ pauseReasons }) => pauseReasons.join());
  return { call, ada, publication, active, reasons };
}

test('row 28: what nobody watches is off after five seconds; a subscriber has it all again at once, with a key frame', async () => {
  const { call, publication, active, reasons } = await onAir();
  await call.clock.run(4000);
  expect(active()).toEqual([true, true, true]);
  await call.clock.run(2000);
  expect(active()).toEqual([false, false, false]);
  expect(reasons()).toEqual(['unwatched', 'unwatched', 'unwatched']);
  const encoded = publication.stats.map(({ framesEncoded }) => framesEncoded);
  await call.clock.run(5000);
  expect(publication.stats.map(({ framesEncoded }) => framesEncoded)).toEqual(encoded);

  const keyFrames = publication.stats.map(({ keyFramesEncoded }) => keyFramesEncoded);
  const bob = await call.join('bob', { uplink: { delay: 20 }, downlink: { delay: 20 } });
  const joinedAt = call.clock.now();
  await call.until(() => bob.shown.length > 0, 2000);
  console.log(`a picture ${Math.round(call.clock.now() - joinedAt)} ms after joining a publisher at rest`);
  expect(call.clock.now() - joinedAt).toBeLessThan(500);
  for (const [i, { keyFramesEncoded }] of publication.stats.entries()) {
    expect(keyFramesEncoded).toBeGreaterThan(keyFrames[i] ?? 0);
  }
  await call.until(() => videoPublication(bob.room).layers.rid === 'f', 10_000);
  expect(bob.errors).toEqual([]);
  expect(bob.shown.every(({ corrupt }) => !corrupt)).toBe(true);
  expect(call.trace.ofType('layers-wanted').map(({ count }) => count)).toEqual([0, 3]);
});

test('row 28: nobody wants f: its encoder alone stops; somebody wants it again: it is there within half a second', async () => {
  const { call, active, reasons } = await onAir();
  const bob = await call.join('bob', { downlink: { delay: 20 } });
  const carol = await call.join('carol', { downlink: { delay: 20 } });
  const [bobs, carols] = [videoPublication(bob.room), videoPublication(carol.room)];
  await call.until(() => bobs.layers.rid === 'f' && carols.layers.rid === 'f', 10_000);
  await call.settle(bobs.setPreferredLayers({ rid: 'q' }));
  await call.clock.run(8000);
  expect(active(), 'Carol still watches f').toEqual([true, true, true]);
  await call.settle(carols.setPreferredLayers({ rid: 'h' }));
  await call.clock.run(6000);
  expect(active()).toEqual([true, true, false]);
  expect(reasons()).toEqual(['', '', 'unwatched']);
  expect([bobs.layers.rid, carols.layers.rid]).toEqual(['q', 'h']);

  await call.settle(bobs.setPreferredLayers({ rid: 'f' }));
  await call.until(() => bobs.layers.rid === 'f', 3000);
  expect(carols.layers.rid).toBe('h');
  for (const viewer of [bob, carol]) expect(viewer.shown.every(({ corrupt }) => !corrupt)).toBe(true);
});

test('rows 8, 28: who comes soon after an encoder has stopped is not shown what it made last, but what it makes now', async () => {
  const { call, active } = await onAir();
  await call.until(() => active().every((each) => !each), 8000);
  await call.clock.run(1500);
  const bob = await call.join('bob', { uplink: { delay: 20 }, downlink: { delay: 20 } });
  await call.until(() => bob.shown.length > 0, 2000);
  // From capture to display.
  expect(bob.shown[0]?.delay).toBeLessThan(300);
  await call.clock.run(1000);
  expect(Math.max(...bob.shown.map(({ delay }) => delay))).toBeLessThan(300);
});

test('row 28: whoever has disabled a track does not watch it', async () => {
  const { call, active } = await onAir();
  const bob = await call.join('bob', { downlink: { delay: 20 } });
  await call.until(() => bob.shown.length > 0, 2000);
  await call.settle(videoPublication(bob.room).setEnabled(false));
  await call.clock.run(4000);
  expect(active()).toEqual([true, true, true]);
  await call.clock.run(2000);
  expect(active()).toEqual([false, false, false]);
  const { length } = bob.shown;
  await call.settle(videoPublication(bob.room).setEnabled(true));
  await call.until(() => bob.shown.length > length, 1000);
});

test('row 28: who is held back by a thin link still gets the top layer when the link is wide: it is wanted, if not affordable', async () => {
  const { call, active } = await onAir();
  const bob = await call.join('bob', { downlink: { rate: 300_000, delay: 20 } });
  await call.clock.run(20_000);
  expect(videoPublication(bob.room).layers.rid).toBe('q');
  expect(active()).toEqual([true, true, true]);
  call.sfu.participant('bob').downlink.set({ rate: 5e6 });
  await call.until(() => videoPublication(bob.room).layers.rid === 'f', 15_000);
});

test('row 28b: muted, unwatched and out of bits are each a reason of its own; an encoding goes on when all are gone', async () => {
  const { call, publication, reasons } = await onAir();
  await call.clock.run(6000);
  await call.settle(publication.mute());
  expect(reasons()).toEqual(['muted,unwatched', 'muted,unwatched', 'muted,unwatched']);
  const bob = await call.join('bob', { downlink: { delay: 20 } });
  await call.clock.run(1000);
  expect(reasons()).toEqual(['muted', 'muted', 'muted']);
  expect(bob.shown).toEqual([]);
  call.sfu.participant('ada').uplink.set({ rate: 300_000 });
  await call.settle(publication.unmute());
  await call.until(() => bob.shown.length > 0, 4000);
  await call.clock.run(8000);
  expect(reasons()[0]).toBe('');
  expect(reasons()[2]).toBe('bandwidth');
});

test('without dynacast everything goes on, watched or not', async () => {
  const { call, active } = await onAir({ dynacast: false });
  await call.clock.run(20_000);
  expect(active()).toEqual([true, true, true]);
  expect(call.trace.ofType('layers-wanted')).toEqual([]);
});
