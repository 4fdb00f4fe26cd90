// The README's example, as it stands there.

import { expect, test } from '@playwright/test';

test('the example of the README shows the camera, and a smaller layer once the link is strangled', async ({ page }) => {
  const reported: string[] = [];
  page.on('console', (message) => {
    if (!message.text().startsWith('[vite]')) reported.push(`${message.type()}: ${message.text()}`);
  });
  page.on('pageerror', (error) => reported.push(String(error)));
  await page.goto('/readme.html');
  const video = page.locator('video');
  const playing = () =>
    video.evaluate((element: HTMLVideoElement) => element.getVideoPlaybackQuality().totalVideoFrames);
  await expect.poll(playing).toBeGreaterThan(20);
  await expect.poll(() => video.evaluate((element: HTMLVideoElement) => element.videoWidth)).toBe(320);
  expect(reported).toEqual([]);
});
