// The server on the conformance suites, and what only a server can get wrong.

import { ConnectionError, Room, webSocketTransport } from '@sluice/client';
import { ArgumentError, SocketTransport, seededRandom, systemClock, type TransportSocket } from '@sluice/rtp';
import { createJoinToken, SfuServer, type SfuServerOptions } from '@sluice/sfu-node';
import { syntheticCodecs } from '@sluice/sfu-sim/bench';
import { SignJWT } from 'jose';
import { afterEach, expect, test } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { testHost } from '../../sfu-sim/test/host/host-conformance.ts';
import { RecordingHandler } from '../../sfu-sim/test/host/recording-handler.ts';
import { testTransport } from '../../sfu-sim/test/host/transport-conformance.ts';
import { parsePrometheus } from '../../sfu-sim/test/observe/prometheus.ts';

const SECRET = 'a secret of no less than thirty-two bytes';

const Socket = WebSocket as unknown as new (url: string, protocols: string[]) => TransportSocket;

const cleanUp: (() => unknown)[] = [];

afterEach(async () => {
  for (const release of cleanUp.splice(0).reverse()) await release();
});

async function startServer(options: Partial<SfuServerOptions> = {}) {
  const server = new SfuServer({ secret: SECRET, ...options });
  const { port } = await server.listen({ port: 0 });
  cleanUp.push(() => server.close());
  const transport = (token?: string) =>
    webSocketTransport(`ws://127.0.0.1:${port}`, { WebSocket: Socket, ...(token !== undefined && { token }) });
  return {
    server,
    transport,
    get: (path: string) => fetch(`http://127.0.0.1:${port}${path}`),
    /** A path for somebody who may come in. */
    invited: async (identity: string, room = 'main') => transport(await createJoinToken(SECRET, { identity, room })),
  };
}

function createRoom(): Room {
  const random = seededRandom(1);
  const room = new Room({ random, codecs: syntheticCodecs({ clock: systemClock, random }) });
  cleanUp.push(() => room.disconnect());
  return room;
}

/** Why a room comes to its end. */
function endOf(room: Room): Promise<string> {
  return new Promise((resolve) => room.on('disconnected', ({ reason }) => resolve(reason)));
}

let listening: WebSocketServer | undefined;

testTransport('WebSocket', {
  async connect() {
    listening ??= new WebSocketServer({ port: 0, host: '127.0.0.1' });
    const server = listening;
    if (server.address() === null) await new Promise((resolve) => server.once('listening', resolve));
    const accepted = new Promise<WebSocket>((resolve) => server.once('connection', resolve));
    const socket = new WebSocket(`ws://127.0.0.1:${(server.address() as { port: number }).port}`);
    const opened = new Promise((resolve) => socket.once('open', resolve));
    // Both ends listen before anything can arrive.
    const here = new SocketTransport(socket as unknown as TransportSocket, systemClock);
    const there = new SocketTransport((await accepted) as unknown as TransportSocket, systemClock);
    await opened;
    return { here, there };
  },
  async release() {
    const server = listening;
    listening = undefined;
    if (server === undefined) return;
    for (const socket of server.clients) socket.terminate();
    await new Promise((resolve) => server.close(resolve));
  },
});

testHost('server over WebSocket', async () => {
  const { server, invited } = await startServer({ sfu: { duplicateIdentity: 'reject' } });
  return {
    transport: (identity) => invited(identity),
    stats: async (identity) => server.participant('main', identity).stats(),
    disconnect: async (identity, reason) => server.participant('main', identity).disconnect(reason),
    close: (reason) => server.close(reason),
  };
});

test('rooms of different names do not see each other; who one is, the token says and not the client', async () => {
  const { server, invited } = await startServer();
  const [ada, bob, carol] = [createRoom(), createRoom(), createRoom()];
  await ada.connect(await invited('ada', 'red'));
  await bob.connect(await invited('bob', 'red'), { identity: 'somebody else' });
  await carol.connect(await invited('carol', 'blue'));
  const others = (room: Room) => [...room.remoteParticipants.values()].map(({ identity }) => identity);
  expect(bob.localParticipant.identity).toBe('bob');
  expect(others(bob)).toEqual(['ada']);
  expect(others(carol)).toEqual([]);
  expect(server.rooms).toEqual(['red', 'blue']);
  expect(() => server.participant('blue', 'ada')).toThrow(ArgumentError);
});

test('without a token that is signed, in time and complete nobody comes in, and everybody hears why', async () => {
  const { transport, get } = await startServer();
  const key = new TextEncoder().encode(SECRET);
  const claims = () => new SignJWT({ room: 'main' }).setProtectedHeader({ alg: 'HS256' }).setSubject('eve');
  const bad = [
    undefined,
    await createJoinToken('another secret, as long as the right one', { identity: 'eve', room: 'main' }),
    await claims().setExpirationTime('-1 s').sign(key),
    await claims().sign(key),
    await new SignJWT({}).setProtectedHeader({ alg: 'HS256' }).setSubject('eve').setExpirationTime('1 h').sign(key),
    `${btoa('{"alg":"none"}').replaceAll('=', '')}.${btoa('{"sub":"eve","room":"main"}').replaceAll('=', '')}.x`,
  ];
  for (const token of bad) {
    const room = createRoom();
    const end = endOf(room);
    const error = await room.connect(transport(token)).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ConnectionError);
    expect(error).toMatchObject({ reason: 'closed' });
    expect(await end).toBe('invalid-token');
  }
  const metrics = parsePrometheus(await (await get('/metrics')).text());
  expect(metrics.get('sluice_connections_refused_total')?.samples).toEqual([
    { labels: { reason: 'invalid-token' }, value: bad.length },
  ]);
});

