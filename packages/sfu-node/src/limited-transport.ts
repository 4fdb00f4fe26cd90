// A transport whose other end is a stranger: no more comes in than is allowed.

import {
  type Bytes,
  type Clock,
  type RateLimit,
  TokenBucket,
  type Transport,
  type TransportHandler,
} from '@sluice/rtp';

/** What one participant may send. */
export interface TransportLimits {
  /** Messages; who sends more is put out with the reason `rate-limited`. */
  readonly messages: RateLimit;
  /** Packets; what is more is dropped. */
  readonly packets: RateLimit;
  /** Larger packets are dropped. */
  readonly packetSize: Bytes;
}

/** Why a packet was dropped. */
export type LimitDropReason = 'rate' | 'size';

/** Settings of a `LimitedTransport`. */
export interface LimitedTransportOptions {
  readonly clock: Clock;
  readonly limits: TransportLimits;
  readonly onDropped: (reason: LimitDropReason) => void;
}

/** A transport, limited in what comes in. */
export class LimitedTransport implements Transport {
  readonly #transport: Transport;
  readonly #options: LimitedTransportOptions;

  constructor(transport: Transport, options: LimitedTransportOptions) {
    this.#transport = transport;
    this.#options = options;
  }

  open(handler: TransportHandler): void {
    const { clock, limits, onDropped } = this.#options;
    const messages = new TokenBucket(limits.messages);
    const packets = new TokenBucket(limits.packets);
    this.#transport.open({
      onPacket: (packet, arrival) => {
        if (packet.byteLength > limits.packetSize) onDropped('size');
        else if (!packets.take(clock.now())) onDropped('rate');
        else handler.onPacket(packet, arrival);
      },
      onMessage: (message) => {
        if (messages.take(clock.now())) {
          handler.onMessage(message);
          return;
        }
        this.#transport.close('rate-limited');
        handler.onClose('rate-limited');
      },
      onClose: (reason) => handler.onClose(reason),
    });
  }

  sendPacket(packet: Uint8Array): void {
    this.#transport.sendPacket(packet);
  }

  sendMessage(message: string): void {
    this.#transport.sendMessage(message);
  }

  close(reason: string): void {
    this.#transport.close(reason);
  }
}
