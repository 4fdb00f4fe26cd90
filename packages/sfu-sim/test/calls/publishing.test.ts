// What a publisher's encoders make of a source.

import { expect, test } from 'vitest';
import { VirtualCall } from './virtual-call.ts';

test('a source that makes other frames than it says is encoded at the bit rate that was asked for', async () => {
  const call = new VirtualCall({ seed: 7 });
  const ada = await call.join('ada');
  for (const [said, made] of [
    [60, 30],
    [30, 15],
    [15, 30],
  ] as const) {
    const camera = call.camera({ frameRate: made });
    const source = {
      kind: camera.kind,
      width: camera.width,
      height: camera.height,
      frameRate: said,
      start: camera.start.bind(camera),
      stop: camera.stop.bind(camera),
    };
    const publication = await call.settle(ada.room.localParticipant.publishTrack(source));
    await call.clock.run(4000);
    const before = publication.stats.map(({ bytesSent }) => bytesSent);
    await call.clock.run(10_000);
    const rates = publication.stats.map(({ bytesSent }, i) => ((bytesSent - (before[i] ?? 0)) * 8) / 10);
    for (const [i, asked] of [150_000, 500_000, 1_700_000].entries()) {
      const ratio = (rates[i] ?? 0) / asked;
      expect(Math.abs(ratio - 1), `${made} instead of ${said} frames per second, encoding ${i}`).toBeLessThan(0.15);
    }
    await call.settle(ada.room.localParticipant.unpublishTrack(publication));
  }
});

test('no key frame is made for a new frame rate, and one for a new size', async () => {
  const call = new VirtualCall({ seed: 7 });
  const ada = await call.join('ada');
  const cameras = [
    call.camera({ frameRate: 30 }),
    call.camera({ frameRate: 15 }),
    call.camera({ width: 640, height: 360 }),
  ];
  let deliver: ((frame: VideoFrame) => void) | undefined;
  const source = {
    kind: 'video' as const,
    width: 1280,
    height: 720,
    frameRate: 30,
    start(onFrame: (frame: VideoFrame) => void) {
      deliver = onFrame;
    },
    stop: () => {},
  };
  const publication = await call.settle(
    ada.room.localParticipant.publishTrack(source, { keyframeInterval: Number.POSITIVE_INFINITY }),
  );
  const keyFrames: number[] = [];
  for (const camera of cameras) {
    camera.start(
      (frame) => deliver?.(frame),
      () => {},
    );
    await call.clock.run(3000);
    camera.stop();
    keyFrames.push(publication.stats[2]?.keyFramesEncoded ?? 0);
  }
  expect(keyFrames).toEqual([1, 1, 2]);
  expect(publication.stats.map(({ frameWidth }) => frameWidth)).toEqual([160, 320, 640]);
});
