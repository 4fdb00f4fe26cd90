// Packets that Chromium's own sender wrote, taken apart here: its own decoder takes every frame of them.

import { readFileSync } from 'node:fs';
import { expect, test } from './harness.ts';

const RID = 'urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id';

interface Capture {
  readonly name: string;
  readonly format: string;
  /** For the decoder. */
  readonly codec: string;
  /** Of each encoding: rid, frames and the size at each key frame. */
  readonly encodings: readonly { readonly rid: string; readonly frames: number; readonly sizes: readonly string[] }[];
}

const CAPTURES: readonly Capture[] = [
  {
    name: 'vp8-one',
    format: 'VP8',
    codec: 'vp8',
    encodings: [{ rid: '', frames: 101, sizes: ['320x180', '480x270'] }],
  },
  {
    name: 'vp9-one',
    format: 'VP9',
    codec: 'vp09.00.30.08',
    encodings: [{ rid: '', frames: 101, sizes: ['480x270', '640x360'] }],
  },
  {
    name: 'h264-one',
    format: 'H264',
    codec: 'avc1.42e01f',
    encodings: [{ rid: '', frames: 101, sizes: ['320x180', '480x270'] }],
  },
  {
    name: 'av1-one',
    format: 'AV1',
    codec: 'av01.0.04M.08',
    encodings: [{ rid: '', frames: 101, sizes: ['320x180', '480x270'] }],
  },
  {
    name: 'vp8-sim',
    format: 'VP8',
    codec: 'vp8',
    encodings: [
      { rid: 'q', frames: 102, sizes: ['320x180', '320x180', '320x180', '320x180'] },
      { rid: 'h', frames: 99, sizes: ['640x360', '640x360', '640x360'] },
      { rid: 'f', frames: 97, sizes: ['1280x720'] },
    ],
  },
];

for (const { name, format, codec, encodings } of CAPTURES) {
  test(`${name}: the frames in Chromium's packets decode, all of them, at their sizes`, async ({ page }) => {
    const { payloadType, ridId, datagrams } = readCapture(name);
    const supported = await page.evaluate(
      async (asked) => (await VideoDecoder.isConfigSupported({ codec: asked })).supported,
      codec,
    );
    test.skip(!supported, `This browser has no decoder for ${codec}.`);
    for (const { rid, frames, sizes } of encodings) {
      const result = await page.evaluate(
        async (asked) => {
          const { isRtcp, payloadFormatOf, RtpPacket, RtpReceiveStream, FrameAssembler, readToken } = window.sluice.rtp;
          const stream = new RtpReceiveStream({ ssrc: 1, clockRate: 90_000, nack: false });
          const assembler = new FrameAssembler(payloadFormatOf(asked.format)!);
          const assembled = asked.datagrams.flatMap((base64, i) => {
            const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
            const packet = isRtcp(bytes) ? undefined : RtpPacket.parse(bytes);
            if (packet?.payloadType !== asked.payloadType) return [];
            const value = packet.extension(asked.ridId);
            if ((value === undefined ? '' : readToken(value)) !== asked.rid) return [];
            const received = stream.receive(packet, i);
            return received === undefined ? [] : assembler.push(received);
          });
          const decoded = await window.sluice.payloads.decodeAll(
            { codec: asked.codec },
            assembled.map(({ keyFrame, timestamp, data }) => ({ keyFrame, timestamp, data })),
          );
          // A frame is as large as the newest key frame.
          const expected: string[] = [];
          for (const { resolution } of assembled) {
            expected.push(
              resolution ? `${resolution.width}x${resolution.height}` : (expected.at(-1) ?? 'no key frame'),
            );
          }
          const keyFrames = assembled.flatMap(({ keyFrame }, i) => (keyFrame ? [expected[i]] : []));
          return { decoded, expected, keyFrames, first: assembled[0]?.keyFrame, lost: stream.packetsLost };
        },
        { format, codec, payloadType, ridId, rid, datagrams },
      );
      expect(result.first).toBe(true);
      expect(result.lost).toBe(0);
      expect(result.keyFrames).toEqual(sizes);
      expect(result.decoded.errors).toEqual([]);
      expect(result.decoded.sizes).toEqual(result.expected);
      expect(result.decoded.sizes.length).toBe(frames);
    }
  });
}

/** The UDP datagrams in a capture (classic pcap, Ethernet, IPv4), in base64, and what Chromium's offer said of them. */
function readCapture(name: string): { payloadType: number; ridId: number; datagrams: string[] } {
  const fixture = (suffix: string) =>
    readFileSync(new URL(`../../packages/rtp/test/fixtures/${name}.${suffix}`, import.meta.url));
  const { rtpmap, extmap } = JSON.parse(fixture('json').toString()) as { rtpmap: string[]; extmap: string[] };
  const ridLine = extmap.find((line) => line.endsWith(` ${RID}`)) ?? '';
  const file = fixture('pcap');
  const datagrams: string[] = [];
  for (let offset = 24; offset < file.length; ) {
    const end = offset + 16 + file.readUInt32LE(offset + 8);
    const udp = offset + 16 + 14 + 4 * (file.readUInt8(offset + 16 + 14) & 0x0f);
    datagrams.push(file.subarray(udp + 8, udp + file.readUInt16BE(udp + 4)).toString('base64'));
    offset = end;
  }
  return {
    payloadType: Number(/^a=rtpmap:(\d+) /.exec(rtpmap[0] ?? '')?.[1]),
    ridId: Number(/^a=extmap:(\d+) /.exec(ridLine)?.[1]),
    datagrams,
  };
}
