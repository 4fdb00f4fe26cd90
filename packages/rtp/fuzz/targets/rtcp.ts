// RTCP: datagrams of any bytes, and what is written again of the packets found in them.

import { isDeepStrictEqual } from 'node:util';
import { check, type FuzzTarget } from '../../../../scripts/fuzz/target.ts';
import { ArgumentError } from '../../src/errors.ts';
import { parseRtcp, type ReportBlock, type RtcpPacket, serializeRtcp } from '../../src/rtcp/packets.ts';
import { MAX_STATUS_COUNT } from '../../src/rtcp/transport-feedback.ts';
import { rtcpDatagrams } from '../corpus.ts';
import { hostile } from '../inputs.ts';

const report = (i: number): ReportBlock => ({
  ssrc: i,
  fractionLost: 7,
  cumulativeLost: -i,
  extendedHighestSequence: 0x10000 + i,
  jitter: i,
  lastSenderReport: 0x7e80abcd,
  delaySinceLastSenderReport: i,
});

/** One of each kind, and of those with lists a long one. */
const PACKETS: readonly RtcpPacket[] = [
  {
    type: 'sender-report',
    ssrc: 1,
    ntpSeconds: 2,
    ntpFraction: 3,
    rtpTimestamp: 4,
    packetCount: 5,
    octetCount: 6,
    reports: [report(1)],
  },
  { type: 'receiver-report', ssrc: 1, reports: [report(1), report(2)] },
  {
    type: 'source-description',
    chunks: [
      {
        ssrc: 1,
        items: [
          { type: 'cname', text: 'ada' },
          { type: 'mid', text: '0' },
        ],
      },
    ],
  },
  { type: 'bye', ssrcs: [1, 2], reason: 'Good bye' },
  { type: 'application', subtype: 3, ssrc: 1, name: 'test', data: Uint8Array.of(1, 2, 3, 4) },
  { type: 'nack', senderSsrc: 1, mediaSsrc: 2, sequenceNumbers: [65_530, 65_531, 4, 40] },
  { type: 'pli', senderSsrc: 1, mediaSsrc: 2 },
  { type: 'fir', senderSsrc: 1, entries: [{ ssrc: 2, commandSequence: 3 }] },
  { type: 'remb', senderSsrc: 1, bitrate: 1_500_000, ssrcs: [2, 3] },
  { type: 'tmmbr', senderSsrc: 1, limits: [{ ssrc: 2, bitrate: 2_000_000, overhead: 40 }] },
  { type: 'tmmbn', senderSsrc: 1, limits: [{ ssrc: 2, bitrate: 0, overhead: 511 }] },
  {
    type: 'extended-report',
    ssrc: 1,
    blocks: [
      { type: 'receiver-reference-time', ntpSeconds: 2, ntpFraction: 3 },
      {
        type: 'delay-since-last-receiver-report',
        answers: [{ ssrc: 4, lastReceiverReport: 5, delaySinceLastReceiverReport: 6 }],
      },
    ],
  },
  {
    type: 'congestion-feedback',
    senderSsrc: 1,
    reportTimestamp: 2,
    streams: [
      {
        ssrc: 3,
        beginSequence: 65_530,
        packets: Array.from({ length: 15 }, (_, i) =>
          i === 4 ? undefined : { arrivalOffset: 20 - i, ecn: 'not-ect' as const },
        ),
      },
    ],
  },
  {
    type: 'transport-feedback',
    senderSsrc: 1,
    mediaSsrc: 2,
    baseSequence: 65_500,
    feedbackCount: 9,
    referenceTime: -64 * 12,
    hasArrivalTimes: true,
    packets: Array.from({ length: 90 }, (_, i) => (i % 11 === 3 ? undefined : i * 3 - (i % 5) * 40)),
  },
];

