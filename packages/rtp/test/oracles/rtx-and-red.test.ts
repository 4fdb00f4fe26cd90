// Retransmissions (RFC 4588) against rtp.js and werift, redundant audio (RFC 2198) against werift.

import fc from 'fast-check';
import { RtpPacket as RtpJsPacket } from 'rtp.js/packets';
import { describe, expect, test } from 'vitest';
import { Red, RedEncoder, unwrapRtx, RtpPacket as WeriftPacket, wrapRtx } from 'werift';
import { parseRed, RedPacketizer, writeRed } from '../../src/payload/red.ts';
import { readRtxSequence } from '../../src/recovery/retransmission-history.ts';
import { RtpPacket, serializeRtp } from '../../src/rtp/packet.ts';
import { RtpReceiveStream } from '../../src/rtp/receive-stream.ts';
import { RtpSendStream } from '../../src/rtp/send-stream.ts';
import { toHex } from '../rtcp/hex.ts';
import { bufferOf, bytesOf, mediaFields, viewOf } from './packets.ts';

const RUNS = { numRuns: 300 };
const MEDIA_SSRC = 0x11111111;
const RTX_SSRC = 0x22222222;
const RTX_PAYLOAD_TYPE = 97;

const uint = (bits: number) => fc.integer({ min: 0, max: 2 ** bits - 1 });

/** A sent packet, and the retransmission of it; contributing sources are none of a sender's. */
const retransmitted = fc.tuple(mediaFields, uint(16)).map(([fields, previous]) => {
  const { payloadType, sequenceNumber, timestamp, marker, extensions, payload } = fields;
  const rtx = { ssrc: RTX_SSRC, payloadType: RTX_PAYLOAD_TYPE, firstSequenceNumber: previous };
  const stream = new RtpSendStream({ ssrc: MEDIA_SSRC, payloadType, rtx });
  const sent = serializeRtp(stream.send(sequenceNumber, timestamp, marker, payload, 0, extensions));
  const again = serializeRtp(stream.retransmit([sequenceNumber], 0)[0]!);
  return { sent, again, payloadType, rtxSequenceNumber: (previous + 1) & 0xffff };
});

describe('retransmissions', () => {
  test('are what rtp.js and werift make of the same packet, byte for byte', () => {
    fc.assert(
      fc.property(retransmitted, ({ sent, again, rtxSequenceNumber }) => {
        const packet = new RtpJsPacket(viewOf(sent.slice()));
        packet.rtxEncode(RTX_PAYLOAD_TYPE, RTX_SSRC, rtxSequenceNumber);
        expect(toHex(bytesOf(packet.getView()))).toBe(toHex(again));
        const original = WeriftPacket.deSerialize(bufferOf(sent));
        const wrapped = wrapRtx(original, RTX_PAYLOAD_TYPE, rtxSequenceNumber, RTX_SSRC);
        expect(toHex(wrapped.serialize())).toBe(toHex(again));
      }),
      RUNS,
    );
  });

  test('are unwrapped by rtp.js to the packet that was sent', () => {
    fc.assert(
      fc.property(retransmitted, ({ sent, again, payloadType }) => {
        const packet = new RtpJsPacket(viewOf(again));
        packet.rtxDecode(payloadType, MEDIA_SSRC);
        expect(toHex(bytesOf(packet.getView()))).toBe(toHex(sent));
      }),
      RUNS,
    );
  });

  test('are unwrapped by werift to the packet that was sent, without its header extensions', () => {
    fc.assert(
      fc.property(retransmitted, ({ sent, again, payloadType }) => {
        const packet = unwrapRtx(WeriftPacket.deSerialize(bufferOf(again)), payloadType, MEDIA_SSRC);
        const { sequenceNumber, timestamp, marker, payload } = RtpPacket.parse(sent)!;
        expect(packet.header).toMatchObject({ payloadType, sequenceNumber, timestamp, marker, ssrc: MEDIA_SSRC });
        expect(packet.header.extensions).toEqual([]);
        expect(toHex(packet.payload)).toBe(toHex(payload));
      }),
      RUNS,
    );
  });

  test('of rtp.js and werift are read by us', () => {
    fc.assert(
      fc.property(mediaFields, uint(16), (fields, rtxSequenceNumber) => {
        const sent = serializeRtp(fields);
        const packet = new RtpJsPacket(viewOf(sent.slice()));
        packet.rtxEncode(RTX_PAYLOAD_TYPE, RTX_SSRC, rtxSequenceNumber);
        const original = WeriftPacket.deSerialize(bufferOf(sent));
        const wrapped = wrapRtx(original, RTX_PAYLOAD_TYPE, rtxSequenceNumber, RTX_SSRC).serialize();
        for (const bytes of [bytesOf(packet.getView()), wrapped]) {
          const rtx = RtpPacket.parse(bytes)!;
          expect(readRtxSequence(rtx.payload)).toBe(fields.sequenceNumber);
          const stream = new RtpReceiveStream({ ssrc: fields.ssrc, clockRate: 90_000, nack: false });
          // The packet before it, so that the stream has begun.
          const previous = { ...fields, sequenceNumber: (fields.sequenceNumber - 1) & 0xffff };
          stream.receive(RtpPacket.parse(serializeRtp(previous))!, 0);
          const recovered = stream.receiveRtx(rtx, 1)!;
          expect(recovered.sequence & 0xffff).toBe(fields.sequenceNumber);
          expect(recovered).toMatchObject({ timestamp: fields.timestamp, marker: fields.marker, recovered: true });
          expect(toHex(recovered.payload)).toBe(toHex(fields.payload));
        }
      }),
      RUNS,
    );
  });

  test('with padding are misread by rtp.js, which takes it for payload (RFC 4588 §4: original payload, then padding)', () => {
    const payload = Uint8Array.of(0x12, 0x34, 0xaa);
    const fields = { payloadType: 97, sequenceNumber: 1, timestamp: 2, ssrc: RTX_SSRC, marker: false };
    const packet = new RtpJsPacket(viewOf(serializeRtp({ ...fields, payload, paddingSize: 2 })));
    packet.rtxDecode(96, MEDIA_SSRC);
    expect(toHex(bytesOf(packet.getPayload()))).toBe('aa0002');
  });
});

