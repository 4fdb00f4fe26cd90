// What the fields of a scenario say of each other: names that exist, times in order.

import { participantNames } from './participant-names.ts';
import type { Scenario, ScenarioLink } from './scenario.ts';
import type { ScenarioIssue } from './scenario-error.ts';
import { shown } from './scenario-fields.ts';

const COMPARISONS = ['below', 'above', 'atMost', 'atLeast', 'equals'] as const;
const LINK_ONLY = ['packetsSent', 'packetsDropped', 'lossRatio', 'utilisation', 'throughput'];

/** Everything that does not fit together. */
export function referenceIssues(scenario: Scenario): ScenarioIssue[] {
  return [...participantIssues(scenario), ...faultIssues(scenario), ...expectationIssues(scenario)];
}

function* participantIssues(scenario: Scenario): Generator<ScenarioIssue> {
  const { duration, participants, crossTraffic = [] } = scenario;
  const all = new Map<string, string>();
  for (const [name, plan] of Object.entries(participants)) {
    const path = `participants.${name}`;
    const { joinAt = 0, leaveAt, count = 1, joinEvery = 0, subscribe } = plan;
    for (const one of participantNames(name, plan)) {
      const other = all.get(one);
      if (other !== undefined) yield { path, problem: `makes a participant ${one}, as participants.${other} does` };
      all.set(one, name);
    }
    const lastJoin = joinAt + (count - 1) * joinEvery;
    if (lastJoin >= duration) {
      const field = joinAt >= duration ? 'joinAt' : 'joinEvery';
      yield { path: `${path}.${field}`, problem: `lets it join at ${lastJoin}: the scenario ends at ${duration}` };
    }
    if (leaveAt !== undefined && leaveAt <= lastJoin) {
      yield { path: `${path}.leaveAt`, problem: `is ${leaveAt}: it joins at ${lastJoin} only` };
    }
    if (Array.isArray(subscribe)) {
      for (const [i, wanted] of subscribe.entries())
        yield* unknownParticipant(scenario, wanted, `${path}.subscribe[${i}]`);
    }
    for (const [i, from] of (plan.publish ?? []).entries()) {
      if ((plan.publish ?? []).findIndex((other) => sourceOf(other) === sourceOf(from)) === i) continue;
      yield { path: `${path}.publish[${i}]`, problem: `is a second ${sourceOf(from)}: each source is published once` };
    }
    for (const way of ['uplink', 'downlink'] as const) yield* viaIssues(scenario, plan[way], `${path}.${way}`);
  }
  for (const [i, { via, from = 0, to = duration }] of crossTraffic.entries()) {
    yield* unknownBottleneck(scenario, via, `crossTraffic[${i}].via`);
    if (to <= from) yield { path: `crossTraffic[${i}].to`, problem: `is ${to}: it must be after ${from}` };
  }
}

function* faultIssues(scenario: Scenario): Generator<ScenarioIssue> {
  const { duration, faults = [] } = scenario;
  for (const [i, fault] of faults.entries()) {
    const path = `faults[${i}]`;
    if (fault.at >= duration) yield { path: `${path}.at`, problem: `is ${fault.at}: the scenario ends at ${duration}` };
    if ('participant' in fault) yield* unknownParticipant(scenario, fault.participant, `${path}.participant`);
    if (fault.type !== 'link-change') continue;
    const { via, hops = [] } = fault.options;
    if (via !== undefined || hops.some((hop) => hop.via !== undefined)) {
      yield { path: `${path}.options.via`, problem: 'cannot change: a link keeps its bottleneck' };
    }
  }
}

function* expectationIssues(scenario: Scenario): Generator<ScenarioIssue> {
  for (const [i, expectation] of (scenario.expect ?? []).entries()) {
    const path = `expect[${i}]`;
    if ('participant' in expectation && expectation.participant !== undefined) {
      yield* unknownParticipant(scenario, expectation.participant, `${path}.participant`);
    }
    if ('publisher' in expectation && expectation.publisher !== undefined) {
      yield* unknownParticipant(scenario, expectation.publisher, `${path}.publisher`);
    }
    if ('at' in expectation && expectation.at > scenario.duration) {
      yield { path: `${path}.at`, problem: `is ${expectation.at}: the scenario ends at ${scenario.duration}` };
    }
    if ('atLeastFrames' in expectation) {
      const { from = 0, to = scenario.duration } = expectation;
      if (to <= from) yield { path: `${path}.to`, problem: `is ${to}: it must be after ${from}` };
    }
    if (!('figure' in expectation)) continue;
    if (!COMPARISONS.some((bound) => expectation[bound] !== undefined)) {
      yield { path, problem: `has no bound: give ${COMPARISONS.join(', ')}` };
    }
    if ('publisher' in expectation && LINK_ONLY.includes(expectation.figure)) {
      yield { path: `${path}.publisher`, problem: `says nothing about a link, which ${expectation.figure} is of` };
    }
  }
}

function* viaIssues(scenario: Scenario, link: ScenarioLink | undefined, path: string): Generator<ScenarioIssue> {
  if (link?.via !== undefined) yield* unknownBottleneck(scenario, link.via, `${path}.via`);
  for (const [i, hop] of (link?.hops ?? []).entries()) {
    if (hop.via !== undefined) yield* unknownBottleneck(scenario, hop.via, `${path}.hops[${i}].via`);
  }
}

function* unknownBottleneck({ bottlenecks = {} }: Scenario, name: string, path: string): Generator<ScenarioIssue> {
  if (Object.hasOwn(bottlenecks, name)) return;
  const known = Object.keys(bottlenecks).join(', ');
  yield { path, problem: `is ${shown(name)}: there is ${known === '' ? 'no bottleneck' : known}` };
}

function* unknownParticipant({ participants }: Scenario, name: string, path: string): Generator<ScenarioIssue> {
  if (Object.hasOwn(participants, name)) return;
  if (Object.entries(participants).some(([group, plan]) => participantNames(group, plan).includes(name))) return;
  yield { path, problem: `is ${shown(name)}: there is ${Object.keys(participants).join(', ')}` };
}

function sourceOf(published: string | { readonly source: string }): string {
  return typeof published === 'string' ? published : published.source;
}
