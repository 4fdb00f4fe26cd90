// Temporary limits on the bit rate of streams on the wire: TMMBR and TMMBN (RFC 5104 §4.2.1, §4.2.2).

import { checkInteger } from '../arguments.ts';
import { ArgumentError } from '../errors.ts';
import { COMMON_FEEDBACK_SIZE, TRANSPORT_LAYER_FEEDBACK, writeCommon } from './feedback-messages.ts';
import type { BitrateLimit, RtcpTmmbn, RtcpTmmbr } from './feedback-types.ts';
import type { PacketWriter } from './packet-writer.ts';

/** Format of a TMMBR in transport-layer feedback. */
export const TMMBR_FORMAT = 3;
/** Format of a TMMBN in transport-layer feedback. */
export const TMMBN_FORMAT = 4;

const ENTRY_SIZE = 8;
const EXPONENT_BITS = 6;
const MANTISSA_BITS = 17;
const OVERHEAD_BITS = 9;
const MAX_MANTISSA = 2 ** MANTISSA_BITS - 1;
const MAX_OVERHEAD = 2 ** OVERHEAD_BITS - 1;
const MAX_BITRATE = MAX_MANTISSA * 2 ** (2 ** EXPONENT_BITS - 1);

/** The request in `body`, which has at least one entry; its media SSRC has no meaning. */
export function parseTmmbr(body: DataView): RtcpTmmbr | undefined {
  const limits = parseLimits(body);
  if (limits === undefined || limits.length === 0) return undefined;
  return { type: 'tmmbr', senderSsrc: body.getUint32(0), limits };
}

/** The notification in `body`; its media SSRC has no meaning. */
export function parseTmmbn(body: DataView): RtcpTmmbn | undefined {
  const limits = parseLimits(body);
  return limits && { type: 'tmmbn', senderSsrc: body.getUint32(0), limits };
}

/** Writes a request. */
export function writeTmmbr(writer: PacketWriter, packet: RtcpTmmbr): void {
  if (packet.limits.length === 0) throw new ArgumentError('RTCP TMMBR asks for nothing: give at least one limit.');
  writeLimits(writer, TMMBR_FORMAT, packet);
}

/** Writes a notification. */
export function writeTmmbn(writer: PacketWriter, packet: RtcpTmmbn): void {
  writeLimits(writer, TMMBN_FORMAT, packet);
}

function parseLimits(body: DataView): BitrateLimit[] | undefined {
  const size = body.byteLength - COMMON_FEEDBACK_SIZE;
  if (size < 0 || size % ENTRY_SIZE !== 0) return undefined;
  const limits: BitrateLimit[] = [];
  for (let offset = COMMON_FEEDBACK_SIZE; offset < body.byteLength; offset += ENTRY_SIZE) {
    const limit = body.getUint32(offset + 4);
    const exponent = limit >>> (MANTISSA_BITS + OVERHEAD_BITS);
    limits.push({
      ssrc: body.getUint32(offset),
      bitrate: ((limit >>> OVERHEAD_BITS) & MAX_MANTISSA) * 2 ** exponent,
      overhead: limit & MAX_OVERHEAD,
    });
  }
  return limits;
}

/** Each bit rate with the smallest exponent that holds it, rounded down. */
function writeLimits(writer: PacketWriter, format: number, packet: RtcpTmmbr | RtcpTmmbn): void {
  writer.begin(format, TRANSPORT_LAYER_FEEDBACK);
  writeCommon(writer, packet.senderSsrc, 0);
  for (const { ssrc, bitrate, overhead } of packet.limits) {
    let mantissa = Math.floor(bitrate);
    checkInteger(mantissa, 0, MAX_BITRATE, 'bit rate');
    checkInteger(overhead, 0, MAX_OVERHEAD, 'packet overhead');
    let exponent = 0;
    for (; mantissa > MAX_MANTISSA; exponent++) mantissa = Math.floor(mantissa / 2);
    writer.uint32(ssrc, 'SSRC');
    writer.uint32(
      ((exponent << (MANTISSA_BITS + OVERHEAD_BITS)) | (mantissa << OVERHEAD_BITS) | overhead) >>> 0,
      'bit rate limit',
    );
  }
  writer.end();
}
