// Goodbye packets on the wire (RFC 3550 §6.6).

import type { RtcpBye } from './packet-types.ts';
import type { PacketWriter } from './packet-writer.ts';
import { encodeText, readText } from './text.ts';

/** Payload type of a goodbye. */
export const BYE = 203;

const MAX_SSRCS = 31;

/** The goodbye in `body`. */
export function parseBye(body: DataView, count: number): RtcpBye | undefined {
  const reasonStart = 4 * count;
  if (body.byteLength < reasonStart) return undefined;
  const ssrcs: number[] = [];
  for (let offset = 0; offset < reasonStart; offset += 4) ssrcs.push(body.getUint32(offset));
  if (body.byteLength === reasonStart) return { type: 'bye', ssrcs };
  const size = body.getUint8(reasonStart);
  const filledSize = (1 + size + 3) & ~3;
  if (reasonStart + filledSize !== body.byteLength) return undefined;
  return { type: 'bye', ssrcs, reason: readText(body, reasonStart + 1, size) };
}

/** Writes as many goodbyes as the sources need, each with the reason, and one when there are none. */
export function writeByes(writer: PacketWriter, packet: RtcpBye): void {
  const reason = packet.reason === undefined ? undefined : encodeText(packet.reason, 'reason for leaving');
  let start = 0;
  do {
    const ssrcs = packet.ssrcs.slice(start, start + MAX_SSRCS);
    writer.begin(ssrcs.length, BYE);
    for (const ssrc of ssrcs) writer.uint32(ssrc, 'SSRC');
    if (reason !== undefined) {
      writer.uint8(reason.length, 'length of the reason for leaving');
      writer.bytes(reason);
    }
    writer.end();
    start += MAX_SSRCS;
  } while (start < packet.ssrcs.length);
}
