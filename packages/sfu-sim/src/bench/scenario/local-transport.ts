// A participant's end of its path: on that participant's own clock, and cut off without a word when it crashes.

import type { Milliseconds, Transport, TransportHandler } from '@sluice/rtp';

/** The transport of one participant. */
export class LocalTransport implements Transport {
  readonly #path: Transport;
  readonly #toLocal: ((shared: Milliseconds) => Milliseconds) | undefined;
  #cut = false;

  /** @param toLocal from the network's time to the participant's; default the same */
  constructor(path: Transport, toLocal?: (shared: Milliseconds) => Milliseconds) {
    this.#path = path;
    this.#toLocal = toLocal;
  }

  /** From now on nothing leaves and nothing comes in, and the other side is not told. */
  cut(): void {
    this.#cut = true;
  }

  open(handler: TransportHandler): void {
    const toLocal = this.#toLocal;
    this.#path.open({
      onPacket: (packet, arrival) => {
        if (!this.#cut) handler.onPacket(packet, toLocal === undefined ? arrival : toLocal(arrival));
      },
      onMessage: (message) => {
        if (!this.#cut) handler.onMessage(message);
      },
      onClose: (reason) => {
        if (!this.#cut) handler.onClose(reason);
      },
    });
  }

  sendPacket(packet: Uint8Array): void {
    if (!this.#cut) this.#path.sendPacket(packet);
  }

  sendMessage(message: string): void {
    if (!this.#cut) this.#path.sendMessage(message);
  }

  close(reason: string): void {
    if (!this.#cut) this.#path.close(reason);
  }
}
