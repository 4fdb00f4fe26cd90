// Who is in the room and who is not: caps, the same name twice, whoever leaves, crashes or falls silent.

import { ArgumentError, type ConnectionError, type DataError, type PublishError } from '@sluice/client';
import { SimulatedSfu } from '@sluice/sfu-sim';
import { expect, test } from 'vitest';
import { VirtualCall, type VirtualParticipant } from './virtual-call.ts';

/** Ada publishes, Bob watches; what Bob hears of the others. */
async function runningCall(options: ConstructorParameters<typeof VirtualCall>[0] = {}) {
  const call = new VirtualCall({ seed: 7, ...options });
  const ada = await call.join('ada');
  const bob = await call.join('bob');
  const left: { identity: string; at: number }[] = [];
  const unsubscribed: number[] = [];
  bob.room.on('participantDisconnected', ({ participant }) =>
    left.push({ identity: participant.identity, at: call.clock.now() }),
  );
  bob.room.on('trackUnsubscribed', () => unsubscribed.push(call.clock.now()));
  const publication = await call.settle(ada.room.localParticipant.publishTrack(call.camera()));
  await call.clock.run(1000);
  return { call, ada, bob, publication, left, unsubscribed };
}

const reasonsOf = (call: VirtualCall) =>
  call.trace.ofType('participant-left').map(({ participant, reason }) => `${participant}: ${reason}`);

async function noticed(call: VirtualCall, { room }: VirtualParticipant): Promise<void> {
  await call.clock.run(100);
  expect(room.remoteParticipants.size).toBe(0);
}

test('row 13: unpublished: subscribers hear of it at once, and get nothing more', async () => {
  const { call, ada, bob, publication, unsubscribed } = await runningCall();
  const at = call.clock.now();
  await call.settle(ada.room.localParticipant.unpublishTrack(publication));
  await call.clock.run(50);
  expect(unsubscribed).toHaveLength(1);
  expect((unsubscribed[0] ?? 0) - at).toBeLessThan(50);
  const { length } = bob.shown;
  await call.clock.run(1000);
  expect(bob.shown).toHaveLength(length);
});

test('row 13: whoever crashes is gone at once for the others', async () => {
  const { call, bob, left, unsubscribed } = await runningCall();
  const at = call.clock.now();
  call.sfu.participant('ada').disconnect('crashed');
  await noticed(call, bob);
  expect(left.map(({ identity }) => identity)).toEqual(['ada']);
  expect((left[0]?.at ?? Number.NaN) - at).toBeLessThan(50);
  expect(unsubscribed).toHaveLength(1);
});

test('row 13: whoever vanishes without a word is gone for the others after 15 s; whoever only listens is not', async () => {
  const { call, bob, left } = await runningCall();
  const carol = await call.join('carol');
  await call.clock.run(40_000);
  expect(carol.room.remoteParticipants.size).toBe(2);
  const at = call.clock.now();
  const { uplink, downlink } = call.sfu.participant('ada');
  uplink.set({ rate: 0 });
  downlink.set({ rate: 0 });
  await call.until(() => left.length > 0, 20_000);
  expect(left[0]?.identity).toBe('ada');
  expect((left[0]?.at ?? Number.NaN) - at).toBeGreaterThan(14_900);
  expect((left[0]?.at ?? Number.NaN) - at).toBeLessThan(15_200);
  expect(reasonsOf(call)).toEqual(['ada: timed-out']);
  await call.clock.run(40_000);
  expect([...bob.room.remoteParticipants.values()].map(({ identity }) => identity)).toEqual(['carol']);
});

test('row 13: how long is an option, and nonsense is an error', async () => {
  const { call, left } = await runningCall({ idleTimeout: 6000 });
  const at = call.clock.now();
  call.sfu.participant('ada').uplink.set({ rate: 0 });
  await call.until(() => left.length > 0, 10_000);
  expect((left[0]?.at ?? Number.NaN) - at).toBeLessThan(6200);
  for (const idleTimeout of [0, -1, Number.NaN]) expect(() => new SimulatedSfu({ idleTimeout })).toThrow(ArgumentError);
});

test('row 32: one participant too many is refused with a typed error, and may come when another has left', async () => {
  const { call, bob } = await runningCall({ maxParticipants: 2 });
  const carol = call.participant('carol');
  const refused = call.settle(carol.room.connect(call.sfu.transport({ identity: 'carol' })));
  await expect(refused).rejects.toMatchObject({
    code: 'connection',
    reason: 'refused',
  } satisfies Partial<ConnectionError>);
  await expect(refused).rejects.toThrow(/room-full.*2 participants/);
  expect(carol.room.state).toBe('disconnected');
  bob.room.disconnect();
  await call.clock.run(100);
  await call.settle(carol.room.connect(call.sfu.transport({ identity: 'carol' })));
  await call.until(() => carol.shown.length > 0, 2000);
});

test('row 32: one track too many is refused with a typed error, and the others go on', async () => {
  const { call, ada, bob } = await runningCall({ maxTracksPerParticipant: 1 });
  const second = call.settle(ada.room.localParticipant.publishTrack(call.camera()));
  await expect(second).rejects.toMatchObject({ code: 'publish', reason: 'refused' } satisfies Partial<PublishError>);
  await expect(second).rejects.toThrow(/too-many-tracks/);
  const { length } = bob.shown;
  await call.clock.run(1000);
  expect(bob.shown.length).toBeGreaterThan(length + 20);
  expect(ada.room.localParticipant.trackPublications.size).toBe(1);
});

test('row 32: an encoding too many, or a message too long, is refused with a typed error, and the others go on', async () => {
  const { call, ada, bob } = await runningCall({ maxEncodingsPerTrack: 3, maxMessageLength: 20_000 });
  const { localParticipant } = ada.room;
  const encodings = Array.from({ length: 4 }, (_, i) => ({
    rid: `e${i}`,
    maxBitrate: 100_000 * (i + 1),
    scaleResolutionDownBy: 2 ** (3 - i),
  }));
  const fourth = call.settle(localParticipant.publishTrack(call.camera(), { encodings }));
  await expect(fourth).rejects.toMatchObject({ code: 'publish', reason: 'refused' } satisfies Partial<PublishError>);
  await expect(fourth).rejects.toThrow(/too-many-encodings.*3 encodings/);
  const long = call.settle(localParticipant.publishData(new Uint8Array(20_000), { reliable: true }));
  await expect(long).rejects.toMatchObject({ code: 'data', reason: 'refused' } satisfies Partial<DataError>);
  await expect(long).rejects.toThrow(/malformed-message.*at most 20000/);
  const { length } = bob.shown;
  await call.clock.run(1000);
  expect(bob.shown.length).toBeGreaterThan(length + 20);
});

test('row 32: who comes again under the same name takes over; the end of the old connection changes nothing', async () => {
  const { call, ada, bob } = await runningCall();
  const reasons: string[] = [];
  ada.room.on('disconnected', ({ reason }) => reasons.push(reason));
  const old = call.sfu.participant('ada');
  const again = await call.join('ada');
  await call.settle(again.room.localParticipant.publishTrack(call.camera()));
  await call.clock.run(100);
  expect(reasons).toEqual(['duplicate-identity']);
  // Whatever order they end in, however often.
  old.disconnect('late');
  ada.room.disconnect();
  old.disconnect('later still');
  const { length } = bob.shown;
  await call.clock.run(1000);
  expect(bob.shown.length).toBeGreaterThan(length + 20);
  expect(call.sfu.identities.sort()).toEqual(['ada', 'bob']);
  expect(reasonsOf(call)).toEqual(['ada: duplicate-identity']);
});
