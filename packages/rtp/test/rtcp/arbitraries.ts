// Arbitrary RTCP packets in the form that parsing gives them, so that a round trip must return them unchanged.

import fc from 'fast-check';
import type {
  BitrateLimit,
  CongestionFeedback,
  FirEntry,
  ReportBlock,
  RtcpExtendedReport,
  RtcpPacket,
  SourceDescriptionItemType,
  TransportFeedback,
} from '../../src/rtcp/packets.ts';

const uint = (bits: number) => fc.integer({ min: 0, max: 2 ** bits - 1 });
const ssrc = uint(32);
const text = fc
  .string({ unit: 'grapheme', maxLength: 60 })
  .filter((value) => new TextEncoder().encode(value).length <= 255);

export const reportBlock: fc.Arbitrary<ReportBlock> = fc.record({
  ssrc,
  fractionLost: uint(8),
  cumulativeLost: fc.integer({ min: -0x800000, max: 0x7fffff }),
  extendedHighestSequence: uint(32),
  jitter: uint(32),
  lastSenderReport: uint(32),
  delaySinceLastSenderReport: uint(32),
});

const itemType = fc.constantFrom<SourceDescriptionItemType[]>(
  'cname',
  'name',
  'email',
  'phone',
  'location',
  'tool',
  'note',
  'rtp-stream-id',
  'repaired-rtp-stream-id',
  'mid',
);

/** Ascending along the circle from the first, within half of it. */
const sequenceNumbers = fc
  .tuple(uint(16), fc.array(fc.integer({ min: 1, max: 40 }), { maxLength: 100 }))
  .map(([first, steps]) => {
    const numbers = [first];
    for (const step of steps) numbers.push(((numbers.at(-1) ?? 0) + step) & 0xffff);
    return numbers;
  });

const firEntry: fc.Arbitrary<FirEntry> = fc.record({ ssrc, commandSequence: uint(8) });

const delta = fc.oneof(
  { weight: 6, arbitrary: fc.constant(undefined) },
  { weight: 6, arbitrary: uint(8) },
  { weight: 1, arbitrary: fc.integer({ min: -0x8000, max: 0x7fff }) },
);

/** Statuses in runs, so that every kind of chunk is met. */
const statuses = fc
  .array(fc.tuple(delta, fc.integer({ min: 1, max: 30 })), { minLength: 1, maxLength: 40 })
  .map((runs) => {
    let ticks = 0;
    return runs.flatMap(([step, length]) =>
      Array.from({ length }, () => {
        if (step === undefined) return undefined;
        ticks += step;
        return ticks / 4;
      }),
    );
  });

export const transportFeedback: fc.Arbitrary<TransportFeedback> = fc
  .record({
    senderSsrc: ssrc,
    mediaSsrc: ssrc,
    baseSequence: uint(16),
    feedbackCount: uint(8),
    referenceTime: fc.integer({ min: -(2 ** 23), max: 2 ** 23 - 1 }).map((steps) => steps * 64),
    packets: statuses,
    timed: fc.integer({ min: 0, max: 9 }).map((choice) => choice > 0),
  })
  .map(({ packets, timed, ...fields }) => {
    const hasArrivalTimes = timed || packets.every((arrival) => arrival === undefined);
    return {
      type: 'transport-feedback' as const,
      ...fields,
      hasArrivalTimes,
      packets: hasArrivalTimes ? packets : packets.map((arrival) => (arrival === undefined ? undefined : 0)),
    };
  });

const bitrateLimit: fc.Arbitrary<BitrateLimit> = fc.record({
  ssrc,
  bitrate: fc.tuple(uint(17), uint(6)).map(([mantissa, exponent]) => mantissa * 2 ** exponent),
  overhead: uint(9),
});

