import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ArgumentError } from '../../src/errors.ts';
import {
  type CongestionFeedbackStream,
  isRtcp,
  parseRtcp,
  type RtcpPacket,
  serializeRtcp,
} from '../../src/rtcp/packets.ts';
import { reportBlock, rtcpPacket } from './arbitraries.ts';
import { hex } from './hex.ts';

const PLI = '81ce0002 00000001 00000002';
const EMPTY_REPORT = '80c90001 00000001';
const pli: RtcpPacket = { type: 'pli', senderSsrc: 1, mediaSsrc: 2 };
const emptyReport: RtcpPacket = { type: 'receiver-report', ssrc: 1, reports: [] };

function congestionFeedbackOf(packets: CongestionFeedbackStream['packets']): RtcpPacket {
  const streams = [{ ssrc: 2, beginSequence: 3, packets }];
  return { type: 'congestion-feedback', senderSsrc: 1, reportTimestamp: 4, streams };
}

describe('telling RTCP from RTP (RFC 5761 §4)', () => {
  it('goes by the payload type octet, 192 to 223', () => {
    const types = Array.from({ length: 256 }, (_, type) => type).filter((type) => isRtcp(Uint8Array.of(0x80, type)));
    expect(types).toEqual(Array.from({ length: 32 }, (_, i) => 192 + i));
  });

  it('wants version 2 and at least two bytes', () => {
    expect(isRtcp(Uint8Array.of(0x40, 200))).toBe(false);
    expect(isRtcp(Uint8Array.of(0x80))).toBe(false);
    expect(isRtcp(new Uint8Array(0))).toBe(false);
  });
});

