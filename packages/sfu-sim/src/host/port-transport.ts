// A transport over a `MessagePort`, the browser's or that of `node:worker_threads`. The packets of one turn of the event
// loop go in one post, in one buffer that is transferred: an order of magnitude cheaper than a post for each.

import { type Clock, type Milliseconds, type Transport, type TransportHandler, TransportInbox } from '@sluice/rtp';
import { ClockOffset } from './clock-offset.ts';

/** What is needed of a `MessagePort`. */
export interface TransportPort {
  postMessage(message: unknown, transfer: ArrayBuffer[]): void;
  addEventListener(type: string, listener: (event: object) => void): void;
  start(): void;
  close(): void;
}

/** What goes through the port; `at` is when it was posted, on the sender's clock. */
type Post =
  | {
      readonly type: 'packets';
      readonly at: Milliseconds;
      /** The packets, one after the other. */
      readonly bytes: ArrayBuffer;
      readonly sizes: readonly number[];
      /** When each left the network, on the sender's clock. */
      readonly left: readonly Milliseconds[];
    }
  | { readonly type: 'message'; readonly at: Milliseconds; readonly text: string }
  | { readonly type: 'close'; readonly at: Milliseconds; readonly reason: string };

/** What the other side hears of when the realm of this one ends without a word: a closed tab, a terminated worker. */
export const PORT_CLOSED = 'port-closed';

/** One end of a path through a port; the other end is a `PortTransport` at the other port of its channel. */
export class PortTransport implements Transport {
  readonly #port: TransportPort;
  readonly #clock: Clock;
  readonly #inbox = new TransportInbox();
  #packets: Uint8Array[] = [];
  #left: Milliseconds[] = [];
  readonly #clockOffset = new ClockOffset();
  #malformedPosts = 0;

  constructor(port: TransportPort, clock: Clock) {
    this.#port = port;
    this.#clock = clock;
    port.addEventListener('message', (event) => this.#receive((event as { data?: unknown }).data));
    // Browsers without this event leave it to the SFU's `idleTimeout`.
    port.addEventListener('close', () => this.#inbox.onClose(PORT_CLOSED));
    port.start();
  }

  /** Posts that were not of this protocol, and dropped. */
  get malformedPosts(): number {
    return this.#malformedPosts;
  }

  open(handler: TransportHandler): void {
    this.#inbox.open(handler);
  }

  /** @param left - when it left the network, on this side's clock. Default now */
  sendPacket(packet: Uint8Array, left: Milliseconds = this.#clock.now()): void {
    if (this.#inbox.ended) return;
    if (this.#packets.push(packet) === 1) {
      const flush = () => this.#flush();
      if (this.#clock.soon) this.#clock.soon(flush);
      else this.#clock.setTimeout(flush, 0);
    }
    this.#left.push(left);
  }

  sendMessage(message: string): void {
    if (this.#inbox.ended) return;
    this.#flush();
    this.#post({ type: 'message', at: this.#clock.now(), text: message });
  }

  close(reason: string): void {
    if (this.#inbox.ended) return;
    this.#flush();
    this.#post({ type: 'close', at: this.#clock.now(), reason });
    this.#inbox.close();
    this.#port.close();
  }

  /** Copies the packets together, as their buffers hold others as well. */
  #flush(): void {
    const packets = this.#packets;
    const left = this.#left;
    if (packets.length === 0) return;
    this.#packets = [];
    this.#left = [];
    const sizes = packets.map(({ byteLength }) => byteLength);
    const bytes = new Uint8Array(sizes.reduce((sum, size) => sum + size, 0));
    let offset = 0;
    for (const packet of packets) {
      bytes.set(packet, offset);
      offset += packet.byteLength;
    }
    this.#post({ type: 'packets', at: this.#clock.now(), bytes: bytes.buffer, sizes, left }, [bytes.buffer]);
  }

  #post(post: Post, transfer: ArrayBuffer[] = []): void {
    if (!this.#inbox.ended) this.#port.postMessage(post, transfer);
  }

  #receive(data: unknown): void {
    const post = readPost(data);
    if (post === undefined) {
      this.#malformedPosts += 1;
      return;
    }
    const now = this.#clock.now();
    this.#clockOffset.observe(post.at, now);
    if (post.type === 'packets') this.#receivePackets(post, now);
    else if (post.type === 'message') this.#inbox.onMessage(post.text);
    else {
      this.#inbox.onClose(post.reason);
      this.#port.close();
    }
  }

  #receivePackets({ bytes, sizes, left }: Extract<Post, { type: 'packets' }>, now: Milliseconds): void {
    let offset = 0;
    for (const [index, size] of sizes.entries()) {
      const arrival = this.#clockOffset.toOwn(left[index] ?? now, now);
      this.#inbox.onPacket(new Uint8Array(bytes, offset, size), arrival);
      offset += size;
    }
  }
}

function readPost(data: unknown): Post | undefined {
  if (typeof data !== 'object' || data === null) return undefined;
  const post = data as Partial<Record<string, unknown>>;
  if (!Number.isFinite(post['at'])) return undefined;
  const { type, text, reason } = post;
  const valid =
    (type === 'message' && typeof text === 'string') ||
    (type === 'close' && typeof reason === 'string') ||
    (type === 'packets' && holdsPackets(post));
  return valid ? (data as Post) : undefined;
}

function holdsPackets({ bytes, sizes, left }: Partial<Record<string, unknown>>): boolean {
  if (!(bytes instanceof ArrayBuffer) || !Array.isArray(sizes) || !Array.isArray(left)) return false;
  if (sizes.length !== left.length || !left.every(Number.isFinite)) return false;
  if (!sizes.every((size) => Number.isInteger(size) && size >= 0)) return false;
  return sizes.reduce((sum, size) => sum + size, 0) === bytes.byteLength;
}
