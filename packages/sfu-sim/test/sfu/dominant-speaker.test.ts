// Who has the floor, from audio levels alone.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DominantSpeaker } from '../../src/sfu/dominant-speaker.ts';
import { SILENT_SCORES, SpeechActivity } from '../../src/sfu/speech-activity.ts';

const NOISE = 70;
const SPEECH = 20;

/** Feeds a level of each of them every 20 ms and decides every 300 ms. */
function talk(speaker: DominantSpeaker, from: number, to: number, levels: Record<string, number>): void {
  for (let now = from; now < to; now += 20) {
    for (const [id, level] of Object.entries(levels)) speaker.add(id, level, now);
    if (now % 300 === 0) speaker.decide(now);
  }
}

describe('dominant speaker', () => {
  it('row 33: nobody has the floor before anybody speaks, and then who does', () => {
    const speaker = new DominantSpeaker();
    talk(speaker, 0, 1500, { ada: NOISE, bob: NOISE });
    expect(speaker.dominant).toBeUndefined();
    talk(speaker, 1500, 3000, { ada: NOISE, bob: SPEECH });
    expect(speaker.dominant).toBe('bob');
    talk(speaker, 3000, 4500, { ada: NOISE, bob: NOISE });
    expect(speaker.dominant, 'a pause gives nothing away').toBe('bob');
    talk(speaker, 4500, 6000, { ada: SPEECH, bob: NOISE });
    expect(speaker.dominant).toBe('ada');
    speaker.remove('ada');
    expect(speaker.dominant).toBeUndefined();
  });

  it('row 33: a cough of 60 ms does not take the floor', () => {
    const speaker = new DominantSpeaker();
    talk(speaker, 0, 1500, { ada: NOISE, bob: NOISE });
    talk(speaker, 1500, 3000, { ada: SPEECH, bob: NOISE });
    talk(speaker, 3000, 3240, { ada: NOISE, bob: NOISE });
    talk(speaker, 3240, 3301, { ada: NOISE, bob: 5 });
    expect(speaker.dominant).toBe('ada');
  });

  it('row 33: scores of silence, and of full speech, by the formula', () => {
    const activity = new SpeechActivity();
    expect(activity.scores(0)).toEqual(SILENT_SCORES);
    activity.add(126, 0);
    for (let now = 20; now < 1020; now += 20) activity.add(7, now);
    const [immediate, medium, long] = activity.scores(1000);
    // 12 of 13, 5 of 5 and 10 of 10.
    expect(immediate).toBeCloseTo(Math.log(13) - 13 * Math.LN2 - Math.log(0.78) + 0.78 * 12);
    expect(medium).toBeCloseTo(-5 * Math.LN2 - Math.log(24) + 120);
    expect(long).toBeCloseTo(-10 * Math.LN2 - Math.log(47) + 470);
  });

  it('row 33: whatever comes, levels are from 0 to 1 and who is removed is forgotten', () => {
    const packet = fc.record({ id: fc.constantFrom('a', 'b', 'c'), level: fc.nat(127), wait: fc.nat(3000) });
    fc.assert(
      fc.property(fc.array(packet), (packets) => {
        const speaker = new DominantSpeaker();
        let now = 0;
        for (const { id, level, wait } of packets) {
          now += wait;
          speaker.add(id, level, now);
          for (const each of speaker.decide(now)) expect(each.level >= 0 && each.level <= 1).toBe(true);
        }
        for (const id of ['a', 'b', 'c']) speaker.remove(id);
        expect(speaker.decide(now)).toEqual([]);
        expect(speaker.dominant).toBeUndefined();
      }),
    );
  });
});
