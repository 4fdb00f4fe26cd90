// Behaviour 35 in whole calls: the participants of one SFU in the room of another.

import { type CascadeLinkOptions, SimulatedSfu, type SimulatedSfuOptions } from '@sluice/sfu-sim';
import { expect, test } from 'vitest';
import { VirtualCall, type VirtualParticipant, videoPublication, videoTrack } from './virtual-call.ts';

const PATH = { delay: 20 };

/** Ada is on air at the near SFU, whose participants are brought to the far one. */
async function cascaded(link: CascadeLinkOptions = {}, keyframeInterval = 2000, options: SimulatedSfuOptions = {}) {
  const near = new VirtualCall({ seed: 7, ...options });
  const farSfu = new SimulatedSfu({ seed: 8, clock: near.clock, tracer: near.trace.record });
  const cascade = farSfu.cascade(near.sfu, { uplink: PATH, downlink: PATH, ...link });
  const ada = await near.join('ada', { uplink: PATH });
  const microphone = await near.settle(ada.room.localParticipant.publishTrack(near.microphone()));
  const camera = await near.settle(ada.room.localParticipant.publishTrack(near.camera(), { keyframeInterval }));
  await near.clock.run(2000);
  const joinFar = async (name: string, downlink = {}): Promise<VirtualParticipant> => {
    const participant = near.participant(name);
    await near.settle(participant.room.connect(farSfu.transport({ identity: name, downlink })));
    return participant;
  };
  /** What the near SFU sends to the far one. */
  const crossed = () => near.sfu.participant(cascade.identity).stats().consumers;
  return { near, farSfu, cascade, ada, camera, microphone, joinFar, crossed, clock: near.clock };
}

const bytesOf = (consumers: readonly { bytesSent: number }[]) =>
  consumers.reduce((sum, { bytesSent }) => sum + bytesSent, 0);

const isSorted = (numbers: readonly number[]) =>
  numbers.every((number, i) => i === 0 || number > (numbers[i - 1] ?? 0));

function wasWhole({ shown, errors }: VirtualParticipant): void {
  expect(errors).toEqual([]);
  expect(shown.every(({ corrupt }) => !corrupt)).toBe(true);
  expect(isSorted(shown.map(({ frameNumber }) => frameNumber))).toBe(true);
}

test('row 35: a participant of the other SFU is seen and heard, whole and in order', async () => {
  const { clock, joinFar, near } = await cascaded();
  const bob = await joinFar('bob');
  expect([...bob.room.remoteParticipants.values()].map(({ identity }) => identity)).toEqual(['ada']);
  await clock.run(10_000);
  expect(videoPublication(bob.room).layers.rid).toBe('f');
  expect(bob.shown.length).toBeGreaterThan(280);
  expect(bob.heard.length).toBeGreaterThan(480);
  wasWhole(bob);
  // Nobody at the near SFU sees the far one, and it is nobody's guest.
  expect(near.sfu.identities).toEqual(['ada']);
});

test('row 35: nobody watches: nothing crosses; one or ten watch: one copy crosses', async () => {
  const { clock, joinFar, crossed } = await cascaded();
  await clock.run(2000);
  expect(bytesOf(crossed())).toBe(0);
  await joinFar('viewer-0');
  await clock.run(6000);
  const first = bytesOf(crossed());
  await clock.run(6000);
  const one = bytesOf(crossed()) - first;
  const viewers = [];
  for (let i = 1; i < 10; i++) viewers.push(await joinFar(`viewer-${i}`));
  await clock.run(1000);
  const second = bytesOf(crossed());
  await clock.run(6000);
  const ten = bytesOf(crossed()) - second;
  console.log(`over the cascade in 6 s: ${one} bytes for one viewer, ${ten} for ten`);
  expect(one).toBeGreaterThan(100_000);
  expect(Math.abs(ten / one - 1)).toBeLessThan(0.1);
  for (const viewer of viewers) {
    expect(viewer.shown.length).toBeGreaterThan(180);
    wasWhole(viewer);
  }
});

test('row 35: viewers of different downlinks get different layers of the same copies', async () => {
  const { clock, joinFar } = await cascaded();
  const rich = await joinFar('rich', { rate: 5e6, ...PATH });
  const poor = await joinFar('poor', { rate: 300_000, ...PATH });
  await clock.run(10_000);
  expect([rich, poor].map(({ room }) => videoPublication(room).layers.rid)).toEqual(['f', 'q']);
  for (const viewer of [rich, poor]) wasWhole(viewer);
});

test('row 35: layers that nobody has a use for stop crossing after five seconds', async () => {
  const { clock, joinFar, crossed } = await cascaded();
  const bob = await joinFar('bob');
  await clock.run(3000);
  await Promise.all([videoPublication(bob.room).setPreferredLayers({ rid: 'q' }), clock.run(100)]);
  await clock.run(6000);
  const [before] = [crossed()];
  await clock.run(2000);
  const sent = crossed().map(({ packetsSent }, i) => packetsSent - (before[i]?.packetsSent ?? 0));
  // Audio, q, and neither h nor f.
  expect(sent.map((packets) => packets > 0)).toEqual([true, true, false, false]);
  bob.room.disconnect();
  await clock.run(6000);
  const last = bytesOf(crossed());
  await clock.run(2000);
  expect(bytesOf(crossed())).toBe(last);
});

