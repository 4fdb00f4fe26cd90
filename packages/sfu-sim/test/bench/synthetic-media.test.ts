import { ArgumentError, seededRandom } from '@sluice/rtp';
import { expect, it } from 'vitest';
import { contentOf } from '../../src/bench/synthetic-frames.ts';
import { syntheticCamera, syntheticMicrophone } from '../../src/bench/synthetic-media.ts';
import { VirtualClock } from '../../src/bench/virtual-clock.ts';

it('films at exact intervals and numbers what it films', async () => {
  const clock = new VirtualClock();
  const camera = syntheticCamera({ clock, width: 640, height: 360, frameRate: 20, sourceId: 5 });
  const shots: [number, number][] = [];
  camera.start(
    (frame) => {
      shots.push([contentOf(frame).frameNumber, frame.timestamp]);
      expect([frame.displayWidth, frame.displayHeight, contentOf(frame).sourceId]).toEqual([640, 360, 5]);
      frame.close();
    },
    () => {},
  );
  await clock.run(200);
  expect(shots).toEqual([
    [0, 50_000],
    [1, 100_000],
    [2, 150_000],
    [3, 200_000],
  ]);
  expect(camera.openFrames).toMatchObject({ open: 0, total: 4 });
});

it('does not drift: a minute of 30 Hz is 1800 frames', async () => {
  const clock = new VirtualClock();
  const camera = syntheticCamera({ clock });
  let frames = 0;
  camera.start(
    (frame) => {
      frames++;
      frame.close();
    },
    () => {},
  );
  await clock.run(60_001);
  expect(frames).toBe(1800);
});

it('gives each source an id and a time scale of its own when it has randomness', () => {
  const clock = new VirtualClock();
  const random = seededRandom(3);
  expect(syntheticCamera({ clock, random }).sourceId).not.toBe(syntheticCamera({ clock, random }).sourceId);
  expect(syntheticCamera({ clock, random: seededRandom(3) }).sourceId).toBe(
    syntheticCamera({ clock, random: seededRandom(3) }).sourceId,
  );
});

it('stops and starts again, numbers going on', async () => {
  const clock = new VirtualClock();
  const camera = syntheticCamera({ clock, frameRate: 10 });
  const numbers: number[] = [];
  const film = () =>
    camera.start(
      (frame) => {
        numbers.push(contentOf(frame).frameNumber);
        frame.close();
      },
      () => {},
    );
  film();
  expect(film).toThrow(expect.objectContaining({ name: 'InvalidStateError' }));
  await clock.run(200);
  camera.stop();
  await clock.run(1000);
  film();
  await clock.run(100);
  expect(numbers).toEqual([0, 1, 2]);
});

it('tells when the device goes away, once, and not when it was stopped', async () => {
  const clock = new VirtualClock();
  let ended = 0;
  let pieces = 0;
  const start = (microphone: ReturnType<typeof syntheticMicrophone>) =>
    microphone.start(
      (data) => {
        pieces++;
        data.close();
      },
      () => ended++,
    );
  const gone = syntheticMicrophone({ clock });
  start(gone);
  await clock.run(40);
  gone.end();
  gone.end();
  await clock.run(40);
  expect([ended, pieces]).toEqual([1, 2]);
  expect(() => start(gone)).toThrow();
  const stopped = syntheticMicrophone({ clock });
  start(stopped);
  stopped.stop();
  stopped.end();
  expect(ended).toBe(1);
});

it('refuses impossible measures', () => {
  const clock = new VirtualClock();
  expect(() => syntheticCamera({ clock, frameRate: 0 })).toThrow(ArgumentError);
  expect(() => syntheticMicrophone({ clock, sampleRate: Number.NaN })).toThrow('sampleRate is NaN');
});
