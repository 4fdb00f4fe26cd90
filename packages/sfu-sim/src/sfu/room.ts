// The room: who is in it, and who gets to know what.

import {
  type Clock,
  type DataMessage,
  every,
  type Milliseconds,
  type Random,
  type ServerMessage,
  type SluiceEventType,
  type Tracer,
  type Transport,
} from '@sluice/rtp';
import { DominantSpeaker } from './dominant-speaker.ts';
import { Peer, type PeerOptions } from './peer.ts';
import type { Producer } from './producer.ts';
import type { ProducerLayer } from './producer-layer.ts';
import { Refusal } from './refusal.ts';
import { type RoomMember, sees } from './room-member.ts';
import { type ResolvedSfuOptions, resolveSfuOptions, type SfuOptions } from './sfu-options.ts';

/** How often it is decided who speaks. */
const SPEAKER_INTERVAL: Milliseconds = 300;

/** What a room is made of. */
export interface RoomOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly tracer?: Tracer | undefined;
  readonly sfu?: SfuOptions | undefined;
}

/** Participants that see each other. */
export class Room {
  readonly clock: Clock;
  readonly random: Random;
  readonly options: ResolvedSfuOptions;
  readonly #tracer: Tracer | undefined;
  readonly #members = new Map<string, RoomMember>();
  readonly #speakers = new DominantSpeaker();
  /** The last turn of `SPEAKER_INTERVAL`, who had the floor then, and whether anybody was active. */
  #speakerTurn = 0;
  #dominant: string | undefined;
  #anyActive = false;
  #stopTicking: (() => void) | undefined;
  #connected = 0;

  constructor(options: RoomOptions) {
    this.clock = options.clock;
    this.random = options.random;
    this.options = resolveSfuOptions(options.sfu);
    this.#tracer = options.tracer;
  }

  /** Everybody connected, joined or not, and those of other SFUs. */
  get members(): RoomMember[] {
    return [...this.#members.values()];
  }

  /** Takes a participant's transport; it is in the room once it has sent `join`. */
  connect(transport: Transport, options: PeerOptions = {}): Peer {
    this.#connected += 1;
    const peer = new Peer(this, `P${this.#connected}`, transport, options);
    this.#members.set(peer.id, peer);
    this.#stopTicking ??= this.#startTicking();
    peer.start();
    return peer;
  }

  /** Takes a participant of another SFU. */
  add(member: RoomMember): void {
    this.#members.set(member.id, member);
    this.onJoined(member);
  }

  /** Ends everything. */
  close(reason: string): void {
    for (const member of this.members) member.close(reason);
  }

  /** Who listens to `trace`; `undefined`: nobody. */
  get tracer(): Tracer | undefined {
    return this.#tracer;
  }

  /** Records a decision. */
  trace(type: SluiceEventType, details: Record<string, string | number | boolean | undefined>): void {
    this.#tracer?.({ at: this.clock.now(), type, ...details });
  }

  /** The participants that a member gets to know of. */
  others(viewer: RoomMember): RoomMember[] {
    return this.members.filter((other) => sees(viewer, other));
  }

  /** Who gets to know of a member. */
  #audience(member: RoomMember): RoomMember[] {
    return this.members.filter((viewer) => sees(viewer, member));
  }

  /** The track of that id, whoever publishes it. */
  producer(trackId: string): Producer | undefined {
    for (const member of this.#members.values()) {
      const producer = member.producers.find(({ info }) => info.trackId === trackId);
      if (producer !== undefined) return producer;
    }
    return undefined;
  }

  /**
   * Lets a participant in. One that was in under the same identity is put out: it is the same person, come back.
   *
   * @throws Refusal when the room is full, or the identity taken and `duplicateIdentity` is `reject`
   */
  admit(peer: Peer): void {
    if (peer.role === 'cascade') return;
    const joined = this.members.filter(({ role, joined }) => role === 'participant' && joined);
    const same = joined.filter(({ identity }) => identity === peer.identity);
    if (same.length > 0 && this.options.duplicateIdentity === 'reject') {
      throw new Refusal('identity-in-use', `Somebody called ${peer.identity} is in the room already.`);
    }
    for (const other of same) other.close('duplicate-identity');
    if (joined.length - same.length >= this.options.maxParticipants) {
      throw new Refusal('room-full', `The room has its ${this.options.maxParticipants} participants already.`);
    }
  }

  onJoined(peer: RoomMember): void {
    this.trace('participant-joined', { participant: peer.identity });
    this.#tellOthers(peer, { type: 'participant-joined', participant: peer.info });
    if (peer.autoSubscribe) peer.subscribe(this.others(peer).flatMap((other) => other.producers));
  }

