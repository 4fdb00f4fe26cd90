// The README's example, as it stands there.

import { expect, test } from '@playwright/test';

test('the example of the README shows the camera, in a smaller layer, as the link is strangled', async ({ page }) => {
  const reported: string[] = [];
  page.on('console', (message) => {
    if (!message.text().startsWith('[vite]')) reported.push(`${message.type()}: ${message.text()}`);
  });
  page.on('pageerror', (error) => reported.push(String(error)));
  await page.goto('/readme.html');
  const video = page.locator('video');
  const playing = () =>
    video.evaluate((element: HTMLVideoElement) => element.getVideoPlaybackQuality().totalVideoFrames);
  // On the link as it was at first, the camera's full size would have come long before.
  await expect.poll(playing, { timeout: 30_000 }).toBeGreaterThan(120);
  expect(await video.evaluate((element: HTMLVideoElement) => element.videoWidth)).toBeLessThan(640);
  expect(reported).toEqual([]);
});
