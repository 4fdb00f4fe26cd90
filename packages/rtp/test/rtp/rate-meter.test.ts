import { RateMeter } from '@sluice/rtp';
import { expect, test } from 'vitest';

test('a steady flow is measured within 2 % once half the window was seen', () => {
  const meter = new RateMeter();
  for (let now = 0; now < 5000; now += 5) {
    meter.add(625, now);
    const rate = meter.rate(now);
    if (now < 500) expect(rate).toBeUndefined();
    else if (now > 1000) expect(Math.abs((rate ?? 0) / 1e6 - 1)).toBeLessThan(0.02);
  }
});

test('what stops is forgotten within the window', () => {
  const meter = new RateMeter();
  for (let now = 0; now < 2000; now += 5) meter.add(625, now);
  expect(meter.rate(2500)).toBeLessThan(600_000);
  expect(meter.rate(3100)).toBe(0);
});

test('reset: nothing was seen', () => {
  const meter = new RateMeter();
  for (let now = 0; now < 2000; now += 5) meter.add(625, now);
  meter.reset();
  expect(meter.rate(2000)).toBeUndefined();
});
