// Payload formats against werift's descriptors and depacketizers: VP8, VP9, H.264, AV1, Opus.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  AV1RtpPayload,
  dePacketizeRtpPackets,
  Vp8RtpPayload,
  Vp9RtpPayload,
  RtpHeader as WeriftHeader,
  RtpPacket as WeriftPacket,
} from 'werift';
import { OBU_TYPE, type Obu, parseAv1Payload, splitObus, writeObus } from '../../src/payload/av1.ts';
import { av1Format } from '../../src/payload/av1-format.ts';
import { h264Format } from '../../src/payload/h264-format.ts';
import { splitNalUnits } from '../../src/payload/nal-units.ts';
import { opusFormat } from '../../src/payload/opus-format.ts';
import type { PayloadFormat } from '../../src/payload/payload-format.ts';
import { isVp8KeyFrame, parseVp8Descriptor, type Vp8Descriptor } from '../../src/payload/vp8.ts';
import { vp8Format } from '../../src/payload/vp8-format.ts';
import {
  parseVp9Descriptor,
  type Vp9Descriptor,
  type Vp9Structure,
  writeVp9Descriptor,
} from '../../src/payload/vp9.ts';
import { vp9Format } from '../../src/payload/vp9-format.ts';
import { seededRandom } from '../../src/random.ts';
import { groupByFrame, mediaPackets } from '../payload/frames.ts';
import { annexB } from '../payload/nal.ts';
import { hex, toHex } from '../rtcp/hex.ts';
import { bufferOf } from './packets.ts';

const RUNS = { numRuns: 300 };

const uint = (bits: number) => fc.integer({ min: 0, max: 2 ** bits - 1 });
const maxPayloadSize = fc.integer({ min: 40, max: 300 });
/** Frames of any size up to that, so that most take several packets. */
const content = (minLength: number, maxLength: number) => fc.uint8Array({ minLength, maxLength, size: 'max' });

type WeriftCodec = Parameters<typeof dePacketizeRtpPackets>[0];

/** The frame and whether it is a key frame, as werift makes them of the payloads. */
function depacketizeWithWerift(codec: WeriftCodec, payloads: readonly Uint8Array[]) {
  const packets = payloads.map((payload, i) => {
    const header = new WeriftHeader({ sequenceNumber: i, marker: i === payloads.length - 1 });
    return new WeriftPacket(header, bufferOf(payload));
  });
  const { data, isKeyframe } = dePacketizeRtpPackets(codec, packets);
  return { data: toHex(data), isKeyframe };
}

/** Chromium's frames in the capture, by ours. */
function chromiumFrames(format: PayloadFormat, capture: string, payloadType: number): Uint8Array[] {
  return groupByFrame(mediaPackets(capture, payloadType)).map((payloads) => format.depacketize(payloads)!);
}

