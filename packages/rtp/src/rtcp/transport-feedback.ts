// Transport-wide feedback on the wire (draft-holmer-rmcat-transport-wide-cc-extensions-01 §3.1, as libwebrtc speaks it):
// what arrived as status chunks, when it arrived as deltas of 250 µs from one received packet to the next.

import { checkInteger } from '../arguments.ts';
import { ArgumentError } from '../errors.ts';
import type { Milliseconds } from '../units.ts';
import { COMMON_FEEDBACK_SIZE, TRANSPORT_LAYER_FEEDBACK, writeCommon } from './feedback-messages.ts';
import type { TransportFeedback } from './feedback-types.ts';
import type { PacketWriter } from './packet-writer.ts';
import { encodeStatusChunks, readStatusChunks, SYMBOL } from './status-chunks.ts';

/** Format of transport-wide feedback in transport-layer feedback. */
export const TRANSPORT_FEEDBACK_FORMAT = 15;

/** The step of `TransportFeedback.referenceTime`, in ms. */
export const REFERENCE_TIME_STEP: Milliseconds = 64;

/** Ticks of 250 µs, the unit of arrival times, per millisecond. */
export const ARRIVAL_TICKS_PER_MILLISECOND = 4;

/** Most statuses that one packet can hold. */
export const MAX_STATUS_COUNT = 0xffff;

const CHUNKS_START = COMMON_FEEDBACK_SIZE + 8;
const MAX_SMALL_DELTA = 0xff;
const MIN_LARGE_DELTA = -0x8000;
const MAX_LARGE_DELTA = 0x7fff;
const MAX_DELTA_SIZE = 2;
const NO_DELTAS = new Uint8Array(0);

/** Bytes that a delta of `ticks` takes on the wire: 1 or 2; `undefined` when it does not fit (−8192…8191.75 ms). */
export function deltaSize(ticks: number): 1 | 2 | undefined {
  if (ticks >= 0 && ticks <= MAX_SMALL_DELTA) return 1;
  return ticks >= MIN_LARGE_DELTA && ticks <= MAX_LARGE_DELTA ? 2 : undefined;
}

/**
 * The feedback in `body`, everything between the header and the padding. Where the deltas are missing, as they may be on
 * purpose, it tells only what arrived.
 *
 * @param maxStatuses - most statuses to accept: a few bytes can claim 65 535 of them
 */
export function parseTransportFeedback(body: DataView, maxStatuses: number): TransportFeedback | undefined {
  if (body.byteLength < CHUNKS_START + 2) return undefined;
  const statusCount = body.getUint16(10);
  if (statusCount === 0 || statusCount > maxStatuses) return undefined;
  const symbols = new Uint8Array(statusCount);
  const deltasStart = readStatusChunks(body, CHUNKS_START, symbols);
  if (deltasStart === undefined) return undefined;
  // A symbol is worth as many bytes as its number says.
  let deltasSize = 0;
  for (const symbol of symbols) deltasSize += symbol;
  const hasArrivalTimes = deltasStart + deltasSize <= body.byteLength;
  return {
    type: 'transport-feedback',
    senderSsrc: body.getUint32(0),
    mediaSsrc: body.getUint32(4),
    baseSequence: body.getUint16(8),
    feedbackCount: body.getUint8(15),
    referenceTime: (body.getInt32(12) >> 8) * REFERENCE_TIME_STEP,
    hasArrivalTimes,
    packets: hasArrivalTimes ? readArrivals(body, deltasStart, symbols) : withoutArrivals(symbols),
  };
}

/**
 * Writes transport-wide feedback, arrival times rounded to the nearest tick.
 *
 * @param isLast - whether it ends the compound packet: only there may padding be declared (RFC 3550 §6.4.1). Elsewhere
 * the fill is zeros, as the draft has it, which a reader cannot take for deltas unless there are none.
 */
export function writeTransportFeedback(writer: PacketWriter, packet: TransportFeedback, isLast: boolean): void {
  const reference = packet.referenceTime / REFERENCE_TIME_STEP;
  checkInteger(packet.packets.length, 1, MAX_STATUS_COUNT, 'packet status count');
  const symbols = new Uint8Array(packet.packets.length);
  const deltas = packet.hasArrivalTimes ? encodeArrivals(packet.packets, symbols) : NO_DELTAS;
  if (!packet.hasArrivalTimes) markReceived(packet.packets, symbols);
  writer.begin(TRANSPORT_FEEDBACK_FORMAT, TRANSPORT_LAYER_FEEDBACK);
  writeCommon(writer, packet.senderSsrc, packet.mediaSsrc);
  writer.uint16(packet.baseSequence, 'base sequence number');
  writer.uint16(symbols.length, 'packet status count');
  writer.int24(reference, 'reference time in steps of 64 ms');
  writer.uint8(packet.feedbackCount, 'feedback packet count');
  for (const chunk of encodeStatusChunks(symbols)) writer.uint16(chunk, 'status chunk');
  writer.bytes(deltas);
  writer.end(isLast || !packet.hasArrivalTimes);
}

function readArrivals(body: DataView, start: number, symbols: Uint8Array): (Milliseconds | undefined)[] {
  const arrivals = new Array<Milliseconds | undefined>(symbols.length).fill(undefined);
  let offset = start;
  let ticks = 0;
  for (let i = 0; i < symbols.length; i++) {
    const symbol = symbols[i] ?? SYMBOL.notReceived;
    if (symbol === SYMBOL.notReceived) continue;
    ticks += symbol === SYMBOL.smallDelta ? body.getUint8(offset) : body.getInt16(offset);
    offset += symbol;
    arrivals[i] = ticks / ARRIVAL_TICKS_PER_MILLISECOND;
  }
  return arrivals;
}

function withoutArrivals(symbols: Uint8Array): (Milliseconds | undefined)[] {
  const arrivals = new Array<Milliseconds | undefined>(symbols.length).fill(undefined);
  for (let i = 0; i < symbols.length; i++) if (symbols[i] !== SYMBOL.notReceived) arrivals[i] = 0;
  return arrivals;
}

/** Sets the symbol of each packet and returns the deltas of those received, as on the wire. */
function encodeArrivals(packets: TransportFeedback['packets'], symbols: Uint8Array): Uint8Array {
  const deltas = new Uint8Array(MAX_DELTA_SIZE * packets.length);
  let size = 0;
  let previous = 0;
  for (let i = 0; i < packets.length; i++) {
    const arrival = packets[i];
    if (arrival === undefined) continue;
    const ticks = Math.round(arrival * ARRIVAL_TICKS_PER_MILLISECOND);
    const delta = ticks - previous;
    if (delta >= 0 && delta <= MAX_SMALL_DELTA) {
      symbols[i] = SYMBOL.smallDelta;
    } else if (delta >= MIN_LARGE_DELTA && delta <= MAX_LARGE_DELTA) {
      symbols[i] = SYMBOL.largeDelta;
      deltas[size++] = delta >> 8;
    } else {
      throw new ArgumentError(
        `Transport feedback has ${delta / ARRIVAL_TICKS_PER_MILLISECOND} ms between two arrivals: start another packet.`,
      );
    }
    deltas[size++] = delta;
    previous = ticks;
  }
  return deltas.subarray(0, size);
}

function markReceived(packets: TransportFeedback['packets'], symbols: Uint8Array): void {
  packets.forEach((arrival, index) => {
    symbols[index] = arrival === undefined ? SYMBOL.notReceived : SYMBOL.smallDelta;
  });
}
