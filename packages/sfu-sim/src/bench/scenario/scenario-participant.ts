// One participant of a scenario as it acts: its page, its room, its camera, and its end of the network.

import { ConnectionError, type PreferredLayers, type RemoteTrackPublication, Room } from '@sluice/client';
import type { Clock, CongestionControllerFactory, Milliseconds, Random, TraceEvent, Tracer } from '@sluice/rtp';
import type { SimulatedSfu } from '../../host/simulated-sfu.ts';
import type { Bottleneck } from '../../network/bottleneck.ts';
import { type FaultyCodecs, faultyCodecs } from './faulty-codecs.ts';
import { linkOptionsAt } from './link-timeline.ts';
import { LocalClock } from './local-clock.ts';
import { LocalTransport } from './local-transport.ts';
import type { ParticipantRecord, ShownFrame } from './participant-record.ts';
import { PublishedSources } from './published-sources.ts';
import type { ParticipantPlan, PublishedSource, ScenarioLink } from './scenario.ts';
import type { Stage } from './stage.ts';

/** What a participant is made of. */
export interface ScenarioParticipantOptions {
  readonly name: string;
  readonly plan: ParticipantPlan;
  readonly stage: Stage;
  readonly random: Random;
  readonly tracer: Tracer | undefined;
  /** Whether faults concern its clock. */
  readonly ownClock: boolean;
  /** Whether faults concern anybody's clock. */
  readonly clocksDiffer: boolean;
  readonly bottlenecks: ReadonlyMap<string, Bottleneck>;
  readonly congestionController: CongestionControllerFactory;
  /** The others, by name. */
  readonly find: (name: string) => ScenarioParticipant | undefined;
}

/** A participant. */
export class ScenarioParticipant implements ParticipantRecord {
  readonly name: string;
  readonly shown: ShownFrame[] = [];
  readonly heard: Milliseconds[] = [];
  readonly errors: { at: Milliseconds; message: string }[] = [];
  readonly disconnections: { at: Milliseconds; reason: string }[] = [];
  /** Every room it was in: a new one after each crash. */
  readonly rooms: Room[] = [];
  readonly sources: PublishedSources;
  readonly #options: ScenarioParticipantOptions;
  readonly #plan: ParticipantPlan;
  readonly #localClock: LocalClock | undefined;
  readonly #clock: Clock;
  readonly #codecs: FaultyCodecs;
  #room: Room;
  #sfu: SimulatedSfu | undefined;
  #transport: LocalTransport | undefined;
  /** What the timelines of its links count from. */
  #linkedAt: Milliseconds = 0;
  #preferred: PreferredLayers | undefined;

