// Browsers without Chromium's MediaStreamTrackProcessor and MediaStreamTrackGenerator.

import { expect, test } from './harness.ts';

test('without processor and generator, video goes by an element on the way in and by a canvas on the way out', async ({
  page,
}) => {
  const result = await page.evaluate(async () => {
    for (const name of ['MediaStreamTrackProcessor', 'MediaStreamTrackGenerator']) Reflect.deleteProperty(window, name);
    const { SimulatedSfu, createRoom, view, until, errors } = window.sluice;
    const sfu = new SimulatedSfu({ seed: 7 });
    const stream = await navigator.mediaDevices.getUserMedia({ video: { width: 640, height: 480 }, audio: true });
    const [camera] = stream.getVideoTracks();
    const [microphone] = stream.getAudioTracks();
    const ada = createRoom();
    await ada.connect(sfu.transport({ identity: 'ada' }));
    await ada.localParticipant.publishTrack(camera!);
    const refused = await ada.localParticipant.publishTrack(microphone!).catch((error: Error) => error);
    const bob = await view(sfu, { identity: 'bob' });
    const video = bob.track.attach(document.body.appendChild(document.createElement('video')));
    video.muted = true;
    await until('20 frames', () => video.getVideoPlaybackQuality().totalVideoFrames >= 20);
    ada.disconnect();
    bob.room.disconnect();
    for (const track of stream.getTracks()) track.stop();
    return { refused: 'reason' in refused ? refused.reason : 'published', errors };
  });
  expect(result.errors).toEqual([]);
  expect(result.refused, 'audio cannot be captured without a processor, and says so').toBe('capture');
});
