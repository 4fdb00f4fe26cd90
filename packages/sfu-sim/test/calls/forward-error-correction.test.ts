// Repair packets beside the video: a long round trip does not show where packets are lost.

import { expect, test } from 'vitest';
import { VirtualCall, videoTrack } from './virtual-call.ts';

const PROTECTION = { ratio: 0.25 };

/** 20 s of video with 2 % loss in each direction and 300 ms of round trip; how long frames take that wait for repair. */
async function play(protection: typeof PROTECTION | undefined) {
  const call = new VirtualCall({ seed: 7, ...(protection && { forwardErrorCorrection: protection }) });
  const path = { delay: 75, loss: 0.02 };
  const ada = await call.join('ada', { uplink: path, downlink: { delay: 75 } });
  const options = { keyframeInterval: 4000, ...(protection && { forwardErrorCorrection: protection }) };
  await call.settle(ada.room.localParticipant.publishTrack(call.camera(), options));
  await call.clock.run(500);
  const bob = await call.join('bob', { downlink: path, uplink: { delay: 75 } });
  await call.clock.run(20_000);
  const shown = bob.shown.slice(60);
  const delays = shown.map(({ delay }) => delay).sort((a, b) => a - b);
  return {
    shown: shown.length,
    corrupt: bob.shown.filter(({ corrupt }) => corrupt).length,
    median: delays[Math.floor(delays.length / 2)] ?? 0,
    p95: delays[Math.floor(delays.length * 0.95)] ?? 0,
    late: delays.filter((delay) => delay > 300).length / delays.length,
    stats: videoTrack(bob.room).stats,
    unroutable: call.sfu.participant('ada').stats().drops.unroutablePackets + bob.room.drops.unroutablePackets,
    errors: [...ada.errors, ...bob.errors],
  };
}

test('with repair packets frames wait much less often for what was lost', async () => {
  const without = await play(undefined);
  const repaired = await play(PROTECTION);
  for (const { corrupt, errors, unroutable } of [without, repaired]) {
    expect({ corrupt, errors, unroutable }).toEqual({ corrupt: 0, errors: [], unroutable: 0 });
  }
  expect(repaired.late).toBeLessThan(without.late / 2);
  expect(repaired.stats.packetsRecovered).toBeGreaterThan(20);
});

test('audio goes without', async () => {
  const call = new VirtualCall({ seed: 7, forwardErrorCorrection: PROTECTION });
  const ada = await call.join('ada');
  const publication = await call.settle(ada.room.localParticipant.publishTrack(call.microphone()));
  const bob = await call.join('bob');
  await call.clock.run(2000);
  expect(bob.heard.length).toBeGreaterThan(80);
  expect(bob.room.drops.unroutablePackets).toBe(0);
  expect(publication.kind).toBe('audio');
});

test('a ratio that is none is an argument error, for the publisher and for the SFU', async () => {
  const call = new VirtualCall({ seed: 7 });
  const ada = await call.join('ada');
  const publishing = ada.room.localParticipant.publishTrack(call.camera(), { forwardErrorCorrection: { ratio: 2 } });
  await expect(call.settle(publishing)).rejects.toMatchObject({ code: 'argument' });
  expect(ada.room.localParticipant.trackPublications.size).toBe(0);
  expect(() => new VirtualCall({ forwardErrorCorrection: { ratio: -1 } })).toThrow('A ratio of -1');
});
