// Feedback messages on the wire (RFC 4585 §6.1): generic NACK, picture loss indication, full intra request, REMB.

import { checkInteger } from '../arguments.ts';
import { ArgumentError } from '../errors.ts';
import { sequenceDistance } from '../sequence.ts';
import type { FirEntry, RtcpFir, RtcpNack, RtcpPli, RtcpRemb } from './feedback-types.ts';
import type { PacketWriter } from './packet-writer.ts';

/** Payload type of transport-layer feedback (RFC 4585 §6.2). */
export const TRANSPORT_LAYER_FEEDBACK = 205;
/** Payload type of payload-specific feedback (RFC 4585 §6.3). */
export const PAYLOAD_SPECIFIC_FEEDBACK = 206;

/** Format of a generic NACK in transport-layer feedback (RFC 4585 §6.2.1). */
export const NACK_FORMAT = 1;
/** Format of a picture loss indication in payload-specific feedback (RFC 4585 §6.3.1). */
export const PLI_FORMAT = 1;
/** Format of a full intra request in payload-specific feedback (RFC 5104 §4.3.1). */
export const FIR_FORMAT = 4;
/** Format of application-layer feedback in payload-specific feedback (RFC 4585 §6.4): REMB and others. */
export const APPLICATION_LAYER_FORMAT = 15;

/** Bytes of the two SSRCs that every feedback message begins with (RFC 4585 §6.1). */
export const COMMON_FEEDBACK_SIZE = 8;

const NACK_ENTRY_SIZE = 4;
const NACK_BITMASK_SIZE = 16;
const FIR_ENTRY_SIZE = 8;
const REMB_IDENTIFIER = 0x52454d42; // 'REMB'
const REMB_FIXED_SIZE = COMMON_FEEDBACK_SIZE + 8;
const REMB_MANTISSA_BITS = 18;
const REMB_MAX_MANTISSA = 2 ** REMB_MANTISSA_BITS - 1;

/** The generic NACK in `body`: each entry names a packet and, in a bit mask, those of the 16 behind it. */
export function parseNack(body: DataView): RtcpNack | undefined {
  if (body.byteLength < COMMON_FEEDBACK_SIZE + NACK_ENTRY_SIZE) return undefined;
  const sequenceNumbers: number[] = [];
  for (let offset = COMMON_FEEDBACK_SIZE; offset < body.byteLength; offset += NACK_ENTRY_SIZE) {
    const first = body.getUint16(offset);
    const following = body.getUint16(offset + 2);
    sequenceNumbers.push(first);
    for (let bit = 0; bit < NACK_BITMASK_SIZE; bit++) {
      if (following & (1 << bit)) sequenceNumbers.push((first + 1 + bit) & 0xffff);
    }
  }
  return { type: 'nack', senderSsrc: body.getUint32(0), mediaSsrc: body.getUint32(4), sequenceNumbers };
}

/** Writes a generic NACK with as few entries as the sequence numbers allow, counted from the first one on. */
export function writeNack(writer: PacketWriter, packet: RtcpNack): void {
  const [origin] = packet.sequenceNumbers;
  if (origin === undefined) throw new ArgumentError('RTCP NACK asks for no packet: give at least one sequence number.');
  const sorted = isAscending(packet.sequenceNumbers)
    ? packet.sequenceNumbers
    : [...new Set(packet.sequenceNumbers)].sort((a, b) => sequenceDistance(a, origin) - sequenceDistance(b, origin));
  writer.begin(NACK_FORMAT, TRANSPORT_LAYER_FEEDBACK);
  writeCommon(writer, packet.senderSsrc, packet.mediaSsrc);
  for (let i = 0; i < sorted.length; ) {
    const first = sorted[i++] ?? 0;
    writer.uint16(first, 'sequence number');
    let following = 0;
    for (; i < sorted.length; i++) {
      const sequence = sorted[i] ?? 0;
      checkInteger(sequence, 0, 0xffff, 'sequence number');
      const distance = (sequence - first) & 0xffff;
      if (distance > NACK_BITMASK_SIZE) break;
      following |= 1 << (distance - 1);
    }
    writer.uint16(following, 'bit mask of following lost packets');
  }
  writer.end();
}

/** Whether each number is ahead of the one before. */
function isAscending(sequenceNumbers: readonly number[]): boolean {
  for (let i = 1; i < sequenceNumbers.length; i++) {
    const distance = ((sequenceNumbers[i] ?? 0) - (sequenceNumbers[i - 1] ?? 0)) & 0xffff;
    if (distance === 0 || distance >= 0x8000) return false;
  }
  return true;
}