/** A redundant frame. werift tells the packet's own by an offset or a length of 0, so that others have neither. */
const redundant = fc.record({
  payloadType: uint(7),
  timestampOffset: fc.integer({ min: 1, max: 0x3fff }),
  data: fc.uint8Array({ minLength: 1, maxLength: 0x3ff, size: 'max' }),
});
const own = fc.record({
  payloadType: uint(7),
  timestampOffset: fc.constant(0),
  data: fc.uint8Array({ maxLength: 200 }),
});
const redBlocks = fc
  .tuple(fc.array(redundant, { maxLength: 8 }), own)
  .map(([earlier, current]) => [...earlier, current]);

const readableBlock = (payloadType: number, timestampOffset: number, data: Uint8Array) =>
  `${payloadType} -${timestampOffset} ${toHex(data)}`;

describe('redundant audio', () => {
  test('that we write is read by werift', () => {
    fc.assert(
      fc.property(redBlocks, (blocks) => {
        const read = Red.deSerialize(bufferOf(writeRed(blocks)));
        expect(
          read.blocks.map(({ blockPT, timestampOffset, block }) => readableBlock(blockPT, timestampOffset ?? 0, block)),
        ).toEqual(blocks.map((block) => readableBlock(block.payloadType, block.timestampOffset, block.data)));
      }),
      RUNS,
    );
  });

  test('that werift writes is read by us', () => {
    fc.assert(
      fc.property(redBlocks, (blocks) => {
        const red = new Red();
        for (const { payloadType, timestampOffset, data } of blocks) {
          const block = bufferOf(data);
          red.blocks.push({ blockPT: payloadType, block, ...(timestampOffset > 0 && { timestampOffset }) });
        }
        const read = parseRed(red.serialize())!;
        expect(read.map((block) => readableBlock(block.payloadType, block.timestampOffset, block.data))).toEqual(
          blocks.map((block) => readableBlock(block.payloadType, block.timestampOffset, block.data)),
        );
      }),
      RUNS,
    );
  });

  test('packets are those of werift’s encoder, as long as nothing is too old for the offset', () => {
    const step = fc.integer({ min: 1, max: 0x3fff >> 3 });
    const frames = fc.array(fc.tuple(fc.uint8Array({ minLength: 1, maxLength: 100 }), step), { maxLength: 12 });
    fc.assert(
      fc.property(frames, uint(32), fc.integer({ min: 0, max: 8 }), (steps, start, distance) => {
        const ours = new RedPacketizer({ payloadType: 111, distance });
        const theirs = new RedEncoder(distance);
        let timestamp = start;
        for (const [data, ticks] of steps) {
          timestamp = (timestamp + ticks) >>> 0;
          theirs.push({ block: bufferOf(data), timestamp, blockPT: 111 });
          expect(toHex(ours.packetize(data, timestamp, 10_000))).toBe(toHex(theirs.build().serialize()));
        }
      }),
      RUNS,
    );
  });

  test('werift ends the packet at a redundant frame of offset 0 or without bytes (RFC 2198 §3: only F ends the headers)', () => {
    const current = { payloadType: 111, timestampOffset: 0, data: Uint8Array.of(1, 2) };
    const empty = { payloadType: 111, timestampOffset: 960, data: new Uint8Array(0) };
    const bytes = writeRed([empty, current]);
    expect(parseRed(bytes)!.map(({ data }) => toHex(data))).toEqual(['', '0102']);
    expect(Red.deSerialize(bufferOf(bytes)).blocks.map(({ block }) => toHex(block))).toEqual(['0102', '0102']);
  });
});
