// The SFU as a server: rooms by name behind WebSockets, `/healthz` and `/metrics`.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import {
  ArgumentError,
  type Bytes,
  MAX_MESSAGE_LENGTH,
  type Milliseconds,
  SOCKET_PROTOCOL,
  SOCKET_TOKEN_PREFIX,
  SocketTransport,
  systemClock,
  systemRandom,
  TokenBucket,
} from '@sluice/rtp';
import { CallMetrics, type SfuParticipant, SimulatedSfu, type SimulatedSfuOptions } from '@sluice/sfu-sim';
import { type WebSocket, WebSocketServer } from 'ws';
import { type JoinGrant, keyOf, readJoinToken } from './join-token.ts';
import { LimitedTransport, type TransportLimits } from './limited-transport.ts';
import { type RefusedConnection, ServerMetrics } from './server-metrics.ts';

/** What one participant may send, where nothing else is said. A signalling client says a few words a second. */
const DEFAULT_LIMITS: TransportLimits = {
  messages: { rate: 50, burst: 200 },
  packets: { rate: 5000, burst: 5000 },
  packetSize: 1500,
};

/** Settings of an `SfuServer`. */
export interface SfuServerOptions {
  /** What join tokens are signed with, 32 bytes or more: see `createJoinToken`. */
  readonly secret: string;
  /** Settings of every room's SFU. Default: as `SimulatedSfu`, with a seed that differs every time. */
  readonly sfu?: Omit<SimulatedSfuOptions, 'clock' | 'tracer' | 'capture'>;
  /** What one participant may send. Default 50 messages per second, 200 at once; 5000 packets per second, of 1500 bytes. */
  readonly limits?: Partial<TransportLimits>;
  /** Longer messages end the connection, with the reason `message-too-large`. Default 1 MiB. */
  readonly maxMessageSize?: Bytes;
  /** Rooms at once; who would open one more is refused with `too-many-rooms`. Default 1000. */
  readonly maxRooms?: number;
  /** How long `close` waits for clients to take leave. Default 5000 ms. */
  readonly closeTimeout?: Milliseconds;
}

/** Where to listen. */
export interface ListenOptions {
  /** Default 8080; 0 for a free one. */
  readonly port?: number;
  /** Default `127.0.0.1`: this machine alone, as there is no TLS. */
  readonly host?: string;
}

interface NamedRoom {
  readonly sfu: SimulatedSfu;
  readonly metrics: CallMetrics;
  readonly participants: Map<WebSocket, SfuParticipant>;
}

/**
 * An SFU that clients reach with `webSocketTransport`.
 *
 * @example
 * const server = new SfuServer({ secret });
 * const { port } = await server.listen({ port: 8080 });
 */
export class SfuServer {
  readonly #options: Required<Omit<SfuServerOptions, 'secret' | 'limits'>> & { readonly limits: TransportLimits };
  readonly #key: Uint8Array;
  readonly #http: Server;
  readonly #sockets: WebSocketServer;
  readonly #rooms = new Map<string, NamedRoom>();
  readonly #metrics = new ServerMetrics();
  readonly #random = systemRandom();
  #closing: Promise<void> | undefined;

