// The feedback on Chromium's own packets, read from its bytes by the draft's rules alone: what arrived, when, and what did not.

import { FeedbackReporter, isRtcp, RtpPacket, readTransportSequence, serializeRtcp } from '@sluice/rtp';
import { describe, expect, test } from 'vitest';
import { describeCapture, readCapture } from '../fixtures/pcap.ts';

const TRANSPORT_SEQUENCE = 'http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01';
/** In ms. */
const REFERENCE_STEP = 64;
const TICK = 0.25;

/** One packet of feedback, taken apart (draft-holmer-rmcat-transport-wide-cc-extensions-01 §3.1). */
function readFeedback(bytes: Uint8Array) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  expect(view.getUint8(0) & 0xdf, 'version 2, format 15').toBe(0x8f);
  expect(view.getUint8(1), 'transport-layer feedback').toBe(205);
  expect((view.getUint16(2) + 1) * 4, 'length').toBe(bytes.length);
  const padding = view.getUint8(0) & 0x20 ? view.getUint8(bytes.length - 1) : 0;
  const base = view.getUint16(12);
  const count = view.getUint16(14);
  const reference = (view.getInt32(16) >> 8) * REFERENCE_STEP;
  const symbols: number[] = [];
  let offset = 20;
  while (symbols.length < count) {
    const chunk = view.getUint16(offset);
    offset += 2;
    if (chunk < 0x8000) for (let i = 0; i < (chunk & 0x1fff); i++) symbols.push(chunk >> 13);
    else if (chunk < 0xc000) for (let bit = 13; bit >= 0; bit--) symbols.push((chunk >> bit) & 1);
    else for (let bit = 12; bit >= 0; bit -= 2) symbols.push((chunk >> bit) & 3);
  }
  const arrivals = new Map<number, number | undefined>();
  let at = reference;
  for (const [i, symbol] of symbols.slice(0, count).entries()) {
    expect(symbol, 'symbol').toBeLessThan(3);
    if (symbol === 1) at += view.getUint8(offset) * TICK;
    if (symbol === 2) at += view.getInt16(offset) * TICK;
    offset += symbol;
    arrivals.set((base + i) & 0xffff, symbol === 0 ? undefined : at);
  }
  expect(offset + padding, 'nothing behind the deltas but padding').toBe(bytes.length);
  return { feedbackCount: view.getUint8(19), arrivals };
}

describe.each(['vp8-one', 'vp9-one', 'h264-one', 'av1-one', 'vp8-sim'])('%s', (name) => {
  const id = describeCapture(name).extensionIds.get(TRANSPORT_SEQUENCE)!;
  const datagrams = readCapture(name).filter(({ data }) => !isRtcp(data));
  const start = datagrams[0]!.at;
  const packets = datagrams.map(({ at, data }, i) => {
    const packet = RtpPacket.parse(data)!;
    return {
      packet,
      sequence: readTransportSequence(packet.extension(id)!)!,
      at: at - start + 5000,
      lost: i % 10 === 7,
    };
  });

  test('every packet is told of once: when it came, to the tick, or that it did not', () => {
    const reporter = new FeedbackReporter();
    const told = new Map<number, number | undefined>();
    const sentAt: number[] = [];
    const waiting = packets.filter(({ lost }) => !lost);
    const [last] = waiting.slice(-1);
    for (let now = 5000; now <= last!.at + 300; now += 1) {
      for (; waiting[0] !== undefined && waiting[0].at <= now; waiting.shift()) {
        reporter.onPacket(waiting[0].packet, id, waiting[0].at);
      }
      for (const feedback of reporter.due(now, 1)) {
        sentAt.push(now);
        const { feedbackCount, arrivals } = readFeedback(serializeRtcp([feedback]));
        expect(feedbackCount).toBe((sentAt.length - 1) & 0xff);
        for (const [sequence, at] of arrivals) {
          expect(told.has(sequence), `${sequence} was told of before`).toBe(false);
          told.set(sequence, at);
        }
      }
    }
    const received = packets.filter(({ lost }) => !lost);
    for (const { sequence, at } of received) expect(Math.abs(told.get(sequence)! - at)).toBeLessThanOrEqual(TICK / 2);
    const numbers = packets.map(({ sequence }) => sequence);
    const highest = received.at(-1)!.sequence;
    for (const { sequence } of packets.filter(({ lost, sequence }) => lost && sequence < highest)) {
      expect(told.has(sequence)).toBe(true);
      expect(told.get(sequence)).toBeUndefined();
    }
    for (const sequence of told.keys()) expect(numbers).toContain(sequence);
    const gaps = sentAt.slice(1).map((at, i) => at - sentAt[i]!);
    expect(gaps[0], 'while nothing is known of the rate').toBeGreaterThanOrEqual(100);
    expect(Math.min(...gaps), 'at these rates').toBe(50);
    expect(sentAt.length).toBeGreaterThan(10);
  });
});
