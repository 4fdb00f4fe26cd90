// Extended reports on the wire (RFC 3611): the two blocks by which a receiver measures its round trip, and the way past
// all others.

import { checkInteger } from '../arguments.ts';
import type {
  DelaySinceLastReceiverReport,
  ReceiverReferenceTime,
  ReferenceTimeAnswer,
  RtcpExtendedReport,
} from './packet-types.ts';
import type { PacketWriter } from './packet-writer.ts';

/** Payload type of an extended report (RFC 3611 §2). */
export const EXTENDED_REPORT = 207;

const SSRC_SIZE = 4;
const BLOCK_HEADER_SIZE = 4;
/** RFC 3611 §4.4. */
const REFERENCE_TIME_TYPE = 4;
const REFERENCE_TIME_SIZE = 8;
/** RFC 3611 §4.5. */
const DELAY_TYPE = 5;
const ANSWER_SIZE = 12;
const ANSWER_WORDS = ANSWER_SIZE / 4;
const MAX_ANSWERS = Math.floor(0xffff / ANSWER_WORDS);

/**
 * The extended report in `body`, whose blocks must fill it exactly. Blocks of types not known here are left out
 * (RFC 3611 §3), and so are those of a length that their type cannot have.
 */
export function parseExtendedReport(body: DataView): RtcpExtendedReport | undefined {
  if (body.byteLength < SSRC_SIZE) return undefined;
  const blocks: RtcpExtendedReport['blocks'][number][] = [];
  let offset = SSRC_SIZE;
  while (offset < body.byteLength) {
    if (offset + BLOCK_HEADER_SIZE > body.byteLength) return undefined;
    const start = offset + BLOCK_HEADER_SIZE;
    const end = start + 4 * body.getUint16(offset + 2);
    if (end > body.byteLength) return undefined;
    const block = parseBlock(body, body.getUint8(offset), start, end);
    if (block !== undefined) blocks.push(block);
    offset = end;
  }
  return { type: 'extended-report', ssrc: body.getUint32(0), blocks };
}

/** Writes an extended report. */
export function writeExtendedReport(writer: PacketWriter, packet: RtcpExtendedReport): void {
  writer.begin(0, EXTENDED_REPORT);
  writer.uint32(packet.ssrc, 'SSRC');
  for (const block of packet.blocks) {
    if (block.type === 'receiver-reference-time') writeReferenceTime(writer, block);
    else writeAnswers(writer, block);
  }
  writer.end();
}

function parseBlock(
  body: DataView,
  type: number,
  start: number,
  end: number,
): RtcpExtendedReport['blocks'][number] | undefined {
  const size = end - start;
  if (type === REFERENCE_TIME_TYPE && size === REFERENCE_TIME_SIZE) {
    return {
      type: 'receiver-reference-time',
      ntpSeconds: body.getUint32(start),
      ntpFraction: body.getUint32(start + 4),
    };
  }
  if (type !== DELAY_TYPE || size % ANSWER_SIZE !== 0) return undefined;
  const answers: ReferenceTimeAnswer[] = [];
  for (let offset = start; offset < end; offset += ANSWER_SIZE) {
    answers.push({
      ssrc: body.getUint32(offset),
      lastReceiverReport: body.getUint32(offset + 4),
      delaySinceLastReceiverReport: body.getUint32(offset + 8),
    });
  }
  return { type: 'delay-since-last-receiver-report', answers };
}

function writeReferenceTime(writer: PacketWriter, block: ReceiverReferenceTime): void {
  writeBlockHeader(writer, REFERENCE_TIME_TYPE, REFERENCE_TIME_SIZE / 4);
  writer.uint32(block.ntpSeconds, 'NTP seconds');
  writer.uint32(block.ntpFraction, 'NTP fraction');
}

function writeAnswers(writer: PacketWriter, block: DelaySinceLastReceiverReport): void {
  checkInteger(block.answers.length, 0, MAX_ANSWERS, 'number of answers to reference times');
  writeBlockHeader(writer, DELAY_TYPE, block.answers.length * ANSWER_WORDS);
  for (const answer of block.answers) {
    writer.uint32(answer.ssrc, 'SSRC');
    writer.uint32(answer.lastReceiverReport, 'last receiver report');
    writer.uint32(answer.delaySinceLastReceiverReport, 'delay since last receiver report');
  }
}

function writeBlockHeader(writer: PacketWriter, type: number, words: number): void {
  writer.uint8(type, 'block type');
  writer.uint8(0, 'reserved bits');
  writer.uint16(words, 'block length in words');
}
