// The payload of FlexFEC repair packets (RFC 8627 §4.2.2): which packets they protect, and what recovers one of them.
// All three forms are read; the flexible mask is written.

import { checkInteger } from '../arguments.ts';
import { ArgumentError } from '../errors.ts';
import { sequenceDistance } from '../sequence.ts';
import type { Bytes, Milliseconds, RtpTicks } from '../units.ts';
import { VIDEO_CLOCK_RATE } from '../units.ts';

/** The parity of some packets: with all of them but one it gives the missing one back (RFC 8627 §4.2.2.1, §4.2.2.2). */
export interface FlexFecParity {
  readonly type: 'parity';
  /**
   * Eight bytes, each the exclusive or over the protected packets: six bits of flags after two that mean nothing here,
   * marker and payload type, the 16-bit size without the fixed header, and the timestamp.
   */
  readonly recovery: Uint8Array;
  /**
   * For each contributing source of the repair packet, in that order, the sequence numbers that are protected, in order
   * from the lowest.
   */
  readonly streams: readonly (readonly number[])[];
  /**
   * The exclusive or of everything behind the fixed headers (contributing sources, extensions, payload and padding), as
   * long as the longest.
   */
  readonly payload: Uint8Array;
}

/** One packet sent again as a whole (RFC 8627 §4.2.2.3). */
export interface FlexFecRetransmission {
  readonly type: 'retransmission';
  /** The packet as it was sent first: the two bits that tell this form are the bits of an RTP packet's version. */
  readonly packet: Uint8Array;
}

/** What a repair packet carries. */
export type FlexFecPacket = FlexFecParity | FlexFecRetransmission;

/** The longest mask: a repair packet protects packets within this many consecutive sequence numbers. */
export const MAX_FLEXFEC_SPAN = 110;

/**
 * By how much a repair packet is longer than the longest packet it protects, at most: the longest header with a mask,
 * and one contributing source. Header extensions of the repair packet come on top.
 */
export const FLEXFEC_OVERHEAD: Bytes = 28;

const RTP_HEADER_SIZE = 12;
const RECOVERY_SIZE = 8;
/** How many sequence numbers the three parts of a mask stand for. */
const MASK_BITS = [15, 31, 64] as const;
const SHORT_MASK = MASK_BITS[0];
const MEDIUM_MASK = MASK_BITS[0] + MASK_BITS[1];

/**
 * The timestamp of a repair packet (RFC 8627 §4.2.1): the time at which it is sent, on the clock of the protected
 * stream.
 *
 * @param firstTimestamp - what `now` = 0 stands for, 32 bit; random, as RFC 3550 §5.1 asks
 * @param clockRate - in Hz. Default 90 000
 */
export function flexFecTimestamp(now: Milliseconds, firstTimestamp: RtpTicks, clockRate = VIDEO_CLOCK_RATE): RtpTicks {
  return (firstTimestamp + Math.round((now * clockRate) / 1000)) >>> 0;
}

/**
 * Reads a repair packet's payload, or answers `undefined` where it is cut short, of no known form, or protects nothing.
 * Never throws. What it answers are views.
 *
 * @param sources - number of contributing sources in the repair packet's RTP header, which names the protected streams
 */
export function parseFlexFec(bytes: Uint8Array, sources: number): FlexFecPacket | undefined {
  const form = (bytes[0] ?? 0) >> 6;
  if (form === 2) return bytes.length < RTP_HEADER_SIZE ? undefined : { type: 'retransmission', packet: bytes };
  if (form === 3) return undefined;
  const streams: number[][] = [];
  let offset = RECOVERY_SIZE;
  let count = 0;
  for (let i = 0; i < sources; i++) {
    if (bytes.length < offset + 4) return undefined;
    const sequenceNumbers = form === 0 ? readMask(bytes, offset) : readBlock(bytes, offset);
    if (sequenceNumbers === undefined) return undefined;
    streams.push(sequenceNumbers);
    count += sequenceNumbers.length;
    offset += form === 0 ? maskEntrySize(bytes, offset) : 4;
  }
  if (count === 0) return undefined;
  const recovery = bytes.subarray(0, RECOVERY_SIZE);
  return { type: 'parity', recovery, streams, payload: bytes.subarray(offset) };
}

/**
 * Writes a repair packet's payload with flexible masks, each as short as its sequence numbers allow.
 *
 * @throws ArgumentError where the recovery bytes are not eight, or a stream's sequence numbers are none, not in order,
 *   or more than `MAX_FLEXFEC_SPAN` apart
 */
