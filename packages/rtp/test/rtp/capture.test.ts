// Packets as Chromium's own sender wrote them, in plaintext: VP8, one encoding (`fixtures/vp8-one.pcap`).

import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parseVp8Descriptor } from '../../src/payload/vp8.ts';
import { vp8Format } from '../../src/payload/vp8-format.ts';
import { isRtcp, parseRtcp } from '../../src/rtcp/packets.ts';
import { FrameAssembler } from '../../src/rtp/frame-assembler.ts';
import { readToken } from '../../src/rtp/header-extensions.ts';
import { RtpPacket, serializeRtp } from '../../src/rtp/packet.ts';
import { RtpReceiveStream } from '../../src/rtp/receive-stream.ts';
import { toHex } from '../rtcp/hex.ts';

const fixture = (name: string) => readFileSync(new URL(`../fixtures/${name}`, import.meta.url));
const LINK_AND_IP_AND_UDP = 14 + 20 + 8;

/** The UDP payloads in a little-endian pcap file of Ethernet frames, with the time each was captured in ms. */
function datagramsOf(file: Uint8Array): { at: number; bytes: Uint8Array }[] {
  const view = new DataView(file.buffer, file.byteOffset, file.length);
  const datagrams: { at: number; bytes: Uint8Array }[] = [];
  for (let offset = 24; offset < file.length; ) {
    const size = view.getUint32(offset + 8, true);
    const at = view.getUint32(offset, true) * 1000 + view.getUint32(offset + 4, true) / 1000;
    datagrams.push({ at, bytes: file.subarray(offset + 16 + LINK_AND_IP_AND_UDP, offset + 16 + size) });
    offset += 16 + size;
  }
  return datagrams;
}

const datagrams = datagramsOf(fixture('vp8-one.pcap'));
const packets = datagrams.filter(({ bytes }) => !isRtcp(bytes));
const { extmap } = JSON.parse(fixture('vp8-one.json').toString()) as { extmap: string[] };
const extensionIds = new Map(
  extmap.map((line) => {
    const [, id, uri] = /^a=extmap:(\d+) (\S+)/.exec(line)!;
    return [uri!, Number(id)];
  }),
);

describe("Chromium's own packets", () => {
  test('all of them are read', () => {
    expect(datagrams.length).toBe(254);
    for (const { bytes } of packets) expect(RtpPacket.parse(bytes)).toBeDefined();
    for (const { bytes } of datagrams.filter((datagram) => isRtcp(datagram.bytes))) {
      expect(parseRtcp(bytes)).toMatchObject({ invalid: 0 });
    }
  });

  test('and written again from what was read, byte for byte', () => {
    for (const { bytes } of packets) {
      const { payloadType, sequenceNumber, timestamp, ssrc, marker, csrcs, extensions, payload, paddingSize } =
        RtpPacket.parse(bytes)!;
      const again = serializeRtp({
        payloadType,
        sequenceNumber,
        timestamp,
        ssrc,
        marker,
        csrcs,
        extensions,
        payload,
        paddingSize,
      });
      expect(toHex(again)).toBe(toHex(bytes));
    }
  });

  test('their extensions are those of the offer', () => {
    const known = new Set(extensionIds.values());
    const mid = extensionIds.get('urn:ietf:params:rtp-hdrext:sdes:mid')!;
    let mids = 0;
    for (const { bytes } of packets) {
      const packet = RtpPacket.parse(bytes)!;
      for (const { id } of packet.extensions) expect(known.has(id)).toBe(true);
      const value = packet.extension(mid);
      if (value === undefined) continue;
      mids += 1;
      expect(readToken(value)).toBe('0');
    }
    expect(mids).toBeGreaterThan(0);
  });

  test('their payloads assemble to frames, the first of them a key frame, none left out', () => {
    const media = packets
      .map(({ at, bytes }) => ({ at, packet: RtpPacket.parse(bytes)! }))
      .filter(({ packet }) => packet.payloadType === 96);
    const stream = new RtpReceiveStream({ ssrc: media[0]!.packet.ssrc, clockRate: 90_000, nack: false });
    const assembler = new FrameAssembler(vp8Format);
    const frames = media.flatMap(({ at, packet }) => {
      const received = stream.receive(packet, at);
      return received === undefined ? [] : assembler.push(received);
    });
    const timestamps = new Set(
      media.filter(({ packet }) => packet.payload.length > 0).map(({ packet }) => packet.timestamp),
    );
    const keyFrames = frames.filter(({ keyFrame }) => keyFrame);
    expect(frames.length).toBe(timestamps.size);
    expect(frames[0]!.keyFrame).toBe(true);
    // Counted once by hand: markers, and first packets with bit 0 of the VP8 frame tag clear.
    expect(frames.length).toBe(101);
    expect(keyFrames.length).toBe(2);
    for (const { resolution } of keyFrames) expect(resolution).toBeDefined();
    expect(assembler).toMatchObject({ packetsMalformed: 0, packetsDiscarded: 0, blockedSince: undefined });
    expect(stream.packetsLost).toBe(0);
  });

  test('their picture ids go on one by one', () => {
    const ids = packets
      .map(({ bytes }) => RtpPacket.parse(bytes)!)
      .filter(({ payloadType, payload }) => payloadType === 96 && payload.length > 0)
      .map(({ payload }) => parseVp8Descriptor(payload)!.pictureId!);
    ids.forEach((id, index) => {
      if (index > 0) expect((id - ids[index - 1]!) & 0x7fff).toBeLessThanOrEqual(1);
    });
  });
});
