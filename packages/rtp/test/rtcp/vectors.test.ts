import { describe, expect, it } from 'vitest';
import { parseRtcp, type RtcpPacket, serializeRtcp } from '../../src/rtcp/packets.ts';
import { hex, toHex } from './hex.ts';

const report = {
  ssrc: 0x11223344,
  fractionLost: 0x40,
  cumulativeLost: -2,
  extendedHighestSequence: 0x0001fffe,
  jitter: 0x00000102,
  lastSenderReport: 0x7e80abcd,
  delaySinceLastSenderReport: 0x00010000,
};
const reportBytes = '11223344 40 fffffe 0001fffe 00000102 7e80abcd 00010000';

const vectors: [name: string, packet: RtcpPacket, bytes: string][] = [
  [
    'sender report, RFC 3550 §6.4.1',
    {
      type: 'sender-report',
      ssrc: 0xcafebabe,
      ntpSeconds: 0x83aa7e80,
      ntpFraction: 0x80000000,
      rtpTimestamp: 0xfffffff0,
      packetCount: 7,
      octetCount: 0x1234,
      reports: [report],
    },
    `81 c8 000c  cafebabe  83aa7e80 80000000 fffffff0 00000007 00001234  ${reportBytes}`,
  ],
  [
    'receiver report, RFC 3550 §6.4.2',
    { type: 'receiver-report', ssrc: 0xcafebabe, reports: [report, { ...report, cumulativeLost: 0x7fffff }] },
    `82 c9 000d  cafebabe  ${reportBytes}  ${reportBytes.replace('fffffe', '7fffff')}`,
  ],
  ['empty receiver report, RFC 3550 §6.4.2', { type: 'receiver-report', ssrc: 1, reports: [] }, '80 c9 0001 00000001'],
  [
    'source description, RFC 3550 §6.5: one null octet ends the items, more reach the boundary',
    {
      type: 'source-description',
      chunks: [
        { ssrc: 1, items: [{ type: 'cname', text: 'ada' }] },
        {
          ssrc: 2,
          items: [
            { type: 'cname', text: 'bo' },
            { type: 'tool', text: '' },
          ],
        },
        { ssrc: 3, items: [] },
      ],
    },
    '83 ca 0008  00000001 01 03 616461 00 0000  00000002 01 02 626f 06 00 00 00  00000003 00000000',
  ],
  [
    'source description whose items end on a boundary: four null octets',
    { type: 'source-description', chunks: [{ ssrc: 1, items: [{ type: 'cname', text: 'ab' }] }] },
    '81 ca 0003  00000001 01 02 6162 00000000',
  ],
  [
    'stream id and mid, RFC 8852 §3 and RFC 9143 §15.1',
    {
      type: 'source-description',
      chunks: [
        {
          ssrc: 1,
          items: [
            { type: 'rtp-stream-id', text: 'q' },
            { type: 'repaired-rtp-stream-id', text: 'q' },
            { type: 'mid', text: '0' },
          ],
        },
      ],
    },
    '81 ca 0004  00000001 0c 01 71 0d 01 71 0f 01 30 000000',
  ],
  ['goodbye, RFC 3550 §6.6', { type: 'bye', ssrcs: [1, 2] }, '82 cb 0002 00000001 00000002'],
  [
    'goodbye with a reason, RFC 3550 §6.6',
    { type: 'bye', ssrcs: [1], reason: 'camera malfunction' },
    '81 cb 0006 00000001 12 63616d657261206d616c66756e6374696f6e 00',
  ],
  [
    'application-defined, RFC 3550 §6.7',
    { type: 'application', subtype: 5, ssrc: 1, name: 'slce', data: Uint8Array.of(1, 2, 3, 4) },
    '85 cc 0003 00000001 736c6365 01020304',
  ],
  [
    'generic NACK, RFC 4585 §6.2.1: 16 packets behind the first in the mask, the 17th in an entry of its own',
    { type: 'nack', senderSsrc: 1, mediaSsrc: 2, sequenceNumbers: [100, 101, 116, 117] },
    '81 cd 0004 00000001 00000002 0064 8001 0075 0000',
  ],
  [
    'generic NACK over the wrap',
    { type: 'nack', senderSsrc: 1, mediaSsrc: 2, sequenceNumbers: [0xfffe, 0xffff, 0, 3] },
    '81 cd 0003 00000001 00000002 fffe 0013',
  ],
  [
    'picture loss indication, RFC 4585 §6.3.1',
    { type: 'pli', senderSsrc: 1, mediaSsrc: 2 },
    '81 ce 0002 00000001 00000002',
  ],
  [
    'full intra request, RFC 5104 §4.3.1',
    {
      type: 'fir',
      senderSsrc: 1,
      entries: [
        { ssrc: 2, commandSequence: 255 },
        { ssrc: 3, commandSequence: 0 },
      ],
    },
    '84 ce 0006 00000001 00000000 00000002 ff000000 00000003 00000000',
  ],
  [
    'TMMBR, RFC 5104 §4.2.1: the largest mantissa, then exponent 1, an overhead each',
    {
      type: 'tmmbr',
      senderSsrc: 1,
      limits: [
        { ssrc: 2, bitrate: 131_071, overhead: 40 },
        { ssrc: 3, bitrate: 131_072, overhead: 511 },
      ],
    },
    '83 cd 0006 00000001 00000000 00000002 03fffe28 00000003 060001ff',
  ],
  [
    'TMMBR, RFC 5104 §4.2.1: the highest limit',
    { type: 'tmmbr', senderSsrc: 1, limits: [{ ssrc: 2, bitrate: 131_071 * 2 ** 63, overhead: 0 }] },
    '83 cd 0004 00000001 00000000 00000002 fffffe00',
  ],
  [
    'TMMBN without limits, RFC 5104 §4.2.2',
    { type: 'tmmbn', senderSsrc: 1, limits: [] },
    '84 cd 0002 00000001 00000000',
  ],
  [
    'extended report without blocks, RFC 3611 §2',
    { type: 'extended-report', ssrc: 1, blocks: [] },
    '80 cf 0001 00000001',
  ],
  [
    'receiver reference time and an empty DLRR block, RFC 3611 §4.4 and §4.5',
    {
      type: 'extended-report',
      ssrc: 1,
      blocks: [
        { type: 'receiver-reference-time', ntpSeconds: 0x83aa7e80, ntpFraction: 0x80000000 },
        { type: 'delay-since-last-receiver-report', answers: [] },
      ],
    },
    '80 cf 0005 00000001 04000002 83aa7e80 80000000 05000000',
  ],
  [
    'congestion control feedback, RFC 8888 §3.1: two streams, one over the wrap, filled up; 512 is half a second',
    {
      type: 'congestion-feedback',
      senderSsrc: 1,
      reportTimestamp: 0x7e808000,
      streams: [
        {
          ssrc: 2,
          beginSequence: 0xffff,
          packets: [{ ecn: 'not-ect', arrivalOffset: 500 }, undefined, { ecn: 'ce', arrivalOffset: 0 }],
        },
        {
          ssrc: 3,
          beginSequence: 7,
          packets: [
            { ecn: 'ect-1', arrivalOffset: Number.POSITIVE_INFINITY },
            { ecn: 'ect-0', arrivalOffset: undefined },
          ],
        },
      ],
    },
    `8b cd 0009 00000001  00000002 ffff 0003 8200 0000 e000 0000  00000003 0007 0002 bffe dfff  7e808000`,
  ],
  [
    'a stream of which nothing arrived, RFC 8888 §3.1: the highest number so far and no status',
    {
      type: 'congestion-feedback',
      senderSsrc: 1,
      reportTimestamp: 2,
      streams: [{ ssrc: 3, beginSequence: 9, packets: [] }],
    },
    '8b cd 0004 00000001 00000003 0009 0000 00000002',
  ],
  [
    'REMB, draft-alvestrand-rmcat-remb-03 §2.2: mantissa 0x3ffff, exponent 0',
    { type: 'remb', senderSsrc: 1, bitrate: 262_143, ssrcs: [2] },
    '8f ce 0005 00000001 00000000 52454d42 01 03ffff 00000002',
  ],
  [
    'REMB one above: mantissa 0x20000, exponent 1',
    { type: 'remb', senderSsrc: 1, bitrate: 262_144, ssrcs: [2, 3] },
    '8f ce 0006 00000001 00000000 52454d42 02 060000 00000002 00000003',
  ],
];

