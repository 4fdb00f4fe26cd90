// An in-process transport: two ends, and an emulated link between them in each direction.

import {
  type Clock,
  type Milliseconds,
  type Random,
  type Tracer,
  type Transport,
  type TransportHandler,
  TransportInbox,
} from '@sluice/rtp';
import { Link } from '../network/link.ts';
import type { LinkOptions } from '../network/link-options.ts';
import type { PacketCapture } from '../observe/packet-capture.ts';

/** What an emulated transport is made of. */
export interface EmulatedTransportOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** The participant's name, for the trace. */
  readonly name: string;
  readonly tracer?: Tracer | undefined;
  /** Records every packet of the path. Default: nobody does. */
  readonly capture?: PacketCapture | undefined;
  /** The way from the participant to the SFU. */
  readonly uplink?: LinkOptions | undefined;
  /** The way from the SFU to the participant. */
  readonly downlink?: LinkOptions | undefined;
}

/** Both ends of an emulated path. */
export interface EmulatedTransport {
  readonly client: Transport;
  readonly sfu: Transport;
  readonly uplink: Link;
  readonly downlink: Link;
}

/** Creates the path. Closing either end is told to the other in the order of its messages. */
export function createEmulatedTransport(options: EmulatedTransportOptions): EmulatedTransport {
  const { clock, random, name, tracer, capture } = options;
  const client = new TransportEnd();
  const sfu = new TransportEnd();
  const link = (direction: 'uplink' | 'downlink', linkOptions: LinkOptions | undefined, to: TransportEnd) =>
    new Link({
      clock,
      random: random.fork(direction),
      name: `${name}/${direction}`,
      ...(tracer && { tracer }),
      ...(capture && {
        observer: (packet, at, dropped) => capture.record({ at, participant: name, direction, packet, dropped }),
      }),
      ...(linkOptions && { options: linkOptions }),
      deliver: (packet, arrival) => to.deliverPacket(packet, arrival),
    });
  const uplink = link('uplink', options.uplink, sfu);
  const downlink = link('downlink', options.downlink, client);
  client.wire(uplink, sfu);
  sfu.wire(downlink, client);
  if (capture) sfu.onMessageSent = (message) => capture.recordMessage(clock.now(), name, message);
  return { client, sfu, uplink, downlink };
}

class TransportEnd implements Transport {
  /** Hears each message that is sent here. */
  onMessageSent: ((message: string) => void) | undefined;
  readonly #inbox = new TransportInbox();
  #out: Link | undefined;
  #other: TransportEnd | undefined;

  wire(out: Link, other: TransportEnd): void {
    this.#out = out;
    this.#other = other;
  }

  open(handler: TransportHandler): void {
    this.#inbox.open(handler);
  }

  sendPacket(packet: Uint8Array): void {
    if (!this.#inbox.ended) this.#out?.send(packet);
  }

  sendMessage(message: string): void {
    if (this.#inbox.ended) return;
    this.onMessageSent?.(message);
    this.#out?.sendMessage(message, (text) => this.#other?.deliverMessage(text));
  }

  close(reason: string): void {
    if (this.#inbox.ended) return;
    this.#inbox.close();
    this.#out?.sendMessage(reason, (text) => this.#other?.closedByOther(text));
  }

  deliverPacket(packet: Uint8Array, arrival: Milliseconds): void {
    this.#inbox.onPacket(packet, arrival);
  }

  deliverMessage(message: string): void {
    this.#inbox.onMessage(message);
  }

  closedByOther(reason: string): void {
    if (this.#inbox.ended) return;
    this.#inbox.onClose(reason);
    this.#out?.close();
    this.#other?.released();
  }

  released(): void {
    this.#out?.close();
  }
}
