// A transport over a WebSocket (RFC 6455), at either end: a binary frame is a packet, a text frame a message, the reason in
// the close frame is the reason. TCP loses nothing and waits instead, so packets are dropped here while too much waits:
// congestion control hears of it as loss, as on any path.

import type { Clock } from './clock.ts';
import type { Transport, TransportHandler } from './transport.ts';
import { TransportInbox } from './transport-inbox.ts';
import type { Bytes } from './units.ts';

/** The WebSocket subprotocol that both ends speak. */
export const SOCKET_PROTOCOL = 'sluice';

/** Before this in the list of subprotocols is the join token: a page cannot set headers, and addresses end up in logs. */
export const SOCKET_TOKEN_PREFIX = 'token.';

/** More than this waiting in the socket, and packets are dropped: a second of video at 2 Mbit/s. */
const MAX_WAITING_FOR_PACKETS: Bytes = 262_144;

/** More than this, and who does not take its messages is given up. */
const MAX_WAITING: Bytes = 8_388_608;

/** What a close frame has room for besides its code (RFC 6455 §5.5). */
const MAX_REASON: Bytes = 123;

const OPEN = 1;

/** Close codes that come without a reason, in the words of ours (RFC 6455 §7.4.1). */
const REASONS: Readonly<Record<number, string>> = {
  1000: 'closed',
  1001: 'going-away',
  1009: 'message-too-large',
};

/** What is needed of a `WebSocket`, a browser's or that of the package ws. */
export interface TransportSocket {
  binaryType: string;
  readonly readyState: number;
  readonly bufferedAmount: Bytes;
  send(data: string | Uint8Array<ArrayBuffer>): void;
  close(code: number, reason: string): void;
  addEventListener(type: 'open' | 'message' | 'error' | 'close', listener: (event: object) => void): void;
}

/** One end of a WebSocket. */
export class SocketTransport implements Transport {
  readonly #socket: TransportSocket;
  readonly #inbox = new TransportInbox();
  /** Messages that wait for the connection. */
  #unsent: string[] = [];
  #packetsDropped = 0;

  /** @param clock - tells when packets arrive */
  constructor(socket: TransportSocket, clock: Clock) {
    this.#socket = socket;
    socket.binaryType = 'arraybuffer';
    socket.addEventListener('open', () => {
      for (const message of this.#unsent.splice(0)) this.sendMessage(message);
    });
    socket.addEventListener('message', (event) => {
      const { data } = event as { data?: unknown };
      if (typeof data === 'string') this.#inbox.onMessage(data);
      else if (data instanceof ArrayBuffer) this.#inbox.onPacket(new Uint8Array(data), clock.now());
    });
    // The end follows, and says as much.
    socket.addEventListener('error', () => {});
    socket.addEventListener('close', (event) => {
      const { code, reason } = event as { code: number; reason: string };
      this.#inbox.onClose(reason || (REASONS[code] ?? 'connection-lost'));
    });
  }

  /** Packets that were not sent, because too much waited already or the connection was not there yet. */
  get packetsDropped(): number {
    return this.#packetsDropped;
  }

  open(handler: TransportHandler): void {
    this.#inbox.open(handler);
  }

  sendPacket(packet: Uint8Array): void {
    if (this.#inbox.ended) return;
    const socket = this.#socket;
    if (socket.readyState === OPEN && socket.bufferedAmount <= MAX_WAITING_FOR_PACKETS) {
      socket.send(packet as Uint8Array<ArrayBuffer>);
    } else this.#packetsDropped += 1;
  }

  sendMessage(message: string): void {
    if (this.#inbox.ended) return;
    const socket = this.#socket;
    if (socket.readyState < OPEN) this.#unsent.push(message);
    else if (socket.bufferedAmount > MAX_WAITING) this.#giveUp();
    else if (socket.readyState === OPEN) socket.send(message);
  }

  /** While the connection is not there yet nobody hears the reason. */
  close(reason: string): void {
    if (this.#inbox.ended) return;
    this.#inbox.close();
    this.#unsent = [];
    this.#socket.close(1000, shortened(reason));
  }

  /** Either side is told, as it is neither's will. */
  #giveUp(): void {
    const reason = 'too-slow';
    this.#socket.close(1000, reason);
    this.#inbox.onClose(reason);
  }
}

/** As much of the text as a close frame takes in UTF-8, in whole characters. */
function shortened(reason: string): string {
  let size = 0;
  let length = 0;
  for (const character of reason) {
    const codePoint = character.codePointAt(0) ?? 0;
    size += codePoint < 0x80 ? 1 : codePoint < 0x800 ? 2 : codePoint < 0x1_0000 ? 3 : 4;
    if (size > MAX_REASON) break;
    length += character.length;
  }
  return reason.slice(0, length);
}
