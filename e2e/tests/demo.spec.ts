// The demo, as somebody sees it who opens the page and tries every control.

import { expect, type Locator, type Page, test } from '@playwright/test';

let complaints: string[] = [];

test.beforeEach(async ({ page }) => {
  complaints = [];
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('request', (request) => {
    const { protocol, hostname } = new URL(request.url());
    if (protocol !== 'data:' && hostname !== 'localhost') complaints.push(`request to ${request.url()}`);
  });
  await page.goto('/');
  await expect(figure(region(page, 'Bob'), 'Resolution')).toHaveText('1280 × 720', { timeout: 20_000 });
});

test.afterEach(() => {
  expect(complaints).toEqual([]);
});

test('plays by itself: Bob sees what Ada publishes', async ({ page }) => {
  const bob = region(page, 'Bob');
  const [before, after] = await twoReadings(figure(bob, 'Frames decoded'));
  expect(after).toBeGreaterThan(before);
  await expect(figure(bob, 'Bit rate')).toHaveText(/bit\/s/);
  await expect(figure(bob, 'First frame after')).toHaveText(/ms/);
  await expect.poll(() => moved(bob.getByLabel('What Bob sees'))).toBe(true);

  const full = region(page, 'Ada').getByRole('row', { name: /^f / });
  await expect(full).toContainText('1280 × 720');
  await expect(full).toContainText('bit/s');
});

test('a late joiner with the cache is quicker and asks for no key frame', async ({ page }) => {
  const late = region(page, 'Joining late');
  const withCache = region(page, 'With the cache');
  const withoutCache = region(page, 'Without the cache');

  await late.getByRole('button', { name: 'Join late with the cache' }).click();
  await expect(late.getByRole('status')).toContainText('Ada was asked for no key frames', { timeout: 15_000 });
  expect(await numberIn(figure(withCache, 'Packets replayed'))).toBeGreaterThan(0);
  await expect.poll(() => moved(late.getByLabel('What the newest participant sees'))).toBe(true);

  await late.getByRole('button', { name: 'Join late without it' }).click();
  await expect(late.getByRole('status')).toContainText('Dora saw the first frame', { timeout: 15_000 });
  await expect(figure(withoutCache, 'Packets replayed')).toHaveText('0');
  await expect(figure(withCache, 'Key frames asked')).toHaveText('0');
  expect(await numberIn(figure(withoutCache, 'Key frames asked'))).toBeGreaterThan(0);
  const firstFrame = 'First frame after';
  expect(await numberIn(figure(withCache, firstFrame))).toBeLessThan(await numberIn(figure(withoutCache, firstFrame)));

  await expect(late.getByText('The newcomer has left')).toBeVisible({ timeout: 15_000 });
});

test('the layer buttons change what Bob gets, and show what flows', async ({ page }) => {
  const bob = region(page, 'Bob');
  const button = (name: string) => bob.getByRole('button', { name, exact: true });
  await expect(button('f')).toHaveAttribute('aria-pressed', 'true');
  await expect(button('auto')).toHaveAttribute('aria-pressed', 'true');

  await button('q').click();
  await expect(figure(bob, 'Resolution')).toHaveText('320 × 180');
  await expect(button('q')).toHaveAttribute('aria-pressed', 'true');
  await expect(button('f')).toHaveAttribute('aria-pressed', 'false');
  await expect(button('auto')).toHaveAttribute('aria-pressed', 'false');

  await button('auto').click();
  await expect(figure(bob, 'Resolution')).toHaveText('1280 × 720');
  await expect(button('f')).toHaveAttribute('aria-pressed', 'true');
});

test('a strangled downlink queues up, and recovers when it is opened', async ({ page }) => {
  const network = region(page, 'Bob’s downlink');
  const bandwidth = network.getByRole('slider', { name: 'Bandwidth' });
  await expect(figure(network, 'Queue delay')).toHaveText(/^0.ms$/);

  await bandwidth.press('Home');
  await expect(bandwidth).toHaveAttribute('aria-valuetext', /^50.kbit\/s$/);
  await expect.poll(() => numberIn(figure(network, 'Queue delay'))).toBeGreaterThan(50);

  await bandwidth.press('End');
  await expect(bandwidth).toHaveAttribute('aria-valuetext', 'unlimited');
  await expect(figure(network, 'Queue delay')).toHaveText(/^0.ms$/);
  await expect.poll(() => moved(page.getByLabel('What Bob sees')), { timeout: 15_000 }).toBe(true);
});

test('lost packets are asked for again', async ({ page }) => {
  const network = region(page, 'Bob’s downlink');
  await network.getByRole('slider', { name: 'Loss' }).fill('5');
  await expect.poll(() => numberIn(figure(network, 'NACKs'))).toBeGreaterThan(0);
  await expect.poll(() => numberIn(figure(network, 'Recovered'))).toBeGreaterThan(0);
});

test('the camera takes the place of the generated picture, and gives it back', async ({ page }) => {
  const full = region(page, 'Ada').getByRole('row', { name: /^f / });
  await page.getByRole('button', { name: 'Use my camera and microphone' }).click();
  await expect(page.getByLabel('Ada’s camera')).toBeVisible();
  await expect(full).not.toContainText('–');
  await expect.poll(() => moved(page.getByLabel('What Bob sees')), { timeout: 15_000 }).toBe(true);

  await page.getByRole('button', { name: 'Use the generated picture' }).click();
  await expect(page.getByLabel('Ada’s camera')).toBeHidden();
  await expect(figure(region(page, 'Bob'), 'Resolution')).toHaveText('1280 × 720', { timeout: 15_000 });
});

test('fits the width of a small phone', async ({ page }) => {
  await page.setViewportSize({ width: 360, height: 740 });
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(360);
});

test.describe('without WebCodecs', () => {
  test('the page says which browsers have them', async ({ page }) => {
    await page.addInitScript(() => {
      Reflect.deleteProperty(globalThis, 'VideoEncoder');
    });
    await page.reload();
    await expect(page.getByRole('alert')).toContainText('This browser has no WebCodecs');
    await expect(page.getByRole('main')).toBeHidden();
  });
});

function region(page: Page, name: string): Locator {
  return page.getByRole('region', { name, exact: true });
}

function figure(within: Locator, name: string): Locator {
  const item = within.locator('dl > div').filter({ has: within.page().getByText(name, { exact: true }) });
  return item.getByRole('definition');
}

/** The number a figure begins with. */
async function numberIn(locator: Locator): Promise<number> {
  return Number.parseFloat((await locator.textContent()) ?? '');
}

/** A counter now, and as soon as it shows something else. */
async function twoReadings(locator: Locator): Promise<[number, number]> {
  const before = await numberIn(locator);
  await expect.poll(() => numberIn(locator)).not.toBe(before);
  return [before, await numberIn(locator)];
}

/** Whether the element presents one more frame. */
function moved(video: Locator): Promise<boolean> {
  return video.evaluate(
    (element: HTMLVideoElement) =>
      new Promise<boolean>((resolve) => {
        if (element.videoWidth === 0) resolve(false);
        else element.requestVideoFrameCallback(() => resolve(true));
      }),
  );
}
