import { seededRandom } from '@sluice/rtp';
import { expect, it } from 'vitest';
import { syntheticCodecs } from '../../src/bench/synthetic-codecs.ts';
import { contentOf } from '../../src/bench/synthetic-frames.ts';
import { syntheticMicrophone } from '../../src/bench/synthetic-media.ts';
import { VirtualClock } from '../../src/bench/virtual-clock.ts';

const CONFIG: AudioEncoderConfig = { codec: 'opus', sampleRate: 48_000, numberOfChannels: 1 };

function setup() {
  const clock = new VirtualClock();
  const codecs = syntheticCodecs({ clock, random: seededRandom(1) });
  const microphone = syntheticMicrophone({ clock, random: seededRandom(2), codecs });
  const chunks: EncodedAudioChunk[] = [];
  const encoder = new codecs.AudioEncoder({
    output: (chunk) => chunks.push(chunk),
    error: (error) => {
      throw error;
    },
  });
  const capture = () =>
    microphone.start(
      (data) => {
        encoder.encode(data);
        data.close();
      },
      () => {},
    );
  return { clock, codecs, microphone, encoder, chunks, capture };
}

it.each([
  [undefined, 32_000],
  [24_000, 24_000],
  [64_000, 64_000],
])('keeps to bitrate %s, one packet per 20 ms', async (bitrate, expected) => {
  const { clock, encoder, chunks, capture } = setup();
  encoder.configure({ ...CONFIG, ...(bitrate !== undefined && { bitrate }) });
  capture();
  await clock.run(10_010);
  expect(chunks).toHaveLength(500);
  expect(chunks.reduce((sum, { byteLength }) => sum + byteLength, 0) * 8).toBe(expected * 10);
});

it('comes out of the decoder as it went in: timestamp, number, level, length', async () => {
  const { clock, codecs, microphone, encoder, chunks, capture } = setup();
  encoder.configure(CONFIG);
  capture();
  await clock.run(30);
  microphone.level = 1;
  await clock.run(20);
  microphone.stop();
  const decoded: AudioData[] = [];
  const decoder = new codecs.AudioDecoder({ output: (data) => decoded.push(data), error: () => {} });
  decoder.configure(CONFIG);
  for (const chunk of chunks) decoder.decode(chunk);
  await clock.run(100);
  expect(decoded.map(({ timestamp }) => timestamp)).toEqual(chunks.map(({ timestamp }) => timestamp));
  expect(decoded.map(({ numberOfFrames, duration }) => [numberOfFrames, duration])).toEqual([
    [960, 20_000],
    [960, 20_000],
  ]);
  const { sourceId } = microphone;
  expect(decoded.map(contentOf)).toEqual([
    { sourceId, frameNumber: 0, captureTime: 20, level: expect.closeTo(0.25), corrupt: false },
    { sourceId, frameNumber: 1, captureTime: 40, level: 1, corrupt: false },
  ]);
  const samples = new Float32Array(960);
  decoded[1]?.copyTo(samples, { planeIndex: 0 });
  expect(Math.max(...samples)).toBe(1);
  for (const data of decoded) data.close();
  expect(codecs.openFrames).toMatchObject({ open: 0, closedTwice: 0 });
});

it('goes on after a damaged packet, which comes out corrupt', async () => {
  const { clock, codecs, encoder, chunks, capture } = setup();
  encoder.configure(CONFIG);
  capture();
  await clock.run(70);
  const corrupt: boolean[] = [];
  const decoder = new codecs.AudioDecoder({
    output: (data) => {
      corrupt.push(contentOf(data).corrupt);
      data.close();
    },
    error: () => {},
  });
  decoder.configure(CONFIG);
  chunks.forEach((chunk, i) => {
    const data = new Uint8Array(chunk.byteLength);
    chunk.copyTo(data);
    if (i === 1) data[40] = (data[40] ?? 0) ^ 1;
    decoder.decode(new codecs.EncodedAudioChunk({ type: 'key', timestamp: chunk.timestamp, data }));
  });
  await clock.run(10);
  expect(corrupt).toEqual([false, true, false]);
});

it('supports Opus only', async () => {
  const { codecs, encoder } = setup();
  expect((await codecs.AudioEncoder.isConfigSupported(CONFIG)).supported).toBe(true);
  expect((await codecs.AudioEncoder.isConfigSupported({ ...CONFIG, codec: 'mp4a.40.2' })).supported).toBe(false);
  expect(() => encoder.configure({ ...CONFIG, sampleRate: 0 })).toThrow(TypeError);
});