describe('VP8', () => {
  /** Descriptors as bytes. The reserved bits are 0, as senders leave them (RFC 7741 §4.2). */
  const descriptor = fc
    .record({
      nonReference: fc.boolean(),
      partitionStart: fc.boolean(),
      partition: uint(3),
      extended: fc.boolean(),
      pictureId: fc.option(fc.oneof(uint(7), fc.integer({ min: 0x8000, max: 0xffff }))),
      tl0PictureIndex: fc.option(uint(8)),
      layer: fc.option(uint(3)),
      keyIndex: fc.option(uint(5)),
      data: fc.uint8Array({ minLength: 3, maxLength: 8 }),
    })
    // werift takes TL0PICIDX and TID for one another: see below.
    .filter(
      ({ tl0PictureIndex, layer, keyIndex }) => keyIndex !== null || (tl0PictureIndex === null) === (layer === null),
    )
    .map((fields) => {
      const { pictureId, tl0PictureIndex, layer, keyIndex } = fields;
      const x = fields.extended ? 0x80 : 0;
      const bytes = [x | (fields.nonReference ? 0x20 : 0) | (fields.partitionStart ? 0x10 : 0) | fields.partition];
      if (fields.extended) {
        const i = pictureId === null ? 0 : 0x80;
        const l = tl0PictureIndex === null ? 0 : 0x40;
        bytes.push(i | l | (layer === null ? 0 : 0x20) | (keyIndex === null ? 0 : 0x10));
        if (pictureId !== null) bytes.push(...(pictureId >= 0x8000 ? [pictureId >> 8, pictureId & 0xff] : [pictureId]));
        if (tl0PictureIndex !== null) bytes.push(tl0PictureIndex);
        if (layer !== null || keyIndex !== null) bytes.push(((layer ?? 0) << 5) | (keyIndex ?? 0));
      }
      return Uint8Array.of(...bytes, ...fields.data);
    });

  test('descriptors are read as werift reads them', () => {
    fc.assert(
      fc.property(descriptor, (payload) => {
        const ours = parseVp8Descriptor(payload) as Vp8Descriptor;
        const theirs = Vp8RtpPayload.deSerialize(bufferOf(payload));
        expect({ ...ours, data: toHex(payload.subarray(ours.size)) }).toMatchObject({
          nonReference: theirs.nBit === 1,
          partitionStart: theirs.sBit === 1,
          partition: theirs.pid,
          pictureId: theirs.pictureId,
          longPictureId: theirs.mBit === 1,
          data: toHex(theirs.payload),
        });
        if (theirs.payloadHeaderExist) expect(isVp8KeyFrame(payload, ours.size)).toBe(theirs.isKeyframe);
      }),
      RUNS,
    );
  });

  test('frames that we packetise are put together by werift', () => {
    const frames = fc.array(fc.tuple(content(3, 800), fc.option(fc.nat(2))), {
      maxLength: 5,
    });
    fc.assert(
      fc.property(frames, maxPayloadSize, (all, size) => {
        const packetizer = vp8Format.createPacketizer(seededRandom(1));
        for (const [frame, temporalLayer] of all) {
          const payloads = packetizer.packetize(frame, size, temporalLayer ?? undefined);
          const starts = payloads.map((payload) => Vp8RtpPayload.deSerialize(bufferOf(payload)).sBit);
          expect(starts).toEqual(payloads.map((_, i) => Number(i === 0)));
          expect(depacketizeWithWerift('VP8', payloads)).toEqual({
            data: toHex(frame),
            isKeyframe: isVp8KeyFrame(frame),
          });
        }
      }),
      RUNS,
    );
  });

  test('Chromium’s frames are those that werift finds', () => {
    for (const payloads of groupByFrame(mediaPackets('vp8-one', 96))) {
      const { keyFrameStart } = vp8Format.inspect(payloads[0]!)!;
      const data = toHex(vp8Format.depacketize(payloads)!);
      expect(depacketizeWithWerift('VP8', payloads)).toEqual({ data, isKeyframe: keyFrameStart });
    }
  });

  test('werift expects a byte of TID where there is TL0PICIDX, and none where there isn’t (RFC 7741 §4.2: T or K)', () => {
    const indexAlone = hex('90 40 07 010203');
    expect(parseVp8Descriptor(indexAlone)).toMatchObject({ size: 3, tl0PictureIndex: 7 });
    expect(toHex(Vp8RtpPayload.deSerialize(bufferOf(indexAlone)).payload)).toBe('0203');
    const layerAlone = hex('90 20 40 010203');
    expect(parseVp8Descriptor(layerAlone)).toMatchObject({ size: 3, temporalLayer: 1 });
    expect(toHex(Vp8RtpPayload.deSerialize(bufferOf(layerAlone)).payload)).toBe('40010203');
  });
});

