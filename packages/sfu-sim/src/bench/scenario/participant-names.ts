// Who is meant by a name of a scenario: one participant, or all of a `count`.

import type { ParticipantPlan, Scenario } from './scenario.ts';

/** The participants that a plan makes. */
export function participantNames(name: string, { count }: ParticipantPlan): string[] {
  return count === undefined ? [name] : Array.from({ length: count }, (_, i) => `${name}-${i + 1}`);
}

/** The participants that a name in a fault or an expectation stands for; everybody without a name. */
export function namedParticipants({ participants }: Scenario, name?: string): string[] {
  const plan = name === undefined || !Object.hasOwn(participants, name) ? undefined : participants[name];
  if (name !== undefined) return plan === undefined ? [name] : participantNames(name, plan);
  return Object.entries(participants).flatMap(([each, its]) => participantNames(each, its));
}
