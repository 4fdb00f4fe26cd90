// Behaviour 30, sans I/O: the score of an encoding, frame by frame.

import type { PayloadInfo } from '@sluice/rtp';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FrameBoundaries } from '../../src/sfu/frame-boundaries.ts';
import { VideoScorer, verdictOf } from '../../src/sfu/video-scorer.ts';

const INTERVAL = 1000 / 30;

/** A stream as an SFU sees it, each frame in several packets. */
class Stream {
  readonly scorer = new VideoScorer();
  readonly #frames = new FrameBoundaries();
  #sequence = 0;
  now = 0;

  frame(key: boolean, interval = INTERVAL, packets = 3): void {
    const timestamp = Math.round(this.now * 90);
    for (let i = 0; i < packets; i++) {
      const packet = { sequence: this.#sequence++, timestamp, marker: i === packets - 1 };
      const info: PayloadInfo = {
        frameStart: i === 0,
        keyFrameStart: key && i === 0,
        temporalLayer: 0,
        layerSync: false,
      };
      this.scorer.onPacket(this.#frames.place(packet), info, this.now);
    }
    this.now += interval;
  }

  /** A key frame, and delta frames after it. */
  group(deltas: number, interval = INTERVAL): void {
    this.frame(true, interval);
    for (let i = 0; i < deltas; i++) this.frame(false, interval);
  }

  legitimacy(response?: number): number {
    return this.scorer.score(this.now, response)?.legitimacy ?? Number.NaN;
  }
}

function stream(make: (stream: Stream) => void): Stream {
  const made = new Stream();
  make(made);
  return made;
}

const times = (count: number, act: () => void) => {
  for (let i = 0; i < count; i++) act();
};

describe('row 30: the score', () => {
  test('there is none before 30 frames, however many packets they are made of', () => {
    const few = stream((made) => times(30, () => made.frame(true, INTERVAL, 20)));
    expect(few.scorer.score(few.now, undefined)).toBeUndefined();
    few.frame(true);
    expect(few.scorer.score(few.now, undefined)).toBeDefined();
  });

  test.each([
    ['a key frame every second, the estimate never fell', 29, undefined, 0.85],
    ['a key frame every second, the estimate was followed', 29, 1, 1],
    ['a key frame every second, the estimate was ignored', 29, 0, 0.6],
    ['17 delta frames for each key frame: half of 0.30', 17, 1, 0.85],
    ['5 delta frames for each key frame: all of 0.30', 5, 1, 0.7],
    ['2 delta frames for each key frame: no more', 2, 1, 0.7],
    ['answers half of the falls', 29, 0.5, 0.8],
  ])('%s', (_, deltas, response, expected) => {
    const made = stream((each) => times(12, () => each.group(deltas)));
    expect(made.legitimacy(response)).toBeCloseTo(expected, 5);
  });

  test('irregular key frames cost 0.35 × (1 − 1 / (1 + CoV))', () => {
    const lengths = [30, 90, 30, 90];
    const made = stream((each) => {
      each.group(30);
      for (const length of lengths) each.group(length - 1);
      each.frame(true);
      each.frame(false);
    });
    // Mean 60, deviation 30: CoV 0.5. The first interval begins with the stream's own key frame, and is not judged.
    expect(made.legitimacy(1)).toBeCloseTo(1 - 0.35 * (1 - 1 / 1.5), 5);
  });

  test('key frames alone are abusive after 31 of them', () => {
    const made = new Stream();
    let at = Number.NaN;
    while (Number.isNaN(at)) {
      made.frame(true);
      if (made.scorer.score(made.now, undefined)?.verdict === 'abusive') at = made.now;
    }
    expect(at).toBeLessThan(2000);
    expect(made.legitimacy()).toBeCloseTo(0.25, 5);
    expect(made.scorer.score(made.now, undefined)?.reason).toBe('31 key frames in a row');
  });

  test('who turns to key frames alone in the middle of a call is abusive within two seconds', () => {
    const made = stream((each) => times(20, () => each.group(59)));
    times(60, () => made.frame(true));
    expect(verdictOf(made.legitimacy())).toBe('abusive');
  });

  test('a stream without any key frame is abusive after 120 frames', () => {
    const made = stream((each) => times(121, () => each.frame(false)));
    expect(made.legitimacy()).toBeCloseTo(1 - 0.1 - 0.1 - 0.15, 5);
    made.frame(false);
    expect(made.legitimacy()).toBeCloseTo(1 - 0.5 - 0.1 - 0.15, 5);
    expect(verdictOf(made.legitimacy())).toBe('abusive');
  });

  test('a key frame that was asked for and does not come costs 0.50 after 120 frames, until it comes', () => {
    const made = stream((each) => each.group(300));
    expect(verdictOf(made.legitimacy())).toBe('legitimate');
    made.scorer.onKeyFrameRequest(made.now);
    times(123, () => made.frame(false));
    expect(made.legitimacy()).toBeCloseTo(0.35, 5);
    made.group(1);
    expect(verdictOf(made.legitimacy())).toBe('legitimate');
  });

  test('what is scored is of the last 15 seconds', () => {
    const made = stream((each) => times(20, () => each.group(3)));
    expect(verdictOf(made.legitimacy())).toBe('suspect');
    times(15, () => made.group(29));
    made.frame(true);
    made.frame(false);
    expect(verdictOf(made.legitimacy())).toBe('legitimate');
  });
});

describe('row 30: real encoders are legitimate', () => {
  const legitimate = (made: Stream) => {
    const { verdict } = made.scorer.score(made.now, undefined)!;
    expect(verdict).toBe('legitimate');
  };

  test('with an infinite key frame interval', () => legitimate(stream((each) => each.group(3000))));

  test('with a key frame at each of many requests', () => {
    const made = stream((each) => each.group(40));
    for (let i = 0; i < 20; i++) {
      made.scorer.onKeyFrameRequest(made.now);
      made.group(29 + (i % 3) * 7);
      legitimate(made);
    }
  });

  test('when a key frame was on its way as it was asked for', () => {
    const made = stream((each) => times(6, () => each.group(59)));
    made.scorer.onKeyFrameRequest(made.now);
    made.group(3);
    made.group(59);
    made.group(59);
    legitimate(made);
  });

  test('when muted, switched off and on again every second', () => {
    const made = new Stream();
    times(30, () => {
      made.scorer.onPause();
      made.group(15);
      made.now += 500;
    });
    legitimate(made);
  });

  test('at 1 frame per second with a key frame every two', () =>
    legitimate(stream((each) => times(40, () => each.group(1, 1000)))));

  test('when each slide of a presentation is a key frame', () =>
    legitimate(stream((each) => times(60, () => each.group(0, 2000)))));

  test('when another stream takes the place of the one before', () => {
    const made = stream((each) => times(4, () => each.group(59)));
    made.scorer.restart();
    made.group(100);
    legitimate(made);
  });
});

describe('row 30: properties of the score', () => {
  const groups = fc.array(fc.record({ deltas: fc.nat(70), interval: fc.integer({ min: 1, max: 400 }) }), {
    minLength: 1,
    maxLength: 40,
  });
  const response = fc.option(fc.double({ min: 0, max: 1, noNaN: true }), { nil: undefined });

  test('it is between 0 and 1, and says why', () => {
    fc.assert(
      fc.property(groups, response, fc.array(fc.nat(40)), (made, responded, requests) => {
        const each = new Stream();
        made.forEach(({ deltas, interval }, i) => {
          if (requests.includes(i)) each.scorer.onKeyFrameRequest(each.now);
          each.group(deltas, interval);
        });
        const score = each.scorer.score(each.now, responded);
        if (score === undefined) return;
        expect(score.legitimacy).toBeGreaterThanOrEqual(0);
        expect(score.legitimacy).toBeLessThanOrEqual(1);
        expect(score.verdict).toBe(verdictOf(score.legitimacy));
        expect(score.reason).not.toBe('');
      }),
    );
  });

  test('it never falls as more falls of the estimate are answered', () => {
    const share = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(groups, share, share, (made, a, b) => {
        const each = stream((to) => made.forEach(({ deltas, interval }) => void to.group(deltas, interval)));
        fc.pre(!Number.isNaN(each.legitimacy()));
        expect(each.legitimacy(Math.max(a, b))).toBeGreaterThanOrEqual(each.legitimacy(Math.min(a, b)));
      }),
    );
  });

  test('it never falls with more delta frames for each key frame', () => {
    fc.assert(
      fc.property(fc.nat(60), fc.nat(60), (a, b) => {
        const score = (deltas: number) => stream((each) => times(40, () => each.group(deltas))).legitimacy();
        expect(score(Math.max(a, b))).toBeGreaterThanOrEqual(score(Math.min(a, b)) - 1e-9);
      }),
    );
  });

  test('how many packets a frame is made of changes nothing', () => {
    fc.assert(
      fc.property(groups, fc.integer({ min: 1, max: 9 }), (made, packets) => {
        const score = (count: number) =>
          stream((each) => {
            for (const { deltas, interval } of made) {
              for (let i = 0; i <= deltas; i++) each.frame(i === 0, interval, count);
            }
          }).scorer.score(1e6, undefined);
        expect(score(packets)).toEqual(score(1));
      }),
    );
  });
});
