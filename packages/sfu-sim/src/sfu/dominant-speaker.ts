// Who has the floor: the decision of Volfin and Cohen's "Dominant Speaker Identification for Multipoint
// Videoconferencing" (2012), over the scores of everybody's speech.

import type { Milliseconds } from '@sluice/rtp';
import { SILENT_SCORES, SpeechActivity } from './speech-activity.ts';

/** By how much, as logarithms of ratios of scores, a newcomer has to surpass the dominant speaker. */
const IMMEDIATE_LEAD = 3;
const MEDIUM_LEAD = 2;
const LONG_LEAD = 0;

/** Somebody whose levels are known. */
export interface Speaker {
  readonly id: string;
  /** Linear, 0 for silence to 1. */
  readonly level: number;
  readonly active: boolean;
}

/** The speakers of a room. */
export class DominantSpeaker {
  readonly #activities = new Map<string, SpeechActivity>();
  #dominant: string | undefined;

  /** Who has the floor: also in silence, until somebody else takes it; `undefined` before anybody spoke. */
  get dominant(): string | undefined {
    return this.#dominant;
  }

  /** An audio packet of somebody came. @param dBov - its level in −dBov, 0 to 127 */
  add(id: string, dBov: number, now: Milliseconds): void {
    let activity = this.#activities.get(id);
    if (activity === undefined) {
      activity = new SpeechActivity();
      this.#activities.set(id, activity);
    }
    activity.add(dBov, now);
  }

  /** Somebody is gone. */
  remove(id: string): void {
    this.#activities.delete(id);
    if (this.#dominant === id) this.#dominant = undefined;
  }

  /** Decides anew, and answers everybody known: the dominant speaker first, the others by loudness. */
  decide(now: Milliseconds): Speaker[] {
    const held = this.#dominant === undefined ? undefined : this.#activities.get(this.#dominant);
    const [immediate, medium, long] = held?.scores(now) ?? SILENT_SCORES;
    let lead = MEDIUM_LEAD;
    for (const [id, activity] of this.#activities) {
      if (activity === held) continue;
      const scores = activity.scores(now);
      const mediumLead = Math.log(scores[1] / medium);
      if (Math.log(scores[0] / immediate) <= IMMEDIATE_LEAD || mediumLead <= lead) continue;
      if (Math.log(scores[2] / long) <= LONG_LEAD) continue;
      this.#dominant = id;
      lead = mediumLead;
    }
    const speakers = [...this.#activities].map(([id, activity]) => ({
      id,
      level: activity.level(now),
      active: activity.isActive(now),
    }));
    const rank = ({ id, level }: Speaker) => (id === this.#dominant ? 2 : level);
    return speakers.sort((one, other) => rank(other) - rank(one));
  }
}