test('health and metrics tell of the server and of each room', async () => {
  const { get, invited } = await startServer();
  for (const [identity, name] of [
    ['ada', 'red'],
    ['bob', 'red'],
    ['carol', 'blue'],
  ] as const) {
    await createRoom().connect(await invited(identity, name));
  }
  const health = await get('/healthz');
  expect([health.status, await health.text()]).toEqual([200, 'ok\n']);
  const metrics = await get('/metrics');
  expect(metrics.headers.get('content-type')).toBe('text/plain; version=0.0.4');
  const families = parsePrometheus(await metrics.text());
  expect(families.get('sluice_rooms')?.samples[0]?.value).toBe(2);
  expect(families.get('sluice_connections')?.samples[0]?.value).toBe(3);
  expect(families.get('sluice_participants')?.samples).toEqual([
    { labels: { room: 'red' }, value: 2 },
    { labels: { room: 'blue' }, value: 1 },
  ]);
  expect((await get('/anything')).status).toBe(404);
});

test('a flood of messages ends the connection, a message too large as well; packets beyond the limits are dropped', async () => {
  const limits = { messages: { rate: 1, burst: 5 }, packets: { rate: 1, burst: 3 }, packetSize: 100 };
  const { invited, get } = await startServer({ limits, maxMessageSize: 2000 });
  const flooding = new RecordingHandler();
  const flood = await invited('flood');
  flood.open(flooding);
  for (let n = 0; n < 20; n++) flood.sendMessage('{"type":"ping"}');
  await flooding.until(() => flooding.closed !== undefined);
  expect(flooding.closed).toBe('rate-limited');

  const long = new RecordingHandler();
  const verbose = await invited('verbose');
  verbose.open(long);
  verbose.sendMessage('x'.repeat(3000));
  await long.until(() => long.closed !== undefined);
  expect(long.closed).toBe('message-too-large');

  const handler = new RecordingHandler();
  const packets = await invited('packets');
  packets.open(handler);
  packets.sendMessage('nonsense');
  await handler.until(() => handler.messages.length > 0);
  packets.sendPacket(new Uint8Array(101));
  for (let n = 0; n < 5; n++) packets.sendPacket(new Uint8Array(100));
  packets.sendMessage('nonsense');
  await handler.until(() => handler.messages.length > 1);
  const families = parsePrometheus(await (await get('/metrics')).text());
  expect(families.get('sluice_received_packets_dropped_total')?.samples).toEqual([
    { labels: { reason: 'size' }, value: 1 },
    { labels: { reason: 'rate' }, value: 2 },
  ]);
  packets.close('test-over');
});

test('a room beyond the bound is refused; one that is empty makes place for another', async () => {
  const { server, invited } = await startServer({ maxRooms: 1 });
  const ada = createRoom();
  await ada.connect(await invited('ada', 'red'));
  const bob = createRoom();
  const end = endOf(bob);
  await expect(bob.connect(await invited('bob', 'blue'))).rejects.toMatchObject({ reason: 'closed' });
  expect(await end).toBe('too-many-rooms');

  const red = server.participant('red', 'ada');
  expect(red.stats().identity).toBe('ada');
  const gone = new RecordingHandler();
  const watching = await invited('watcher', 'red');
  watching.open(gone);
  watching.close('enough');
  ada.disconnect();
  const carol = createRoom();
  // The server hears of the end a moment later: until then it refuses.
  while (carol.state === 'disconnected') await carol.connect(await invited('carol', 'blue')).catch(() => {});
  expect(server.rooms).toEqual(['blue']);
});

test('a shutdown tells everybody why and lets them take leave; who does not is cut off', async () => {
  const { server, invited, get } = await startServer({ closeTimeout: 50 });
  const ada = createRoom();
  await ada.connect(await invited('ada'));
  const end = endOf(ada);
  const token = await createJoinToken(SECRET, { identity: 'stuck', room: 'main' });
  const { port } = new URL((await get('/healthz')).url);
  const stuck = new WebSocket(`ws://127.0.0.1:${port}`, ['sluice', `token.${token}`]);
  await new Promise((resolve) => stuck.once('open', resolve));
  stuck.pause();
  const closing = server.close('maintenance');
  expect((await get('/healthz')).status).toBe(503);
  expect(await end).toBe('maintenance');
  await closing;
  await expect(get('/healthz')).rejects.toThrow();
  stuck.terminate();
});

test('impossible settings are errors before anybody comes', async () => {
  expect(() => new SfuServer({ secret: 'short' })).toThrow(ArgumentError);
  expect(() => new SfuServer({ secret: SECRET, maxRooms: 0 })).toThrow(ArgumentError);
  expect(() => new SfuServer({ secret: SECRET, limits: { packets: { rate: 0, burst: 1 } } })).toThrow(ArgumentError);
  expect(() => new SfuServer({ secret: SECRET, sfu: { idleTimeout: 0 } })).toThrow(ArgumentError);
  await expect(createJoinToken(SECRET, { identity: '', room: 'main' })).rejects.toBeInstanceOf(ArgumentError);
  await expect(createJoinToken('short', { identity: 'ada', room: 'main' })).rejects.toBeInstanceOf(ArgumentError);
  expect(() => webSocketTransport('nowhere', { WebSocket: Socket })).toThrow(ArgumentError);
  expect(() => webSocketTransport('ws://127.0.0.1', { WebSocket: Socket, token: 'not a token' })).toThrow(
    ArgumentError,
  );
});
