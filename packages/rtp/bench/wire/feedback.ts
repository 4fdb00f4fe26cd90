// RTCP: transport-wide feedback, NACK and reports, built and parsed.

import {
  CompoundPacket,
  NackPacket,
  parseNackItem,
  ReceiverReportPacket,
  type ReceptionReport,
  SenderReportPacket,
} from 'rtp.js/packets';
import {
  GenericNack,
  RtcpPacketConverter,
  type RtcpReceiverInfo,
  RtcpRrPacket,
  RtcpSrPacket,
  RtcpTransportLayerFeedback,
  TransportWideCC,
} from 'werift';
import type { Work } from '../../../../scripts/bench/measure.ts';
import {
  parseRtcp,
  type ReportBlock,
  type RtcpNack,
  type RtcpReceiverReport,
  type RtcpSenderReport,
  serializeRtcp,
  type TransportFeedback,
} from '../../src/index.ts';
import { bufferOf, bytesOf, dataViewOf, requireSameBytes, requireSameValue } from './agreement.ts';
import { PEERS } from './peers.ts';

/** A hundred packets some 1.2 ms apart, every twentieth of them lost. */
const feedback: TransportFeedback = {
  type: 'transport-feedback',
  senderSsrc: 0x1111_1111,
  mediaSsrc: 0x2222_2222,
  baseSequence: 40_000,
  feedbackCount: 7,
  referenceTime: 64 * 5000,
  hasArrivalTimes: true,
  packets: Array.from({ length: 100 }, (_, i) => (i % 20 === 11 ? undefined : i * 1.25 + (i % 3) * 0.25)),
};

/** What a receiver asks for after a burst of losses. */
const nack: RtcpNack = {
  type: 'nack',
  senderSsrc: 0x1111_1111,
  mediaSsrc: 0x2222_2222,
  sequenceNumbers: [500, 501, 502, 504, 509, 516, 517, 540, 541, 560, 561, 562, 563, 564, 565, 566, 567, 568, 569, 570],
};

const report = (i: number): ReportBlock => ({
  ssrc: 0x3333_0000 + i,
  fractionLost: 12,
  cumulativeLost: 345,
  extendedHighestSequence: 0x0002_1234,
  jitter: 77,
  lastSenderReport: 0x7e80_abcd,
  delaySinceLastSenderReport: 0x0001_0000,
});

const senderReport: RtcpSenderReport = {
  type: 'sender-report',
  ssrc: 0x1111_1111,
  ntpSeconds: 0xe8f0_1234,
  ntpFraction: 0x8000_0000,
  rtpTimestamp: 123_456_789,
  packetCount: 4711,
  octetCount: 5_000_000,
  reports: [report(0), report(1)],
};

const receiverReport: RtcpReceiverReport = {
  type: 'receiver-report',
  ssrc: 0x4444_4444,
  reports: [report(2), report(3), report(4)],
};

/** Feedback on a hundred packets, from the list of arrivals to bytes. */
export function feedbackBuilding(): Work {
  const bytes = serializeRtcp([feedback]);
  const theirs = weriftFeedback(bytes);
  // It is handed its chunks ready made: finding them is left to its user.
  const build = () =>
    new TransportWideCC({
      senderSsrc: theirs.senderSsrc,
      mediaSourceSsrc: theirs.mediaSourceSsrc,
      baseSequenceNumber: theirs.baseSequenceNumber,
      packetStatusCount: theirs.packetStatusCount,
      referenceTime: theirs.referenceTime,
      fbPktCount: theirs.fbPktCount,
      packetChunks: theirs.packetChunks,
      recvDeltas: theirs.recvDeltas,
      header: theirs.header,
    }).serialize();
  requireSameBytes('werift', bytes, build());
  return {
    name: 'build transport feedback, 100 packets',
    unit: 'µs/feedback',
    operations: 1,
    ours: () => sumOf(serializeRtcp([feedback])),
    peers: [{ name: PEERS.werift, run: () => sumOf(build()) }],
  };
}

/** Feedback on a hundred packets, from bytes to what arrived when. */
export function feedbackParsing(): Work {
  const bytes = serializeRtcp([feedback]);
  requireSameValue('ours', parseRtcp(bytes).packets, [feedback]);
  // It leaves arrivals as steps, of which only run-length chunks are ever added up.
  let ticks = 0;
  const theirs = weriftFeedback(bytes).recvDeltas.map(({ delta }) => {
    ticks += delta / 250;
    return ticks / 4;
  });
  const arrivals = feedback.packets.filter((arrival) => arrival !== undefined);
  requireSameValue('werift', arrivals, theirs);
  return {
    name: 'parse transport feedback, 100 packets',
    unit: 'µs/feedback',
    operations: 1,
    ours: () => {
      const [packet] = parseRtcp(bytes).packets;
      return packet?.type === 'transport-feedback' ? (packet.packets[99] ?? 0) + packet.packets.length : 0;
    },
    peers: [{ name: PEERS.werift, run: () => weriftFeedback(bytes).recvDeltas[94]?.delta ?? 0 }],
  };
}

/** A NACK for twenty packets, written and read. */
export function nackRoundTrip(): Work {
  const bytes = serializeRtcp([nack]);
  requireSameBytes('rtp.js', bytes, rtpJsNack());
  requireSameBytes('werift', bytes, weriftNack());
  requireSameValue('rtp.js', nack.sequenceNumbers, readRtpJsNack(bytes));
  requireSameValue('werift', nack.sequenceNumbers, readWeriftNack(bytes));
  const last = (numbers: readonly number[]) => (numbers.at(-1) ?? 0) + numbers.length;
  return {
    name: 'build and parse NACK, 20 packets',
    unit: 'µs/NACK',
    operations: 1,
    ours: () => {
      const [packet] = parseRtcp(serializeRtcp([nack])).packets;
      return packet?.type === 'nack' ? last(packet.sequenceNumbers) : 0;
    },
    peers: [
      { name: PEERS.rtpJs, run: () => last(readRtpJsNack(rtpJsNack())) },
      { name: PEERS.werift, run: () => last(readWeriftNack(weriftNack())) },
    ],
  };
}