describe('parsing a datagram', () => {
  it('returns the packets of a compound in order', () => {
    expect(parseRtcp(hex(EMPTY_REPORT, PLI))).toEqual({ packets: [emptyReport, pli], invalid: 0, unknown: 0 });
  });

  it('takes a reduced-size packet (RFC 5506)', () => {
    expect(parseRtcp(hex(PLI))).toEqual({ packets: [pli], invalid: 0, unknown: 0 });
  });

  it('takes any packets in any order in a reduced-size datagram (RFC 5506), a report not needed', () => {
    const bye: RtcpPacket = { type: 'bye', ssrcs: [] };
    expect(parseRtcp(hex('80cb0000', PLI, EMPTY_REPORT, PLI))).toEqual({
      packets: [bye, pli, emptyReport, pli],
      invalid: 0,
      unknown: 0,
    });
  });

  it('finds the packet inside a larger buffer', () => {
    const bytes = hex('ffffff', PLI, 'ffff');
    expect(parseRtcp(bytes.subarray(3, 15)).packets).toEqual([pli]);
  });

  it.each([
    ['a packet type of others: receiver summary information (RFC 5760)', '80d10002 00000001 00000002'],
    ['a transport-layer feedback format of others', '85cd0002 00000001 00000002'],
    ['a payload-specific feedback format of others', '82ce0002 00000001 00000002'],
    ['application-layer feedback that is no REMB', '8fce0003 00000001 00000000 41424344'],
    ['application-layer feedback without identifier', '8fce0002 00000001 00000000'],
  ])('skips and counts %s', (_, bytes) => {
    expect(parseRtcp(hex(PLI, bytes, PLI))).toEqual({ packets: [pli, pli], invalid: 0, unknown: 1 });
  });

  it.each([
    ['a sender report shorter than its sender info', '80c80005 00000001 00000002 00000003 00000004 00000005'],
    ['a receiver report with fewer blocks than it counts', '81c90001 00000001'],
    ['a receiver report without sender', '80c90000'],
    ['a source description with fewer chunks than it counts', '81ca0000'],
    ['a source description with more than it counts', '80ca0002 00000001 00000000'],
    ['a source description item that runs out of the packet', '81ca0002 00000001 01036100'],
    ['source description items without end', '81ca0002 00000001 01026161'],
    ['source description items with junk after their end', '81ca0002 00000001 00000001'],
    ['a goodbye with fewer sources than it counts', '82cb0001 00000001'],
    ['a goodbye whose reason runs out of the packet', '81cb0002 00000001 04616161'],
    ['a goodbye with words behind its reason', '81cb0003 00000001 01610000 00000000'],
    ['application data without name', '80cc0001 00000001'],
    ['an application name that is not ASCII', '80cc0002 00000001 80414141'],
    ['a NACK that asks for nothing', '81cd0002 00000001 00000002'],
    ['a PLI with something behind it', '81ce0003 00000001 00000002 00000000'],
    ['a FIR that asks nobody', '84ce0002 00000001 00000000'],
    ['a FIR with half an entry', '84ce0003 00000001 00000000 00000002'],
    ['a REMB with fewer sources than it counts', '8fce0004 00000001 00000000 52454d42 01000001'],
    ['a REMB of more than 2^53 bit/s', '8fce0004 00000001 00000000 52454d42 00ffffff'],
    ['transport feedback without chunk', '8fcd0004 00000001 00000002 00000001 00000000'],
    ['a TMMBR that asks for nothing', '83cd0002 00000001 00000000'],
    ['a TMMBR with one and a half entries', '83cd0005 00000001 00000000 00000002 0a6161fe 00000003'],
    ['a TMMBN without media SSRC', '84cd0001 00000001'],
    ['a TMMBN with half an entry', '84cd0003 00000001 00000000 00000002'],
    ['an extended report without sender', '80cf0000'],
    ['an extended report whose block runs out of the packet', '80cf0002 00000001 04000001'],
    ['congestion feedback without timestamp', '8bcd0001 00000001'],
    ['congestion feedback with half a stream', '8bcd0003 00000001 00000002 00000001'],
    ['congestion feedback with fewer statuses than it counts', '8bcd0005 00000001 00000002 00010003 80008000 00000001'],
    ['congestion feedback whose last status would be its timestamp', '8bcd0004 00000001 00000002 00010001 80008000'],
    ['padding before the last packet', 'a1ce0003 00000001 00000002 00000004'],
  ])('drops and counts %s, and keeps what is around it', (_, bytes) => {
    expect(parseRtcp(hex(PLI, bytes, PLI))).toEqual({ packets: [pli, pli], invalid: 1, unknown: 0 });
  });

  it.each([
    ['first', [hex('80c90000'), hex(PLI), hex(EMPTY_REPORT)]],
    ['in the middle', [hex(PLI), hex('80c90000'), hex(EMPTY_REPORT)]],
    ['last', [hex(PLI), hex(EMPTY_REPORT), hex('80c90000')]],
  ])('keeps all packets but the malformed one when it comes %s', (_, parts) => {
    const bytes = Uint8Array.from(parts.flatMap((part) => [...part]));
    expect(parseRtcp(bytes)).toEqual({ packets: [pli, emptyReport], invalid: 1, unknown: 0 });
  });

  it('counts malformed and unknown packets each for itself', () => {
    expect(parseRtcp(hex('80c90000', '80d10000', PLI, '81c90001 00000001', '80d10000', '80d10000'))).toEqual({
      packets: [pli],
      invalid: 2,
      unknown: 3,
    });
  });

  it('counts a break in the framing once, however many packets are behind it', () => {
    expect(parseRtcp(hex(PLI, '41ce0002 00000001 00000002', PLI, PLI))).toEqual({
      packets: [pli],
      invalid: 1,
      unknown: 0,
    });
  });

  it('says nothing about what is behind a length too short: it is framing like any other', () => {
    // A PLI that claims one word less: its media SSRC becomes a header, of version 0.
    expect(parseRtcp(hex('81ce0001 00000001 00000002', PLI))).toEqual({ packets: [], invalid: 2, unknown: 0 });
  });

  it.each([
    ['a wrong version', '41ce0002 00000001 00000002'],
    ['a length beyond the datagram', '81ce0003 00000001 00000002'],
    ['half a header', '81ce'],
  ])('keeps what is before %s, where the framing ends', (_, bytes) => {
    expect(parseRtcp(hex(PLI, bytes))).toEqual({ packets: [pli], invalid: 1, unknown: 0 });
  });

  it('does not trust the framing behind a wrong version', () => {
    expect(parseRtcp(hex('01ce0002 00000001 00000002', PLI))).toEqual({ packets: [], invalid: 1, unknown: 0 });
  });

  it('has nothing to say about nothing', () => {
    expect(parseRtcp(new Uint8Array(0))).toEqual({ packets: [], invalid: 0, unknown: 0 });
  });

  it('takes padding of whole words off the last packet (RFC 3550 §6.4.1)', () => {
    const padded = hex(EMPTY_REPORT, 'a1ce0004 00000001 00000002 00000000 00000008');
    expect(parseRtcp(padded)).toEqual({ packets: [emptyReport, pli], invalid: 0, unknown: 0 });
  });

  it.each([
    ['0 bytes', '00'],
    ['a part of a word', '03'],
    ['more than the packet', '10'],
  ])('drops a last packet that declares padding of %s', (_, count) => {
    expect(parseRtcp(hex(`a1ce0003 00000001 00000002 000000${count}`))).toEqual({
      packets: [],
      invalid: 1,
      unknown: 0,
    });
  });

  it('takes the odd padding of transport feedback, which libwebrtc puts on each of them', () => {
    const feedback = 'afcd0005 00000001 00000002 00010001 00000000 20010001';
    const { packets, invalid } = parseRtcp(hex(feedback, PLI));
    expect(invalid).toBe(0);
    expect(packets.map(({ type }) => type)).toEqual(['transport-feedback', 'pli']);
  });

  it('drops padding in the middle, be it whole words, for every type but transport feedback', () => {
    const padded = 'a1ce0003 00000001 00000002 00000004';
    const congestion = 'abcd0003 00000001 00000007 00000004';
    const { packets, invalid } = parseRtcp(hex(padded, congestion, padded));
    expect(packets).toEqual([pli]);
    expect(invalid).toBe(2);
  });

  it('bounds the statuses of congestion feedback, on a stream and in a datagram', () => {
    const claim = (count: number) => {
      const bytes = new Uint8Array(20 + 4 * Math.ceil(count / 2));
      bytes.set(hex('8bcd0000 00000001 00000002 0000'));
      new DataView(bytes.buffer).setUint16(2, bytes.length / 4 - 1);
      new DataView(bytes.buffer).setUint16(14, count);
      return bytes;
    };
    expect(parseRtcp(claim(16_384))).toMatchObject({ packets: [{ type: 'congestion-feedback' }], invalid: 0 });
    expect(parseRtcp(claim(16_385))).toEqual({ packets: [], invalid: 1, unknown: 0 });
    const many = Uint8Array.from(Array.from({ length: 6 }, () => [...claim(16_000)]).flat());
    const { packets, invalid } = parseRtcp(many);
    expect(packets.length).toBe(4);
    expect(invalid).toBe(2);
  });

  it('bounds the statuses that one datagram can make it hold', () => {
    const runs = '1fff'.repeat(9);
    const claim = `8fcd0009 00000001 00000002 0000ffff 00000000 ${runs} 0000`;
    const { packets, invalid } = parseRtcp(hex(claim.repeat(30)));
    expect(packets.length).toBe(1);
    expect(invalid).toBe(29);
  });
});

