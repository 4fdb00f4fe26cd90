// The main job with real WebCodecs: what one participant shows, another one sees, whole and in order.

import { expect, test } from './harness.ts';

test('numbered pictures arrive in order, none damaged, and move', async ({ page }) => {
  const result = await page.evaluate(async () => {
    const { SimulatedSfu, BarCodeSource, createRoom, view, until, errors } = window.sluice;
    const sfu = new SimulatedSfu({ seed: 7 });
    const ada = createRoom();
    await ada.connect(sfu.transport({ identity: 'ada' }));
    const source = new BarCodeSource({ width: 1280, height: 720 });
    await ada.localParticipant.publishTrack(source);
    const bob = await view(sfu, { identity: 'bob', downlink: { delay: 20 } });
    const { seen } = bob.reader;
    await until('100 frames, up to the top layer', () => seen.length >= 100 && seen.at(-1)?.width === 1280);
    const { stats } = bob.track;
    ada.disconnect();
    bob.room.disconnect();
    return { seen, stats, errors };
  });
  const numbers = result.seen.map(({ number }) => number ?? Number.NaN);
  expect(result.errors).toEqual([]);
  expect(numbers).not.toContain(Number.NaN);
  expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b));
  expect(result.seen.at(-1)).toMatchObject({ width: 1280, height: 720 });
  expect(result.stats.decoderErrors).toBe(0);
});

test('the camera and the microphone arrive as tracks that play in an element', async ({ page }) => {
  const result = await page.evaluate(async () => {
    const { SimulatedSfu, Room, createRoom, until, errors } = window.sluice;
    const sfu = new SimulatedSfu({ seed: 7 });
    const stream = await navigator.mediaDevices.getUserMedia({ video: { width: 640, height: 480 }, audio: true });
    const ada = createRoom();
    await ada.connect(sfu.transport({ identity: 'ada' }));
    for (const track of stream.getTracks()) await ada.localParticipant.publishTrack(track);

    const bob = new Room();
    const video = document.body.appendChild(document.createElement('video'));
    video.muted = true;
    const tracks: { kind: string; stats: { framesDecoded: number } }[] = [];
    bob.on('trackSubscribed', ({ track }) => {
      track.attach(video);
      tracks.push(track);
    });
    await bob.connect(sfu.transport({ identity: 'bob' }));
    // A level of the audio that plays: silence would mean that nothing of it arrived.
    await until('both tracks', () => tracks.length === 2);
    const playing = video.srcObject as MediaStream;
    const audio = new AudioContext();
    const analyser = audio.createAnalyser();
    audio.createMediaStreamSource(playing).connect(analyser);
    const samples = new Float32Array(analyser.fftSize);
    let loudest = 0;
    await until('a second of video, up to the top layer, and of audio', () => {
      analyser.getFloatTimeDomainData(samples);
      for (const sample of samples) loudest = Math.max(loudest, Math.abs(sample));
      const decoded = (kind: string) => tracks.find((track) => track.kind === kind)?.stats.framesDecoded ?? 0;
      const shown = video.getVideoPlaybackQuality().totalVideoFrames;
      return shown >= 20 && video.videoWidth === 640 && decoded('audio') >= 50 && loudest > 0.01;
    });
    const size = [video.videoWidth, video.videoHeight];
    const { currentTime } = video;
    await until('time to go on', () => video.currentTime > currentTime);
    ada.disconnect();
    bob.disconnect();
    await audio.close();
    const states = stream.getTracks().map((track) => track.readyState);
    for (const track of stream.getTracks()) track.stop();
    return { size, states, left: (video.srcObject as MediaStream | null)?.getTracks().length ?? 0, errors };
  });
  expect(result.errors).toEqual([]);
  expect(result.size).toEqual([640, 480]);
  expect(result.states, 'the room never stops a track of the app').toEqual(['live', 'live']);
  expect(result.left, 'tracks left in the element after leaving').toBe(0);
});

test('a canvas track is published like a camera', async ({ page }) => {
  const result = await page.evaluate(async () => {
    const { SimulatedSfu, createRoom, view, until, errors } = window.sluice;
    const sfu = new SimulatedSfu({ seed: 7 });
    const canvas = document.body.appendChild(document.createElement('canvas'));
    [canvas.width, canvas.height] = [320, 180];
    const context = canvas.getContext('2d')!;
    let shade = 0;
    const painting = setInterval(() => {
      context.fillStyle = `hsl(${shade++ % 360} 80% 50%)`;
      context.fillRect(0, 0, canvas.width, canvas.height);
    }, 33);
    const ada = createRoom();
    await ada.connect(sfu.transport({ identity: 'ada' }));
    await ada.localParticipant.publishTrack(canvas.captureStream(30).getVideoTracks()[0]!);
    const bob = await view(sfu, { identity: 'bob' });
    await until('30 frames', () => bob.track.stats.framesDecoded >= 30);
    clearInterval(painting);
    const { stats } = bob.track;
    ada.disconnect();
    bob.room.disconnect();
    return { stats, errors };
  });
  expect(result.errors).toEqual([]);
  expect([result.stats.frameWidth, result.stats.frameHeight]).toEqual([320, 180]);
});
