// Chromium's packets, and packets of one's own, put together frame by frame as `PayloadInfo.frameStart` says it.

import type { PayloadFormat, PayloadInfo } from '../../src/payload/payload-format.ts';
import { RtpPacket } from '../../src/rtp/packet.ts';
import { readCapture } from '../fixtures/pcap.ts';

/** The media packets of a capture by sequence number, without padding and duplicates. */
export function mediaPackets(capture: string, payloadType: number): RtpPacket[] {
  const packets = new Map<number, RtpPacket>();
  for (const { data } of readCapture(capture)) {
    const packet = RtpPacket.parse(data);
    if (packet === undefined || packet.payloadType !== payloadType || packet.payload.length === 0) continue;
    packets.set(packet.sequenceNumber, packet);
  }
  return [...packets.values()].sort((a, b) => a.sequenceNumber - b.sequenceNumber);
}

/** The payloads of each frame: a frame ends at a marker, and the next packet begins one. */
export function groupByFrame(packets: readonly RtpPacket[]): Uint8Array[][] {
  const frames: Uint8Array[][] = [];
  let payloads: Uint8Array[] = [];
  for (const { payload, marker } of packets) {
    payloads.push(payload);
    if (!marker) continue;
    frames.push(payloads);
    payloads = [];
  }
  return frames;
}

/** What `inspect` says of each packet of a frame; fails for one that it finds malformed. */
export function inspectAll(format: PayloadFormat, payloads: readonly Uint8Array[]): PayloadInfo[] {
  return payloads.map((payload) => {
    const info = format.inspect(payload);
    if (info === undefined) throw new Error(`malformed: ${Buffer.from(payload.subarray(0, 16)).toString('hex')}`);
    return info;
  });
}

/** Where in the frame key frames are said to start. */
export function keyFrameStarts(format: PayloadFormat, payloads: readonly Uint8Array[]): number[] {
  return inspectAll(format, payloads).flatMap(({ keyFrameStart }, i) => (keyFrameStart ? [i] : []));
}