describe('any packets', () => {
  it('survive the way to bytes and back', () => {
    fc.assert(
      fc.property(fc.array(rtcpPacket, { maxLength: 6 }), (packets) => {
        const bytes = serializeRtcp(packets);
        expect(bytes.length % 4).toBe(0);
        expect(parseRtcp(bytes)).toEqual({ packets, invalid: 0, unknown: 0 });
      }),
      { numRuns: 500 },
    );
  });

  it('have one form on the wire', () => {
    fc.assert(
      fc.property(fc.array(rtcpPacket, { maxLength: 4 }), (packets) => {
        const bytes = serializeRtcp(packets);
        expect(serializeRtcp(parseRtcp(bytes).packets)).toEqual(bytes);
      }),
    );
  });

  it('never make the parser throw, whatever happened to their bytes', () => {
    const damage = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(fc.array(rtcpPacket, { minLength: 1, maxLength: 4 }), damage, fc.nat(), (packets, changes, cut) => {
        const bytes = serializeRtcp(packets);
        for (const [at, value] of changes) bytes[at % bytes.length] = value;
        expect(() => parseRtcp(bytes)).not.toThrow();
        expect(() => parseRtcp(bytes.subarray(0, cut % bytes.length))).not.toThrow();
      }),
      { numRuns: 1000 },
    );
  });

  it('are not found in random bytes without a trace in the counts', () => {
    const header = fc.tuple(fc.integer({ min: 0x80, max: 0xbf }), fc.integer({ min: 200, max: 207 }));
    fc.assert(
      fc.property(header, fc.uint8Array({ maxLength: 120 }), ([first, type], rest) => {
        const words = rest.length >> 2;
        const bytes = Uint8Array.of(first, type, words >> 8, words, ...rest);
        const { packets, invalid, unknown } = parseRtcp(bytes);
        expect(packets.length + invalid + unknown).toBeGreaterThan(0);
        for (const packet of packets) expect(() => serializeRtcp([packet])).not.toThrow();
      }),
      { numRuns: 2000 },
    );
  });
});

