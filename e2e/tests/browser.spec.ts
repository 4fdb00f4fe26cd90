// What Sluice needs from the browser. When one of these fails, the browser is the wrong one and no other failure means
// anything.

import { expect, test } from '@playwright/test';

test.beforeEach(async ({ page }) => {
  await page.goto('/');
  await expect(page).toHaveTitle('Sluice test page');
  await expect(page.locator('html')).toHaveAttribute('data-ready', 'true');
});

test('the browser encodes VP8 in real time, at constant bitrate', async ({ page }) => {
  const supported = await page.evaluate(async () => {
    const support = await VideoEncoder.isConfigSupported({
      codec: 'vp8',
      width: 1280,
      height: 720,
      bitrate: 1_500_000,
      framerate: 30,
      bitrateMode: 'constant',
      latencyMode: 'realtime',
    });
    return support.supported;
  });
  expect(supported).toBe(true);
});

test('the browser encodes Opus', async ({ page }) => {
  const supported = await page.evaluate(async () => {
    const support = await AudioEncoder.isConfigSupported({
      codec: 'opus',
      sampleRate: 48_000,
      numberOfChannels: 1,
      bitrate: 32_000,
    });
    return support.supported;
  });
  expect(supported).toBe(true);
});

test('a frame of the camera comes out of a MediaStreamTrackProcessor', async ({ page }) => {
  const size = await page.evaluate(async () => {
    // Not in TypeScript's library: only Chromium has it in the window.
    const { MediaStreamTrackProcessor } = globalThis as unknown as {
      MediaStreamTrackProcessor: new (init: { track: MediaStreamTrack }) => { readable: ReadableStream<VideoFrame> };
    };
    const stream = await navigator.mediaDevices.getUserMedia({ video: { width: 640, height: 480 }, audio: true });
    const track = stream.getVideoTracks()[0]!;
    const reader = new MediaStreamTrackProcessor({ track }).readable.getReader();
    const { value: frame } = await reader.read();
    const size = [frame?.displayWidth, frame?.displayHeight, stream.getAudioTracks().length];
    frame?.close();
    for (const running of stream.getTracks()) running.stop();
    return size;
  });
  expect(size).toEqual([640, 480, 1]);
});

test('what VP8 encodes, VP8 decodes to the same picture', async ({ page }) => {
  const decoded = await page.evaluate(async () => {
    const [width, height] = [320, 180];
    const canvas = new OffscreenCanvas(width, height);
    const context = canvas.getContext('2d')!;
    // Greys: builds of Chromium differ in which colour matrix and range they take for granted.
    context.fillStyle = 'rgb(60, 60, 60)';
    context.fillRect(0, 0, width, height);
    context.fillStyle = 'rgb(180, 180, 180)';
    context.fillRect(width / 2, 0, width / 2, height);

    const frames: VideoFrame[] = [];
    const kinds: string[] = [];
    const fail = (error: DOMException) => kinds.push(error.message);
    const decoder = new VideoDecoder({ output: (frame) => frames.push(frame), error: fail });
    decoder.configure({ codec: 'vp8', optimizeForLatency: true });
    const encoder = new VideoEncoder({
      output: (chunk) => {
        kinds.push(chunk.type);
        decoder.decode(chunk);
      },
      error: fail,
    });
    encoder.configure({ codec: 'vp8', width, height, bitrate: 500_000, latencyMode: 'realtime' });
    for (let i = 0; i < 3; i++) {
      const frame = new VideoFrame(canvas, { timestamp: i * 33_333 });
      encoder.encode(frame);
      frame.close();
    }
    await encoder.flush();
    await decoder.flush();

    const last = frames.at(-1)!;
    context.clearRect(0, 0, width, height);
    context.drawImage(last, 0, 0);
    const greys = [width / 4, (3 * width) / 4].map((x) => context.getImageData(x, height / 2, 1, 1).data[0]!);
    const timestamps = frames.map((frame) => frame.timestamp);
    for (const frame of frames) frame.close();
    encoder.close();
    decoder.close();
    return { kinds, timestamps, greys };
  });
  expect(decoded.kinds).toEqual(['key', 'delta', 'delta']);
  expect(decoded.timestamps).toEqual([0, 33_333, 66_666]);
  expect(Math.abs(decoded.greys[0]! - 60)).toBeLessThan(20);
  expect(Math.abs(decoded.greys[1]! - 180)).toBeLessThan(20);
});