/** Feedback that says of thousands of packets that they did not arrive, in a few bytes. */
const hugeFeedback: RtcpPacket = {
  type: 'transport-feedback',
  senderSsrc: 1,
  mediaSsrc: 2,
  baseSequence: 0,
  feedbackCount: 0,
  referenceTime: 0,
  hasArrivalTimes: true,
  packets: new Array(40_000).fill(undefined),
};
/** With more statuses than this, feedback is written again only now and then: it takes milliseconds. */
const MANY_STATUSES = 10_000;

const ownDatagrams = [
  ...PACKETS.map((packet) => serializeRtcp([packet])),
  serializeRtcp(PACKETS),
  serializeRtcp(PACKETS.slice(0, 4)),
];

/** Our own several times, so that the many alike reports in the captures don't crowd them out. */
export const rtcpCorpus = [
  ...rtcpDatagrams,
  serializeRtcp([hugeFeedback, hugeFeedback]),
  ...Array.from({ length: 8 }, () => ownDatagrams).flat(),
];

export const rtcpTargets: readonly FuzzTarget[] = [
  { name: 'rtcp', weight: 26, generate: (random) => hostile(random, rtcpCorpus), run: readDatagram },
];

function readDatagram(bytes: Uint8Array): void {
  const { packets, invalid, unknown } = parseRtcp(bytes);
  const found = packets.length + invalid + unknown;
  check(found <= Math.ceil(bytes.length / 4), `${bytes.length} bytes became ${found} packets.`);
  let statuses = 0;
  for (const packet of packets) {
    if (packet.type === 'transport-feedback') statuses += packet.packets.length;
    if (packet.type === 'nack') {
      const asked = packet.sequenceNumbers.length;
      check(asked * 4 <= 17 * bytes.length, `${bytes.length} bytes ask for ${asked} packets.`);
    }
  }
  check(statuses <= MAX_STATUS_COUNT, `${bytes.length} bytes hold ${statuses} statuses.`);
  if (statuses > MANY_STATUSES && bytes.length % 8 > 0) return;
  for (const packet of packets) requireSurvival(packet);
  const all = packets.filter((packet) => serialized(packet) !== undefined);
  if (all.length < 2) return;
  const again = parseRtcp(serializeRtcp(all));
  check(again.invalid === 0 && again.unknown === 0, 'A compound of packets that were read cannot be read.');
  check(again.packets.length === all.length, `A compound of ${all.length} packets became ${again.packets.length}.`);
}

/** What is written of a packet that was read is the same packet. */
function requireSurvival(packet: RtcpPacket): void {
  const bytes = serialized(packet);
  if (bytes === undefined) return;
  const again = parseRtcp(bytes);
  const [first, ...more] = again.packets;
  check(again.invalid === 0 && again.unknown === 0, `A ${packet.type} that was read and written cannot be read.`);
  check(first !== undefined && more.length === 0, `A ${packet.type} became ${again.packets.length} packets.`);
  check(isDeepStrictEqual(comparable(first), comparable(packet)), `A ${packet.type} was written as another one.`);
}

/** `undefined` where text of bytes that are no UTF-8 has grown beyond its field: each of them is read as U+FFFD. */
function serialized(packet: RtcpPacket): Uint8Array | undefined {
  try {
    return serializeRtcp([packet]);
  } catch (error) {
    const texts =
      packet.type === 'bye'
        ? [packet.reason ?? '']
        : packet.type === 'source-description'
          ? packet.chunks.flatMap(({ items }) => items.map(({ text }) => text))
          : [];
    const tooLong = texts.some((text) => Buffer.byteLength(text) > 255 && text.includes('\ufffd'));
    if (error instanceof ArgumentError && tooLong) return undefined;
    throw error;
  }
}

/** A NACK may name numbers in any order and more than once: writing sorts them. */
function comparable(packet: RtcpPacket): RtcpPacket {
  if (packet.type !== 'nack') return packet;
  return { ...packet, sequenceNumbers: [...new Set(packet.sequenceNumbers)].sort((a, b) => a - b) };
}
