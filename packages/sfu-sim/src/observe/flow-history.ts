// Media flows and the bottlenecks that they go through, gathered from the trace: what figures of congestion control are
// made of.

import type { BitsPerSecond, Milliseconds, TraceEvent } from '@sluice/rtp';
import { knownEvents } from './known-events.ts';
import { type CapacityStep, type LinkHistory, linkHistories } from './link-history.ts';
import { RateCurve } from './rate-curve.ts';
import type { Span } from './run-record.ts';

/** One direction of one participant's path, as far as congestion control goes. */
export interface FlowHistory {
  /** E.g. `ada/uplink`. */
  readonly name: string;
  readonly link: LinkHistory;
  /** On the wire, with all headers. */
  readonly sent: RateCurve;
  readonly arrived: RateCurve;
  /** When its first packet was sent; `undefined`: none was. */
  readonly start: Milliseconds | undefined;
  /** When its video was muted. */
  readonly pauses: readonly Span[];
}

/** A capacity, and the flows that go through it. */
export interface BottleneckHistory {
  /** That of the bottleneck; or, of a link that goes through none, the link's. */
  readonly name: string;
  /** Ordered by time. */
  readonly capacity: readonly CapacityStep[];
  readonly flows: readonly FlowHistory[];
}

/** The flows of those names; without names, all links for which there are estimates and on which packets were sent. */
export function flowHistories(events: readonly TraceEvent[], to: Milliseconds, names?: readonly string[]) {
  const links = linkHistories(events);
  const chosen =
    names === undefined
      ? links.filter(({ estimates, sent }) => estimates.length > 0 && sent.length > 0)
      : links.filter(({ link }) => names.includes(link));
  const pauses = pausesOf(events, to);
  const flows = chosen.map((link): FlowHistory => {
    const sent = new RateCurve(link.sent);
    return {
      name: link.link,
      link,
      sent,
      arrived: new RateCurve(link.arrived),
      start: sent.start,
      pauses: link.link.endsWith('/uplink') ? (pauses.get(link.link.slice(0, -'/uplink'.length)) ?? []) : [],
    };
  });
  return { flows, bottlenecks: bottleneckHistories(events, flows) };
}

/** What holds at that moment; before the first step: nothing is known. */
export function capacityAt(capacity: readonly CapacityStep[], at: Milliseconds): BitsPerSecond | undefined {
  return capacity.findLast((step) => step.at <= at)?.rate;
}

/** What flows could send through that capacity at that moment. */
export function possibleRate(
  capacity: BitsPerSecond = Number.POSITIVE_INFINITY,
  flows: readonly FlowHistory[],
  maxRate: BitsPerSecond = Number.POSITIVE_INFINITY,
  at: Milliseconds,
): BitsPerSecond {
  const sending = flows.filter(
    ({ start = Number.POSITIVE_INFINITY, pauses }) =>
      start <= at && !pauses.some((pause) => at >= pause.from && at < pause.to),
  );
  return sending.length === 0 ? 0 : Math.min(capacity, maxRate * sending.length);
}

function bottleneckHistories(events: readonly TraceEvent[], flows: readonly FlowHistory[]): BottleneckHistory[] {
  const shared = new Map<string, CapacityStep[]>();
  for (const event of knownEvents(events)) {
    if (event.type !== 'bottleneck-changed') continue;
    const steps = shared.get(event.bottleneck) ?? [];
    steps.push({ at: event.at, rate: event.rate });
    shared.set(event.bottleneck, steps);
  }
  const through = [...shared].map(([name, capacity]) => ({
    name,
    capacity,
    flows: flows.filter(({ link }) => link.via.includes(name)),
  }));
  const alone = flows
    .filter(({ link }) => link.via.length === 0)
    .map((flow) => ({ name: flow.name, capacity: flow.link.capacity, flows: [flow] }));
  return [...through.filter((bottleneck) => bottleneck.flows.length > 0), ...alone];
}

/** When each participant's video was muted. */
function pausesOf(events: readonly TraceEvent[], to: Milliseconds): Map<string, Span[]> {
  const videos = new Set<string>();
  const since = new Map<string, Milliseconds>();
  const pauses = new Map<string, Span[]>();
  const end = (participant: string, at: Milliseconds) => {
    const from = since.get(participant);
    if (from === undefined) return;
    since.delete(participant);
    pauses.set(participant, [...(pauses.get(participant) ?? []), { from, to: at }]);
  };
  for (const event of knownEvents(events)) {
    if (event.type === 'track-published' && event.kind === 'video') videos.add(event.track);
    else if (event.type === 'track-muted' && videos.has(event.track)) since.set(event.participant, event.at);
    else if (event.type === 'track-unmuted' && videos.has(event.track)) end(event.participant, event.at);
  }
  for (const participant of since.keys()) end(participant, to);
  return pauses;
}
