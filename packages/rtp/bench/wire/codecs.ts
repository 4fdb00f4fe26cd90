// Frames into packets and back, and what forwarding asks of each payload.

import { DepacketizeBase, type DepacketizerCodec, RtpPacket as WeriftPacket } from 'werift/nonstandard';
import type { Work } from '../../../../scripts/bench/measure.ts';
import { FrameAssembler, RtpPacket, RtpReceiveStream, seededRandom } from '../../src/index.ts';
import { splitObus } from '../../src/payload/av1.ts';
import { bufferOf, requireSameValue } from './agreement.ts';
import { type CodecWork, codecWorks, maxPayloadSize } from './frames.ts';
import { PEERS } from './peers.ts';

const works = codecWorks();

const WERIFT_CODECS: Readonly<Record<string, DepacketizerCodec>> = {
  VP8: 'VP8',
  VP9: 'VP9',
  H264: 'MPEG4/ISO/AVC',
  AV1: 'AV1',
  opus: 'OPUS',
};

/** Frames to payloads. Neither library has packetisers. */
export function packetising(): Work[] {
  return works.map(({ codec, format, frames }) => {
    const packetizer = format.createPacketizer(seededRandom(1));
    return {
      name: `packetise ${codec}`,
      unit: 'µs/frame',
      operations: frames.length,
      ours: () => {
        let sum = 0;
        for (const frame of frames) {
          const payloads = packetizer.packetize(frame, maxPayloadSize);
          sum += payloads.length + (payloads[payloads.length - 1]?.[0] ?? 0);
        }
        return sum;
      },
    };
  });
}

/** Packets as they arrive, in order, to frames a decoder may take. */
export function assembling(): Work[] {
  return works.map((work) => {
    const ours = sluiceFrames(work.packets, work);
    requireSameValue(`${work.codec}: frames`, work.frames.length, ours.length);
    const theirs = weriftFrames(work.packets, work.codec);
    requireSameValue(`${work.codec}, werift`, comparable(work.codec, ours), comparable(work.codec, theirs));
    return {
      name: `assemble ${work.codec}`,
      unit: 'µs/frame',
      operations: work.frames.length,
      ours: () => sumOf(sluiceFrames(work.packets, work)),
      peers: [{ name: PEERS.werift, run: () => sumOf(weriftFrames(work.packets, work.codec)) }],
    };
  });
}

/** What an SFU reads of every payload it forwards. */
export function inspecting(): Work[] {
  return works.map(({ codec, format, payloads }) => ({
    name: `inspect ${codec}`,
    unit: 'ns/packet',
    operations: payloads.length,
    ours: () => {
      let sum = 0;
      for (const payload of payloads) {
        const info = format.inspect(payload);
        if (info !== undefined) sum += (info.frameStart ? 1 : 0) + (info.keyFrameStart ? 2 : 0) + info.temporalLayer;
      }
      return sum;
    },
  }));
}

function sluiceFrames(packets: readonly Uint8Array[], { format }: CodecWork): Uint8Array[] {
  const stream = new RtpReceiveStream({ ssrc: 1, clockRate: 90_000, nack: {} });
  const assembler = new FrameAssembler(format);
  const frames: Uint8Array[] = [];
  let now = 0;
  for (const bytes of packets) {
    now += 1;
    const packet = RtpPacket.parse(bytes);
    const received = packet && stream.receive(packet, now);
    if (received === undefined) continue;
    for (const { data } of assembler.push(received)) frames.push(data);
  }
  return frames;
}

function weriftFrames(packets: readonly Uint8Array[], codec: string): Uint8Array[] {
  const depacketizer = new DepacketizeBase(WERIFT_CODECS[codec] ?? 'OPUS', {
    isFinalPacketInSequence: ({ marker }) => marker,
  });
  const frames: Uint8Array[] = [];
  let time = 0;
  for (const bytes of packets) {
    time += 1;
    const rtp = WeriftPacket.deSerialize(bufferOf(bytes));
    for (const { frame } of depacketizer.processInput({ rtp, time })) if (frame) frames.push(frame.data);
  }
  return frames;
}

/** AV1 frames by their units: werift leaves the size of the last one out, which AV1 §5.3.1 allows. */
function comparable(codec: string, frames: readonly Uint8Array[]): unknown {
  if (codec !== 'AV1') return frames.map((frame) => Buffer.from(frame).toString('base64'));
  return frames.map((frame) => splitObus(frame)?.map(({ type, data }) => [type, Buffer.from(data).toString('base64')]));
}

function sumOf(frames: readonly Uint8Array[]): number {
  let sum = 0;
  for (const frame of frames) sum += frame.length + (frame[frame.length - 1] ?? 0);
  return sum;
}
