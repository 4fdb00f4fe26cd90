// What the trace says of a packet on a link, and of the link itself.

import type {
  BitsPerSecond,
  BottleneckChangedEvent,
  LinkChangedEvent,
  Milliseconds,
  SluiceEventType,
  TraceEvent,
} from '@sluice/rtp';
import type { LinkSettings } from './link-options.ts';

/** Sees what becomes of each packet: `dropped` says why it did not arrive. The bytes are the link's. */
export type LinkObserver = (packet: Uint8Array, at: Milliseconds, dropped: string | undefined) => void;

const RTP_HEADER_SIZE = 12;

/** An event of one packet, with the numbers by which an RTP packet is known (RFC 3550 §5.1). */
export function packetEvent(type: SluiceEventType, at: Milliseconds, link: string, packet: Uint8Array): TraceEvent {
  const size = packet.byteLength;
  const first = packet[0] ?? 0;
  const second = packet[1] ?? 0;
  // The packet types 192 to 223 are RTCP's (RFC 5761 §4).
  if (size < RTP_HEADER_SIZE || first >> 6 !== 2 || (second >= 192 && second <= 223)) {
    return { at, type, link, size };
  }
  const ssrc = ((uint16(packet, 8) << 16) | uint16(packet, 10)) >>> 0;
  return { at, type, link, size, ssrc, sequence: uint16(packet, 2) };
}

/** Byte by byte: a `DataView` for every packet would cost more than all else here. */
function uint16(bytes: Uint8Array, offset: number): number {
  return ((bytes[offset] ?? 0) << 8) | (bytes[offset + 1] ?? 0);
}

/**
 * What a link is like from `at` on. JSON has no infinity, so a link without a limit has no rate.
 *
 * @param rate - the capacity of the first hop at this moment
 */
export function linkChangedEvent(
  at: Milliseconds,
  link: string,
  rate: BitsPerSecond,
  { delay, loss, hops, via }: LinkSettings,
): TraceEvent {
  const bottlenecks = [via, ...hops.map((hop) => hop.via)].flatMap((shared) => shared?.name ?? []);
  return {
    at,
    type: 'link-changed',
    link,
    rate: Number.isFinite(rate) ? rate : undefined,
    delay: hops.reduce((sum, hop) => sum + hop.delay, delay),
    loss: typeof loss === 'number' ? loss : undefined,
    ...(bottlenecks.length > 0 && { via: bottlenecks.join(' ') }),
  } satisfies LinkChangedEvent;
}

/** What a bottleneck of that name is like from `at` on. */
export function bottleneckChangedEvent(at: Milliseconds, bottleneck: string, rate: BitsPerSecond): TraceEvent {
  return {
    at,
    type: 'bottleneck-changed',
    bottleneck,
    rate: Number.isFinite(rate) ? rate : undefined,
  } satisfies BottleneckChangedEvent;
}
