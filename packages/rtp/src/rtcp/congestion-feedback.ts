// Congestion control feedback on the wire (RFC 8888 §3.1): per stream a run of sequence numbers, 16 bits on each.

import { checkInteger } from '../arguments.ts';
import { ArgumentError } from '../errors.ts';
import type { Milliseconds } from '../units.ts';
import { TRANSPORT_LAYER_FEEDBACK } from './feedback-messages.ts';
import type {
  CongestionFeedback,
  CongestionFeedbackArrival,
  CongestionFeedbackStream,
  EcnMark,
} from './feedback-types.ts';
import type { PacketWriter } from './packet-writer.ts';

/** Format of congestion control feedback in transport-layer feedback. */
export const CONGESTION_FEEDBACK_FORMAT = 11;

/** Most statuses on one stream in one packet: a quarter of all sequence numbers. */
export const MAX_STREAM_STATUSES = 16_384;

/** Bytes of a packet without its streams: header, sender, report timestamp. */
export const CONGESTION_FEEDBACK_FIXED_SIZE = 12;
/** Bytes of a stream without its statuses: SSRC, first sequence number, count. */
export const CONGESTION_STREAM_FIXED_SIZE = 8;

const SENDER_SIZE = 4;
const TIMESTAMP_SIZE = 4;
const RECEIVED_BIT = 0x8000;
const ECN_SHIFT = 13;
const OFFSET_MASK = 0x1fff;
const MAX_OFFSET = 0x1ffd;
const OVER_RANGE = 0x1ffe;
const UNAVAILABLE = 0x1fff;

/** The marks in the order of their code points (RFC 3168 §5). */
export const ECN_MARKS: readonly EcnMark[] = ['not-ect', 'ect-1', 'ect-0', 'ce'];

const ECN_CODE_POINTS: Readonly<Record<EcnMark, number>> = { 'not-ect': 0, 'ect-1': 1, 'ect-0': 2, ce: 3 };

/** The code point of a mark, 0 to 3. */
export function ecnCodePoint(mark: EcnMark): number {
  return ECN_CODE_POINTS[mark];
}

/** `offset` as it can be told: in whole steps of 1/1024 s, `Infinity` when it is too long, `undefined` below 0. */
export function tellableOffset(offset: Milliseconds): Milliseconds | undefined {
  if (offset < 0) return undefined;
  const steps = offsetToSteps(offset);
  return steps > MAX_OFFSET ? Number.POSITIVE_INFINITY : stepsToOffset(Math.round(steps));
}

/**
 * The feedback in `body`. What has to be zero is not looked at: the rest of a status that says "not received", and the
 * fill behind an odd number of them.
 *
 * @param maxStatuses - most statuses to accept
 */
export function parseCongestionFeedback(body: DataView, maxStatuses: number): CongestionFeedback | undefined {
  const end = body.byteLength - TIMESTAMP_SIZE;
  if (end < SENDER_SIZE) return undefined;
  const streams: CongestionFeedbackStream[] = [];
  let statusesLeft = maxStatuses;
  let offset = SENDER_SIZE;
  while (offset < end) {
    if (offset + CONGESTION_STREAM_FIXED_SIZE > end) return undefined;
    const count = body.getUint16(offset + 6);
    const start = offset + CONGESTION_STREAM_FIXED_SIZE;
    if (count > MAX_STREAM_STATUSES || count > statusesLeft || start + statusesSize(count) > end) return undefined;
    const packets = parseStatuses(body, start, count);
    streams.push({ ssrc: body.getUint32(offset), beginSequence: body.getUint16(offset + 4), packets });
    statusesLeft -= count;
    offset = start + statusesSize(count);
  }
  return {
    type: 'congestion-feedback',
    senderSsrc: body.getUint32(0),
    reportTimestamp: body.getUint32(end),
    streams,
  };
}

/** Writes congestion control feedback. */
export function writeCongestionFeedback(writer: PacketWriter, packet: CongestionFeedback): void {
  writer.begin(CONGESTION_FEEDBACK_FORMAT, TRANSPORT_LAYER_FEEDBACK);
  writer.uint32(packet.senderSsrc, 'sender SSRC');
  for (const { ssrc, beginSequence, packets } of packet.streams) {
    checkInteger(packets.length, 0, MAX_STREAM_STATUSES, 'number of statuses on one stream');
    writer.uint32(ssrc, 'SSRC');
    writer.uint16(beginSequence, 'first sequence number');
    writer.uint16(packets.length, 'number of statuses');
    for (const arrival of packets) writer.uint16(arrival === undefined ? 0 : encodeArrival(arrival), 'status');
    writer.align();
  }
  writer.uint32(packet.reportTimestamp, 'report timestamp');
  writer.end();
}

/** Bytes of `count` statuses, filled up to whole words. */
export function statusesSize(count: number): number {
  return 4 * Math.ceil(count / 2);
}

/** How many statuses the packet holds. */
export function countStatuses(packet: CongestionFeedback): number {
  let count = 0;
  for (const { packets } of packet.streams) count += packets.length;
  return count;
}

function parseStatuses(body: DataView, start: number, count: number): CongestionFeedbackStream['packets'] {
  const packets: (CongestionFeedbackArrival | undefined)[] = [];
  for (let i = 0; i < count; i++) {
    const status = body.getUint16(start + 2 * i);
    packets.push((status & RECEIVED_BIT) === 0 ? undefined : decodeArrival(status));
  }
  return packets;
}

function decodeArrival(status: number): CongestionFeedbackArrival {
  const ecn = ECN_MARKS[(status >> ECN_SHIFT) & 3] ?? 'not-ect';
  const steps = status & OFFSET_MASK;
  if (steps === UNAVAILABLE) return { ecn, arrivalOffset: undefined };
  return { ecn, arrivalOffset: steps === OVER_RANGE ? Number.POSITIVE_INFINITY : stepsToOffset(steps) };
}

function encodeArrival({ ecn, arrivalOffset }: CongestionFeedbackArrival): number {
  return RECEIVED_BIT | (ecnCodePoint(ecn) << ECN_SHIFT) | encodeOffset(arrivalOffset);
}

function encodeOffset(offset: Milliseconds | undefined): number {
  if (offset === undefined) return UNAVAILABLE;
  if (offset === Number.POSITIVE_INFINITY) return OVER_RANGE;
  const steps = offsetToSteps(offset);
  if (!(steps >= 0 && steps <= MAX_OFFSET)) {
    throw new ArgumentError(
      `RTCP arrival offset is ${offset} ms: give 0 to ${stepsToOffset(MAX_OFFSET)}, Infinity or undefined.`,
    );
  }
  return Math.round(steps);
}

/** Exactly what `stepsToOffset` was given, for what it made: the factor 1.024 in one would not be. */
function offsetToSteps(offset: Milliseconds): number {
  return (offset * 1024) / 1000;
}

/** Exact: the divisor is a power of two. */
function stepsToOffset(steps: number): Milliseconds {
  return (steps * 1000) / 1024;
}