const pionStatuses = [
  { ecn: 'not-ect', arrivalOffset: (8189 * 1000) / 1024 },
  { ecn: 'not-ect', arrivalOffset: (8188 * 1000) / 1024 },
  undefined,
] as const;

/** What other implementations expect in their own unit tests. */
const vectorsOfOthers: [name: string, packet: RtcpPacket, bytes: string][] = [
  [
    'libwebrtc: sender report without blocks',
    {
      type: 'sender-report',
      ssrc: 0x12345678,
      ntpSeconds: 0x11121418,
      ntpFraction: 0x22242628,
      rtpTimestamp: 0x33343536,
      packetCount: 0x44454647,
      octetCount: 0x55565758,
      reports: [],
    },
    '80c80006 12345678 11121418 22242628 33343536 44454647 55565758',
  ],
  [
    'libwebrtc: receiver report',
    {
      type: 'receiver-report',
      ssrc: 0x12345678,
      reports: [
        {
          ssrc: 0x23456789,
          fractionLost: 55,
          cumulativeLost: 0x111213,
          extendedHighestSequence: 0x22232425,
          jitter: 0x33343536,
          lastSenderReport: 0x44454647,
          delaySinceLastSenderReport: 0x55565758,
        },
      ],
    },
    '81c90007 12345678 23456789 37111213 22232425 33343536 44454647 55565758',
  ],
  [
    'libwebrtc: NACK',
    { type: 'nack', senderSsrc: 0x12345678, mediaSsrc: 0x23456789, sequenceNumbers: [0, 1, 3, 8, 16] },
    '81cd0003 12345678 23456789 00008085',
  ],
  [
    'libwebrtc: NACK over the wrap',
    {
      type: 'nack',
      senderSsrc: 0x12345678,
      mediaSsrc: 0x23456789,
      sequenceNumbers: [0xffdc, 0xffec, 0xfffe, 0xffff, 0, 1, 3, 0x14, 0x64],
    },
    '81cd0006 12345678 23456789 ffdc8000 fffe0017 00140000 00640000',
  ],
  [
    'libwebrtc: full intra request',
    { type: 'fir', senderSsrc: 0x12345678, entries: [{ ssrc: 0x23456789, commandSequence: 13 }] },
    '84ce0004 12345678 00000000 23456789 0d000000',
  ],
  [
    'libwebrtc: REMB of 522 022 bit/s',
    { type: 'remb', senderSsrc: 0x12345678, bitrate: 522_022, ssrcs: [0x23456789, 0x2345678a, 0x2345678b] },
    '8fce0007 12345678 00000000 52454d42 0307fb93 23456789 2345678a 2345678b',
  ],
  [
    'libwebrtc: TMMBR of 312 000 bit/s',
    { type: 'tmmbr', senderSsrc: 0x12345678, limits: [{ ssrc: 0x23456789, bitrate: 312_000, overhead: 0x1fe }] },
    '83cd0004 12345678 00000000 23456789 0a6161fe',
  ],
  [
    'libwebrtc: TMMBN of 312 000 bit/s',
    { type: 'tmmbn', senderSsrc: 0x12345678, limits: [{ ssrc: 0x23456789, bitrate: 312_000, overhead: 0x1fe }] },
    '84cd0004 12345678 00000000 23456789 0a6161fe',
  ],
  [
    'libwebrtc: receiver reference time and DLRR',
    {
      type: 'extended-report',
      ssrc: 0x12345678,
      blocks: [
        { type: 'receiver-reference-time', ntpSeconds: 0x12345678, ntpFraction: 0x23456789 },
        {
          type: 'delay-since-last-receiver-report',
          answers: [{ ssrc: 0x12345678, lastReceiverReport: 0x23344556, delaySinceLastReceiverReport: 0x33343536 }],
        },
      ],
    },
    '80cf0008 12345678 04000002 12345678 23456789 05000003 12345678 23344556 33343536',
  ],
  [
    'pion: congestion control feedback on two streams',
    {
      type: 'congestion-feedback',
      senderSsrc: 1,
      reportTimestamp: 1,
      streams: [
        { ssrc: 1, beginSequence: 2, packets: [...pionStatuses, undefined] },
        { ssrc: 2, beginSequence: 2, packets: pionStatuses },
      ],
    },
    '8bcd000a 00000001 00000001 00020004 9ffd9ffc 00000000 00000002 00020003 9ffd9ffc 00000000 00000001',
  ],
  [
    'pion: congestion control feedback on nothing',
    { type: 'congestion-feedback', senderSsrc: 1, reportTimestamp: 1, streams: [] },
    '8bcd0002 00000001 00000001',
  ],
  [
    'Chromium, in pion: transport feedback on one packet',
    {
      type: 'transport-feedback',
      senderSsrc: 0xfa17fa17,
      mediaSsrc: 0x43032fa0,
      baseSequence: 153,
      feedbackCount: 23,
      referenceTime: 4_057_090 * 64,
      hasArrivalTimes: true,
      packets: [37],
    },
    'afcd0005 fa17fa17 43032fa0 00990001 3de80217 20019401',
  ],
  [
    'Chromium, in pion: transport feedback on a run',
    {
      type: 'transport-feedback',
      senderSsrc: 0xfa17fa17,
      mediaSsrc: 0x193dd8bb,
      baseSequence: 4,
      feedbackCount: 1,
      referenceTime: 1_074_030 * 64,
      hasArrivalTimes: true,
      packets: [19, 28, 37, 41, 44, 47, 51],
    },
    'afcd0007 fa17fa17 193dd8bb 00040007 10636e01 20074c24 24100c0c 10000003',
  ],
];

