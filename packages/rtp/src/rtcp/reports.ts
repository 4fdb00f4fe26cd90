// Sender and receiver reports on the wire (RFC 3550 §6.4).

import type { ReportBlock, RtcpReceiverReport, RtcpSenderReport } from './packet-types.ts';
import type { PacketWriter } from './packet-writer.ts';

/** Payload type of a sender report. */
export const SENDER_REPORT = 200;
/** Payload type of a receiver report. */
export const RECEIVER_REPORT = 201;

const MAX_BLOCKS = 31;
const BLOCK_SIZE = 24;
const SENDER_INFO_SIZE = 24;

/** The sender report in `body`, everything behind the header; bytes behind the blocks are a profile's extension. */
export function parseSenderReport(body: DataView, count: number): RtcpSenderReport | undefined {
  if (body.byteLength < SENDER_INFO_SIZE + count * BLOCK_SIZE) return undefined;
  return {
    type: 'sender-report',
    ssrc: body.getUint32(0),
    ntpSeconds: body.getUint32(4),
    ntpFraction: body.getUint32(8),
    rtpTimestamp: body.getUint32(12),
    packetCount: body.getUint32(16),
    octetCount: body.getUint32(20),
    reports: parseBlocks(body, SENDER_INFO_SIZE, count),
  };
}

/** The receiver report in `body`; bytes behind the blocks are a profile's extension. */
export function parseReceiverReport(body: DataView, count: number): RtcpReceiverReport | undefined {
  if (body.byteLength < 4 + count * BLOCK_SIZE) return undefined;
  return { type: 'receiver-report', ssrc: body.getUint32(0), reports: parseBlocks(body, 4, count) };
}

/** Writes a sender report and, for more than 31 blocks, the receiver reports behind it (RFC 3550 §6.1). */
export function writeSenderReport(writer: PacketWriter, packet: RtcpSenderReport): void {
  const blocks = packet.reports.slice(0, MAX_BLOCKS);
  writer.begin(blocks.length, SENDER_REPORT);
  writer.uint32(packet.ssrc, 'SSRC');
  writer.uint32(packet.ntpSeconds, 'NTP seconds');
  writer.uint32(packet.ntpFraction, 'NTP fraction');
  writer.uint32(packet.rtpTimestamp, 'RTP timestamp');
  writer.uint32(packet.packetCount, 'packet count');
  writer.uint32(packet.octetCount, 'octet count');
  for (const block of blocks) writeBlock(writer, block);
  writer.end();
  if (packet.reports.length > MAX_BLOCKS) writeReceiverReports(writer, packet.ssrc, packet.reports.slice(MAX_BLOCKS));
}

/** Writes as many receiver reports as the blocks need, and one when there are none. */
export function writeReceiverReports(writer: PacketWriter, ssrc: number, reports: readonly ReportBlock[]): void {
  let start = 0;
  do {
    const blocks = reports.slice(start, start + MAX_BLOCKS);
    writer.begin(blocks.length, RECEIVER_REPORT);
    writer.uint32(ssrc, 'SSRC');
    for (const block of blocks) writeBlock(writer, block);
    writer.end();
    start += MAX_BLOCKS;
  } while (start < reports.length);
}

function parseBlocks(body: DataView, start: number, count: number): ReportBlock[] {
  const blocks: ReportBlock[] = [];
  for (let offset = start; blocks.length < count; offset += BLOCK_SIZE) {
    blocks.push({
      ssrc: body.getUint32(offset),
      fractionLost: body.getUint8(offset + 4),
      cumulativeLost: (body.getInt8(offset + 5) << 16) | body.getUint16(offset + 6),
      extendedHighestSequence: body.getUint32(offset + 8),
      jitter: body.getUint32(offset + 12),
      lastSenderReport: body.getUint32(offset + 16),
      delaySinceLastSenderReport: body.getUint32(offset + 20),
    });
  }
  return blocks;
}

function writeBlock(writer: PacketWriter, block: ReportBlock): void {
  writer.uint32(block.ssrc, 'SSRC');
  writer.uint8(block.fractionLost, 'fraction lost');
  writer.int24(block.cumulativeLost, 'cumulative number lost');
  writer.uint32(block.extendedHighestSequence, 'extended highest sequence number');
  writer.uint32(block.jitter, 'jitter');
  writer.uint32(block.lastSenderReport, 'last sender report');
  writer.uint32(block.delaySinceLastSenderReport, 'delay since last sender report');
}