export function serializeFlexFec({ recovery, streams, payload }: Omit<FlexFecParity, 'type'>): Uint8Array {
  checkInteger(recovery.length, RECOVERY_SIZE, RECOVERY_SIZE, 'number of recovery bytes');
  let headerSize = RECOVERY_SIZE;
  for (const sequenceNumbers of streams) headerSize += 2 + maskSize(spanOf(sequenceNumbers));
  const bytes = new Uint8Array(headerSize + payload.length);
  bytes.set(recovery);
  bytes[0] = (bytes[0] ?? 0) & 0x3f;
  let offset = RECOVERY_SIZE;
  for (const sequenceNumbers of streams) offset = writeMask(bytes, offset, sequenceNumbers);
  bytes.set(payload, headerSize);
  return bytes;
}

/**
 * The sequence numbers in the mask at `offset`, where its first four bytes are known to be; `undefined` if cut short.
 */
function readMask(bytes: Uint8Array, offset: number): number[] | undefined {
  const end = offset + maskEntrySize(bytes, offset);
  if (end > bytes.length) return undefined;
  const base = readUint16(bytes, offset);
  const sequenceNumbers: number[] = [];
  let bit = 8 * (offset + 2);
  let position = 0;
  for (const [part, bits] of MASK_BITS.entries()) {
    if (bit >= 8 * end) break;
    // The first two parts begin with the bit that tells whether another follows.
    if (part < 2) bit += 1;
    for (let i = 0; i < bits; i++, bit++, position++) {
      if ((bytes[bit >> 3] ?? 0) & (0x80 >> (bit & 7))) sequenceNumbers.push((base + position) & 0xffff);
    }
  }
  return sequenceNumbers;
}

/** Bytes of one stream's base and mask, judged by the bits that say what follows. */
function maskEntrySize(bytes: Uint8Array, offset: number): number {
  if ((bytes[offset + 2] ?? 0) < 0x80) return 4;
  return (bytes[offset + 4] ?? 0) < 0x80 ? 8 : 16;
}

/** The sequence numbers in a row (at most one row) or a column of a block of L columns; `undefined` where L is zero. */
function readBlock(bytes: Uint8Array, offset: number): number[] | undefined {
  const base = readUint16(bytes, offset);
  const columns = bytes[offset + 2] ?? 0;
  const rows = bytes[offset + 3] ?? 0;
  if (columns === 0) return undefined;
  const [count, step] = rows > 1 ? [rows, columns] : [columns, 1];
  return Array.from({ length: count }, (_, i) => (base + i * step) & 0xffff);
}

/** How many consecutive sequence numbers the mask has to reach over. */
function spanOf(sequenceNumbers: readonly number[]): number {
  const [base] = sequenceNumbers;
  if (base === undefined) throw new ArgumentError('A repair packet protects no packet of a stream it names.');
  let span = 0;
  for (const sequenceNumber of sequenceNumbers) {
    checkInteger(sequenceNumber, 0, 0xffff, 'sequence number');
    const reach = sequenceDistance(sequenceNumber, base) + 1;
    if (reach <= span || reach > MAX_FLEXFEC_SPAN) {
      throw new ArgumentError(
        `Sequence number ${sequenceNumber} is out of place in a mask from ${base}: ` +
          `give each once, in order, within ${MAX_FLEXFEC_SPAN} numbers.`,
      );
    }
    span = reach;
  }
  return span;
}

function maskSize(span: number): Bytes {
  if (span <= SHORT_MASK) return 2;
  return span <= MEDIUM_MASK ? 6 : 14;
}

/** Where the next stream's entry begins. */
function writeMask(bytes: Uint8Array, offset: number, sequenceNumbers: readonly number[]): number {
  const base = sequenceNumbers[0] ?? 0;
  bytes[offset] = base >> 8;
  bytes[offset + 1] = base;
  const size = maskSize(spanOf(sequenceNumbers));
  const mask = offset + 2;
  for (const sequenceNumber of sequenceNumbers) {
    const position = sequenceDistance(sequenceNumber, base);
    const bit = position + (position < SHORT_MASK ? 1 : 2);
    bytes[mask + (bit >> 3)] = (bytes[mask + (bit >> 3)] ?? 0) | (0x80 >> (bit & 7));
  }
  if (size > 2) bytes[mask] = (bytes[mask] ?? 0) | 0x80;
  if (size > 6) bytes[mask + 2] = (bytes[mask + 2] ?? 0) | 0x80;
  return mask + size;
}

function readUint16(bytes: Uint8Array, offset: number): number {
  return ((bytes[offset] ?? 0) << 8) | (bytes[offset + 1] ?? 0);
}
