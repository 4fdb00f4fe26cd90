// What was decided in a run, and why, in plain words.

import type { BitsPerSecond, CongestionDecisionEvent, Milliseconds, SluiceEvent, TraceEvent } from '@sluice/rtp';
import { knownEvents } from './known-events.ts';

/** One line of the log. */
export interface LoggedDecision {
  readonly at: Milliseconds;
  /** A participant, or a link. */
  readonly who: string;
  readonly what: string;
}

const STATE_WORDS = { video: 'video again', 'audio-only': 'audio only', suspended: 'no video until further notice' };

/** The decisions in a trace, oldest first. Packets, frames, estimates and retransmissions are too many to be told. */
export function decisionLog(events: readonly TraceEvent[]): LoggedDecision[] {
  return knownEvents(events).flatMap((event) => {
    const what = inWords(event);
    if (what === undefined) return [];
    return [{ at: event.at, who: nameOf(event), what }];
  });
}

function nameOf(event: SluiceEvent): string {
  if ('link' in event) return event.link;
  return 'bottleneck' in event ? event.bottleneck : event.participant;
}

function inWords(event: SluiceEvent): string | undefined {
  switch (event.type) {
    case 'link-changed':
      return `link: ${kilobits(event.rate)}, ${Math.round(event.delay)} ms${lossOf(event.loss)}`;
    case 'bottleneck-changed':
      return `bottleneck: ${kilobits(event.rate)}`;
    case 'participant-joined':
      return 'joined';
    case 'participant-left':
      return `left: ${event.reason}`;
    case 'track-published':
      return `publishes ${event.kind} ${event.track}`;
    case 'track-unpublished':
      return `no longer publishes ${event.track}${event.reason === undefined ? '' : ` (${event.reason})`}`;
    case 'track-muted':
      return `paused ${event.track}`;
    case 'track-unmuted':
      return `goes on with ${event.track}`;
    case 'dominant-speaker':
      return event.previous === undefined ? 'has the floor' : `has the floor, after ${event.previous}`;
    case 'track-subscribed':
      return `gets ${event.kind} ${event.track} of ${event.publisher}`;
    case 'track-unsubscribed':
      return `no longer gets ${event.track}`;
    case 'message-refused':
      return `message refused: ${event.reason}`;
    case 'congestion-decision':
      return `${event.direction}: ${congestionInWords(event)}`;
    case 'encoding-allocated':
      return `${event.track}: ${event.rid === undefined ? '' : `encoder of ${event.rid}, `}${event.reason}`;
    case 'layer-allocated':
      return `${event.track}: ${event.reason}`;
    case 'layer-switch':
      return `${event.track}: layer ${layerName(event.rid, event.temporalLayer)} from here on (${event.reason})`;
    case 'key-frame-wanted':
      return `${event.track}: needs a key frame${of(event.rid)} (${event.reason})`;
    case 'key-frame-requested':
      return `${event.track}: asked for a key frame${of(event.rid)} (${event.reason})`;
    case 'key-frame-exhausted':
      return `${event.track}: sent no key frame${of(event.rid)}, asked no more for now`;
    case 'layers-wanted':
      return `${event.track}: ${event.reason}`;
    case 'video-judged':
      return `${event.track}: video${of(event.rid)} is ${event.verdict}, ${event.legitimacy.toFixed(2)} (${event.reason}): ${event.action}`;
    case 'video-state-changed':
      return `is sent ${STATE_WORDS[event.to]} (${event.reason})`;
    case 'video-suspended':
      return `${event.track}: video suspended (${event.reason})`;
    case 'video-resumed':
      return `${event.track}: video goes on (${event.reason})`;
    case 'first-frame':
      return `${event.track}: first picture after ${Math.round(event.timeToFirstFrame)} ms`;
    case 'video-frozen':
      return `${event.track}: picture stood for ${Math.round(event.duration)} ms`;
    case 'gate-closed':
      return `${event.track}: decodes nothing before the next key frame (${event.reason})`;
    case 'pli-sent':
      return `${event.track}: asks the SFU for a key frame (${event.reason ?? 'no reason given'})`;
    case 'pli-exhausted':
      return `${event.track}: got no key frame, asks no more for now`;
    case 'audio-concealed':
      return `${event.track}: ${Math.round(event.duration)} ms of audio never came`;
    default:
      return undefined;
  }
}

function congestionInWords(event: CongestionDecisionEvent): string {
  switch (event.decision) {
    case 'probe':
      return `probes at ${kilobits(event.bitrate)} (${event.reason})`;
    case 'probe-result':
      return `probe found ${kilobits(event.bitrate)}, ${event.reason}${event.adopted ? '' : ', not adopted'}`;
    case 'decrease':
      return `estimate lowered to ${kilobits(event.bitrate)} (${event.reason})`;
    case 'drain':
      return `drains a queue of ${Math.round(event.queueDelay)} ms`;
    case 'drained':
      return 'the queue is gone';
    case 'truce':
      return `others keep the queue at ${Math.round(event.queueDelay)} ms: gives way no longer`;
    case 'truce-over':
      return 'gives way again to a queue that grows';
    case 'application-limited':
      return 'sends much less than it may';
    case 'application-unlimited':
      return 'uses what it may send';
    case 'clock-set':
      return 'its clock was set: delays begin anew';
  }
}

function of(rid: string | undefined): string {
  return rid === undefined ? '' : ` of ${rid}`;
}

function layerName(rid: string | undefined, temporalLayer: number | undefined): string {
  const name = rid ?? 'of the only encoding';
  return temporalLayer === undefined ? name : `${name} up to temporal layer ${temporalLayer}`;
}

function kilobits(rate: BitsPerSecond | undefined): string {
  return rate === undefined ? 'no limit' : `${Math.round(rate / 1000)} kbit/s`;
}

function lossOf(share: number | undefined): string {
  if (share === undefined) return ', losing packets by a model';
  return share === 0 ? '' : `, ${Math.round(share * 1000) / 10} % loss`;
}
