// The contract between a participant and its SFU: unreliable packets plus one reliable ordered message channel. What
// crosses it is bytes on the wire (RTP, RTCP) and signalling text, whatever carries it.

import type { Milliseconds } from './units.ts';

/** What the owner of a `Transport` hears from it. */
export interface TransportHandler {
  /**
   * A packet has arrived. `arrival` is the time it left the network on the owner's clock: an emulated network knows it
   * exactly, even when the event loop delivers the packet late. The bytes belong to the receiver.
   */
  onPacket(packet: Uint8Array, arrival: Milliseconds): void;
  /** A message has arrived, in the order in which they were sent. */
  onMessage(message: string): void;
  /** The other side is gone, or `close` was called there; nothing arrives after it. */
  onClose(reason: string): void;
}

/** One participant's path to the SFU, seen from either end. */
export interface Transport {
  /** Starts delivery to `handler`; what arrived before is delivered first. May be called once. */
  open(handler: TransportHandler): void;
  /**
   * Sends one RTP or RTCP packet, which may be lost, late or reordered. The bytes belong to the transport afterwards; their
   * `ArrayBuffer` does not, since other packets may be in it.
   */
  sendPacket(packet: Uint8Array): void;
  /** Sends one message, which arrives once and in order. */
  sendMessage(message: string): void;
  /** Ends the path in both directions; the other side hears the reason. Idempotent. */
  close(reason: string): void;
}
