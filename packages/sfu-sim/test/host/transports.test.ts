// The transports of this package on the conformance suite, and what only the port's can get wrong.

import { seededRandom, systemClock } from '@sluice/rtp';
import { createEmulatedTransport, PORT_CLOSED, PortTransport } from '@sluice/sfu-sim';
import { expect, test } from 'vitest';
import { packetsOf, RecordingHandler } from './recording-handler.ts';
import { testTransport } from './transport-conformance.ts';

testTransport('emulated links', {
  async connect() {
    const { client, sfu } = createEmulatedTransport({ clock: systemClock, random: seededRandom(1), name: 'ada' });
    return { here: client, there: sfu };
  },
});

testTransport('MessagePort', {
  async connect() {
    const { port1, port2 } = new MessageChannel();
    return { here: new PortTransport(port1, systemClock), there: new PortTransport(port2, systemClock) };
  },
});

test('a port whose other end is gone without a word counts as closed', async () => {
  const { port1, port2 } = new MessageChannel();
  const transport = new PortTransport(port1, systemClock);
  const handler = new RecordingHandler();
  transport.open(handler);
  port2.close();
  await handler.until(() => handler.closed !== undefined);
  expect(handler.log).toEqual([`close ${PORT_CLOSED}`]);
});

test('posts that are not of the protocol are counted and dropped', async () => {
  const { port1, port2 } = new MessageChannel();
  const transport = new PortTransport(port1, systemClock);
  const handler = new RecordingHandler();
  transport.open(handler);
  const bytes = new ArrayBuffer(4);
  const bad: unknown[] = [
    undefined,
    null,
    7,
    'message',
    {},
    { type: 'message', text: 'no time' },
    { type: 'message', at: 1, text: 7 },
    { type: 'close', at: 1 },
    { type: 'unheard-of', at: 1 },
    { type: 'packets', at: 1, bytes: 'four', sizes: [4], left: [1] },
    { type: 'packets', at: 1, bytes, sizes: [5], left: [1] },
    { type: 'packets', at: 1, bytes, sizes: [-1, 5], left: [1, 1] },
    { type: 'packets', at: 1, bytes, sizes: [4], left: [] },
    { type: 'packets', at: 1, bytes, sizes: [4], left: [Number.NaN] },
    { type: 'packets', at: Number.POSITIVE_INFINITY, bytes, sizes: [4], left: [1] },
  ];
  for (const post of bad) port2.postMessage(post);
  port2.postMessage({ type: 'message', at: 1, text: 'still here' });
  await handler.until(() => handler.messages.length > 0);
  expect(transport.malformedPosts).toBe(bad.length);
  expect(handler.log).toEqual(['message still here']);
  expect(handler.packets).toEqual([]);
  transport.close('test-over');
});

test('the packets of one turn go in one post, in their order with messages', async () => {
  const { port1, port2 } = new MessageChannel();
  const posts: unknown[] = [];
  const counted = {
    postMessage: (post: unknown, transfer: ArrayBuffer[]) => {
      posts.push(post);
      port1.postMessage(post, transfer);
    },
    addEventListener: port1.addEventListener.bind(port1),
    start: () => port1.start(),
    close: () => port1.close(),
  };
  const here = new PortTransport(counted, systemClock);
  const there = new PortTransport(port2, systemClock);
  const order: string[] = [];
  const handler = new RecordingHandler();
  there.open({
    onPacket: (packet, arrival) => {
      order.push(`packet ${packet[0]}`);
      handler.onPacket(packet, arrival);
    },
    onMessage: (message) => {
      order.push(message);
      handler.onMessage(message);
    },
    onClose: () => {},
  });
  for (let n = 0; n < 32; n++) here.sendPacket(Uint8Array.of(n));
  here.sendMessage('after 32');
  here.sendPacket(Uint8Array.of(99));
  await handler.until(() => handler.packets.length === 33);
  expect(posts).toHaveLength(3);
  expect(order.slice(31)).toEqual(['packet 31', 'after 32', 'packet 99']);
  expect(packetsOf(handler).at(-1)).toEqual([99]);
  here.close('test-over');
});

test('a time of the other realm’s clock becomes one of the owner’s, to within the quickest post', async () => {
  const { port1, port2 } = new MessageChannel();
  const ahead = { ...systemClock, now: () => systemClock.now() + 1e6 };
  const here = new PortTransport(port1, ahead);
  const there = new PortTransport(port2, systemClock);
  const handler = new RecordingHandler();
  there.open(handler);
  for (let n = 0; n < 20; n++) {
    here.sendMessage('a post to measure by');
    await handler.until(() => handler.messages.length > n);
  }
  const left = systemClock.now() - 50;
  here.sendPacket(Uint8Array.of(1), left + 1e6);
  await handler.until(() => handler.packets.length > 0);
  const { arrival = Number.NaN } = handler.packets[0] ?? {};
  expect(arrival).toBeGreaterThanOrEqual(left);
  // Not when it was handed over, which is at least 50 ms later.
  expect(arrival).toBeLessThan(left + 49);
  here.close('test-over');
});