  /** @throws ArgumentError for a secret of less than 32 bytes, or impossible settings */
  constructor(options: SfuServerOptions) {
    const { secret, sfu = {}, limits = {}, maxMessageSize = MAX_MESSAGE_LENGTH, maxRooms = 1000 } = options;
    const { closeTimeout = 5000 } = options;
    if (!(maxMessageSize > 0 && maxRooms > 0 && closeTimeout >= 0)) {
      throw new ArgumentError('maxMessageSize and maxRooms have to be above 0, closeTimeout 0 or more.');
    }
    this.#key = keyOf(secret);
    this.#options = { sfu, limits: { ...DEFAULT_LIMITS, ...limits }, maxMessageSize, maxRooms, closeTimeout };
    // Nobody should hear of impossible settings only when somebody comes.
    new SimulatedSfu(sfu).close();
    for (const limit of [this.#options.limits.messages, this.#options.limits.packets]) new TokenBucket(limit);
    this.#sockets = new WebSocketServer({
      noServer: true,
      maxPayload: maxMessageSize,
      handleProtocols: (protocols) => (protocols.has(SOCKET_PROTOCOL) ? SOCKET_PROTOCOL : false),
    });
    this.#http = createServer((request, response) => this.#onRequest(request, response));
    this.#http.on('upgrade', (request, socket, head) => {
      // A socket that fails before it is a WebSocket's is gone, and nobody's loss.
      socket.on('error', () => {});
      void this.#onUpgrade(request, socket, head);
    });
  }

  /**
   * Begins to listen. May be called once.
   *
   * @throws Error of Node's when the address is taken or not ours
   */
  async listen({ port = 8080, host = '127.0.0.1' }: ListenOptions = {}): Promise<AddressInfo> {
    await new Promise<void>((resolve, reject) => {
      this.#http.once('error', reject);
      this.#http.listen(port, host, () => {
        this.#http.off('error', reject);
        resolve();
      });
    });
    return this.#http.address() as AddressInfo;
  }

  /** The names of the rooms somebody is connected to. */
  get rooms(): string[] {
    return [...this.#rooms.keys()];
  }

  /**
   * The connected participant of that identity; the newest, should there be several.
   *
   * @throws ArgumentError when there is none
   */
  participant(room: string, identity: string): SfuParticipant {
    const participants = [...(this.#rooms.get(room)?.participants.values() ?? [])];
    const found = participants.findLast((participant) => participant.identity === identity);
    if (found === undefined)
      throw new ArgumentError(`No participant "${identity}" is connected to the room "${room}".`);
    return found;
  }

  /**
   * Lets nobody in any more, tells everybody why, and waits until they are gone; after `closeTimeout` they are cut off.
   * Idempotent.
   */
  close(reason = 'server-shutdown'): Promise<void> {
    this.#closing ??= this.#close(reason);
    return this.#closing;
  }

  async #close(reason: string): Promise<void> {
    const sockets = [...this.#sockets.clients];
    const gone = sockets.map((socket) => new Promise<void>((resolve) => socket.once('close', () => resolve())));
    for (const { sfu } of this.#rooms.values()) sfu.close(reason);
    const cutOff = systemClock.setTimeout(() => {
      for (const socket of sockets) socket.terminate();
    }, this.#options.closeTimeout);
    await Promise.all(gone);
    systemClock.clearTimeout(cutOff);
    await new Promise<void>((resolve) => {
      this.#http.close(() => resolve());
      this.#http.closeAllConnections();
    });
  }

  #onRequest({ url = '', method }: IncomingMessage, response: ServerResponse): void {
    const path = url.split('?')[0];
    if (method !== 'GET' || (path !== '/healthz' && path !== '/metrics')) {
      response.writeHead(404).end();
      return;
    }
    if (path === '/metrics') {
      response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4' }).end(this.#toPrometheus());
      return;
    }
    const [status, text] = this.#closing === undefined ? [200, 'ok'] : [503, 'closing'];
    response.writeHead(status, { 'content-type': 'text/plain' }).end(`${text}\n`);
  }

  #toPrometheus(): string {
    const rooms = this.#rooms.size;
    const server = this.#metrics.toPrometheus({ rooms, connections: this.#sockets.clients.size });
    return server + CallMetrics.toPrometheus([...this.#rooms.values()].map(({ metrics }) => metrics));
  }

  async #onUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const grant = await readJoinToken(this.#key, tokenOf(request));
    if (this.#closing !== undefined) {
      socket.destroy();
      return;
    }
    this.#sockets.handleUpgrade(request, socket, head, (webSocket) => this.#onSocket(webSocket, grant));
  }

  /** Who is refused is told so over the WebSocket: of an HTTP status a page would hear nothing. */
  #onSocket(socket: WebSocket, grant: JoinGrant | undefined): void {
    const transport = new SocketTransport(socket, systemClock);
    if (grant === undefined) return this.#refuse(transport, 'invalid-token');
    const room = this.#rooms.get(grant.room);
    if (room === undefined && this.#rooms.size >= this.#options.maxRooms) {
      return this.#refuse(transport, 'too-many-rooms');
    }
    this.#enter(socket, transport, grant, room ?? this.#openRoom(grant.room));
  }

  #refuse(transport: SocketTransport, reason: RefusedConnection): void {
    this.#metrics.refused(reason);
    transport.close(reason);
  }

  #enter(socket: WebSocket, transport: SocketTransport, { identity, room: name }: JoinGrant, room: NamedRoom): void {
    const limited = new LimitedTransport(transport, {
      clock: systemClock,
      limits: this.#options.limits,
      onDropped: (reason) => this.#metrics.dropped(reason),
    });
    room.participants.set(socket, room.sfu.accept(limited, { identity }));
    socket.on('close', () => {
      room.participants.delete(socket);
      if (room.participants.size === 0) this.#rooms.delete(name);
    });
  }

  #openRoom(name: string): NamedRoom {
    const metrics = new CallMetrics({ room: name });
    const seed = this.#random.integer(0, 0xffff_ffff);
    const sfu = new SimulatedSfu({ seed, ...this.#options.sfu, tracer: metrics.record });
    const room: NamedRoom = { sfu, metrics, participants: new Map() };
    this.#rooms.set(name, room);
    return room;
  }
}

function tokenOf({ headers }: IncomingMessage): string {
  const protocols = headers['sec-websocket-protocol']?.split(',').map((protocol) => protocol.trim()) ?? [];
  return (
    protocols.find((protocol) => protocol.startsWith(SOCKET_TOKEN_PREFIX))?.slice(SOCKET_TOKEN_PREFIX.length) ?? ''
  );
}
