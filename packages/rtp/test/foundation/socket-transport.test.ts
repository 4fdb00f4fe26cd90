import fc from 'fast-check';
import { expect, test } from 'vitest';
import { SocketTransport, type TransportSocket } from '../../src/socket-transport.ts';

/** A socket whose every word is kept, and whose state the test sets. */
class FakeSocket implements TransportSocket {
  binaryType = 'blob';
  readyState = 1;
  bufferedAmount = 0;
  readonly sent: unknown[] = [];
  readonly closed: { code: number; reason: string }[] = [];
  readonly #listeners = new Map<string, (event: object) => void>();

  send(data: unknown): void {
    this.sent.push(data);
  }

  close(code: number, reason: string): void {
    this.closed.push({ code, reason });
  }

  addEventListener(type: string, listener: (event: object) => void): void {
    this.#listeners.set(type, listener);
  }

  emit(type: string, event: object = {}): void {
    this.#listeners.get(type)?.(event);
  }
}

function open(socket: FakeSocket) {
  const transport = new SocketTransport(socket, { now: () => 42, setTimeout: () => 0, clearTimeout: () => {} });
  const heard: string[] = [];
  transport.open({
    onPacket: (packet, arrival) => heard.push(`packet ${packet.join()} at ${arrival}`),
    onMessage: (message) => heard.push(message),
    onClose: (reason) => heard.push(`close ${reason}`),
  });
  return { transport, heard };
}

test('text is a message, bytes are a packet that arrives now, anything else is nothing', () => {
  const socket = new FakeSocket();
  const { heard } = open(socket);
  expect(socket.binaryType).toBe('arraybuffer');
  socket.emit('message', { data: 'hello' });
  socket.emit('message', { data: Uint8Array.of(1, 2).buffer });
  socket.emit('message', { data: 7 });
  expect(heard).toEqual(['hello', 'packet 1,2 at 42']);
});

test('messages wait for the connection, packets do not', () => {
  const socket = new FakeSocket();
  socket.readyState = 0;
  const { transport } = open(socket);
  transport.sendMessage('join');
  transport.sendPacket(Uint8Array.of(1));
  transport.sendMessage('and more');
  expect(socket.sent).toEqual([]);
  socket.readyState = 1;
  socket.emit('open');
  expect(socket.sent).toEqual(['join', 'and more']);
  expect(transport.packetsDropped).toBe(1);
});

test('while too much waits in the socket packets are dropped and counted, and messages go on', () => {
  const socket = new FakeSocket();
  const { transport } = open(socket);
  socket.bufferedAmount = 300_000;
  transport.sendPacket(Uint8Array.of(1));
  transport.sendMessage('still');
  socket.bufferedAmount = 1000;
  transport.sendPacket(Uint8Array.of(2));
  expect(socket.sent).toEqual(['still', Uint8Array.of(2)]);
  expect(transport.packetsDropped).toBe(1);
});

test('who does not take its messages is given up, and both sides hear why', () => {
  const socket = new FakeSocket();
  const { transport, heard } = open(socket);
  socket.bufferedAmount = 10_000_000;
  transport.sendMessage('once more');
  transport.sendMessage('and again');
  expect(socket.sent).toEqual([]);
  expect(socket.closed).toEqual([{ code: 1000, reason: 'too-slow' }]);
  expect(heard).toEqual(['close too-slow']);
});

test.each([
  [{ code: 1000, reason: 'left' }, 'left'],
  [{ code: 1000, reason: '' }, 'closed'],
  [{ code: 1001, reason: '' }, 'going-away'],
  [{ code: 1006, reason: '' }, 'connection-lost'],
  [{ code: 1009, reason: '' }, 'message-too-large'],
])('the end %o is told as %s', (event, reason) => {
  const socket = new FakeSocket();
  const { heard } = open(socket);
  socket.emit('error');
  socket.emit('close', event);
  expect(heard).toEqual([`close ${reason}`]);
});

test('a reason of any length and script fits into a close frame, and is cut between characters', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 200 }), (reason) => {
      const socket = new FakeSocket();
      open(socket).transport.close(reason);
      const told = socket.closed[0]!.reason;
      const utf8 = new TextEncoder().encode(told);
      const bytes = utf8.byteLength;
      expect(reason.startsWith(told)).toBe(true);
      expect(bytes).toBeLessThanOrEqual(123);
      expect(new TextDecoder('utf-8', { ignoreBOM: true }).decode(utf8)).toBe(told);
      if (told !== reason) expect(bytes).toBeGreaterThan(119);
    }),
  );
});
