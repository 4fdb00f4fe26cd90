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

describe('byte-exact layouts', () => {
  it.each(vectors)('%s', (_, packet, bytes) => {
    expect(toHex(serializeRtcp([packet]))).toBe(toHex(hex(bytes)));
    expect(parseRtcp(hex(bytes))).toEqual({ packets: [packet], invalid: 0, unknown: 0 });
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
