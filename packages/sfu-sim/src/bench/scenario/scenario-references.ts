// What the fields of a scenario say of each other: names that exist, times in order.

import { participantNames } from './participant-names.ts';
import type { Scenario, ScenarioLink } from './scenario.ts';
import type { ScenarioIssue } from './scenario-error.ts';
import { shown } from './scenario-fields.ts';

const COMPARISONS = ['below', 'above', 'atMost', 'atLeast', 'equals'] as const;
const LINK_ONLY = ['packetsSent', 'packetsDropped', 'lossRatio', 'utilisation', 'throughput'];

/** Everything that does not fit together. */
export function referenceIssues(scenario: Scenario): ScenarioIssue[] {
  return [
    ...participantIssues(scenario),
    ...measureIssues(scenario),
    ...faultIssues(scenario),
    ...expectationIssues(scenario),
  ];
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
  for (const [i, traffic] of crossTraffic.entries()) {
    const { via, from = 0, to = duration } = traffic;
    yield* unknownBottleneck(scenario, via, `crossTraffic[${i}].via`);
    if (to <= from) yield { path: `crossTraffic[${i}].to`, problem: `is ${to}: it must be after ${from}` };
    const size = traffic.type === 'tcp' ? traffic.downloads?.size : undefined;
    if (size !== undefined && size[1] < size[0]) {
      const problem = `is ${shown(size)}: the first must be no more than the second`;
      yield { path: `crossTraffic[${i}].downloads.size`, problem };
    }
  }
}

function* measureIssues(scenario: Scenario): Generator<ScenarioIssue> {
  const { duration, measure } = scenario;
  if (measure === undefined) return;
  const { flows = [], from = 0, to = duration, fairFrom, bottlenecks = [] } = measure;
  for (const [i, flow] of flows.entries()) yield* unknownFlow(scenario, flow, `measure.flows[${i}]`);
  for (const [i, name] of bottlenecks.entries()) yield* unknownWay(scenario, name, `measure.bottlenecks[${i}]`);
  if (from >= Math.min(to, duration)) {
    yield { path: 'measure.from', problem: `is ${from}: it must be before ${Math.min(to, duration)}` };
  }
  if (fairFrom !== undefined && fairFrom >= Math.min(to, duration)) {
    yield { path: 'measure.fairFrom', problem: `is ${fairFrom}: it must be before ${Math.min(to, duration)}` };
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
    if ('flow' in expectation) yield* unknownFlow(scenario, expectation.flow, `${path}.flow`);
    if ('bottleneck' in expectation) yield* unknownWay(scenario, expectation.bottleneck, `${path}.bottleneck`);
    if ('atLeastFrames' in expectation || 'flow' in expectation || 'bottleneck' in expectation) {
      const measured = 'atLeastFrames' in expectation ? undefined : scenario.measure;
      const { from = measured?.from ?? 0, to = measured?.to ?? scenario.duration } = expectation;
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

/** A flow is a direction of somebody who takes part. */
function* unknownFlow(scenario: Scenario, flow: string, path: string): Generator<ScenarioIssue> {
  const [, name, direction] = /^(.*)\/(.*)$/.exec(flow) ?? [];
  if (name !== undefined && (direction === 'uplink' || direction === 'downlink')) {
    yield* unknownParticipant(scenario, name, path);
  } else yield { path, problem: `is ${shown(flow)}: it must be a participant and a direction, as in "ada/uplink"` };
}

/** What has a capacity: a bottleneck, or a flow's own link. */
function* unknownWay(scenario: Scenario, name: string, path: string): Generator<ScenarioIssue> {
  if (name.includes('/')) yield* unknownFlow(scenario, name, path);
  else yield* unknownBottleneck(scenario, name, path);
}

function* unknownParticipant({ participants }: Scenario, name: string, path: string): Generator<ScenarioIssue> {
  if (Object.hasOwn(participants, name)) return;
  if (Object.entries(participants).some(([group, plan]) => participantNames(group, plan).includes(name))) return;
  yield { path, problem: `is ${shown(name)}: there is ${Object.keys(participants).join(', ')}` };
}

function sourceOf(published: string | { readonly source: string }): string {
  return typeof published === 'string' ? published : published.source;
}
