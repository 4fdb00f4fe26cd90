// Quality figures of a run, computed from its trace alone.

import type { BitsPerSecond, Milliseconds } from '@sluice/rtp';
import { CongestionFigures } from './congestion-figures.ts';
import { jainIndex, percentile } from './distribution.ts';
import { type LinkHistory, linkHistories } from './link-history.ts';
import type { RunRecord, Span } from './run-record.ts';
import { type SubscriptionHistory, type Suspension, subscriptionHistories } from './subscription-history.ts';

/** A picture this much later than the quickest of its subscription is at the live edge. */
export const LIVE_EDGE_LAG: Milliseconds = 100;

/** An estimate has come up to a higher capacity when it is this share of it: congestion control leaves some of it free. */
export const CONVERGED_SHARE = 0.8;

/** How one participant got one track. */
export interface SubscriptionFigures extends Span {
  readonly participant: string;
  readonly track: string;
  readonly publisher: string;
  readonly kind: 'audio' | 'video';
  /** From the subscription to the first decoded picture; `undefined`: there was none. */
  readonly timeToFirstFrameMs: Milliseconds | undefined;
  /** From the subscription to the first picture that lags less than `LIVE_EDGE_LAG` behind the quickest one. */
  readonly timeToLiveEdgeMs: Milliseconds | undefined;
  readonly framesShown: number;
  /** As webrtc-stats counts them, and one that lasts at the end; see `FreezeDetector`. Pauses by mute or suspension are none. */
  readonly freezeCount: number;
  readonly freezeMs: Milliseconds;
  /** From capture to display. */
  readonly frameDelayP50Ms: Milliseconds | undefined;
  readonly frameDelayP95Ms: Milliseconds | undefined;
  readonly frameDelayP99Ms: Milliseconds | undefined;
  /** How long each layer was sent, in the order in which they first were. `rid` is empty for a track without simulcast. */
  readonly layers: readonly { readonly rid: string; readonly ms: Milliseconds }[];
  /** Changes from one layer to another; the first layer is none. */
  readonly layerSwitches: number;
  /** How often it needed a key frame that nobody had asked for yet. */
  readonly keyframesWanted: number;
  readonly suspensions: readonly Suspension[];
  readonly suspendedMs: Milliseconds;
  /** Audio that never came, and how much it was. */
  readonly concealedPackets: number;
  readonly concealedMs: Milliseconds;
}

/** How one link was used. */
export interface LinkFigures {
  /** E.g. `bob/downlink`. */
  readonly link: string;
  readonly packetsSent: number;
  readonly packetsDropped: number;
  /** Share of the packets sent that was dropped; `undefined` when none was sent. */
  readonly lossRatio: number | undefined;
  /** What arrived, of what the link could have carried while it had a limit; `undefined` when it never had one. */
  readonly utilisation: number | undefined;
  /** What arrived, on average from the link's first event to the end. */
  readonly throughput: BitsPerSecond;
  /** In queues and by jitter, of the packets that arrived. */
  readonly queueDelayP50Ms: Milliseconds | undefined;
  readonly queueDelayP95Ms: Milliseconds | undefined;
  readonly convergences: readonly Convergence[];
}

/** How long the estimate took to follow a change of capacity. */
export interface Convergence {
  readonly at: Milliseconds;
  readonly from: BitsPerSecond;
  readonly to: BitsPerSecond;
  /**
   * Down: until the estimate is no more than the capacity. Up: until it is `CONVERGED_SHARE` of it. `undefined`: not
   * before the next change, or the end.
   */
  readonly ms: Milliseconds | undefined;
}