test('row 35: who comes late is replayed from the far cache: the publisher is asked for no key frame', async () => {
  const { clock, joinFar, near, ada } = await cascaded({}, 4000);
  await joinFar('first');
  await clock.run(5000);
  const asked = () =>
    near.sfu
      .participant('ada')
      .stats()
      .producers.flatMap(({ layers }) => layers)
      .reduce((sum, { keyFramesRequested }) => sum + keyFramesRequested, 0);
  const before = asked();
  const late = await joinFar('late', PATH);
  await clock.run(300);
  expect(videoTrack(late.room).stats.timeToFirstFrame).toBeLessThan(200);
  expect(asked()).toBe(before);
  wasWhole(late);
  expect(ada.errors).toEqual([]);
});

test('row 35: requests of eight viewers at once make one key frame', async () => {
  const { clock, near, farSfu, joinFar, camera } = await cascaded({}, Number.POSITIVE_INFINITY);
  await joinFar('first');
  await clock.run(6000);
  const made = () => camera.stats.reduce((sum, { keyFramesEncoded }) => sum + keyFramesEncoded, 0);
  const before = made();
  const viewers = Array.from({ length: 8 }, (_, i) => near.participant(`viewer-${i}`));
  const transports = viewers.map((_, i) => farSfu.transport({ identity: `viewer-${i}`, keyframeCache: false }));
  await Promise.all([...viewers.map(({ room }, i) => room.connect(transports[i]!)), clock.run(900)]);
  expect(viewers.every(({ shown }) => shown.length > 0)).toBe(true);
  expect(made() - before).toBe(1);
});

test('row 35: 5 % loss between the SFUs is repaired there', async () => {
  const { clock, joinFar, cascade, crossed } = await cascaded({ downlink: { delay: 20, loss: 0.05 } });
  const bob = await joinFar('bob');
  await clock.run(5000);
  const { length } = bob.shown;
  await clock.run(10_000);
  const { dropped } = cascade.downlink.stats;
  expect(dropped.loss.packets).toBeGreaterThan(50);
  expect(bob.shown.length - length).toBeGreaterThan(270);
  const again = crossed().reduce((sum, { packetsRetransmitted }) => sum + packetsRetransmitted, 0);
  expect(again).toBeGreaterThan(50);
  // But for those that are being sent again just now.
  expect(videoTrack(bob.room).stats.packetsLost).toBeLessThan(20);
  wasWhole(bob);
});

test('row 35: a thin path between the SFUs carries the lower layers, and all of them when it is wide again', async () => {
  const { clock, joinFar, cascade } = await cascaded({ downlink: { rate: 1_000_000, delay: 20 } });
  const bob = await joinFar('bob');
  await clock.run(15_000);
  expect(['q', 'h']).toContain(videoPublication(bob.room).layers.rid);
  const { length } = bob.shown;
  await clock.run(5000);
  expect(bob.shown.length - length).toBeGreaterThan(60);
  cascade.downlink.set({ rate: 8e6 });
  await clock.run(15_000);
  expect(videoPublication(bob.room).layers.rid).toBe('f');
  wasWhole(bob);
});

test('row 35: mute, unpublish, leave and the end of the cascade are told, and the near side notices nothing', async () => {
  const { near, farSfu, clock, ada, camera, cascade, joinFar } = await cascaded();
  const told: string[] = [];
  const bob = await joinFar('bob');
  const carla = await near.join('carla');
  await clock.run(200);
  bob.room.on('trackMuted', ({ publication }) => told.push(`muted ${publication.kind}`));
  bob.room.on('trackUnmuted', ({ publication }) => told.push(`unmuted ${publication.kind}`));
  bob.room.on('trackUnpublished', ({ publication }) => told.push(`unpublished ${publication.kind}`));
  bob.room.on('participantConnected', ({ participant }) => told.push(`${participant.identity} came`));
  bob.room.on('participantDisconnected', ({ participant, reason }) =>
    told.push(`${participant.identity} went: ${reason}`),
  );
  await clock.run(2000);
  await near.settle(camera.mute());
  await near.settle(camera.unmute());
  await near.settle(ada.room.localParticipant.unpublishTrack(camera));
  await clock.run(200);
  const dora = await near.join('dora');
  await clock.run(200);
  dora.room.disconnect();
  await clock.run(200);
  const events = ['muted video', 'unmuted video', 'unpublished video', 'dora came', 'dora went: left'];
  expect(told).toEqual(events);
  told.length = 0;
  cascade.close();
  await clock.run(200);
  expect(told.toSorted()).toEqual(
    ['ada went: cascade-closed', 'carla went: cascade-closed', 'unpublished audio'].toSorted(),
  );
  expect(farSfu.identities).toEqual(['bob']);
  const { length } = carla.heard;
  await clock.run(1000);
  expect(carla.heard.length).toBeGreaterThan(length + 45);
  expect(near.sfu.identities).toEqual(['ada', 'carla']);
});

