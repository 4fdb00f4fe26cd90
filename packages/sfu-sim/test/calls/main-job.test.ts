import { expect, test } from 'vitest';
import { VirtualCall, videoTrack } from './virtual-call.ts';

async function callOf(duration: number, seed: number) {
  const call = new VirtualCall({ seed });
  const ada = await call.join('ada', { uplink: { rate: 4e6, delay: 20 } });
  const bob = await call.join('bob', { downlink: { rate: 4e6, delay: 30, loss: 0.01 } });
  await call.settle(ada.room.localParticipant.publishTrack(call.microphone()));
  await call.settle(ada.room.localParticipant.publishTrack(call.camera()));
  await call.clock.run(duration);
  const stats = videoTrack(bob.room).stats;
  ada.room.disconnect();
  bob.room.disconnect();
  await call.clock.run(1000);
  return { call, bob, stats };
}

test('a minute of call in virtual time: every frame arrives in order and whole', async () => {
  const started = performance.now();
  const { call, bob, stats } = await callOf(60_000, 7);
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
  const traceOf = async (seed: number) => (await callOf(15_000, seed)).call.trace.toJsonLines();
  const first = await traceOf(7);
  expect((await traceOf(7)) === first).toBe(true);
  expect((await traceOf(8)) === first).toBe(false);
});
