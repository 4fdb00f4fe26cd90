// Packets as Chromium's own sender wrote them, in plaintext: each codec in one encoding, and VP8 in three.

import { describe, expect, test } from 'vitest';
import { payloadFormatOf } from '../../src/payload/formats.ts';
import { parseVp8Descriptor } from '../../src/payload/vp8.ts';
import { parseVp9Descriptor } from '../../src/payload/vp9.ts';
import { isRtcp, parseRtcp, serializeRtcp } from '../../src/rtcp/packets.ts';
import { type AssembledFrame, FrameAssembler } from '../../src/rtp/frame-assembler.ts';
import { readToken } from '../../src/rtp/header-extensions.ts';
import { RtpPacket, serializeRtp } from '../../src/rtp/packet.ts';
import { RtpReceiveStream } from '../../src/rtp/receive-stream.ts';
import { describeCapture, readCapture } from '../fixtures/pcap.ts';
import { toHex } from '../rtcp/hex.ts';

const MID = 'urn:ietf:params:rtp-hdrext:sdes:mid';
const RID = 'urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id';
const REPAIRED_RID = 'urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id';

interface Arrival {
  readonly at: number;
  readonly packet: RtpPacket;
}

interface Capture {
  readonly codec: string;
  /** How what the key frames say of the codec begins. */
  readonly parameters: string;
  /** Counted with a program of a few lines that reads RTP headers only. */
  readonly datagrams: readonly [rtp: number, rtcp: number];
  /** Of each encoding, by its rid: frames (by markers), key frames among them, and the sizes of these. */
  readonly encodings: Readonly<Record<string, readonly [frames: number, sizes: readonly string[]]>>;
}

const CAPTURES: Readonly<Record<string, Capture>> = {
  'vp8-one': { codec: 'VP8', parameters: '', datagrams: [150, 104], encodings: { '': [101, ['320x180', '480x270']] } },
  'vp9-one': {
    codec: 'VP9',
    parameters: 'profile-id=0',
    datagrams: [181, 102],
    encodings: { '': [101, ['480x270', '640x360']] },
  },
  'h264-one': {
    codec: 'H264',
    parameters: 'profile-level-id=42',
    datagrams: [156, 107],
    encodings: { '': [101, ['320x180', '480x270']] },
  },
  'av1-one': {
    codec: 'AV1',
    parameters: 'level-idx=',
    datagrams: [140, 104],
    encodings: { '': [101, ['320x180', '480x270']] },
  },
  'vp8-sim': {
    codec: 'VP8',
    parameters: '',
    datagrams: [902, 121],
    encodings: {
      q: [102, ['320x180', '320x180', '320x180', '320x180']],
      h: [99, ['640x360', '640x360', '640x360']],
      f: [97, ['1280x720']],
    },
  },
};