const extendedReport: fc.Arbitrary<RtcpExtendedReport> = fc.record({
  type: fc.constant('extended-report' as const),
  ssrc,
  blocks: fc.array(
    fc.oneof(
      fc.record({
        type: fc.constant('receiver-reference-time' as const),
        ntpSeconds: uint(32),
        ntpFraction: uint(32),
      }),
      fc.record({
        type: fc.constant('delay-since-last-receiver-report' as const),
        answers: fc.array(fc.record({ ssrc, lastReceiverReport: uint(32), delaySinceLastReceiverReport: uint(32) }), {
          maxLength: 10,
        }),
      }),
    ),
    { maxLength: 5 },
  ),
});

const congestionArrival = fc.record({
  ecn: fc.constantFrom('not-ect' as const, 'ect-1' as const, 'ect-0' as const, 'ce' as const),
  arrivalOffset: fc.oneof(
    { weight: 8, arbitrary: fc.integer({ min: 0, max: 8189 }).map((steps) => (steps * 1000) / 1024) },
    { weight: 1, arbitrary: fc.constantFrom(undefined, Number.POSITIVE_INFINITY) },
  ),
});

export const congestionFeedback: fc.Arbitrary<CongestionFeedback> = fc.record({
  type: fc.constant('congestion-feedback' as const),
  senderSsrc: ssrc,
  reportTimestamp: uint(32),
  streams: fc.array(
    fc.record({
      ssrc,
      beginSequence: uint(16),
      packets: fc.array(fc.option(congestionArrival, { nil: undefined, freq: 4 }), { maxLength: 60 }),
    }),
    { maxLength: 5 },
  ),
});

export const rtcpPacket: fc.Arbitrary<RtcpPacket> = fc.oneof(
  fc.record({
    type: fc.constant('sender-report' as const),
    ssrc,
    ntpSeconds: uint(32),
    ntpFraction: uint(32),
    rtpTimestamp: uint(32),
    packetCount: uint(32),
    octetCount: uint(32),
    reports: fc.array(reportBlock, { maxLength: 31 }),
  }),
  fc.record({
    type: fc.constant('receiver-report' as const),
    ssrc,
    reports: fc.array(reportBlock, { maxLength: 31 }),
  }),
  fc.record({
    type: fc.constant('source-description' as const),
    chunks: fc.array(fc.record({ ssrc, items: fc.array(fc.record({ type: itemType, text }), { maxLength: 5 }) }), {
      maxLength: 31,
    }),
  }),
  fc.record(
    { type: fc.constant('bye' as const), ssrcs: fc.array(ssrc, { maxLength: 31 }), reason: text },
    { requiredKeys: ['type', 'ssrcs'] },
  ),
  fc.record({
    type: fc.constant('application' as const),
    subtype: uint(5),
    ssrc,
    name: fc.string({ unit: 'binary-ascii', minLength: 4, maxLength: 4 }),
    data: fc.array(ssrc, { maxLength: 20 }).map((words) => new Uint8Array(Uint32Array.from(words).buffer)),
  }),
  fc.record({ type: fc.constant('nack' as const), senderSsrc: ssrc, mediaSsrc: ssrc, sequenceNumbers }),
  fc.record({ type: fc.constant('pli' as const), senderSsrc: ssrc, mediaSsrc: ssrc }),
  fc.record({
    type: fc.constant('fir' as const),
    senderSsrc: ssrc,
    entries: fc.array(firEntry, { minLength: 1, maxLength: 20 }),
  }),
  fc.record({
    type: fc.constant('remb' as const),
    senderSsrc: ssrc,
    bitrate: fc
      .tuple(uint(18), fc.integer({ min: 0, max: 35 }))
      .map(([mantissa, exponent]) => mantissa * 2 ** exponent),
    ssrcs: fc.array(ssrc, { maxLength: 255 }),
  }),
  fc.record({
    type: fc.constant('tmmbr' as const),
    senderSsrc: ssrc,
    limits: fc.array(bitrateLimit, { minLength: 1, maxLength: 20 }),
  }),
  fc.record({
    type: fc.constant('tmmbn' as const),
    senderSsrc: ssrc,
    limits: fc.array(bitrateLimit, { maxLength: 20 }),
  }),
  extendedReport,
  transportFeedback,
  congestionFeedback,
);
