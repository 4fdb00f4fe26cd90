// Frames to packetise: Chromium's own, taken from captures of its sender, and made-up ones where there is no capture.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type PayloadFormat, payloadFormatOf, type Random, RtpPacket } from '@sluice/rtp';
import { parseCapture } from '../../packages/rtp/test/fixtures/pcap.ts';

const FIXTURES = 'packages/rtp/test/fixtures';

/** One frame of a stream. */
export interface SourceFrame {
  readonly data: Uint8Array;
  /** In ticks of the codec's clock, from the first frame on. */
  readonly timestamp: number;
}

/** The payload format of a codec that this package speaks. */
export function formatOf(codec: string): PayloadFormat {
  const format = payloadFormatOf(codec);
  if (format === undefined) throw new Error(`There is no payload format ${codec}.`);
  return format;
}

/** Chromium's frames in `NAME.pcap`, as decoders take them. */
export function chromiumFrames(codec: string, name: string, payloadType: number): SourceFrame[] {
  const packets = new Map<number, RtpPacket>();
  for (const { data } of parseCapture(readFileSync(join(FIXTURES, `${name}.pcap`)), name)) {
    const packet = RtpPacket.parse(data);
    if (packet?.payloadType === payloadType && packet.payload.length > 0) packets.set(packet.sequenceNumber, packet);
  }
  const ordered = [...packets.values()].sort((a, b) => a.sequenceNumber - b.sequenceNumber);
  const [first] = ordered;
  const frames: SourceFrame[] = [];
  let payloads: Uint8Array[] = [];
  for (const { payload, marker, timestamp } of ordered) {
    payloads.push(payload);
    if (!marker) continue;
    const data = formatOf(codec).depacketize(payloads);
    if (data === undefined) throw new Error(`A frame in ${name}.pcap cannot be put together.`);
    frames.push({ data, timestamp: (timestamp - (first?.timestamp ?? 0)) >>> 0 });
    payloads = [];
  }
  return frames;
}

/** H.265 pictures of random content, parameter sets in front of each tenth, in Annex B form. */
export function madeUpH265Frames(random: Random): SourceFrame[] {
  return Array.from({ length: 60 }, (_, i) => {
    const key = i % 10 === 0;
    const parameterSets = key ? [h265Unit(32, 24, random), h265Unit(33, 60, random), h265Unit(34, 8, random)] : [];
    const slices = Array.from({ length: random.integer(1, 2) }, () =>
      h265Unit(key ? 19 : 1, random.integer(key ? 2000 : 100, 4000), random),
    );
    const data = [...parameterSets, ...slices].flatMap((unit) => [0, 0, 0, 1, ...unit]);
    return { data: Uint8Array.from(data), timestamp: i * 3000 };
  });
}

/** Opus packets of 20 ms, wideband in one frame (RFC 6716 §3.1), of random content. */
export function madeUpOpusFrames(random: Random): SourceFrame[] {
  return Array.from({ length: 100 }, (_, i) => {
    const data = Uint8Array.from({ length: random.integer(10, 160) }, () => random.integer(0, 255));
    data[0] = 9 << 3;
    return { data, timestamp: i * 960 };
  });
}

/** A unit of that type in layer 0 without start codes inside: none of its bytes is below 4. */
function h265Unit(type: number, size: number, random: Random): number[] {
  return [type << 1, 1, ...Array.from({ length: size }, () => random.integer(4, 255))];
}
