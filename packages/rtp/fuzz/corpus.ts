// Good inputs to start from: what Chromium sent, and what our own writers write.

import { readFileSync } from 'node:fs';
import { payloadFormatOf } from '../src/payload/formats.ts';
import { seededRandom } from '../src/random.ts';
import { isRtcp } from '../src/rtcp/packets.ts';
import { RtpPacket, serializeRtp } from '../src/rtp/packet.ts';
import { parseCapture } from '../test/fixtures/pcap.ts';

/** A capture and the payload type of the codec in it. */
const CAPTURES = [
  { name: 'vp8-one', codec: 'VP8', payloadType: 96 },
  { name: 'vp9-one', codec: 'VP9', payloadType: 98 },
  { name: 'h264-one', codec: 'H264', payloadType: 108 },
  { name: 'av1-one', codec: 'AV1', payloadType: 45 },
] as const;

/** Where the captures are, from the repository's root, which is the working directory. */
const FIXTURES = 'packages/rtp/test/fixtures';

const datagrams = new Map(
  CAPTURES.map(({ name, codec }) => [
    codec as string,
    parseCapture(new Uint8Array(readFileSync(`${FIXTURES}/${name}.pcap`)), name).map(({ data }) => data),
  ]),
);

/** RTP packets of all captures, and some of our own with extensions in the two-byte form, sources and padding. */
export const rtpPackets: readonly Uint8Array[] = [
  ...[...datagrams.values()].flat().filter((bytes) => !isRtcp(bytes)),
  ...Array.from({ length: 64 }, (_, i) => ownPacket(i)),
];

/** RTCP datagrams of all captures. */
export const rtcpDatagrams: readonly Uint8Array[] = [...datagrams.values()].flat().filter((bytes) => isRtcp(bytes));

/** The media packets of a codec, whole frames in order; made by ourselves where there is no capture. */
export function mediaPackets(codec: string): readonly Uint8Array[] {
  const payloadType = CAPTURES.find((capture) => capture.codec === codec)?.payloadType;
  const captured = (datagrams.get(codec) ?? []).filter((bytes) => {
    const packet = isRtcp(bytes) ? undefined : RtpPacket.parse(bytes);
    return packet?.payloadType === payloadType && packet !== undefined && packet.payload.length > 0;
  });
  return captured.length > 0 ? captured : ownStream(codec);
}

/** The payloads of `mediaPackets`. */
export function mediaPayloads(codec: string): readonly Uint8Array[] {
  return mediaPackets(codec).flatMap((bytes) => RtpPacket.parse(bytes)?.payload ?? []);
}

/** Frames as an encoder hands them over, whole. */
export function mediaFrames(codec: string): readonly Uint8Array[] {
  const format = payloadFormatOf(codec);
  const frames: Uint8Array[] = [];
  let payloads: Uint8Array[] = [];
  for (const bytes of mediaPackets(codec)) {
    const packet = RtpPacket.parse(bytes);
    if (packet === undefined) continue;
    payloads.push(packet.payload);
    if (!packet.marker) continue;
    const frame = format?.depacketize(payloads);
    if (frame !== undefined) frames.push(frame);
    payloads = [];
  }
  return frames;
}

/** H.265 in Annex B form: VPS, SPS, PPS and an IDR picture, then pictures that refer to it. */
const H265_KEY =
  '0000000140010c01ff80000000014201010160000003000003000003000003007ba003c08010e580000000014401c172b0000000012601';
const H265_DELTA = '000000010201';

function ownStream(codec: string): Uint8Array[] {
  const packetizer = payloadFormatOf(codec)?.createPacketizer(seededRandom(1));
  const packets: Uint8Array[] = [];
  for (let i = 0; i < 24 && packetizer !== undefined; i++) {
    const head = codec === 'H265' ? Buffer.from(i % 12 === 0 ? H265_KEY : H265_DELTA, 'hex') : Uint8Array.of(0x78);
    const noise = noiseOf(i, codec === 'H265' ? 900 + 300 * (i % 12 === 0 ? 9 : 1) : 80);
    const payloads = packetizer.packetize(Buffer.concat([head, noise]), 1100);
    payloads.forEach((payload, part) => {
      const marker = part === payloads.length - 1;
      const sequenceNumber = packets.length;
      packets.push(serializeRtp({ payloadType: 96, sequenceNumber, timestamp: 3000 * i, ssrc: 7, marker, payload }));
    });
  }
  return packets;
}

function ownPacket(i: number): Uint8Array {
  const elements = Array.from({ length: i % 7 }, (_, n) => ({
    id: ((i * 5 + n * 37) % (i % 2 === 0 ? 14 : 255)) + 1,
    value: noiseOf(i + n, i % 2 === 0 ? 1 + ((i + n) % 16) : (i * n) % 40),
  }));
  return serializeRtp({
    payloadType: 96 + (i % 32),
    sequenceNumber: (i * 4099) & 0xffff,
    timestamp: (i * 0x1234567) >>> 0,
    ssrc: 0xfeed0000 + i,
    marker: i % 3 === 0,
    csrcs: Array.from({ length: i % 16 }, (_, n) => n * 0x01010101),
    extensions: elements,
    payload: noiseOf(i, (i * 11) % 300),
    paddingSize: i % 5 === 0 ? 1 + i : 0,
  });
}

/** Bytes without zeros, which would be start codes in some codecs. */
function noiseOf(seed: number, size: number): Uint8Array {
  const random = seededRandom(seed);
  return Uint8Array.from({ length: size }, () => random.integer(1, 255));
}
