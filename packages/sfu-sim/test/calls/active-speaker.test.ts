// Who speaks, in whole calls.

import { syntheticMicrophone } from '@sluice/sfu-sim/bench';
import { expect, it } from 'vitest';
import { VirtualCall, type VirtualParticipant } from './virtual-call.ts';

const NOISE = 0.001;
const SPEECH = 0.25;

/** What a participant was told, e.g. `['ada', '', 'bob']`, repetitions left out. */
function watchSpeakers({ room }: VirtualParticipant): string[] {
  const told: string[] = [];
  room.on('activeSpeakersChanged', ({ speakers }) => {
    const names = speakers.map(({ identity }) => identity).join();
    if (told.at(-1) !== names) told.push(names);
  });
  return told;
}

async function conversation() {
  const call = new VirtualCall();
  const ada = call.participant('ada');
  const transport = call.sfu.transport({ identity: 'ada' });
  const messages: string[] = [];
  const open = transport.open.bind(transport);
  transport.open = (handlers) =>
    open({
      ...handlers,
      onMessage(message) {
        messages.push(message);
        handlers.onMessage(message);
      },
    });
  await call.settle(ada.room.connect(transport));
  const bob = await call.join('bob');
  const microphone = () => syntheticMicrophone({ clock: call.clock, level: NOISE });
  const microphones = { ada: microphone(), bob: microphone() };
  const told = { ada: watchSpeakers(ada), bob: watchSpeakers(bob) };
  const publication = await call.settle(ada.room.localParticipant.publishTrack(microphones.ada));
  await call.settle(bob.room.localParticipant.publishTrack(microphones.bob));
  await call.clock.run(2000);
  return { call, ada, bob, microphones, told, publication, messages };
}

it('row 33: everybody hears who speaks, but nobody of themselves', async () => {
  const { call, ada, bob, microphones, told, messages } = await conversation();
  expect(told).toEqual({ ada: [], bob: [] });
  microphones.ada.level = SPEECH;
  await call.clock.run(1000);
  const [heard] = [...bob.room.remoteParticipants.values()];
  expect(heard?.isSpeaking).toBe(true);
  // The amplitude of a triangle wave over √3.
  expect(heard?.audioLevel).toBeCloseTo(SPEECH / Math.sqrt(3), 1);
  microphones.ada.level = NOISE;
  await call.clock.run(1000);
  expect(heard?.isSpeaking).toBe(false);
  expect(heard?.audioLevel).toBe(0);
  microphones.bob.level = SPEECH;
  await call.clock.run(1000);
  expect(told).toEqual({ ada: ['', 'bob'], bob: ['ada', ''] });
  const floor = call.trace.events.filter(({ type }) => type === 'dominant-speaker');
  expect(floor).toMatchObject([{ participant: 'ada' }, { participant: 'bob', previous: 'ada' }]);
  // Not only does the client pass over itself: it is not told.
  const own = ada.room.localParticipant.participantId;
  const speakers = messages.filter((message) => JSON.parse(message).type === 'speakers-changed');
  expect(speakers.length).toBeGreaterThan(3);
  expect(speakers.filter((message) => message.includes(own))).toEqual([]);
  ada.room.disconnect();
  bob.room.disconnect();
});

it('row 33: who is muted does not speak', async () => {
  const { call, bob, microphones, publication } = await conversation();
  microphones.ada.level = SPEECH;
  await call.clock.run(1000);
  const [heard] = [...bob.room.remoteParticipants.values()];
  expect(heard?.isSpeaking).toBe(true);
  await call.settle(publication.mute());
  await call.clock.run(1000);
  expect(heard?.isSpeaking).toBe(false);
});