/** A compound of a sender report with two blocks and a receiver report with three, every field of it read. */
export function reportParsing(): Work {
  const bytes = serializeRtcp([senderReport, receiverReport]);
  const expected = sluiceReports(bytes);
  requireSameValue('rtp.js', expected, rtpJsReports(bytes));
  requireSameValue('werift', expected, weriftReports(bytes));
  return {
    name: 'parse sender and receiver report',
    unit: 'µs/compound',
    operations: 1,
    ours: () => sluiceReports(bytes),
    peers: [
      { name: PEERS.rtpJs, run: () => rtpJsReports(bytes) },
      { name: PEERS.werift, run: () => weriftReports(bytes) },
    ],
  };
}

function weriftFeedback(bytes: Uint8Array): TransportWideCC {
  const [packet] = RtcpPacketConverter.deSerialize(bufferOf(bytes));
  if (packet instanceof RtcpTransportLayerFeedback && packet.feedback instanceof TransportWideCC) {
    return packet.feedback;
  }
  throw new Error('werift found no transport feedback.');
}

function rtpJsNack(): Uint8Array {
  const packet = new NackPacket();
  packet.setSenderSsrc(nack.senderSsrc);
  packet.setMediaSsrc(nack.mediaSsrc);
  // As its documentation has it, an item is made of the numbers that fit one.
  for (const item of items) packet.addItem(item.pid, item.bitmask);
  return bytesOf(packet.getView());
}

/** The items of the NACK, found out beforehand: rtp.js leaves it to its user which numbers go together. */
const items = new NackPacket(dataViewOf(serializeRtcp([nack]))).getItems();

function readRtpJsNack(bytes: Uint8Array): number[] {
  return new NackPacket(dataViewOf(bytes)).getItems().flatMap(({ pid, bitmask }) => parseNackItem(pid, bitmask));
}

function weriftNack(): Uint8Array {
  const { senderSsrc, mediaSsrc, sequenceNumbers } = nack;
  return new GenericNack({ senderSsrc, mediaSourceSsrc: mediaSsrc, lost: [...sequenceNumbers] }).serialize();
}

function readWeriftNack(bytes: Uint8Array): number[] {
  const [packet] = RtcpPacketConverter.deSerialize(bufferOf(bytes));
  return packet instanceof RtcpTransportLayerFeedback && packet.feedback instanceof GenericNack
    ? packet.feedback.lost
    : [];
}

function sluiceReports(bytes: Uint8Array): number {
  let sum = 0;
  for (const packet of parseRtcp(bytes).packets) {
    if (packet.type !== 'sender-report' && packet.type !== 'receiver-report') continue;
    sum += packet.ssrc;
    if (packet.type === 'sender-report') {
      sum += packet.ntpSeconds + packet.ntpFraction + packet.rtpTimestamp + packet.packetCount + packet.octetCount;
    }
    for (const block of packet.reports) {
      sum += block.ssrc + block.fractionLost + block.cumulativeLost + block.extendedHighestSequence;
      sum += block.jitter + block.lastSenderReport + block.delaySinceLastSenderReport;
    }
  }
  return sum;
}

function rtpJsReports(bytes: Uint8Array): number {
  let sum = 0;
  for (const packet of new CompoundPacket(dataViewOf(bytes)).getPackets()) {
    if (packet instanceof SenderReportPacket) {
      sum += packet.getSsrc() + packet.getNtpSeconds() + packet.getNtpFraction() + packet.getRtpTimestamp();
      sum += packet.getPacketCount() + packet.getOctetCount();
      for (const block of packet.getReports()) sum += rtpJsBlock(block);
    } else if (packet instanceof ReceiverReportPacket) {
      sum += packet.getSsrc();
      for (const block of packet.getReports()) sum += rtpJsBlock(block);
    }
  }
  return sum;
}

function rtpJsBlock(block: ReceptionReport): number {
  const counts = block.getSsrc() + block.getFractionLost() + block.getTotalLost() + block.getHighestSeqNumber();
  return counts + block.getJitter() + block.getLastSRTimestamp() + block.getDelaySinceLastSR();
}

function weriftReports(bytes: Uint8Array): number {
  let sum = 0;
  for (const packet of RtcpPacketConverter.deSerialize(bufferOf(bytes))) {
    if (packet instanceof RtcpSrPacket) {
      const { ntpTimestamp, rtpTimestamp, packetCount, octetCount } = packet.senderInfo;
      sum += packet.ssrc + Number(ntpTimestamp >> 32n) + Number(ntpTimestamp & 0xffff_ffffn);
      sum += rtpTimestamp + packetCount + octetCount;
      for (const block of packet.reports) sum += weriftBlock(block);
    } else if (packet instanceof RtcpRrPacket) {
      sum += packet.ssrc;
      for (const block of packet.reports) sum += weriftBlock(block);
    }
  }
  return sum;
}

function weriftBlock(block: RtcpReceiverInfo): number {
  const counts = block.ssrc + block.fractionLost + block.packetsLost + block.highestSequence;
  return counts + block.jitter + block.lsr + block.dlsr;
}

function sumOf(bytes: Uint8Array): number {
  return (bytes[bytes.length - 1] ?? 0) + (bytes[20] ?? 0) + bytes.length;
}