describe('byte-exact layouts', () => {
  it.each(vectors)('%s', (_, packet, bytes) => {
    expect(toHex(serializeRtcp([packet]))).toBe(toHex(hex(bytes)));
    expect(parseRtcp(hex(bytes))).toEqual({ packets: [packet], invalid: 0, unknown: 0 });
  });

  it.each(vectorsOfOthers)('as in the tests of %s', (_, packet, bytes) => {
    expect(toHex(serializeRtcp([packet]))).toBe(toHex(hex(bytes)));
    expect(parseRtcp(hex(bytes))).toEqual({ packets: [packet], invalid: 0, unknown: 0 });
  });

  it.each([
    ['§3.1.3, first example: a run of 221 lost', '00dd', new Array<undefined>(221).fill(undefined), ''],
    [
      '§3.1.4, first example: one bit each, 1 lost, 5 received, 3 lost, 3 received, 2 lost',
      '9f1c',
      [undefined, 1, 2, 3, 4, 5, undefined, undefined, undefined, 6, 7, 8, undefined, undefined],
      '0404040404040404',
    ],
  ])('reads the chunk of draft-holmer-rmcat-transport-wide-cc-extensions-01 %s', (_, chunk, statuses, deltas) => {
    const count = statuses.length.toString(16).padStart(4, '0');
    const body = `00000001 00000002 0064${count} 00000100 ${chunk}${deltas}`.replaceAll(' ', '').padEnd(56, '0');
    const words = (body.length / 8).toString(16).padStart(4, '0');
    const [packet] = parseRtcp(hex(`8fcd${words}`, body)).packets;
    expect(packet).toMatchObject({ type: 'transport-feedback', baseSequence: 100, packets: statuses });
  });

  it.each([
    ['§3.1.3, second example', '6018', 24],
    ['§3.1.4, second example', 'cd50', 7],
  ])('refuses symbol 3 of the same draft, %s, as libwebrtc does', (_, chunk, count) => {
    const status = count.toString(16).padStart(4, '0');
    expect(parseRtcp(hex(`8fcd0005 00000001 00000002 0064${status} 00000100 ${chunk}0000`)).invalid).toBe(1);
  });

  it('finds the two blocks it knows among all seven of RFC 3611 §4, as in the tests of pion', () => {
    const bytes = hex(
      '80cf0033 01020304 010c0004 12345689 0005000c 40060006 87650000 02060004 12345689 0005000c 41233fff ffff0000',
      '03030007 98765432 3c483cd9 11111111 22222222 33333333 44444444 55555555 04000002 01020304 05060708 05000009',
      '88888888 12345678 99999999 09090909 12345678 99999999 11223344 12345678 99999999 06e80009 fedcba98 12345678',
      '11111111 22222222 33333333 44444444 55555555 66666666 01020304 07000008 89abcdef 05060708 11112222 33334444',
      '11223344 55667788 99001122 33445566',
    );
    const answer = { lastReceiverReport: 0x12345678, delaySinceLastReceiverReport: 0x99999999 };
    const blocks = [
      { type: 'receiver-reference-time', ntpSeconds: 0x01020304, ntpFraction: 0x05060708 },
      {
        type: 'delay-since-last-receiver-report',
        answers: [0x88888888, 0x09090909, 0x11223344].map((ssrc) => ({ ssrc, ...answer })),
      },
    ];
    expect(parseRtcp(bytes)).toEqual({
      packets: [{ type: 'extended-report', ssrc: 0x01020304, blocks }],
      invalid: 0,
      unknown: 0,
    });
  });

  it('leaves out extended report blocks of a length that their type cannot have', () => {
    const { packets } = parseRtcp(
      hex('80cf0009 00000001 04000003 01 000000 02020202 03030303 05000002 00000001 00000002 04000000'),
    );
    expect(packets).toEqual([{ type: 'extended-report', ssrc: 1, blocks: [] }]);
  });

  it.each([
    ['pion: not received, be it marked', '6200', undefined],
    ['pion: received, at once', '8000', { ecn: 'not-ect', arrivalOffset: 0 }],
    ['pion: received, marked', 'fff8', { ecn: 'ce', arrivalOffset: (8184 * 1000) / 1024 }],
  ])('reads a status of congestion control feedback as in the tests of %s', (_, status, expected) => {
    const bytes = hex(`8bcd0005 00000001 00000002 00030001 ${status}beef 00000004`);
    expect(parseRtcp(bytes).packets).toMatchObject([{ streams: [{ ssrc: 2, packets: [expected] }] }]);
  });

  it('rounds the bit rate of a TMMBR down, and takes its media SSRC for anything', () => {
    const limits = [{ ssrc: 2, bitrate: 1_234_567.8, overhead: 60 }];
    const bytes = serializeRtcp([{ type: 'tmmbr', senderSsrc: 1, limits }]);
    bytes[11] = 9;
    expect(parseRtcp(bytes).packets).toEqual([
      { type: 'tmmbr', senderSsrc: 1, limits: [{ ssrc: 2, bitrate: 1_234_560, overhead: 60 }] },
    ]);
  });

  it('rounds the arrivals of congestion control feedback to the nearest 1/1024 s', () => {
    const offsets = [0.4, 0.5, 1, 1.5, 2.9];
    const packets = offsets.map((arrivalOffset) => ({ ecn: 'ect-1' as const, arrivalOffset }));
    const streams = [{ ssrc: 2, beginSequence: 3, packets }];
    const bytes = serializeRtcp([{ type: 'congestion-feedback', senderSsrc: 1, reportTimestamp: 4, streams }]);
    expect(toHex(bytes.subarray(16, 26))).toBe('a000a001a001a002a003');
  });

  it('sorts what a NACK asks for and asks once', () => {
    const request = { type: 'nack', senderSsrc: 1, mediaSsrc: 2 } as const;
    const bytes = serializeRtcp([{ ...request, sequenceNumbers: [0xffff, 3, 0, 3, 1, 0xffff] }]);
    expect(toHex(bytes)).toBe(toHex(hex('81cd0003 00000001 00000002 ffff 000b')));
  });

  it('rounds the bit rate of a REMB down', () => {
    const [parsed] = parseRtcp(
      serializeRtcp([{ type: 'remb', senderSsrc: 1, bitrate: 1_234_567.8, ssrcs: [] }]),
    ).packets;
    expect(parsed).toEqual({ type: 'remb', senderSsrc: 1, bitrate: 1_234_560, ssrcs: [] });
  });

  it('leaves out description items it does not know', () => {
    const { packets } = parseRtcp(hex('81ca0005 00000001 08 04 01 61 6262 01 02 6162 0e 02 6363 0000'));
    expect(packets).toEqual([
      { type: 'source-description', chunks: [{ ssrc: 1, items: [{ type: 'cname', text: 'ab' }] }] },
    ]);
  });

  it('ignores the extension of a profile behind the report blocks (RFC 3550 §6.4.3)', () => {
    const { packets } = parseRtcp(hex('80c90002 00000001 deadbeef'));
    expect(packets).toEqual([{ type: 'receiver-report', ssrc: 1, reports: [] }]);
  });
});