/** Figures of a run. */
export interface Figures {
  readonly subscriptions: readonly SubscriptionFigures[];
  readonly links: readonly LinkFigures[];
  /**
   * One number each; what does not apply is left out. Of several subscriptions or links the worst counts:
   *
   * - `utilisation`: of the link that was used best, the bottleneck
   * - `queueDelayP50Ms`, `queueDelayP95Ms`: of the link where it was longest
   * - `lossRatio`: of all packets on all links
   * - `convergeUpMs`, `convergeDownMs`: the longest; left out also where the estimate never got there
   * - `jain`: fairness of the downlinks' throughput, among participants who get video
   * - `timeToFirstFrameMs`, `timeToLiveEdgeMs`: the longest; left out also where one never got there
   * - `keyframesRequested`: asked of publishers
   * - `freezeCount`, `freezeMs`, `layerSwitches`, `suspensionCount`, `suspendedMs`, `concealedMs`: sums
   * - `frameDelayP50Ms`, `frameDelayP95Ms`, `frameDelayP99Ms`: the longest
   *
   * Where flows are measured (`RunRecord.measure`), the first seven are those of `CongestionFigures.summary`, as are
   * `overallQueueDelayP95Ms`, `queueDelayMaxMs`, `throughput` and `lowestRate` beside them.
   */
  readonly summary: Readonly<Record<string, number>>;
}

/** Computes the figures of a run. */
export function figuresOf({ events, to, measure }: Pick<RunRecord, 'events' | 'to' | 'measure'>): Figures {
  const subscriptions = subscriptionHistories(events, to).map(subscriptionFigures);
  const links = linkHistories(events).map((link) => linkFigures(link, to));
  const keyframesRequested = events.filter(({ type }) => type === 'key-frame-requested').length;
  const whole = summarise(subscriptions, links, keyframesRequested);
  const measured = measure && new CongestionFigures(events, to, measure).summary;
  return { subscriptions, links, summary: known({ ...whole, ...measured }) };
}

function subscriptionFigures(history: SubscriptionHistory): SubscriptionFigures {
  const { participant, track, publisher, kind, from, to, shown, freezes, suspensions } = history;
  const delays = shown.flatMap(({ delay }) => (delay === undefined ? [] : [delay]));
  const quickest = delays.reduce((least, delay) => Math.min(least, delay), Number.POSITIVE_INFINITY);
  const atEdge = shown.find(({ delay = Number.POSITIVE_INFINITY }) => delay - quickest < LIVE_EDGE_LAG);
  const occupancy = new Map<string, Milliseconds>();
  for (const { rid = '', from, to } of history.layers) occupancy.set(rid, (occupancy.get(rid) ?? 0) + to - from);
  return {
    participant,
    track,
    publisher,
    kind,
    from,
    to,
    timeToFirstFrameMs: history.timeToFirstFrame,
    timeToLiveEdgeMs: atEdge && atEdge.at - history.subscribedAt,
    framesShown: shown.length,
    freezeCount: freezes.length,
    freezeMs: duration(freezes),
    frameDelayP50Ms: percentile(delays, 0.5),
    frameDelayP95Ms: percentile(delays, 0.95),
    frameDelayP99Ms: percentile(delays, 0.99),
    layers: [...occupancy].map(([rid, ms]) => ({ rid, ms })),
    layerSwitches: history.layerSwitches,
    keyframesWanted: history.keyFramesWanted.length,
    suspensions,
    suspendedMs: duration(suspensions),
    concealedPackets: history.concealedPackets,
    concealedMs: history.concealed,
  };
}

function linkFigures(history: LinkHistory, end: Milliseconds): LinkFigures {
  const { link, capacity, sent, arrived, dropped } = history;
  const delays = arrived.flatMap(({ queueDelay }) => (queueDelay === undefined ? [] : [queueDelay]));
  const from = Math.min(capacity[0]?.at ?? end, sent[0]?.at ?? end);
  const bytes = arrived.reduce((sum, { size }) => sum + size, 0);
  return {
    link,
    packetsSent: sent.length,
    packetsDropped: dropped.length,
    lossRatio: sent.length === 0 ? undefined : dropped.length / sent.length,
    utilisation: utilisation(history, end),
    throughput: end > from ? (bytes * 8000) / (end - from) : 0,
    queueDelayP50Ms: percentile(delays, 0.5),
    queueDelayP95Ms: percentile(delays, 0.95),
    convergences: convergences(history, end),
  };
}

