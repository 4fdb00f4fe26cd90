// Datagrams of RTCP packets, one behind the other: compound (RFC 3550 §6.1) or reduced-size (RFC 5506).

import { APPLICATION, parseApplication, writeApplication } from './application.ts';
import { BYE, parseBye, writeByes } from './bye.ts';
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
import {
  MAX_STATUS_COUNT,
  parseTransportFeedback,
  TRANSPORT_FEEDBACK_FORMAT,
  writeTransportFeedback,
} from './transport-feedback.ts';

export type * from './packet-types.ts';

/** What a datagram of RTCP held. */
export interface ParsedRtcp {
  /** The well-formed packets of known types, in order. */
  readonly packets: RtcpPacket[];
  /** How many were malformed; a break in the framing counts once, however much is behind it. */
  readonly invalid: number;
  /** How many were of types or feedback formats not known here. */
  readonly unknown: number;
}

const VERSION = 2;
const HEADER_SIZE = 4;
const FIRST_RTCP_TYPE = 192;
const LAST_RTCP_TYPE = 223;

/** Whether a datagram that is RTP or RTCP is RTCP, by its version and payload type octet (RFC 5761 §4: 192–223). */
export function isRtcp(bytes: Uint8Array): boolean {
  const type = bytes[1] ?? 0;
  return (bytes[0] ?? 0) >> 6 === VERSION && type >= FIRST_RTCP_TYPE && type <= LAST_RTCP_TYPE;
}

/**
 * Reads a datagram of RTCP: compound (RFC 3550 §6.1) or reduced-size (RFC 5506). It never throws. A packet whose content
 * is wrong is left out and counted, those around it are kept; where the version or a length is wrong, nothing behind it
 * can be told, and reading ends. Application data is a view into `bytes`.
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
    const size = packetSize(view, offset);
    if (size === undefined) {
      invalid += 1;
      break;
    }
    const isLast = offset + size === bytes.length;
    const packet = parsePacket(new DataView(bytes.buffer, bytes.byteOffset + offset, size), isLast, statusesLeft);
    if (packet === 'invalid') invalid += 1;
    else if (packet === 'unknown') unknown += 1;
    else packets.push(packet);
    if (typeof packet === 'object' && packet.type === 'transport-feedback') statusesLeft -= packet.packets.length;
    offset += size;
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

/** Bytes of the packet at `offset`, header included; `undefined` when there is none that ends within the view. */
function packetSize(view: DataView, offset: number): number | undefined {
  if (offset + HEADER_SIZE > view.byteLength) return undefined;
  if (view.getUint8(offset) >> 6 !== VERSION) return undefined;
  const size = (view.getUint16(offset + 2) + 1) * 4;
  return offset + size <= view.byteLength ? size : undefined;
}

function parsePacket(view: DataView, isLast: boolean, maxStatuses: number): RtcpPacket | 'invalid' | 'unknown' {
  const type = view.getUint8(1);
  const count = view.getUint8(0) & 0x1f;
  const paddingSize = readPaddingSize(
    view,
    isLast,
    type === TRANSPORT_LAYER_FEEDBACK && count === TRANSPORT_FEEDBACK_FORMAT,
  );
  if (paddingSize === undefined) return 'invalid';
  const bodySize = view.byteLength - HEADER_SIZE - paddingSize;
  const body = new DataView(view.buffer, view.byteOffset + HEADER_SIZE, bodySize);
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
    case TRANSPORT_LAYER_FEEDBACK:
      if (count === NACK_FORMAT) return parseNack(body) ?? 'invalid';
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

/**
 * Bytes of padding at the end; `undefined` when it is not as RFC 3550 §6.4.1 says: on the last packet only, whole words.
 * Transport-wide feedback is exempt from both: libwebrtc pads each with the one to three bytes that it lacks.
 */
function readPaddingSize(view: DataView, isLast: boolean, isTransportFeedback: boolean): number | undefined {
  if ((view.getUint8(0) & 0x20) === 0) return 0;
  const size = view.getUint8(view.byteLength - 1);
  if (size === 0 || size > view.byteLength - HEADER_SIZE) return undefined;
  return isTransportFeedback || (isLast && size % 4 === 0) ? size : undefined;
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
    case 'nack':
      return writeNack(writer, packet);
    case 'pli':
      return writePli(writer, packet);
    case 'fir':
      return writeFir(writer, packet);
    case 'remb':
      return writeRemb(writer, packet);
    case 'transport-feedback':
      return writeTransportFeedback(writer, packet, isLast);
  }
}
