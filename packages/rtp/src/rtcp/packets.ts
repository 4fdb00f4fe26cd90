// Datagrams of RTCP packets, one behind the other: compound (RFC 3550 §6.1) or reduced-size (RFC 5506).

import { APPLICATION, parseApplication, writeApplication } from './application.ts';
import { BYE, parseBye, writeByes } from './bye.ts';
import {
  CONGESTION_FEEDBACK_FORMAT,
  countStatuses,
  parseCongestionFeedback,
  writeCongestionFeedback,
} from './congestion-feedback.ts';
import { EXTENDED_REPORT, parseExtendedReport, writeExtendedReport } from './extended-report.ts';
import {
  APPLICATION_LAYER_FORMAT,
  FIR_FORMAT,
  isRemb,
  NACK_FORMAT,
  PAYLOAD_SPECIFIC_FEEDBACK,
  PLI_FORMAT,
  parseFir,
  parseNack,
  parsePli,
  parseRemb,
  TRANSPORT_LAYER_FEEDBACK,
  writeFir,
  writeNack,
  writePli,
  writeRemb,
} from './feedback-messages.ts';
import type { RtcpPacket } from './packet-types.ts';
import { PacketWriter } from './packet-writer.ts';
import {
  parseReceiverReport,
  parseSenderReport,
  RECEIVER_REPORT,
  SENDER_REPORT,
  writeReceiverReports,
  writeSenderReport,
} from './reports.ts';
import { parseSourceDescription, SOURCE_DESCRIPTION, writeSourceDescriptions } from './source-description.ts';
import { parseTmmbn, parseTmmbr, TMMBN_FORMAT, TMMBR_FORMAT, writeTmmbn, writeTmmbr } from './tmmbr.ts';
import {
  MAX_STATUS_COUNT,
  parseTransportFeedback,
  TRANSPORT_FEEDBACK_FORMAT,
  writeTransportFeedback,
} from './transport-feedback.ts';

export type * from './feedback-types.ts';
export type * from './packet-types.ts';

/** What a datagram of RTCP held. */
export interface ParsedRtcp {
  /** The well-formed packets of known types, in order. */
  readonly packets: RtcpPacket[];
  /** How many were malformed; a break in the framing counts once, however much is behind it. */
  readonly invalid: number;
  /** How many were well framed but of types or feedback formats not known here. */
  readonly unknown: number;
}

const VERSION = 2;
const HEADER_SIZE = 4;
const COUNT_MASK = 0x1f;
const PADDING_BIT = 0x20;
const FIRST_RTCP_TYPE = 192;
const LAST_RTCP_TYPE = 223;

/** Whether a datagram that is RTP or RTCP is RTCP, by its version and payload type octet (RFC 5761 §4: 192–223). */
export function isRtcp(bytes: Uint8Array): boolean {
  const type = bytes[1] ?? 0;
  return (bytes[0] ?? 0) >> 6 === VERSION && type >= FIRST_RTCP_TYPE && type <= LAST_RTCP_TYPE;
}

/**
 * Reads a datagram of RTCP. It never throws and never gives up what it can tell:
 *
 * - A packet that ends where its length says but is malformed inside (too short for what it counts, or with a value that
 *   its type forbids) is left out and counted as `invalid`; those before and behind it are kept.
 * - So is one that declares padding without being the last, or padding that is not a whole number of words within it
 *   (RFC 3550 §6.4.1). Transport-wide feedback may: libwebrtc pads each with the bytes that it lacks.
 * - Where the version is not 2, or a header or what its length says does not fit the datagram, nothing behind can be
 *   told: what was before is kept, the rest counts as one `invalid`, and reading ends.
 * - A packet of an unknown type is skipped and counted as `unknown`.
 *
 * That the first packet be a report (RFC 3550 §6.1, §A.2) is not asked for, since any packet may come alone or first in
 * a reduced-size datagram (RFC 5506 §3.4.2); nor does a first packet that is malformed take the others with it.
 *
 * Statuses of packets in feedback are bounded at 65 535 in one datagram: feedback that claims more than are left is
 * `invalid`. Application data is a view into `bytes`.
 */
export function parseRtcp(bytes: Uint8Array): ParsedRtcp {
  const packets: RtcpPacket[] = [];
  let invalid = 0;
  let unknown = 0;
  // Shared by the packets of one datagram, which would otherwise be asked for statuses by the million.
  let statusesLeft = MAX_STATUS_COUNT;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let offset = 0;
  while (offset < bytes.length) {
    const end = packetEnd(view, offset);
    if (end === undefined) {
      invalid += 1;
      break;
    }
    const packet = parsePacket(view, offset, end, statusesLeft);
    if (packet === 'invalid') invalid += 1;
    else if (packet === 'unknown') unknown += 1;
    else packets.push(packet);
    if (typeof packet === 'object') {
      if (packet.type === 'transport-feedback') statusesLeft -= packet.packets.length;
      else if (packet.type === 'congestion-feedback') statusesLeft -= countStatuses(packet);
    }
    offset = end;
  }
  return { packets, invalid, unknown };
}

