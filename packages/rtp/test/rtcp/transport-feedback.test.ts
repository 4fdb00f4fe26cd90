import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ArgumentError } from '../../src/errors.ts';
import { parseRtcp, serializeRtcp, type TransportFeedback } from '../../src/rtcp/packets.ts';
import { encodeStatusChunks, readStatusChunks } from '../../src/rtcp/status-chunks.ts';
import { hex, toHex } from './hex.ts';

const fields = {
  type: 'transport-feedback' as const,
  senderSsrc: 1,
  mediaSsrc: 2,
  baseSequence: 0x0100,
  feedbackCount: 9,
  referenceTime: 64,
  hasArrivalTimes: true,
};
const fixed = '00000001 00000002 0100';

function parse(bytes: string): TransportFeedback | undefined {
  const [packet] = parseRtcp(hex(bytes)).packets;
  return packet?.type === 'transport-feedback' ? packet : undefined;
}

/** The chunks for symbols written as digits. */
function chunks(digits: string): string[] {
  const symbols = Uint8Array.from(digits, Number);
  const encoded = encodeStatusChunks(symbols);
  const bytes = Uint8Array.from(encoded.flatMap((chunk) => [chunk >> 8, chunk & 0xff]));
  const decoded = new Uint8Array(symbols.length);
  expect(readStatusChunks(new DataView(bytes.buffer), 0, decoded)).toBe(bytes.length);
  expect(decoded).toEqual(symbols);
  return encoded.map((chunk) => chunk.toString(16).padStart(4, '0'));
}

describe('the layout of transport feedback (draft-holmer-rmcat-transport-wide-cc-extensions-01 §3.1)', () => {
  const vectors: [string, TransportFeedback, string][] = [
    [
      'a small delta, filled with one declared byte',
      { ...fields, packets: [63.75] },
      `af cd 0005 ${fixed} 0001 000001 09  2001 ff 01`,
    ],
    [
      'a large delta, filled with nothing',
      { ...fields, packets: [64] },
      `8f cd 0005 ${fixed} 0001 000001 09  4001 0100`,
    ],
    [
      'a negative delta between two received packets',
      { ...fields, packets: [10, undefined, 9.75] },
      `af cd 0007 ${fixed} 0003 000001 09  2001 0001 4001 28 ffff 000003`,
    ],
    [
      'the largest negative delta',
      { ...fields, packets: [0, -8192] },
      `af cd 0006 ${fixed} 0002 000001 09  2001 4001 00 8000 01`,
    ],
    [
      'nothing received',
      { ...fields, packets: new Array<undefined>(300).fill(undefined) },
      `af cd 0005 ${fixed} 012c 000001 09  012c 0002`,
    ],
    [
      'a reference time below zero',
      { ...fields, referenceTime: -64, packets: [0, 0.25] },
      `8f cd 0005 ${fixed} 0002 ffffff 09  2002 00 01`,
    ],
    [
      'the lowest reference time',
      { ...fields, referenceTime: -(2 ** 29), packets: [0, 0.25] },
      `8f cd 0005 ${fixed} 0002 800000 09  2002 00 01`,
    ],
    [
      'no arrival times on purpose',
      { ...fields, hasArrivalTimes: false, packets: [0, undefined] },
      `8f cd 0005 ${fixed} 0002 000001 09  2001 0001`,
    ],
    [
      'no arrival times and a fill, which only the padding bit tells from deltas',
      { ...fields, hasArrivalTimes: false, packets: [0, 0] },
      `af cd 0005 ${fixed} 0002 000001 09  2002 0002`,
    ],
  ];

  it.each(vectors)('%s', (_, packet, bytes) => {
    expect(toHex(serializeRtcp([packet]))).toBe(toHex(hex(bytes)));
    expect(parse(bytes)).toEqual(packet);
  });

  it('fills with zeros, undeclared, before another packet (RFC 3550 §6.4.1)', () => {
    const packet: TransportFeedback = { ...fields, packets: [63.75] };
    const bytes = serializeRtcp([packet, packet]);
    const first = `8f cd 0005 ${fixed} 0001 000001 09  2001 ff 00`;
    const last = `af cd 0005 ${fixed} 0001 000001 09  2001 ff 01`;
    expect(toHex(bytes)).toBe(toHex(hex(first, last)));
    expect(parseRtcp(bytes).packets).toEqual([packet, packet]);
  });

  it('rounds arrivals to the nearest 250 µs without adding up the errors', () => {
    const packets = Array.from({ length: 50 }, (_, i) => i * 0.13);
    const [parsed] = parseRtcp(serializeRtcp([{ ...fields, packets }])).packets as TransportFeedback[];
    for (const [i, arrival] of (parsed?.packets ?? []).entries()) {
      expect(Math.abs((arrival ?? Number.NaN) - i * 0.13)).toBeLessThanOrEqual(0.125);
    }
  });

  it.each([
    ['too large a delta', { ...fields, packets: [0, 8192] }],
    ['too negative a delta', { ...fields, packets: [0, -8192.25] }],
    ['a first arrival too far from the reference time', { ...fields, packets: [8192] }],
    ['no status', { ...fields, packets: [] }],
    ['65 536 statuses', { ...fields, packets: new Array<undefined>(65_536).fill(undefined) }],
    ['a reference time between the steps', { ...fields, referenceTime: 65, packets: [0] }],
    ['a reference time beyond 24 bits', { ...fields, referenceTime: 2 ** 29, packets: [0] }],
  ])('refuses %s', (_, packet) => {
    expect(() => serializeRtcp([packet])).toThrow(ArgumentError);
  });
});

