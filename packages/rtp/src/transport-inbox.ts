// The receiving half of every transport: what arrives before `open` is kept for it, and nothing arrives after the end.

import type { TransportHandler } from './transport.ts';
import type { Milliseconds } from './units.ts';

/** Packets that are kept for `open`; what comes on top is lost, as packets may be. */
const MAX_EARLY_PACKETS = 1024;

/** Hands what arrives to the owner of a transport. */
export class TransportInbox {
  #handler: TransportHandler | undefined;
  #early: ((handler: TransportHandler) => void)[] = [];
  #earlyPackets = 0;
  #ended = false;

  /** Whether either side has ended it: nothing is taken any more. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Hands over what has arrived, and from now on what arrives. */
  open(handler: TransportHandler): void {
    for (let deliver = this.#early.shift(); deliver !== undefined; deliver = this.#early.shift()) deliver(handler);
    this.#handler = handler;
  }

  onPacket(packet: Uint8Array, arrival: Milliseconds): void {
    if (this.#ended) return;
    if (this.#handler !== undefined) {
      this.#handler.onPacket(packet, arrival);
      return;
    }
    if (this.#earlyPackets >= MAX_EARLY_PACKETS) return;
    this.#earlyPackets += 1;
    this.#early.push((handler) => handler.onPacket(packet, arrival));
  }

  onMessage(message: string): void {
    if (!this.#ended) this.#deliver((handler) => handler.onMessage(message));
  }

  /** The other side is gone: the last that the owner hears. */
  onClose(reason: string): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#deliver((handler) => handler.onClose(reason));
  }

  /** The owner has closed it, and hears nothing any more. */
  close(): void {
    this.#ended = true;
    this.#early = [];
  }

  #deliver(deliver: (handler: TransportHandler) => void): void {
    if (this.#handler === undefined) this.#early.push(deliver);
    else deliver(this.#handler);
  }
}
