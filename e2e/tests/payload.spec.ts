// Real encoders' frames through packets and back: what comes out is what went in, whatever the network did, and decodes.

import { expect, test } from './harness.ts';

const SIZE = { width: 640, height: 360 };
const PICTURES = 60;
const KEY_FRAMES = [0, 25, 40];

interface Case {
  readonly name: string;
  /** The payload format. */
  readonly format: string;
  readonly encoder: Pick<VideoEncoderConfig, 'codec' | 'avc'>;
  readonly vp9Mode?: 'flexible' | 'non-flexible';
  /** The payloads tell temporal layers: H.264 has no place for them (RFC 6184). */
  readonly tellsLayers: boolean;
}

/**
 * VP8 and VP9 come back bit for bit. The others are compared in one form (`canonicalFrame`), since by design RTP does not
 * carry everything: H.264 goes without start codes and lengths, and comes back as Annex B with four-byte start codes, with
 * the parameter sets of an avcC record in front of IDR pictures; AV1 goes without temporal delimiters, padding units and
 * the sizes of units, and comes back with sizes in as few bytes as can be.
 */
const CASES: readonly Case[] = [
  { name: 'VP8', format: 'VP8', encoder: { codec: 'vp8' }, tellsLayers: true },
  { name: 'VP9, flexible', format: 'VP9', encoder: { codec: 'vp09.00.30.08' }, tellsLayers: true },
  {
    name: 'VP9, non-flexible',
    format: 'VP9',
    encoder: { codec: 'vp09.00.30.08' },
    vp9Mode: 'non-flexible',
    tellsLayers: true,
  },
  {
    name: 'H.264, Annex B',
    format: 'H264',
    encoder: { codec: 'avc1.42e01f', avc: { format: 'annexb' } },
    tellsLayers: false,
  },
  {
    name: 'H.264, avcC',
    format: 'H264',
    encoder: { codec: 'avc1.42e01f', avc: { format: 'avc' } },
    tellsLayers: false,
  },
  { name: 'AV1', format: 'AV1', encoder: { codec: 'av01.0.04M.08' }, tellsLayers: true },
];

for (const { name, format, encoder, vp9Mode, tellsLayers } of CASES) {
  for (const scalabilityMode of ['L1T1', 'L1T3']) {
    test(`${name}, ${scalabilityMode}: frames survive packets, loss and reordering, and decode`, async ({ page }) => {
      const config: VideoEncoderConfig = {
        ...SIZE,
        ...encoder,
        scalabilityMode,
        bitrate: 2_000_000,
        framerate: 30,
        bitrateMode: 'constant',
        latencyMode: 'realtime',
      };
      const supported = await page.evaluate((asked) => window.sluice.payloads.isSupported(asked), config);
      test.skip(!supported, `This browser has no encoder or decoder for ${encoder.codec} ${scalabilityMode}.`);

      const result = await page.evaluate(
        async ({ asked, codec, mode, pictures, keyFrames }) => {
          const { canonicalFrame, decodeAll, encodeBusyPictures, sendThroughPackets } = window.sluice.payloads;
          const encoded = await encodeBusyPictures(asked, pictures, keyFrames);
          let description: Uint8Array | undefined;
          const expected = encoded.map((frame) => {
            description = frame.description ?? description;
            return canonicalFrame(codec, frame.data, description);
          });
          const same = (a: Uint8Array, b: Uint8Array | undefined) =>
            a.length === b?.length && a.every((byte, i) => byte === b[i]);
          type Frame = ReturnType<typeof sendThroughPackets>['frames'][number];
          const frameAt = (frames: readonly Frame[], timestamp = 0) =>
            frames.find((frame) => frame.timestamp === Math.round((timestamp * 90_000) / 1_000_000));
          const missing = (frames: readonly Frame[]) =>
            encoded.flatMap(({ timestamp }, i) => (frameAt(frames, timestamp) === undefined ? [i] : []));
          const packetizer = mode === undefined ? {} : { vp9Mode: mode };
          const travel = async (seed: number, loss: number, reordering: number) => {
            const conditions = { seed, loss, reordering, packetizer };
            const { frames, repaired, ...counts } = sendThroughPackets(codec, encoded, conditions);
            const decoded = await decodeAll(
              { codec: asked.codec },
              frames.map(({ keyFrame, data }, i) => ({ keyFrame, data, timestamp: i })),
            );
            return {
              ...counts,
              missing: missing(frames),
              keyFrames: encoded.flatMap(({ timestamp }, i) => (frameAt(frames, timestamp)?.keyFrame ? [i] : [])),
              sizes: frames.flatMap(({ resolution }) =>
                resolution ? [`${resolution.width}x${resolution.height}`] : [],
              ),
              layers: encoded.map(({ timestamp }) => frameAt(frames, timestamp)?.temporalLayer),
              different: expected.flatMap((data, i) => {
                const frame = frameAt(frames, encoded[i]?.timestamp);
                return frame === undefined || same(data, frame.data) ? [] : [i];
              }),
              notRepaired: expected.flatMap((data, i) => (same(data, repaired[i]?.data) ? [] : [i])),
              decoded,
            };
          };
          return {
            encodedKeyFrames: encoded.flatMap(({ keyFrame }, i) => (keyFrame ? [i] : [])),
            encodedLayers: encoded.map(({ temporalLayer }) => temporalLayer ?? 0),
            bytes: encoded.reduce((sum, { data }) => sum + data.length, 0),
            clean: await travel(1, 0, 0),
            lossy: await travel(2, 0.1, 0.1),
          };
        },
        { asked: config, codec: format, mode: vp9Mode, pictures: PICTURES, keyFrames: KEY_FRAMES },
      );

      const { encodedKeyFrames, encodedLayers, clean, lossy } = result;
      // H.264 adds key frames of its own where much changes.
      expect(encodedKeyFrames).toEqual(expect.arrayContaining(KEY_FRAMES));
      if (scalabilityMode === 'L1T3') expect(new Set(encodedLayers)).toEqual(new Set([0, 1, 2]));
      expect(clean).toMatchObject({ packetsLost: 0, packetsRetransmitted: 0, missing: [] });
      expect(lossy.packetsLost).toBeGreaterThan(0.05 * lossy.packetsSent);
      expect(lossy.packetsRetransmitted).toBeGreaterThanOrEqual(lossy.packetsLost / 2);
      // A whole key frame ends the wait for what is not whole before it: nothing else may be missing.
      expect(lossy.missing.length).toBeLessThanOrEqual(PICTURES / 10);
      for (const picture of lossy.missing) {
        const next = encodedLayers.findIndex((_, i) => i > picture && !lossy.missing.includes(i));
        expect(encodedKeyFrames).toContain(next);
      }
      const size = `${SIZE.width}x${SIZE.height}`;
      for (const { missing, different, notRepaired, keyFrames, sizes, layers, decoded } of [clean, lossy]) {
        expect(different).toEqual([]);
        expect(notRepaired).toEqual([]);
        expect(keyFrames).toEqual(encodedKeyFrames);
        expect(sizes).toEqual(encodedKeyFrames.map(() => size));
        const expected = encodedLayers.map((layer) => (tellsLayers ? layer : 0));
        expect(layers.filter((_, i) => !missing.includes(i))).toEqual(expected.filter((_, i) => !missing.includes(i)));
        expect(decoded).toEqual({ sizes: Array(PICTURES - missing.length).fill(size), errors: [] });
      }
    });
  }
}