describe('parsing transport feedback of others', () => {
  it('ignores symbols behind the status count, in vectors and runs', () => {
    expect(parse(`8f cd 0005 ${fixed} 0002 000001 09  b000 04 08`)?.packets).toEqual([1, 3]);
    expect(parse(`8f cd 0005 ${fixed} 0002 000001 09  3fff 04 08`)?.packets).toEqual([1, 3]);
  });

  it('reads two-bit vectors, the first packet in the highest bits', () => {
    // 2, 1, 0, 1, then three behind the count
    expect(parse(`8f cd 0006 ${fixed} 0004 000001 09  e440 fffc 04 08 0000`)?.packets).toEqual([-1, 0, undefined, 2]);
  });

  it('goes past runs of nothing', () => {
    expect(parse(`8f cd 0006 ${fixed} 0001 000001 09  0000 0000 2001 04 00`)?.packets).toEqual([1]);
  });

  it.each([
    ['no status', `8f cd 0005 ${fixed} 0000 000001 09  2001 0400`],
    ['chunks for fewer packets than it counts', `8f cd 0005 ${fixed} 0003 000001 09  2001 2001`],
    ['the reserved symbol in a run', `8f cd 0005 ${fixed} 0001 000001 09  6001 0400`],
    ['the reserved symbol in a vector', `8f cd 0005 ${fixed} 0002 000001 09  f000 0400`],
    ['a chunk in what is declared padding', `af cd 0005 ${fixed} 0008 000001 09  0004 0002`],
  ])('rejects %s', (_, bytes) => {
    expect(parseRtcp(hex(bytes))).toEqual({ packets: [], invalid: 1, unknown: 0 });
  });

  it('accepts the reserved symbol behind the status count', () => {
    expect(parse(`8f cd 0005 ${fixed} 0001 000001 09  d000 0400`)?.packets).toEqual([1]);
  });
});

describe('the choice of chunks', () => {
  it('takes one run for equal symbols, however many up to 8191', () => {
    expect(chunks('1')).toEqual(['2001']);
    expect(chunks('2'.repeat(13))).toEqual(['400d']);
    expect(chunks('1'.repeat(8191))).toEqual(['3fff']);
    expect(chunks('0'.repeat(8192))).toEqual(['1fff', '0001']);
  });

  it('takes one bit each for 14 mixed symbols without a large delta', () => {
    expect(chunks('10101010101010')).toEqual(['aaaa']);
    expect(chunks('1111111111111011111111111111')).toEqual(['bffe', '200e']);
  });

  it('takes two bits each where a large delta is among the first 14', () => {
    expect(chunks('1012101')).toEqual(['d191']);
    expect(chunks('10101011111112222222')).toEqual(['d111', 'd556', '4006']);
  });

  it('closes a run of 7 or more before a large delta', () => {
    expect(chunks('11111112')).toEqual(['2007', '4001']);
    expect(chunks('22222221')).toEqual(['4007', '2001']);
  });

  it('prefers a vector to a run that is shorter than 14 and has no large delta behind it', () => {
    expect(chunks('11111110111111')).toEqual(['bfbf']);
  });

  it('ends with runs where a vector would have places left over', () => {
    expect(chunks('101')).toEqual(['2001', '0001', '2001']);
    expect(chunks('1010101011')).toEqual(['d111', '0001', '2002']);
    expect(chunks('10101010101010110')).toEqual(['aaaa', '2002', '0001']);
  });

  it('is that of libwebrtc up to the end', () => {
    const runs = fc.array(fc.tuple(fc.constantFrom(0, 0, 1, 1, 1, 2), fc.integer({ min: 1, max: 20 })), {
      minLength: 1,
      maxLength: 60,
    });
    fc.assert(
      fc.property(runs, (lengths) => {
        const digits = lengths.map(([symbol, length]) => String(symbol).repeat(length)).join('');
        const closed = chunksBeforeTheLast(digits);
        expect(chunks(digits).slice(0, closed.length)).toEqual(closed);
      }),
      { numRuns: 500 },
    );
  });
});

/**
 * The chunks that libwebrtc's encoder has closed after all symbols, found its way: symbols gather in the last chunk
 * while some kind of chunk can still hold them.
 */
function chunksBeforeTheLast(digits: string): string[] {
  const closed: number[] = [];
  let last = '';
  const allEqual = () => [...last].every((symbol) => symbol === last[0]);
  const fits = (symbol: string) =>
    last.length < 7 ||
    (last.length < 14 && !last.includes('2') && symbol !== '2') ||
    (last.length < 8191 && allEqual() && symbol === last[0]);
  const pack = (symbols: string, bits: number) =>
    [...symbols].reduce((sum, symbol) => (sum << bits) | Number(symbol), 0);
  for (const symbol of digits) {
    if (!fits(symbol)) {
      if (allEqual()) {
        closed.push((Number(last[0]) << 13) | last.length);
        last = '';
      } else if (last.length === 14) {
        closed.push(0x8000 | pack(last, 1));
        last = '';
      } else {
        closed.push(0xc000 | pack(last.slice(0, 7), 2));
        last = last.slice(7);
      }
    }
    last += symbol;
  }
  return closed.map((chunk) => chunk.toString(16).padStart(4, '0'));
}
