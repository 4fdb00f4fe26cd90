// How much somebody speaks, from the audio levels of their packets: the scores of Volfin and Cohen, "Dominant Speaker
// Identification for Multipoint Videoconferencing" (2012), over three lengths of time.

import type { Milliseconds } from '@sluice/rtp';

/** The level of silence, in −dBov (RFC 6464 §3). */
const SILENCE = 127;

/** Length of a step of the history, and how many there are. */
const STEP: Milliseconds = 20;
const STEPS = 50;

/** For so many steps without a packet the last level is taken to go on: packets are late, lost, or longer. */
const HELD_STEPS = 2;

/** Subunits of a step, steps of a medium time, medium times of a long one. */
const IMMEDIATE = 13;
const MEDIUM = 5;
const LONG = 10;
const SUBUNIT = 10;
/** A step counts in a medium time when it has more subunits; a medium time in a long one when it has more steps. */
const MEDIUM_THRESHOLD = 7;
const LONG_THRESHOLD = 4;

/** Steps after which background noise that has grown is taken for background: 15 s. */
const NOISE_STEPS = 750;

/** The least score: that of silence. */
const FLOOR = 1e-10;

/** Somebody is active when of the last 300 ms at least 40 % are at 35 −dBov or louder, as at LiveKit. */
const ACTIVE_STEPS = 15;
const ACTIVE_SHARE = 0.4;
const ACTIVE_LEVEL = SILENCE - 35;

/** The scores of the newest step, of the last 100 ms and of the last second. */
export type SpeechScores = readonly [immediate: number, medium: number, long: number];

/** What silence scores. */
export const SILENT_SCORES: SpeechScores = [FLOOR, FLOOR, FLOOR];

/** One participant's. Bounded, however many packets come. */
export class SpeechActivity {
  /** Loudness, 0 for silence to 127; newest first. */
  readonly #levels = new Uint8Array(STEPS);
  #step: number | undefined;
  #lastStep = Number.NEGATIVE_INFINITY;
  #lastLevel = 0;
  /** The background noise, 0 while unknown, and the least level of the window that may raise it. */
  #noise = 0;
  #nextNoise = 0;
  #window = 0;

  /** A packet came. @param dBov - its level in −dBov, 0 to 127; of several in one step the loudest counts */
  add(dBov: number, now: Milliseconds): void {
    this.#advance(now);
    const level = SILENCE - Math.min(SILENCE, Math.max(0, dBov));
    const known = this.#lastStep === this.#step ? (this.#levels[0] ?? 0) : 0;
    this.#levels[0] = Math.max(known, level);
    this.#lastLevel = this.#levels[0];
    this.#lastStep = this.#step ?? 0;
    this.#learnNoise(level);
  }

  /** What it scores at `now`. */
  scores(now: Milliseconds): SpeechScores {
    this.#advance(now);
    const mediums = Array.from({ length: LONG }, (_, index) =>
      this.#count(index * MEDIUM, MEDIUM, (step) => this.#subunits(step) > MEDIUM_THRESHOLD),
    );
    const long = mediums.filter((medium) => medium > LONG_THRESHOLD).length;
    return [score(this.#subunits(0), IMMEDIATE, 0.78), score(mediums[0] ?? 0, MEDIUM, 24), score(long, LONG, 47)];
  }

  /** Whether it is loud enough, for long enough, to be called speaking. */
  isActive(now: Milliseconds): boolean {
    this.#advance(now);
    const loud = this.#count(0, ACTIVE_STEPS, (step) => (this.#levels[step] ?? 0) >= ACTIVE_LEVEL);
    return loud >= ACTIVE_STEPS * ACTIVE_SHARE;
  }

  /** How loud the last 300 ms were, linear: 0 for silence to 1. */
  level(now: Milliseconds): number {
    this.#advance(now);
    let sum = 0;
    for (const level of this.#levels.subarray(0, ACTIVE_STEPS)) if (level > 0) sum += 10 ** ((level - SILENCE) / 20);
    return sum / ACTIVE_STEPS;
  }

  #advance(now: Milliseconds): void {
    const step = Math.floor(now / STEP);
    const from = Math.max(this.#step ?? step, step - STEPS);
    for (let next = from + 1; next <= step; next += 1) {
      this.#levels.copyWithin(1, 0);
      this.#levels[0] = next - this.#lastStep <= HELD_STEPS ? this.#lastLevel : 0;
    }
    this.#step = Math.max(this.#step ?? step, step);
  }

  #subunits(step: number): number {
    const level = this.#levels[step] ?? 0;
    return level < this.#noise + SUBUNIT ? 0 : Math.floor(level / SUBUNIT);
  }

  #count(from: number, length: number, counts: (step: number) => boolean): number {
    let count = 0;
    for (let step = from; step < from + length; step += 1) if (counts(step)) count += 1;
    return count;
  }

  #learnNoise(level: number): void {
    if (level === 0) return;
    if (this.#noise === 0 || level < this.#noise) {
      this.#noise = level;
      this.#window = 0;
      return;
    }
    this.#nextNoise = this.#window === 0 ? level : Math.min(this.#nextNoise, level);
    this.#window += 1;
    if (this.#window < NOISE_STEPS) return;
    this.#noise = Math.sqrt(this.#noise * this.#nextNoise);
    this.#window = 0;
  }
}

/** The log likelihood ratio of speech against silence, `active` of `total` parts being loud. */
function score(active: number, total: number, lambda: number): number {
  let combinations = 1;
  for (let part = 1; part <= active; part += 1) combinations *= (total - active + part) / part;
  const value = Math.log(combinations) - total * Math.LN2 - Math.log(lambda) + lambda * active;
  return Math.max(FLOOR, value);
}
