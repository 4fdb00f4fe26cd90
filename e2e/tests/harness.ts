// What every test on the test page begins and ends with.

import { test as base, expect } from '@playwright/test';
import type {} from '../harness/main.ts';

/** A test on the test page, loaded. It fails on anything the page reports to the console. */
export const test = base.extend<{ reported: string[] }>({
  reported: [
    async ({ page }, use) => {
      const reported: string[] = [];
      page.on('console', (message) => reported.push(`${message.type()}: ${message.text()}`));
      page.on('pageerror', (error) => reported.push(String(error)));
      await page.goto('/');
      await expect(page.locator('html')).toHaveAttribute('data-ready', 'true');
      reported.length = 0;
      await use(reported);
      expect(reported, 'what the page reported').toEqual([]);
    },
    { auto: true },
  ],
});

export { expect };
