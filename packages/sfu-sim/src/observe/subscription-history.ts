// What happened to each subscription, gathered from the trace: what figures and plots are made of.

import { FreezeDetector, type Milliseconds, type SluiceEvent, type TraceEvent, type TrackKind } from '@sluice/rtp';
import { knownEvents } from './known-events.ts';
import type { Span } from './run-record.ts';

/** A picture that was shown. */
export interface ShownPicture {
  readonly at: Milliseconds;
  /** Since its capture; `undefined` where no sender report ever came. */
  readonly delay: Milliseconds | undefined;
}

/** A time during which one layer was sent. */
export interface LayerSpan extends Span {
  /** `undefined` for a track without simulcast. */
  readonly rid: string | undefined;
}

/** A time during which no video was sent, and why. */
export interface Suspension extends Span {
  readonly reason: string;
}

/** One track on its way to one participant, from the subscription to its end, or that of the record. */
export interface SubscriptionHistory extends Span {
  readonly participant: string;
  readonly track: string;
  readonly publisher: string;
  readonly kind: TrackKind;
  /** When the subscriber began to wait: before the SFU heard of it. That of the SFU where it never saw a picture. */
  readonly subscribedAt: Milliseconds;
  readonly timeToFirstFrame: Milliseconds | undefined;
  readonly shown: readonly ShownPicture[];
  /** One that lasts when the record ends is among them. Pauses by mute or suspension are not. */
  readonly freezes: readonly Span[];
  readonly layers: readonly LayerSpan[];
  /** Changes from one layer to another; the first layer is none. */
  readonly layerSwitches: number;
  /** When it needed a key frame that nobody had asked for yet. */
  readonly keyFramesWanted: readonly Milliseconds[];
  readonly suspensions: readonly Suspension[];
  readonly concealedPackets: number;
  readonly concealed: Milliseconds;
}

/** The subscriptions of a trace, in the order in which they began. `to`: when the record ends. */
export function subscriptionHistories(events: readonly TraceEvent[], to: Milliseconds): SubscriptionHistory[] {
  const all: Subscription[] = [];
  const open = new Map<string, Map<string, Subscription>>();
  const muted = new Set<string>();
  for (const event of knownEvents(events)) {
    switch (event.type) {
      case 'track-subscribed': {
        const subscription = new Subscription(event, muted.has(event.track));
        all.push(subscription);
        const tracks = open.get(event.participant) ?? new Map<string, Subscription>();
        open.set(event.participant, tracks.set(event.track, subscription));
        break;
      }
      case 'track-unsubscribed':
        open.get(event.participant)?.get(event.track)?.end(event.at);
        open.get(event.participant)?.delete(event.track);
        break;
      case 'track-muted':
      case 'track-unmuted':
        if (event.type === 'track-muted') muted.add(event.track);
        else muted.delete(event.track);
        for (const tracks of open.values()) tracks.get(event.track)?.setMuted(event.type === 'track-muted', event.at);
        break;
      default:
        if ('track' in event) open.get(event.participant)?.get(event.track)?.take(event);
    }
  }
  for (const tracks of open.values()) for (const subscription of tracks.values()) subscription.end(to);
  return all.map((subscription) => subscription.history());
}

/** A subscription as it goes on. */
class Subscription {
  readonly #begun: Extract<SluiceEvent, { type: 'track-subscribed' }>;
  readonly #detector = new FreezeDetector();
  readonly #shown: { at: Milliseconds; timestamp: number; delay: Milliseconds | undefined }[] = [];
  readonly #freezes: Span[] = [];
  readonly #layers: LayerSpan[] = [];
  readonly #suspensions: Suspension[] = [];
  readonly #keyFramesWanted: Milliseconds[] = [];
  #to: Milliseconds;
  #muted: boolean;
  #layer: { rid: string | undefined; since: Milliseconds } | undefined;
  #suspended: { reason: string; since: Milliseconds } | undefined;
  #subscribedAt: Milliseconds;
  #timeToFirstFrame: Milliseconds | undefined;
  #switches = 0;
  #concealedPackets = 0;
  #concealed: Milliseconds = 0;

