import { expect, test } from 'vitest';
import { VirtualCall, videoTrack } from './virtual-call.ts';

async function oneMinuteCall(seed: number) {
  const call = new VirtualCall({ seed });
  const ada = await call.join('ada', { uplink: { rate: 4e6, delay: 20 } });
  const bob = await call.join('bob', { downlink: { rate: 4e6, delay: 30, loss: 0.01 } });
  await call.settle(ada.room.localParticipant.publishTrack(call.microphone()));
  await call.settle(ada.room.localParticipant.publishTrack(call.camera()));
  await call.clock.run(60_000);
  const stats = videoTrack(bob.room).stats;
  ada.room.disconnect();
  bob.room.disconnect();
  await call.clock.run(1000);
  return { call, bob, stats };
}

test('a minute of call in virtual time: every frame arrives in order and whole', async () => {
  const started = performance.now();
  const { call, bob, stats } = await oneMinuteCall(7);
  console.log(
    `60 s of call in ${Math.round(performance.now() - started)} ms, ${call.trace.events.length} events`,
    stats,
  );
  expect(bob.errors).toEqual([]);
  expect(bob.shown.length).toBeGreaterThan(1700);
  expect(bob.shown.every(({ corrupt }) => !corrupt)).toBe(true);
  const numbers = bob.shown.map(({ frameNumber }) => frameNumber);
  expect(numbers).toEqual([...numbers].sort((a, b) => a - b));
  expect(bob.heard.length).toBeGreaterThan(2800);
  expect(call.openFrames.open).toBe(0);
});

test('the same seed gives the same trace, byte for byte; another seed another one', async () => {
  const first = (await oneMinuteCall(7)).call.trace.toJsonLines();
  expect((await oneMinuteCall(7)).call.trace.toJsonLines() === first).toBe(true);
  expect((await oneMinuteCall(8)).call.trace.toJsonLines() === first).toBe(false);
});
