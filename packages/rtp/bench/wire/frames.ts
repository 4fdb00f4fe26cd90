// One group of pictures of each codec: a key frame of 30 kB and what follows it in a second, 3 kB each; and Opus.

import { type PayloadFormat, payloadFormatOf, seededRandom, serializeRtp } from '../../src/index.ts';

const KEY_FRAME_SIZE = 30_000;
const DELTA_SIZE = 3000;
const AUDIO_FRAME_SIZE = 120;
const FRAMES = 30;
const MAX_PAYLOAD_SIZE = 1150;

/** What starts a frame of each codec. The rest is noise, as compressed data is to everybody here. */
interface FrameHeads {
  readonly key: string;
  readonly delta: string;
}

/**
 * VP8: frame tag, start code, 640×360 (RFC 6386 §9.1). VP9: uncompressed header (VP9 §7.2). H.264: SPS, PPS and the
 * head of an IDR slice, Annex B. AV1: delimiter and sequence header.
 */
const HEADS: Readonly<Record<string, FrameHeads>> = {
  VP8: { key: '1002009d012a80026801', delta: '110200' },
  VP9: { key: '8249834200027f01670000', delta: '860000' },
  H264: { key: '000000016742c01fda014016ec044000000168ce3c80000000016588', delta: '00000001419a' },
  AV1: { key: '12000a0b000000043cfecc01a00830', delta: '1200' },
  opus: { key: '78', delta: '78' },
};

/** One codec's frames, as bytes and as packets. */
export interface CodecWork {
  readonly codec: string;
  readonly format: PayloadFormat;
  readonly frames: readonly Uint8Array[];
  /** The packets of all frames in order. */
  readonly packets: readonly Uint8Array[];
  /** Their payloads. */
  readonly payloads: readonly Uint8Array[];
}

/** The payload size that frames are packetised for. */
export const maxPayloadSize = MAX_PAYLOAD_SIZE;

/** All codecs' frames. */
export function codecWorks(): CodecWork[] {
  return Object.keys(HEADS).map((codec) => codecWork(codec));
}

function codecWork(codec: string): CodecWork {
  const format = payloadFormatOf(codec);
  if (format === undefined) throw new Error(`There is no payload format ${codec}.`);
  const frames = Array.from({ length: FRAMES }, (_, i) => frameOf(codec, i));
  const packetizer = format.createPacketizer(seededRandom(1));
  const packets: Uint8Array[] = [];
  const payloads: Uint8Array[] = [];
  frames.forEach((frame, i) => {
    const parts = packetizer.packetize(frame, MAX_PAYLOAD_SIZE);
    parts.forEach((payload, part) => {
      payloads.push(payload);
      packets.push(
        serializeRtp({
          payloadType: 96,
          sequenceNumber: packets.length,
          timestamp: i * 3000,
          ssrc: 1,
          marker: part === parts.length - 1,
          payload,
        }),
      );
    });
  });
  return { codec, format, frames, packets, payloads };
}

function frameOf(codec: string, i: number): Uint8Array {
  const head = Buffer.from((i === 0 ? HEADS[codec]?.key : HEADS[codec]?.delta) ?? '', 'hex');
  const size = codec === 'opus' ? AUDIO_FRAME_SIZE : i === 0 ? KEY_FRAME_SIZE : DELTA_SIZE;
  const random = seededRandom(i);
  // No zeros: three of them in a row would be a start code of H.264.
  const noise = Uint8Array.from({ length: size - head.length }, () => random.integer(1, 255));
  return codec === 'AV1' ? Buffer.concat([head, av1Frame(noise, i === 0)]) : Buffer.concat([head, noise]);
}

/** An OBU_FRAME with its size in two or three bytes (AV1 §5.3, §5.9.2). */
function av1Frame(noise: Uint8Array, key: boolean): Uint8Array {
  const size: number[] = [];
  let rest = noise.length;
  for (; rest >= 0x80; rest >>= 7) size.push(0x80 | (rest & 0x7f));
  const data = noise.slice();
  data[0] = key ? 0x10 : 0x30;
  return Uint8Array.of(0x32, ...size, rest, ...data);
}