  constructor(begun: Extract<SluiceEvent, { type: 'track-subscribed' }>, muted: boolean) {
    this.#begun = begun;
    this.#subscribedAt = begun.at;
    this.#to = begun.at;
    this.#muted = muted;
  }

  take(event: SluiceEvent): void {
    switch (event.type) {
      case 'first-frame':
        this.#timeToFirstFrame = event.timeToFirstFrame;
        this.#subscribedAt = event.at - event.timeToFirstFrame;
        break;
      case 'frame-shown': {
        const { at, timestamp, delay } = event;
        const frozen = this.#detector.onFrame(at);
        if (frozen !== undefined) this.#freezes.push({ from: at - frozen, to: at });
        this.#shown.push({ at, timestamp, delay });
        break;
      }
      case 'layer-switch':
        this.#switchTo(event.rid, event.at);
        break;
      case 'key-frame-wanted':
        this.#keyFramesWanted.push(event.at);
        break;
      case 'video-suspended':
        this.#pause(event.at);
        this.#suspended ??= { reason: event.reason, since: event.at };
        break;
      case 'video-resumed':
        this.#resume(event.at);
        break;
      case 'audio-concealed':
        this.#concealedPackets += event.packets;
        this.#concealed += event.duration;
        break;
    }
  }

  setMuted(muted: boolean, at: Milliseconds): void {
    this.#muted = muted;
    if (muted) this.#pause(at);
    else if (this.#suspended === undefined) this.#detector.resume();
  }

  end(at: Milliseconds): void {
    this.#to = at;
    if (!this.#muted && this.#suspended === undefined) this.#standStill(at);
    this.#resume(at);
    this.#endLayer(at);
  }

  history(): SubscriptionHistory {
    const { participant, track, publisher, kind, at: from } = this.#begun;
    return {
      participant,
      track,
      publisher,
      kind,
      from,
      to: this.#to,
      subscribedAt: this.#subscribedAt,
      timeToFirstFrame: this.#timeToFirstFrame,
      shown: this.#shownWithDelays(),
      freezes: this.#freezes,
      layers: this.#layers,
      layerSwitches: this.#switches,
      keyFramesWanted: this.#keyFramesWanted,
      suspensions: this.#suspensions,
      concealedPackets: this.#concealedPackets,
      concealed: this.#concealed,
    };
  }

  /** The pictures before the first sender report were captured as long before a later one as their timestamps say. */
  #shownWithDelays(): ShownPicture[] {
    const known = this.#shown.find(({ delay }) => delay !== undefined);
    return this.#shown.map(({ at, timestamp, delay }) => {
      if (delay !== undefined || known?.delay === undefined) return { at, delay };
      const capturedAt = known.at - known.delay - (known.timestamp - timestamp) / 1000;
      return { at, delay: at - capturedAt };
    });
  }

  #switchTo(rid: string | undefined, at: Milliseconds): void {
    // Another temporal layer of the same encoding is no other layer here.
    if (this.#layer !== undefined && this.#layer.rid === rid) return;
    if (this.#layer !== undefined) this.#switches += 1;
    this.#endLayer(at);
    this.#layer = { rid, since: at };
  }

  #endLayer(at: Milliseconds): void {
    if (this.#layer !== undefined) this.#layers.push({ rid: this.#layer.rid, from: this.#layer.since, to: at });
    this.#layer = undefined;
  }

  #pause(at: Milliseconds): void {
    this.#standStill(at);
    this.#detector.pause();
  }

  #resume(at: Milliseconds): void {
    if (this.#suspended === undefined) return;
    this.#suspensions.push({ from: this.#suspended.since, to: at, reason: this.#suspended.reason });
    this.#suspended = undefined;
    if (!this.#muted) this.#detector.resume();
  }

  /** A picture that stands when video pauses, or the record ends, has frozen if it stands too long by then. */
  #standStill(at: Milliseconds): void {
    const frozen = this.#detector.standing(at);
    if (frozen !== undefined) this.#freezes.push({ from: at - frozen, to: at });
  }
}