  constructor(options: ScenarioParticipantOptions) {
    const { name, plan, stage, random, ownClock } = options;
    this.name = name;
    this.#options = options;
    this.#plan = plan;
    this.#localClock = ownClock ? new LocalClock(stage.clock) : undefined;
    this.#clock = this.#localClock ?? stage.clock;
    this.#codecs = faultyCodecs(stage.codecs(this.#clock, random.fork('codecs')));
    this.sources = new PublishedSources({ plan, stage, clock: this.#clock, random });
    this.#room = this.#createRoom();
  }

  /** The newest of its rooms. */
  get room(): Room {
    return this.#room;
  }

  /** Enters the room of that SFU, and publishes. */
  async join(sfu: SimulatedSfu): Promise<void> {
    const { plan, stage, bottlenecks } = this.#options;
    const room = this.#room;
    this.#sfu = sfu;
    this.#linkedAt = stage.clock.now();
    const link = (way: ScenarioLink | undefined) => linkOptionsAt(way ?? {}, this.#linkedAt, bottlenecks);
    const path = sfu.transport({
      identity: this.name,
      uplink: link(plan.uplink),
      downlink: link(plan.downlink),
      ...(plan.keyframeCache !== undefined && { keyframeCache: plan.keyframeCache }),
    });
    const local = this.#localClock;
    const transport = new LocalTransport(path, local && ((shared) => local.toLocal(shared)));
    this.#transport = transport;
    try {
      await room.connect(transport, { autoSubscribe: plan.subscribe === undefined || plan.subscribe === true });
      for (const { participant, publication } of remotePublications(room)) this.#want(participant, publication);
      for (const { source, options } of this.sources.all) await room.localParticipant.publishTrack(source, options);
    } catch (error) {
      // Whoever has left, crashed or lost its SFU meanwhile could not go on.
      const over = error instanceof ConnectionError && (error.reason === 'closed' || error.reason === 'not-connected');
      if (!over || (this.#room === room && room.state === 'connected')) this.#report(error);
    }
  }

  /** Comes back to another SFU: as soon as it has heard that the old one is gone. */
  rejoin(sfu: SimulatedSfu): void {
    const room = this.#room;
    if (room.state === 'disconnected') {
      void this.join(sfu);
      return;
    }
    const off = room.on('disconnected', () => {
      off();
      if (this.#room === room) void this.join(sfu);
    });
  }

  leave(): void {
    this.#room.disconnect();
  }

  /** Vanishes without a word. */
  crash(): void {
    this.#transport?.cut();
    this.#room.disconnect();
    this.#room = this.#createRoom();
  }

  /** Changes one of its links, as far as it has any. */
  setLink(direction: 'uplink' | 'downlink', change: ScenarioLink): void {
    const { bottlenecks } = this.#options;
    if (!this.#transport || !this.#sfu?.identities.includes(this.name)) return;
    this.#sfu.participant(this.name)[direction].set(linkOptionsAt(change, this.#linkedAt, bottlenecks));
  }

  setHidden(hidden: boolean): void {
    this.#localClock?.setHidden(hidden);
  }

  adjustClock(skew: Milliseconds, drift: number): void {
    this.#localClock?.adjust(skew, drift);
  }

  setStalled(stalled: boolean): void {
    this.#codecs.setStalled(stalled);
  }

  /** Mutes what it publishes of that source, or goes on with it; without a source, all. */
  setMuted(muted: boolean, source?: PublishedSource): void {
    for (const publication of this.#room.localParticipant.trackPublications.values()) {
      if (source !== undefined && publication.source !== source) continue;
      const done = muted ? publication.mute() : publication.unmute();
      done.catch((error: unknown) => this.#report(error));
    }
  }

  failDecoders(): void {
    this.#codecs.failDecoders();
  }

  /** From now on it wants these layers of every video track at most. */
  prefer(layers: PreferredLayers): void {
    this.#preferred = layers;
    for (const { publication } of remotePublications(this.#room)) this.#applyPreference(publication);
  }

  /** What the shared clock says at a moment of this participant's. */
  toShared(local: Milliseconds): Milliseconds {
    return this.#localClock?.toShared(local) ?? local;
  }

  #createRoom(): Room {
    const { random, tracer, stage, clocksDiffer, congestionController } = this.#options;
    const { congestion } = this.#plan;
    const room = new Room({
      clock: this.#clock,
      random: random.fork(`room-${this.rooms.length}`),
      codecs: this.#codecs.codecs,
      congestionController,
      ...(congestion && { congestion }),
      ...(tracer && { tracer: clocksDiffer ? (event) => tracer(this.#onSharedClock(event)) : tracer }),
    });
    this.rooms.push(room);
    room.on('error', ({ error }) => this.#report(error));
    room.on('disconnected', ({ reason }) => this.disconnections.push({ at: stage.clock.now(), reason }));
    room.on('trackPublished', ({ participant, publication }) => this.#want(participant.identity, publication));
    room.on('trackSubscribed', ({ track, publication, participant }) => {
      this.#applyPreference(publication);
      const source = publication.source as PublishedSource;
      if (track.kind === 'video') {
        track.addSink({ write: (frame) => this.#onFrame(frame, participant.identity, source) });
      } else {
        track.addSink({
          write: (data) => {
            this.heard.push(stage.clock.now());
            data.close();
          },
        });
      }
    });
    return room;
  }

  /** An event with the run's time; and with the true age of a picture, which two clocks that differ cannot tell. */
  #onSharedClock(event: TraceEvent): TraceEvent {
    const at = this.#options.stage.clock.now();
    const { delay } = event;
    if (event.type !== 'frame-shown' || typeof delay !== 'number') return { ...event, at };
    for (const { participant, publication } of remotePublications(this.#room)) {
      if (publication.trackId !== event['track']) continue;
      const from = this.#options.find(participant);
      if (from !== undefined) return { ...event, at, delay: at - from.toShared(this.#clock.now() - delay) };
    }
    return { ...event, at };
  }

  /** Subscribes to what is wanted by name. */
  #want(publisher: string, publication: RemoteTrackPublication): void {
    const { subscribe } = this.#plan;
    // What is there already is told of before the room is entered: `join` sees to it.
    if (this.#room.state !== 'connected') return;
    if (typeof subscribe !== 'object' || !subscribe.includes(publisher) || publication.isSubscribed) return;
    publication.setSubscribed(true).catch((error: unknown) => this.#report(error));
  }

  #applyPreference(publication: RemoteTrackPublication): void {
    if (this.#preferred === undefined || publication.kind !== 'video' || !publication.isSubscribed) return;
    publication.setPreferredLayers(this.#preferred).catch((error: unknown) => this.#report(error));
  }

  #onFrame(frame: VideoFrame, publisher: string, source: PublishedSource): void {
    const { stage, find } = this.#options;
    const at = stage.clock.now();
    const from = find(publisher);
    const camera = from?.sources.video(source);
    const { displayWidth: width, displayHeight: height } = frame;
    const picture = camera && stage.look(frame, camera);
    frame.close();
    if (from === undefined || picture === undefined) return;
    const { frameNumber, corrupt, captureTime } = picture;
    const delay = captureTime === undefined ? undefined : at - from.toShared(captureTime);
    this.shown.push({ at, publisher, source, frameNumber, width, height, corrupt, delay });
  }

  #report(error: unknown): void {
    const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    this.errors.push({ at: this.#options.stage.clock.now(), message });
  }
}

function* remotePublications(room: Room): Generator<{ participant: string; publication: RemoteTrackPublication }> {
  for (const { identity, trackPublications } of room.remoteParticipants.values()) {
    for (const publication of trackPublications.values()) yield { participant: identity, publication };
  }
}
