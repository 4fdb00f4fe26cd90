import { expect, test } from 'vitest';
import { TransportInbox } from '../../src/transport-inbox.ts';

function recorder() {
  const heard: string[] = [];
  return {
    heard,
    onPacket: (packet: Uint8Array) => heard.push(`packet ${packet[0]}`),
    onMessage: (message: string) => heard.push(message),
    onClose: (reason: string) => heard.push(`close ${reason}`),
  };
}

test('of the packets that come before the owner listens a bounded number is kept, and every message', () => {
  const inbox = new TransportInbox();
  for (let n = 0; n < 5000; n++) inbox.onPacket(Uint8Array.of(n & 0xff), n);
  for (let n = 0; n < 5000; n++) inbox.onMessage(`${n}`);
  const owner = recorder();
  inbox.open(owner);
  expect(owner.heard.filter((what) => what.startsWith('packet'))).toHaveLength(1024);
  expect(owner.heard).toHaveLength(1024 + 5000);
});

test('what arrives while early arrivals are handed over comes after them', () => {
  const inbox = new TransportInbox();
  inbox.onMessage('one');
  inbox.onMessage('two');
  const owner = recorder();
  inbox.open({
    ...owner,
    onMessage: (message) => {
      owner.onMessage(message);
      if (message === 'one') inbox.onMessage('three');
    },
  });
  inbox.onMessage('four');
  inbox.onClose('the end');
  inbox.onMessage('too late');
  expect(owner.heard).toEqual(['one', 'two', 'three', 'four', 'close the end']);
});