test('row 35: a track that goes just as it is asked for costs the cascade nothing else', async () => {
  const { near, farSfu, clock, ada, camera, joinFar } = await cascaded();
  const gone = ada.room.localParticipant.unpublishTrack(camera);
  const bob = await joinFar('bob');
  await near.settle(gone);
  await clock.run(500);
  expect(near.trace.ofType('message-refused').map(({ reason }) => reason)).toContain('unknown-track');
  expect(farSfu.identities).toEqual(['ada', 'bob']);
  const { length } = bob.heard;
  await clock.run(1000);
  expect(bob.heard.length).toBeGreaterThan(length + 45);
});

test('row 35: three SFUs in a full mesh: everybody sees everybody once', async () => {
  const first = new VirtualCall({ seed: 7 });
  const options = { clock: first.clock, tracer: first.trace.record };
  const sfus = [first.sfu, new SimulatedSfu({ seed: 8, ...options }), new SimulatedSfu({ seed: 9, ...options })];
  for (const to of sfus) for (const from of sfus) if (to !== from) to.cascade(from, { downlink: PATH, uplink: PATH });
  const people: VirtualParticipant[] = [];
  for (const [i, name] of ['ada', 'ben', 'cleo'].entries()) {
    const participant = first.participant(name);
    await first.settle(participant.room.connect(sfus[i]!.transport({ identity: name })));
    await first.settle(participant.room.localParticipant.publishTrack(first.camera()));
    people.push(participant);
  }
  await first.clock.run(5000);
  for (const { room, shown, errors } of people) {
    expect(room.remoteParticipants.size).toBe(2);
    expect(errors).toEqual([]);
    expect(shown.length).toBeGreaterThan(200);
  }
});

test('row 35: three SFUs in a ring, one way: nobody goes further than one SFU', async () => {
  const first = new VirtualCall({ seed: 7 });
  const sfus = [first.sfu, ...[8, 9].map((seed) => new SimulatedSfu({ clock: first.clock, seed }))];
  for (const [i, sfu] of sfus.entries()) sfu.cascade(sfus[(i + 1) % 3]!);
  for (const [i, sfu] of sfus.entries()) {
    await first.settle(first.participant(`person-${i}`).room.connect(sfu.transport({ identity: `person-${i}` })));
  }
  await first.clock.run(500);
  expect(sfus.map(({ identities }) => identities.toSorted())).toEqual([
    ['person-0', 'person-1'],
    ['person-1', 'person-2'],
    ['person-0', 'person-2'],
  ]);
});

test('rows 8, 35: who comes when nothing has crossed for a while is shown nothing old', async () => {
  const { near, clock, joinFar } = await cascaded();
  const bob = await joinFar('bob');
  await clock.run(3000);
  bob.room.disconnect();
  await clock.run(7500);
  const carla = await joinFar('carla');
  await near.until(() => carla.shown.length > 30, 5000);
  // What the near SFU replays is from its last key frame on, 2 s old at most; what the far one had is older.
  expect(Math.max(...carla.shown.map(({ delay }) => delay))).toBeLessThan(2200);
  wasWhole(carla);
});

test('row 35: a cascade that has nothing to do stays; and with dynacast nothing is made that nobody at either SFU watches', async () => {
  const { near, clock, joinFar, camera } = await cascaded({}, 2000, { dynacast: true });
  const active = () => camera.stats.map((layer) => layer.active);
  await clock.run(40_000);
  expect(active()).toEqual([false, false, false]);
  const bob = await joinFar('bob');
  await near.until(() => bob.shown.length > 0, 2000);
  await Promise.all([videoPublication(bob.room).setPreferredLayers({ rid: 'h' }), clock.run(12_000)]);
  expect(active()).toEqual([true, true, false]);
  wasWhole(bob);
});

test('row 35: the same seed gives the same call', async () => {
  const traceOf = async () => {
    const { near, clock, joinFar } = await cascaded({ downlink: { delay: 20, loss: 0.02 } });
    await joinFar('bob');
    await clock.run(2000);
    return near.trace.toJsonLines();
  };
  const first = await traceOf();
  expect((await traceOf()) === first).toBe(true);
});

test('row 35: of one identity at each SFU both stay', async () => {
  const { near, farSfu, clock, joinFar } = await cascaded();
  const there = await joinFar('eve');
  await near.join('eve');
  await clock.run(500);
  expect(farSfu.identities.toSorted()).toEqual(['ada', 'eve', 'eve']);
  expect(there.room.state).toBe('connected');
});

test('row 35: an SFU is in no cascade with itself, nor with one on another clock', () => {
  const { sfu } = new VirtualCall();
  expect(() => sfu.cascade(sfu)).toThrow(/itself/);
  expect(() => sfu.cascade(new SimulatedSfu())).toThrow(/clock/);
});