/** The picture loss indication in `body`, which has nothing behind the SSRCs. */
export function parsePli(body: DataView): RtcpPli | undefined {
  if (body.byteLength !== COMMON_FEEDBACK_SIZE) return undefined;
  return { type: 'pli', senderSsrc: body.getUint32(0), mediaSsrc: body.getUint32(4) };
}

/** Writes a picture loss indication. */
export function writePli(writer: PacketWriter, packet: RtcpPli): void {
  writer.begin(PLI_FORMAT, PAYLOAD_SPECIFIC_FEEDBACK);
  writeCommon(writer, packet.senderSsrc, packet.mediaSsrc);
  writer.end();
}

/** The full intra request in `body`; its media SSRC and reserved bits have no meaning. */
export function parseFir(body: DataView): RtcpFir | undefined {
  const entriesSize = body.byteLength - COMMON_FEEDBACK_SIZE;
  if (entriesSize < FIR_ENTRY_SIZE || entriesSize % FIR_ENTRY_SIZE !== 0) return undefined;
  const entries: FirEntry[] = [];
  for (let offset = COMMON_FEEDBACK_SIZE; offset < body.byteLength; offset += FIR_ENTRY_SIZE) {
    entries.push({ ssrc: body.getUint32(offset), commandSequence: body.getUint8(offset + 4) });
  }
  return { type: 'fir', senderSsrc: body.getUint32(0), entries };
}

/** Writes a full intra request. */
export function writeFir(writer: PacketWriter, packet: RtcpFir): void {
  if (packet.entries.length === 0) throw new ArgumentError('RTCP FIR asks no stream: give at least one entry.');
  writer.begin(FIR_FORMAT, PAYLOAD_SPECIFIC_FEEDBACK);
  writeCommon(writer, packet.senderSsrc, 0);
  for (const { ssrc, commandSequence } of packet.entries) {
    writer.uint32(ssrc, 'SSRC');
    writer.uint8(commandSequence, 'FIR command sequence number');
    writer.int24(0, 'reserved bits');
  }
  writer.end();
}

/** Whether application-layer feedback in `body` is a REMB, well-formed or not. */
export function isRemb(body: DataView): boolean {
  return body.byteLength >= COMMON_FEEDBACK_SIZE + 4 && body.getUint32(COMMON_FEEDBACK_SIZE) === REMB_IDENTIFIER;
}

/** The REMB in `body`. */
export function parseRemb(body: DataView): RtcpRemb | undefined {
  if (body.byteLength < REMB_FIXED_SIZE) return undefined;
  const count = body.getUint8(12);
  if (body.byteLength !== REMB_FIXED_SIZE + 4 * count) return undefined;
  const exponent = body.getUint8(13) >> 2;
  const bitrate = (body.getUint32(12) & REMB_MAX_MANTISSA) * 2 ** exponent;
  if (!Number.isSafeInteger(bitrate)) return undefined;
  const ssrcs: number[] = [];
  for (let offset = REMB_FIXED_SIZE; offset < body.byteLength; offset += 4) ssrcs.push(body.getUint32(offset));
  return { type: 'remb', senderSsrc: body.getUint32(0), bitrate, ssrcs };
}

/** Writes a REMB with the smallest exponent that holds the bit rate, rounded down. */
export function writeRemb(writer: PacketWriter, packet: RtcpRemb): void {
  let mantissa = Math.floor(packet.bitrate);
  checkInteger(mantissa, 0, Number.MAX_SAFE_INTEGER, 'bit rate');
  checkInteger(packet.ssrcs.length, 0, 0xff, 'number of SSRCs');
  let exponent = 0;
  for (; mantissa > REMB_MAX_MANTISSA; exponent++) mantissa = Math.floor(mantissa / 2);
  writer.begin(APPLICATION_LAYER_FORMAT, PAYLOAD_SPECIFIC_FEEDBACK);
  writeCommon(writer, packet.senderSsrc, 0);
  writer.uint32(REMB_IDENTIFIER, 'identifier');
  writer.uint8(packet.ssrcs.length, 'number of SSRCs');
  writer.uint8((exponent << 2) | (mantissa >> 16), 'exponent');
  writer.uint16(mantissa & 0xffff, 'mantissa');
  for (const ssrc of packet.ssrcs) writer.uint32(ssrc, 'SSRC');
  writer.end();
}

/** Writes the two SSRCs that every feedback message begins with. */
export function writeCommon(writer: PacketWriter, senderSsrc: number, mediaSsrc: number): void {
  writer.uint32(senderSsrc, 'sender SSRC');
  writer.uint32(mediaSsrc, 'media SSRC');
}