  onPublished(peer: RoomMember, producer: Producer): void {
    const track = producer.info;
    this.trace('track-published', { participant: peer.identity, track: track.trackId, kind: track.kind });
    this.#tellOthers(peer, { type: 'track-published', participantId: peer.id, track });
    for (const other of this.#audience(peer)) if (other.autoSubscribe) other.subscribe([producer]);
  }

  /** @param reason - why the SFU has ended it; `undefined`: its publisher did */
  onUnpublished(peer: RoomMember, producer: Producer, reason?: string): void {
    const { trackId } = producer.info;
    const because = reason === undefined ? {} : { reason };
    this.trace('track-unpublished', { participant: peer.identity, track: trackId, ...because });
    for (const other of this.#audience(peer)) other.unsubscribe(trackId);
    this.#tellOthers(peer, { type: 'track-unpublished', participantId: peer.id, trackId, ...because });
  }

  setMuted(producer: Producer, muted: boolean): void {
    const owner = this.#members.get(producer.owner.participantId);
    if (owner === undefined || producer.info.muted === muted) return;
    producer.setMuted(muted);
    const { trackId } = producer.info;
    this.trace(muted ? 'track-muted' : 'track-unmuted', { participant: owner.identity, track: trackId });
    this.#tellOthers(owner, { type: 'track-muted', participantId: owner.id, trackId, muted });
  }

  wantKeyFrame(producer: Producer, layer: ProducerLayer, reason: string): void {
    this.#members.get(producer.owner.participantId)?.wantKeyFrame(producer, layer, reason);
  }

  /** Who gets a participant's data message: those of these identities, or all, but never itself. */
  dataReceivers(from: Peer, to: readonly string[] | undefined): RoomMember[] {
    const here = this.others(from).filter(({ role }) => role === 'participant');
    return here.filter(({ identity }) => to === undefined || to.includes(identity));
  }

  /** Passes a lossy data message on; how many did not get it, because too much waited for them. */
  passData(from: Peer, { to, ...message }: DataMessage): number {
    const passed = { ...message, from: from.id };
    return this.dataReceivers(from, to).filter((receiver) => !receiver.sendData(passed)).length;
  }

  /** An audio packet of a participant came, of that level in −dBov. */
  onAudioLevel(peer: Peer, level: number, now: Milliseconds): void {
    this.#speakers.add(peer.id, level, now);
  }

  /** A participant is gone. */
  remove(peer: RoomMember, reason: string): void {
    if (!this.#members.has(peer.id)) return;
    const audience = this.#audience(peer);
    this.#members.delete(peer.id);
    this.#speakers.remove(peer.id);
    if (peer.joined) {
      this.trace('participant-left', { participant: peer.identity, reason });
      for (const producer of peer.producers) {
        producer.purge();
        for (const other of audience) other.unsubscribe(producer.info.trackId);
      }
      for (const other of audience) other.send({ type: 'participant-left', participantId: peer.id, reason });
    }
    if (this.#members.size > 0) return;
    this.#stopTicking?.();
    this.#stopTicking = undefined;
  }

  /** At multiples of the interval, so that who came first changes nothing for who came later. */
  #startTicking(): () => void {
    const { tickInterval } = this.options;
    return every(this.clock, tickInterval, () => this.#tick(), tickInterval - (this.clock.now() % tickInterval));
  }

  #tick(): void {
    const now: Milliseconds = this.clock.now();
    for (const member of this.members) member.tick(now);
    const turn = Math.floor(now / SPEAKER_INTERVAL);
    if (turn !== this.#speakerTurn) this.#tellSpeakers(now);
    this.#speakerTurn = turn;
  }

  /** Everybody hears of the others; in silence once, and then no more. */
  #tellSpeakers(now: Milliseconds): void {
    const speakers = this.#speakers.decide(now);
    const { dominant } = this.#speakers;
    if (dominant !== undefined && dominant !== this.#dominant) {
      const identity = (id: string | undefined) => (id === undefined ? undefined : this.#members.get(id)?.identity);
      const previous = identity(this.#dominant);
      const before = previous === undefined ? {} : { previous };
      this.trace('dominant-speaker', { participant: identity(dominant), ...before, reason: 'speaks' });
    }
    this.#dominant = dominant;
    const active = speakers.filter((speaker) => speaker.active).map(({ id, level }) => ({ participantId: id, level }));
    if (active.length === 0 && !this.#anyActive) return;
    this.#anyActive = active.length > 0;
    for (const member of this.members) {
      if (!member.joined || member.role !== 'participant') continue;
      const others = active.filter(({ participantId }) => participantId !== member.id);
      member.send({ type: 'speakers-changed', speakers: others });
    }
  }

  #tellOthers(member: RoomMember, message: ServerMessage): void {
    for (const other of this.#audience(member)) other.send(message);
  }
}
