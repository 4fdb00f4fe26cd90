// A packet on its way, and what may become of it.

import type { Bytes, Milliseconds } from '@sluice/rtp';
import type { PacketQueue } from './packet-queue.ts';

/** Bytes of UDP (8) and IPv4 (20) headers that each packet takes on the wire besides its own. */
export const UDP_IP_OVERHEAD: Bytes = 28;

/**
 * Why a packet did not make it: drawn as lost, no room in the queue, dropped from its head by CoDel, the path was down,
 * or the link was closed.
 */
export type DropReason = 'loss' | 'queue' | 'codel' | 'down' | 'closed';

/** A packet inside a path. */
export interface Parcel {
  readonly kind: 'packet';
  packet: Uint8Array;
  /** On the wire, headers included. */
  readonly bits: number;
  /** When it comes out of the hop it is in. */
  arrival: Milliseconds;
  /** Which hop it is in. */
  hop: ParcelHop;
  /** When it came into the queue of this hop. */
  queuedAt: Milliseconds;
  /** How long it has waited in queues so far, its own transmission left out. */
  queued: Milliseconds;
  /** What comes on top of the propagation delay of this hop. */
  jitter: Milliseconds;
  /** Whether it may be overtaken in this hop. */
  loose: boolean;
}

/** What a queue asks of the hop that a packet is in. */
export interface ParcelHop {
  /** Takes a packet whose last bit was sent at `at`. */
  departed(parcel: Parcel, at: Milliseconds): void;
  /** Hears that the queue dropped a packet that it had taken. */
  dropped(parcel: Parcel, at: Milliseconds, reason: DropReason): void;
  /** When a packet that departs at `at` arrives, should the delay stay what it is. */
  arrivalAfter(parcel: Parcel, at: Milliseconds): Milliseconds;
}

/** Bits of a packet of `size` bytes on the wire, headers included. */
export function wireBits(size: Bytes): number {
  return (size + UDP_IP_OVERHEAD) * 8;
}

/** A capacity with a queue in front of it that several paths may cross: a `Bottleneck`, or a `Link`'s own. */
export interface SharedQueue {
  readonly queue: PacketQueue;
  /** What the trace calls it. Default: it is not told of. */
  readonly name?: string | undefined;
}
