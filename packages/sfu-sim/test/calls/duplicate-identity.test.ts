// Two participants of one identity, in whole calls.

import { expect, it } from 'vitest';
import { VirtualCall } from './virtual-call.ts';

it('row 32: the second of one identity takes over, and the teardown of the first changes nothing', async () => {
  const call = new VirtualCall();
  const bob = await call.join('bob');
  const first = await call.join('ada');
  const left: string[] = [];
  first.room.on('disconnected', ({ reason }) => left.push(reason));
  const second = await call.join('ada');
  await call.clock.run(500);
  expect(left).toEqual(['duplicate-identity']);
  first.room.disconnect();
  await call.clock.run(500);
  expect([...bob.room.remoteParticipants.values()].map(({ participantId }) => participantId)).toEqual([
    second.room.localParticipant.participantId,
  ]);
  expect(second.room.state).toBe('connected');
});

it('row 32: with `reject`, the second of one identity is refused and the first stays', async () => {
  const call = new VirtualCall({ duplicateIdentity: 'reject' });
  const first = await call.join('ada');
  await expect(call.join('ada')).rejects.toMatchObject({ reason: 'refused', cause: { reason: 'identity-in-use' } });
  await call.clock.run(500);
  expect(first.room.state).toBe('connected');
});
