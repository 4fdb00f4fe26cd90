import { expect, test } from 'vitest';
import { AudioLoudness } from '../../src/media/audio-loudness.ts';

const FRAMES = 480;

/** Audio whose channels these functions make, sample by sample. */
function audio(...channels: ((sample: number) => number)[]): AudioData {
  return {
    numberOfFrames: FRAMES,
    numberOfChannels: channels.length,
    copyTo(plane: Float32Array, { planeIndex }: AudioDataCopyToOptions) {
      for (let i = 0; i < plane.length; i++) plane[i] = channels[planeIndex]?.(i) ?? 0;
    },
  } as unknown as AudioData;
}

const sine = (amplitude: number) => (i: number) => amplitude * Math.sin((2 * Math.PI * i * 10) / FRAMES);
const silence = () => 0;
const square = (i: number) => (i % 2 === 0 ? 1 : -1);

function levelOf(...pieces: AudioData[]): number {
  const loudness = new AudioLoudness();
  for (const piece of pieces) loudness.add(piece);
  return loudness.take();
}

test('a full square is 0 −dBov, a full sine 3, a tenth of it 23, silence 127', () => {
  expect([square, sine(1), sine(0.1), silence].map((channel) => levelOf(audio(channel)))).toEqual([0, 3, 23, 127]);
});

test('channels and pieces are taken together: half of it silent is 3 less', () => {
  expect(levelOf(audio(sine(1), silence))).toBe(6);
  expect(levelOf(audio(sine(1)), audio(silence))).toBe(6);
});

test('each reading is of what came since, or that of before; broken samples are silence', () => {
  const loudness = new AudioLoudness();
  expect(loudness.take()).toBe(127);
  loudness.add(audio(sine(1)));
  expect([loudness.take(), loudness.take()]).toEqual([3, 3]);
  loudness.add(audio(silence));
  expect(loudness.take()).toBe(127);
  expect(levelOf(audio(() => Number.NaN))).toBe(127);
});
