import { expect, test } from 'vitest';
import { FreezeDetector } from '../src/freeze-detector.ts';

/** Shows pictures at these intervals, from 0 on, and gives what each was said to be. */
function freezes(detector: FreezeDetector, intervals: readonly number[]): (number | undefined)[] {
  let now = 0;
  detector.onFrame(now);
  return intervals.map((interval) => {
    now += interval;
    return detector.onFrame(now);
  });
}

test('a picture that is 150 ms later than usual, and three times as late, ends a freeze', () => {
  // The average takes the interval in: (29 · 40 + d) / 30 + 150 = d for d = 195.17.
  const usual = Array<number>(40).fill(40);
  expect(freezes(new FreezeDetector(), [...usual, 195]).at(-1)).toBeUndefined();
  expect(freezes(new FreezeDetector(), [...usual, 196]).at(-1)).toBe(196);
});

test('at five pictures a second three times the average decides', () => {
  // 3 · (29 · 200 + d) / 30 = d for d = 644.4; 150 ms more than the average are 355.
  const usual = Array<number>(40).fill(200);
  expect(freezes(new FreezeDetector(), [...usual, 640]).at(-1)).toBeUndefined();
  expect(freezes(new FreezeDetector(), [...usual, 645]).at(-1)).toBe(645);
});

test('there is no freeze before the fifth interval', () => {
  expect(freezes(new FreezeDetector(), [20, 20, 20, 1000])).toEqual([undefined, undefined, undefined, undefined]);
  expect(freezes(new FreezeDetector(), [20, 20, 20, 20, 1000]).at(-1)).toBe(1000);
});

test('only the last 30 intervals count', () => {
  const slowThenFast = [...Array<number>(30).fill(400), ...Array<number>(30).fill(20)];
  expect(freezes(new FreezeDetector(), [...slowThenFast, 180]).at(-1)).toBe(180);
});

test('a pause is no freeze, pictures that are late for it or not, and what was usual before it is remembered', () => {
  const detector = new FreezeDetector();
  freezes(detector, Array<number>(40).fill(40));
  detector.pause();
  expect(detector.onFrame(1700)).toBeUndefined();
  detector.resume();
  expect(detector.onFrame(60_000)).toBeUndefined();
  expect(detector.standing(60_100)).toBeUndefined();
  expect(detector.standing(60_300)).toBe(300);
  expect(detector.onFrame(60_300)).toBe(300);
});