describe.each(Object.entries(CAPTURES))('%s', (name, { codec, parameters, datagrams: counted, encodings }) => {
  const datagrams = readCapture(name);
  const { payloadType, rtxPayloadType, extensionIds } = describeCapture(name);
  const format = payloadFormatOf(codec)!;
  const rtp = datagrams.filter(({ data }) => !isRtcp(data));
  const rtcp = datagrams.filter(({ data }) => isRtcp(data));
  const arrivals: Arrival[] = rtp.map(({ at, data }) => ({ at, packet: RtpPacket.parse(data)! }));
  const token = (packet: RtpPacket, uri: string): string => {
    const value = packet.extension(extensionIds.get(uri)!);
    return value === undefined ? '' : readToken(value)!;
  };
  /** An encoding's media, in the order of arrival. */
  const mediaOf = (rid: string): Arrival[] =>
    arrivals.filter(({ packet }) => packet.payloadType === payloadType && token(packet, RID) === rid);

  test('row 29: the packets tell the parameters that were negotiated', () => {
    const told = new Set<string>();
    for (const { packet } of arrivals) {
      const info = packet.payloadType === payloadType ? format.inspect(packet.payload) : undefined;
      if (info?.keyFrameStart) told.add(info.parameters ?? '');
    }
    // Of H.264 the profile: the level is that of the picture's size, and negotiated is the highest.
    expect(new Set([...told].map((text) => text.slice(0, parameters.length)))).toEqual(new Set([parameters]));
  });

  test('every RTP packet is read, and written again from what was read, byte for byte', () => {
    expect(rtp.length).toBe(counted[0]);
    for (const { packet } of arrivals) {
      const { sequenceNumber, timestamp, ssrc, marker, csrcs, extensions, payload, paddingSize } = packet;
      const fields = { payloadType: packet.payloadType, sequenceNumber, timestamp, ssrc, marker };
      const again = serializeRtp({ ...fields, csrcs, extensions, payload, paddingSize });
      expect(toHex(again)).toBe(toHex(packet.bytes));
    }
  });

  test('every RTCP packet is read, and written again byte for byte', () => {
    expect(rtcp.length).toBe(counted[1]);
    for (const { data } of rtcp) {
      const { packets, invalid } = parseRtcp(data);
      expect(invalid).toBe(0);
      expect(toHex(serializeRtcp(packets))).toBe(toHex(data));
    }
  });

  test('extensions are those of the offer, and each packet says its mid', () => {
    const known = new Set(extensionIds.values());
    for (const { packet } of arrivals) {
      for (const { id } of packet.extensions) expect(known.has(id)).toBe(true);
      expect(token(packet, MID)).toBe('0');
    }
  });

  test('each SSRC is one encoding or its repair, by rid or repaired rid', () => {
    const roles = new Map<number, Set<string>>();
    for (const { packet } of arrivals) {
      const role = `${packet.payloadType} ${token(packet, RID)}/${token(packet, REPAIRED_RID)}`;
      roles.set(packet.ssrc, (roles.get(packet.ssrc) ?? new Set()).add(role));
    }
    const expected = Object.keys(encodings).flatMap((rid) => [`${payloadType} ${rid}/`, `${rtxPayloadType} /${rid}`]);
    expect([...roles.values()].map((each) => [...each].join()).sort()).toEqual(expected.sort());
  });

  describe.each(Object.entries(encodings))('encoding "%s"', (rid, [frameCount, sizes]) => {
    const media = mediaOf(rid);

    test('assembles to frames, the first of them a key frame, none left out', () => {
      const stream = new RtpReceiveStream({ ssrc: media[0]!.packet.ssrc, clockRate: 90_000, nack: false });
      const assembler = new FrameAssembler(format);
      const frames: AssembledFrame[] = media.flatMap(({ at, packet }) => {
        const received = stream.receive(packet, at);
        return received === undefined ? [] : assembler.push(received);
      });
      expect(frames.map(({ timestamp }) => timestamp)).toEqual([
        ...new Set(media.filter(({ packet }) => packet.payload.length > 0).map(({ packet }) => packet.timestamp)),
      ]);
      expect(frames.length).toBe(frameCount);
      const keyFrames = frames.filter(({ keyFrame }) => keyFrame);
      expect(frames[0]!.keyFrame).toBe(true);
      expect(keyFrames.map(({ resolution }) => `${resolution?.width}x${resolution?.height}`)).toEqual(sizes);
      expect(assembler).toMatchObject({ packetsMalformed: 0, packetsDiscarded: 0, blockedSince: undefined });
      expect(stream.packetsLost).toBe(0);
    });

    test('what is sent again is what was sent', () => {
      const sent = new Map(media.map(({ packet }) => [packet.sequenceNumber, packet]));
      const again = arrivals.filter(
        ({ packet }) =>
          packet.payloadType === rtxPayloadType && token(packet, REPAIRED_RID) === rid && packet.payload.length > 0,
      );
      for (const { packet } of again) {
        const original = sent.get((packet.payload[0]! << 8) | packet.payload[1]!)!;
        expect(packet.timestamp).toBe(original.timestamp);
        expect(packet.marker).toBe(original.marker);
        expect(toHex(packet.payload.subarray(2))).toBe(toHex(original.payload));
      }
    });

    test.runIf(codec === 'VP8' || codec === 'VP9')('picture ids go on one by one', () => {
      const parse = codec === 'VP8' ? parseVp8Descriptor : parseVp9Descriptor;
      const ids = media
        .filter(({ packet }) => packet.payload.length > 0)
        .map(({ packet }) => parse(packet.payload)!.pictureId!);
      const steps = new Set(ids.slice(1).map((id, i) => (id - ids[i]!) & 0x7fff));
      expect([...steps].sort()).toEqual([0, 1]);
    });
  });
});
