// The way to an SFU on a server, over a WebSocket.

import {
  ArgumentError,
  type Clock,
  SOCKET_PROTOCOL,
  SOCKET_TOKEN_PREFIX,
  SocketTransport,
  systemClock,
  type Transport,
  type TransportSocket,
} from '@sluice/rtp';
import { UnsupportedError } from '../room/errors.ts';

/** Settings of a path over a WebSocket. */
export interface WebSocketTransportOptions {
  /** The join token, a JWT: says who one is, and which room it is. Default none. */
  readonly token?: string;
  /** Default the browser's; another one, such as that of the package ws, where there is none. */
  readonly WebSocket?: new (
    url: string,
    protocols: string[],
  ) => TransportSocket;
  /** Default the platform's. */
  readonly clock?: Clock;
}

/**
 * A path to the SFU at `url`, for `Room.connect`. It connects at once; that it cannot shows when the room does not.
 *
 * @example
 * await room.connect(webSocketTransport('wss://sfu.example', { token }));
 *
 * @throws ArgumentError for an address that is not one of a WebSocket, or a token that is not a JWT
 * @throws UnsupportedError with reason `websocket` where there is no `WebSocket`
 */
export function webSocketTransport(url: string | URL, options: WebSocketTransportOptions = {}): Transport {
  const { token, clock = systemClock } = options;
  const WebSocket = options.WebSocket ?? (globalThis as Partial<Pick<typeof globalThis, 'WebSocket'>>).WebSocket;
  if (WebSocket === undefined) {
    throw new UnsupportedError('websocket', 'There is no WebSocket in this realm: hand one in.');
  }
  if (token !== undefined && !/^[\w-]+\.[\w-]+\.[\w-]+$/.test(token))
    throw new ArgumentError('The token is not a JWT.');
  const protocols = [SOCKET_PROTOCOL, ...(token === undefined ? [] : [`${SOCKET_TOKEN_PREFIX}${token}`])];
  let socket: TransportSocket;
  try {
    socket = new WebSocket(String(url), protocols);
  } catch (cause) {
    throw new ArgumentError(`${String(url)} is not the address of a WebSocket.`, { cause });
  }
  return new SocketTransport(socket, clock);
}