describe('what one packet cannot hold', () => {
  it('goes into receiver reports behind a sender report (RFC 3550 §6.1)', () => {
    fc.assert(
      fc.property(fc.array(reportBlock, { minLength: 32, maxLength: 100 }), (reports) => {
        const report = { ssrc: 1, ntpSeconds: 2, ntpFraction: 3, rtpTimestamp: 4, packetCount: 5, octetCount: 6 };
        const { packets } = parseRtcp(serializeRtcp([{ type: 'sender-report', ...report, reports }]));
        expect(packets[0]).toEqual({ type: 'sender-report', ...report, reports: reports.slice(0, 31) });
        const rest = packets.slice(1).map((packet) => (packet.type === 'receiver-report' ? packet : undefined));
        expect(rest.every((packet) => packet?.ssrc === 1)).toBe(true);
        expect(rest.flatMap((packet) => packet?.reports)).toEqual(reports.slice(31));
      }),
      { numRuns: 20 },
    );
  });

  it('goes into several goodbyes and descriptions', () => {
    const ssrcs = Array.from({ length: 70 }, (_, i) => i);
    const chunks = ssrcs.map((ssrc) => ({ ssrc, items: [{ type: 'cname' as const, text: `c${ssrc}` }] }));
    const { packets } = parseRtcp(
      serializeRtcp([
        { type: 'bye', ssrcs, reason: 'enough' },
        { type: 'source-description', chunks },
      ]),
    );
    const byes = packets.filter((packet) => packet.type === 'bye');
    expect(byes.map((bye) => bye.ssrcs.length)).toEqual([31, 31, 8]);
    expect(byes.map((bye) => bye.reason)).toEqual(['enough', 'enough', 'enough']);
    expect(byes.flatMap((bye) => bye.ssrcs)).toEqual(ssrcs);
    const descriptions = packets.filter((packet) => packet.type === 'source-description');
    expect(descriptions.flatMap((description) => description.chunks)).toEqual(chunks);
  });
});

describe('what no packet can hold', () => {
  it.each<[string, RtcpPacket]>([
    ['a negative SSRC', { type: 'pli', senderSsrc: -1, mediaSsrc: 2 }],
    ['a number that is none', { type: 'pli', senderSsrc: 1, mediaSsrc: Number.NaN }],
    ['a NACK for nothing', { type: 'nack', senderSsrc: 1, mediaSsrc: 2, sequenceNumbers: [] }],
    ['an unwrapped sequence number', { type: 'nack', senderSsrc: 1, mediaSsrc: 2, sequenceNumbers: [65_536] }],
    ['a FIR for nobody', { type: 'fir', senderSsrc: 1, entries: [] }],
    ['a negative bit rate', { type: 'remb', senderSsrc: 1, bitrate: -1, ssrcs: [] }],
    ['an endless bit rate', { type: 'remb', senderSsrc: 1, bitrate: Number.POSITIVE_INFINITY, ssrcs: [] }],
    ['256 streams in a REMB', { type: 'remb', senderSsrc: 1, bitrate: 1, ssrcs: new Array<number>(256).fill(0) }],
    ['a TMMBR for nothing', { type: 'tmmbr', senderSsrc: 1, limits: [] }],
    ['a negative limit', { type: 'tmmbr', senderSsrc: 1, limits: [{ ssrc: 1, bitrate: -1, overhead: 0 }] }],
    ['an endless limit', { type: 'tmmbn', senderSsrc: 1, limits: [{ ssrc: 1, bitrate: Infinity, overhead: 0 }] }],
    ['a limit too high', { type: 'tmmbn', senderSsrc: 1, limits: [{ ssrc: 1, bitrate: 2 ** 80, overhead: 0 }] }],
    ['an overhead of 512', { type: 'tmmbn', senderSsrc: 1, limits: [{ ssrc: 1, bitrate: 1, overhead: 512 }] }],
    [
      '21 846 answers in a DLRR block',
      {
        type: 'extended-report',
        ssrc: 1,
        blocks: [
          {
            type: 'delay-since-last-receiver-report',
            answers: new Array(21_846).fill({ ssrc: 1, lastReceiverReport: 0, delaySinceLastReceiverReport: 0 }),
          },
        ],
      },
    ],
    ['16 385 statuses on a stream', congestionFeedbackOf(new Array<undefined>(16_385).fill(undefined))],
    ['an arrival after the report', congestionFeedbackOf([{ ecn: 'ce', arrivalOffset: -0.01 }])],
    ['an arrival longer ago than can be told', congestionFeedbackOf([{ ecn: 'ce', arrivalOffset: 7997.5 }])],
    ['an arrival at no time', congestionFeedbackOf([{ ecn: 'ce', arrivalOffset: Number.NaN }])],
    ['a long goodbye', { type: 'bye', ssrcs: [1], reason: 'ä'.repeat(128) }],
    ['a short application name', { type: 'application', subtype: 0, ssrc: 1, name: 'abc', data: new Uint8Array(0) }],
    ['half a word of data', { type: 'application', subtype: 0, ssrc: 1, name: 'abcd', data: new Uint8Array(2) }],
    ['subtype 32', { type: 'application', subtype: 32, ssrc: 1, name: 'abcd', data: new Uint8Array(0) }],
  ])('is refused: %s', (_, packet) => {
    expect(() => serializeRtcp([packet])).toThrow(ArgumentError);
  });
});
