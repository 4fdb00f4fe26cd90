// The last step before the wire, shared by everything that one end of a transport sends: the extensions that depend on
// the moment of departure, and one transport-wide counter.

import type { Clock } from '../clock.ts';
import { type RtcpPacket, serializeRtcp } from '../rtcp/packets.ts';
import { type HeaderExtensionIds, writeAbsSendTime, writeTransportSequence } from '../rtp/header-extensions.ts';
import { type ExtensionElement, type RtpFields, serializeRtp } from '../rtp/packet.ts';

/** What a `PacketSender` is made of. */
export interface PacketSenderOptions {
  readonly clock: Clock;
  /** Puts bytes on the wire. */
  readonly send: (packet: Uint8Array) => void;
}

/** One end's outgoing packets. */
export class PacketSender {
  readonly #clock: Clock;
  readonly #send: (packet: Uint8Array) => void;
  #transportSequence = 0;
  #packets = 0;
  #bytes = 0;

  constructor(options: PacketSenderOptions) {
    this.#clock = options.clock;
    this.#send = options.send;
  }

  /** RTP packets sent. */
  get packetsSent(): number {
    return this.#packets;
  }

  /** Bytes of RTP packets sent, headers included. */
  get bytesSent(): number {
    return this.#bytes;
  }

  /** Sends an RTP packet with the extensions of its departure added, as far as they were negotiated. */
  send(fields: RtpFields, ids: HeaderExtensionIds): void {
    const extensions: ExtensionElement[] = [...(fields.extensions ?? [])];
    if (ids.absSendTime !== undefined) {
      extensions.push({ id: ids.absSendTime, value: writeAbsSendTime(this.#clock.now()) });
    }
    if (ids.transportSequence !== undefined) {
      extensions.push({ id: ids.transportSequence, value: writeTransportSequence(this.#transportSequence) });
      this.#transportSequence = (this.#transportSequence + 1) & 0xffff;
    }
    const packet = serializeRtp({ ...fields, extensions });
    this.#packets += 1;
    this.#bytes += packet.length;
    this.#send(packet);
  }

  /** Sends RTCP packets as one compound, or nothing when there are none. */
  sendRtcp(packets: readonly RtcpPacket[]): void {
    if (packets.length > 0) this.#send(serializeRtcp(packets));
  }
}