describe('VP9', () => {
  const resolution = fc.record({ width: uint(16), height: uint(16) });
  const groupPicture = fc.record({
    temporal: uint(3),
    switchingUp: fc.boolean(),
    references: fc.array(fc.integer({ min: 1, max: 255 }), { maxLength: 3 }),
  });
  const structure: fc.Arbitrary<Vp9Structure> = fc.integer({ min: 1, max: 8 }).chain((spatialLayers) =>
    fc.record({
      spatialLayers: fc.constant(spatialLayers),
      resolutions: fc.oneof(
        fc.constant([]),
        fc.array(resolution, { minLength: spatialLayers, maxLength: spatialLayers }),
      ),
      group: fc.option(fc.array(groupPicture, { maxLength: 8 }), { nil: undefined }),
    }),
  );
  const layer = fc.record({
    temporal: uint(3),
    switchingUp: fc.boolean(),
    spatial: uint(3),
    interLayer: fc.boolean(),
  });
  const descriptor: fc.Arbitrary<Omit<Vp9Descriptor, 'size'>> = fc
    .record({
      pictureId: fc.option(uint(15), { nil: undefined }),
      interPredicted: fc.boolean(),
      flexible: fc.boolean(),
      frameStart: fc.boolean(),
      frameEnd: fc.boolean(),
      notForUpperLayers: fc.boolean(),
      layer: fc.option(layer, { nil: undefined }),
      tl0: uint(8),
      differences: fc.array(fc.integer({ min: 1, max: 127 }), { minLength: 1, maxLength: 3 }),
      structure: fc.option(structure, { nil: undefined }),
    })
    // Flexible mode goes with a picture id (RFC 9628 §4.2: F needs I).
    .filter(({ pictureId, flexible }) => pictureId !== undefined || !flexible)
    .map(({ tl0, differences, ...fields }) => ({
      ...fields,
      longPictureId: (fields.pictureId ?? 0) >= 0x80,
      tl0PictureIndex: fields.layer !== undefined && !fields.flexible ? tl0 : undefined,
      references: fields.flexible && fields.interPredicted ? differences : [],
    }));

  test('descriptors that we write are read by werift, and back by us', () => {
    fc.assert(
      fc.property(descriptor, fc.uint8Array({ minLength: 1, maxLength: 8 }), (fields, data) => {
        const head = writeVp9Descriptor(fields);
        const payload = Uint8Array.of(...head, ...data);
        expect(parseVp9Descriptor(payload)).toEqual({ ...fields, size: head.length });
        const theirs = Vp9RtpPayload.deSerialize(bufferOf(payload));
        const bit = (flag: boolean | undefined) => (flag === undefined ? undefined : Number(flag));
        expect({ ...theirs, payload: toHex(theirs.payload) }).toMatchObject({
          iBit: bit(fields.pictureId !== undefined),
          pBit: bit(fields.interPredicted),
          lBit: bit(fields.layer !== undefined),
          fBit: bit(fields.flexible),
          bBit: bit(fields.frameStart),
          eBit: bit(fields.frameEnd),
          vBit: bit(fields.structure !== undefined),
          zBit: bit(fields.notForUpperLayers),
          payload: toHex(data),
          pDiff: fields.references,
          width: fields.structure?.resolutions.map(({ width }) => width) ?? [],
          height: fields.structure?.resolutions.map(({ height }) => height) ?? [],
          pgT: fields.structure?.group?.map(({ temporal }) => temporal) ?? [],
          pgU: fields.structure?.group?.map(({ switchingUp }) => bit(switchingUp)) ?? [],
          pgP_Diff: fields.structure?.group?.map(({ references }) => references) ?? [],
        });
        expect(theirs.pictureId).toBe(fields.pictureId);
        expect(theirs.tid).toBe(fields.layer?.temporal);
        expect(theirs.u).toBe(bit(fields.layer?.switchingUp));
        expect(theirs.sid).toBe(fields.layer?.spatial);
        expect(theirs.d).toBe(bit(fields.layer?.interLayer));
        expect(theirs.tl0PicIdx).toBe(fields.tl0PictureIndex);
        if (fields.structure !== undefined) expect(theirs.n_s).toBe(fields.structure.spatialLayers - 1);
      }),
      RUNS,
    );
  });

  test('frames that we packetise are put together by werift', () => {
    const frames = fc.array(fc.tuple(content(1, 800), fc.option(fc.nat(2))), {
      maxLength: 5,
    });
    fc.assert(
      fc.property(frames, maxPayloadSize, (all, size) => {
        const packetizer = vp9Format.createPacketizer(seededRandom(1));
        for (const [frame, temporalLayer] of all) {
          const payloads = packetizer.packetize(frame, size, temporalLayer ?? undefined);
          expect(depacketizeWithWerift('VP9', payloads).data).toBe(toHex(frame));
          payloads.forEach((payload, i) => {
            const { bBit, eBit, tid } = Vp9RtpPayload.deSerialize(bufferOf(payload));
            const last = i === payloads.length - 1;
            expect([bBit, eBit, tid]).toEqual([Number(i === 0), Number(last), temporalLayer ?? undefined]);
          });
        }
      }),
      RUNS,
    );
  });

  test('Chromium’s frames are those that werift finds, and key frames too', () => {
    for (const payloads of groupByFrame(mediaPackets('vp9-one', 98))) {
      const { keyFrameStart } = vp9Format.inspect(payloads[0]!)!;
      const data = toHex(vp9Format.depacketize(payloads)!);
      expect(depacketizeWithWerift('VP9', payloads)).toEqual({ data, isKeyframe: keyFrameStart });
    }
  });
});