function utilisation({ capacity, arrived }: LinkHistory, end: Milliseconds): number | undefined {
  let possible = 0;
  let carried = 0;
  let next = 0;
  capacity.forEach(({ at, rate }, i) => {
    const until = capacity[i + 1]?.at ?? end;
    if (rate !== undefined) possible += (rate * (until - at)) / 1000;
    for (let packet = arrived[next]; packet && packet.at <= until; packet = arrived[next]) {
      if (rate !== undefined && packet.at > at) carried += packet.size * 8;
      next += 1;
    }
  });
  return possible > 0 ? carried / possible : undefined;
}

function convergences({ capacity, estimates }: LinkHistory, end: Milliseconds): Convergence[] {
  return capacity.flatMap(({ at, rate: to }, i) => {
    const from = capacity[i - 1]?.rate;
    if (from === undefined || to === undefined) return [];
    const until = capacity[i + 1]?.at ?? end;
    const there = (target: BitsPerSecond) => (to < from ? target <= to : target >= CONVERGED_SHARE * to);
    const before = estimates.findLast((estimate) => estimate.at <= at);
    if (before === undefined) return [];
    if (there(before.target)) return [{ at, from, to, ms: 0 }];
    const reached = estimates.find((estimate) => estimate.at > at && estimate.at <= until && there(estimate.target));
    return [{ at, from, to, ms: reached && reached.at - at }];
  });
}

function summarise(
  subscriptions: readonly SubscriptionFigures[],
  links: readonly LinkFigures[],
  keyframesRequested: number,
): Record<string, number | undefined> {
  const videos = subscriptions.filter(({ kind }) => kind === 'video');
  const watching = new Set(videos.map(({ participant }) => `${participant}/downlink`));
  const converged = links.flatMap(({ convergences }) => convergences);
  const packets = sum(links.map(({ packetsSent }) => packetsSent));
  return {
    utilisation: largest(links.map((link) => link.utilisation)),
    queueDelayP50Ms: largest(links.map((link) => link.queueDelayP50Ms)),
    queueDelayP95Ms: largest(links.map((link) => link.queueDelayP95Ms)),
    lossRatio: packets === 0 ? undefined : sum(links.map(({ packetsDropped }) => packetsDropped)) / packets,
    convergeUpMs: longest(converged.filter(({ from, to }) => to > from).map(({ ms }) => ms)),
    convergeDownMs: longest(converged.filter(({ from, to }) => to < from).map(({ ms }) => ms)),
    jain: jainIndex(links.filter(({ link }) => watching.has(link)).map(({ throughput }) => throughput)),
    timeToFirstFrameMs: longest(videos.map((video) => video.timeToFirstFrameMs)),
    timeToLiveEdgeMs: longest(videos.map((video) => video.timeToLiveEdgeMs)),
    frameDelayP50Ms: largest(videos.map((video) => video.frameDelayP50Ms)),
    frameDelayP95Ms: largest(videos.map((video) => video.frameDelayP95Ms)),
    frameDelayP99Ms: largest(videos.map((video) => video.frameDelayP99Ms)),
    keyframesRequested,
    freezeCount: sum(videos.map(({ freezeCount }) => freezeCount)),
    freezeMs: sum(videos.map(({ freezeMs }) => freezeMs)),
    layerSwitches: sum(videos.map(({ layerSwitches }) => layerSwitches)),
    suspensionCount: sum(videos.map(({ suspensions }) => suspensions.length)),
    suspendedMs: sum(videos.map(({ suspendedMs }) => suspendedMs)),
    concealedMs: sum(subscriptions.map(({ concealedMs }) => concealedMs)),
  };
}

/** Those there are. */
function known(figures: Readonly<Record<string, number | undefined>>): Record<string, number> {
  return Object.fromEntries(
    Object.entries(figures).filter((entry): entry is [string, number] => entry[1] !== undefined),
  );
}

function duration(spans: readonly Span[]): Milliseconds {
  return sum(spans.map(({ from, to }) => to - from));
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/** The largest of those there are. */
function largest(values: readonly (number | undefined)[]): number | undefined {
  return values.reduce((most, value) => (most === undefined || (value ?? most) > most ? value : most), undefined);
}

/** The largest, `undefined` also where one of them never came about. */
function longest(values: readonly (number | undefined)[]): number | undefined {
  return values.includes(undefined) ? undefined : largest(values);
}