/**
 * The bytes of `packets`, one behind the other in that order. The same packets always give the same bytes. Reports,
 * descriptions and goodbyes with more than 31 entries become several packets (RFC 3550 §6.1).
 *
 * @throws ArgumentError when a value does not fit its field: numbers are never clamped or wrapped here
 */
export function serializeRtcp(packets: readonly RtcpPacket[]): Uint8Array {
  const writer = new PacketWriter();
  packets.forEach((packet, index) => {
    writePacket(writer, packet, index === packets.length - 1);
  });
  return writer.finish();
}

/** Where the packet at `offset` ends; `undefined` when there is none that ends within the view. */
function packetEnd(view: DataView, offset: number): number | undefined {
  if (offset + HEADER_SIZE > view.byteLength) return undefined;
  if (view.getUint8(offset) >> 6 !== VERSION) return undefined;
  const end = offset + (view.getUint16(offset + 2) + 1) * 4;
  return end <= view.byteLength ? end : undefined;
}

/** The packet in [start, end). */
function parsePacket(
  view: DataView,
  start: number,
  end: number,
  maxStatuses: number,
): RtcpPacket | 'invalid' | 'unknown' {
  const first = view.getUint8(start);
  const type = view.getUint8(start + 1);
  const count = first & COUNT_MASK;
  const bodyStart = start + HEADER_SIZE;
  let bodyEnd = end;
  if ((first & PADDING_BIT) !== 0) {
    const padding = view.getUint8(end - 1);
    bodyEnd -= padding;
    const isExempt = type === TRANSPORT_LAYER_FEEDBACK && count === TRANSPORT_FEEDBACK_FORMAT;
    const isAllowed = isExempt || (end === view.byteLength && padding % 4 === 0);
    if (padding === 0 || bodyEnd < bodyStart || !isAllowed) return 'invalid';
  }
  const body = new DataView(view.buffer, view.byteOffset + bodyStart, bodyEnd - bodyStart);
  switch (type) {
    case SENDER_REPORT:
      return parseSenderReport(body, count) ?? 'invalid';
    case RECEIVER_REPORT:
      return parseReceiverReport(body, count) ?? 'invalid';
    case SOURCE_DESCRIPTION:
      return parseSourceDescription(body, count) ?? 'invalid';
    case BYE:
      return parseBye(body, count) ?? 'invalid';
    case APPLICATION:
      return parseApplication(body, count) ?? 'invalid';
    case EXTENDED_REPORT:
      return parseExtendedReport(body) ?? 'invalid';
    case TRANSPORT_LAYER_FEEDBACK:
      if (count === NACK_FORMAT) return parseNack(body) ?? 'invalid';
      if (count === TMMBR_FORMAT) return parseTmmbr(body) ?? 'invalid';
      if (count === TMMBN_FORMAT) return parseTmmbn(body) ?? 'invalid';
      if (count === CONGESTION_FEEDBACK_FORMAT) return parseCongestionFeedback(body, maxStatuses) ?? 'invalid';
      if (count === TRANSPORT_FEEDBACK_FORMAT) return parseTransportFeedback(body, maxStatuses) ?? 'invalid';
      return 'unknown';
    case PAYLOAD_SPECIFIC_FEEDBACK:
      if (count === PLI_FORMAT) return parsePli(body) ?? 'invalid';
      if (count === FIR_FORMAT) return parseFir(body) ?? 'invalid';
      if (count === APPLICATION_LAYER_FORMAT && isRemb(body)) return parseRemb(body) ?? 'invalid';
      return 'unknown';
    default:
      return 'unknown';
  }
}

function writePacket(writer: PacketWriter, packet: RtcpPacket, isLast: boolean): void {
  switch (packet.type) {
    case 'sender-report':
      return writeSenderReport(writer, packet);
    case 'receiver-report':
      return writeReceiverReports(writer, packet.ssrc, packet.reports);
    case 'source-description':
      return writeSourceDescriptions(writer, packet);
    case 'bye':
      return writeByes(writer, packet);
    case 'application':
      return writeApplication(writer, packet);
    case 'extended-report':
      return writeExtendedReport(writer, packet);
    case 'nack':
      return writeNack(writer, packet);
    case 'pli':
      return writePli(writer, packet);
    case 'fir':
      return writeFir(writer, packet);
    case 'remb':
      return writeRemb(writer, packet);
    case 'tmmbr':
      return writeTmmbr(writer, packet);
    case 'tmmbn':
      return writeTmmbn(writer, packet);
    case 'transport-feedback':
      return writeTransportFeedback(writer, packet, isLast);
    case 'congestion-feedback':
      return writeCongestionFeedback(writer, packet);
  }
}