describe('H.264', () => {
  /** Units without the forbidden bit, which is a syntax violation (RFC 6184 §1.3), and without zeros. */
  const unit = fc
    .tuple(fc.constantFrom(1, 5, 6, 7, 8, 9), uint(2), content(1, 600))
    .map(([type, importance, data]) =>
      Uint8Array.of((importance << 5) | type, 0x80, ...data.map((byte) => Math.max(1, byte))),
    );

  test('frames that we packetise are put together by werift', () => {
    fc.assert(
      fc.property(fc.array(unit, { minLength: 1, maxLength: 6 }), maxPayloadSize, (units, size) => {
        const frame = annexB(units);
        const payloads = h264Format.createPacketizer(seededRandom(1)).packetize(frame, size);
        expect(depacketizeWithWerift('MPEG4/ISO/AVC', payloads).data).toBe(toHex(frame));
        expect(toHex(h264Format.depacketize(payloads)!)).toBe(toHex(frame));
      }),
      RUNS,
    );
  });

  test('Chromium’s frames are those that werift finds', () => {
    // Chromium leaves a zero behind some units, which is the byte stream's and not the unit's (H.264 §B.1): we drop it.
    const unitsOf = (frame: Uint8Array) => splitNalUnits(frame, { lengthSize: undefined }).map(toHex);
    for (const payloads of groupByFrame(mediaPackets('h264-one', 108))) {
      const theirs = hex(depacketizeWithWerift('MPEG4/ISO/AVC', payloads).data);
      expect(unitsOf(theirs)).toEqual(unitsOf(h264Format.depacketize(payloads)!));
    }
  });

  test('and still are when we have packetised them again', () => {
    const packetizer = h264Format.createPacketizer(seededRandom(1));
    for (const frame of chromiumFrames(h264Format, 'h264-one', 108)) {
      const payloads = packetizer.packetize(frame, 700);
      expect(depacketizeWithWerift('MPEG4/ISO/AVC', payloads).data).toBe(toHex(frame));
    }
  });
});

describe('AV1', () => {
  /** OBU_METADATA (AV1 §6.2.2). */
  const METADATA = 5;
  const data = content(1, 500);
  /** Without extension, which werift takes for data: see below. */
  const obu: fc.Arbitrary<Obu> = fc
    .tuple(fc.constantFrom(OBU_TYPE.sequenceHeader, METADATA, OBU_TYPE.frame), data)
    .map(([type, content]) => ({
      type,
      header: Uint8Array.of(type << 3),
      temporalLayer: undefined,
      spatialLayer: undefined,
      data: content,
    }));

  /** What werift can put together: counted elements, and never fragments of two units on end: see below. */
  function isForWerift(payloads: readonly Uint8Array[]): boolean {
    let endedUnit = false;
    for (const payload of payloads) {
      const { continues, continued, elements } = parseAv1Payload(payload)!;
      if (elements.length > 3) return false;
      for (let i = 0; i < elements.length; i++) {
        const unfinished = continued && i === elements.length - 1;
        const isFragment = unfinished || (continues && i === 0);
        if (endedUnit && isFragment) return false;
        endedUnit = isFragment && !unfinished;
      }
    }
    return true;
  }

  /** werift writes the last unit without its size, which the low-overhead format allows at the end of a stream alone. */
  function withSizes(frame: string): string {
    return toHex(writeObus(splitObus(hex(frame))!));
  }

  test('temporal units that we packetise are put together by werift', () => {
    let compared = 0;
    fc.assert(
      fc.property(fc.array(obu, { minLength: 1, maxLength: 5 }), maxPayloadSize, (obus, size) => {
        const frame = writeObus(obus);
        const payloads = av1Format.createPacketizer(seededRandom(1)).packetize(frame, size);
        expect(toHex(av1Format.depacketize(payloads)!)).toBe(toHex(frame));
        if (!isForWerift(payloads)) return;
        compared += 1;
        expect(withSizes(depacketizeWithWerift('AV1', payloads).data)).toBe(toHex(frame));
      }),
      RUNS,
    );
    expect(compared).toBeGreaterThan(RUNS.numRuns / 4);
  });

  test('aggregation headers are read as werift reads them', () => {
    fc.assert(
      fc.property(fc.array(obu, { minLength: 1, maxLength: 5 }), maxPayloadSize, (obus, size) => {
        for (const payload of av1Format.createPacketizer(seededRandom(1)).packetize(writeObus(obus), size)) {
          const ours = parseAv1Payload(payload)!;
          if (ours.elements.length > 3) continue;
          const theirs = AV1RtpPayload.deSerialize(bufferOf(payload));
          expect(theirs).toMatchObject({
            zBit_RtpStartsWithFragment: Number(ours.continues),
            yBit_RtpEndsWithFragment: Number(ours.continued),
            nBit_RtpStartsNewCodedVideoSequence: Number(ours.sequenceStart),
            w_RtpNumObus: ours.elements.length,
          });
          expect(theirs.obu_or_fragment.map((element) => toHex(element.data))).toEqual(ours.elements.map(toHex));
        }
      }),
      RUNS,
    );
  });

  test('Chromium’s temporal units are those that werift finds, and key frames too', () => {
    const frames = groupByFrame(mediaPackets('av1-one', 45));
    let compared = 0;
    for (const payloads of frames) {
      if (!isForWerift(payloads)) continue;
      compared += 1;
      const theirs = depacketizeWithWerift('AV1', payloads);
      expect(withSizes(theirs.data)).toBe(toHex(av1Format.depacketize(payloads)!));
      expect(theirs.isKeyframe).toBe(av1Format.inspect(payloads[0]!)!.keyFrameStart);
    }
    expect(compared).toBe(frames.length);
  });

  test('werift fails on elements that are not counted (RTP Payload Format For AV1 §4.4: W = 0)', () => {
    const payload = hex('00 02 3001 02 3002');
    expect(parseAv1Payload(payload)!.elements.map(toHex)).toEqual(['3001', '3002']);
    expect(() => AV1RtpPayload.deSerialize(bufferOf(payload))).toThrow(RangeError);
  });

  test('werift joins the end of one unit and the beginning of the next (§4.4: Z and Y belong to different elements)', () => {
    const payloads = [hex('50 3001'), hex('e0 01 02 3003'), hex('90 04')];
    expect(toHex(av1Format.depacketize(payloads)!)).toBe(toHex(hex('3202 0102 3202 0304')));
    expect(withSizes(depacketizeWithWerift('AV1', payloads).data)).toBe(toHex(hex('3205 01 02 3003 04')));
  });

  test('werift writes the size ahead of the extension (AV1 §5.3.1: behind it)', () => {
    const payloads = [hex('20 03 342801 3002')];
    expect(toHex(av1Format.depacketize(payloads)!)).toBe('36280101320102');
    expect(depacketizeWithWerift('AV1', payloads).data).toBe('360228013002');
  });
});

describe('Opus', () => {
  test('a packet is a frame, for werift too (RFC 7587 §4.2)', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 200 }), (frame) => {
        const payloads = opusFormat.createPacketizer(seededRandom(1)).packetize(frame, 1200);
        expect(payloads.map(toHex)).toEqual([toHex(frame)]);
        expect(depacketizeWithWerift('OPUS', payloads).data).toBe(toHex(opusFormat.depacketize(payloads)!));
      }),
      RUNS,
    );
  });
});
