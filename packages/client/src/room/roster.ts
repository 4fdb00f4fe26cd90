// The others: who they are, what they publish, and what of it comes in.

import type { Clock, Milliseconds, ParticipantInfo, ServerMessage, TrackInfo } from '@sluice/rtp';
import type { ReceivedData } from './data-channel.ts';
import { RemoteParticipant } from './participants.ts';
import { type RemotePublicationControls, RemoteTrackPublication } from './publications.ts';
import type { RemoteTrack } from './remote-tracks.ts';
import type { RoomEvents, RosterEvents } from './room-events.ts';

/** A publication and whose it is. */
export interface Published {
  readonly publication: RemoteTrackPublication;
  readonly participant: RemoteParticipant;
}

/** What a roster is made of. */
export interface RosterOptions {
  readonly clock: Clock;
  readonly controls: RemotePublicationControls;
  readonly emit: <Type extends keyof RosterEvents>(type: Type, event: RoomEvents[Type]) => void;
  /** A track is given up: its packets are of no use any more. */
  readonly onTrackClosed: (trackId: string) => void;
}

/** The remote participants of one room. */
export class Roster {
  readonly #options: RosterOptions;
  readonly #participants = new Map<string, RemoteParticipant>();
  readonly #published = new Map<string, Published>();
  readonly #waitingSince = new Map<string, Milliseconds>();

  constructor(options: RosterOptions) {
    this.#options = options;
  }

  /** By participant id. */
  get participants(): ReadonlyMap<string, RemoteParticipant> {
    return this.#participants;
  }

  /** A publication by its track id. */
  find(trackId: string): Published | undefined {
    return this.#published.get(trackId);
  }

  /** From when on the app has waited for the first frame of a track. */
  waitingSince(trackId: string): Milliseconds {
    return this.#waitingSince.get(trackId) ?? this.#options.clock.now();
  }

  /** The app has asked for a track: waiting for its first frame begins. */
  await(trackId: string): void {
    this.#waitingSince.set(trackId, this.#options.clock.now());
  }

  /** Takes what the SFU tells of the others; anything else is passed over. */
  receive(message: ServerMessage): void {
    const now = this.#options.clock.now();
    switch (message.type) {
      case 'participant-joined':
        this.add(message.participant, now);
        break;
      case 'participant-left':
        this.#remove(message.participantId, message.reason);
        break;
      case 'track-published':
        this.#publish(message.participantId, message.track, now);
        break;
      case 'track-unpublished':
        this.#unpublish(message.trackId, message.reason);
        break;
      case 'track-muted':
        this.#setMuted(message.trackId, message.muted);
        break;
      case 'layers-changed': {
        const { rid, temporalLayer, reason } = message;
        const known = this.#published.get(message.trackId);
        known?.publication.update({ layers: { rid, temporalLayer } });
        if (known !== undefined) this.#options.emit('trackLayersChanged', { ...known, reason });
        break;
      }
      case 'speakers-changed':
        this.#setSpeakers(message.speakers);
        break;
    }
  }

  /** A data message of somebody. */
  onData({ participantId, payload, topic, reliable }: ReceivedData): void {
    const participant = this.#participants.get(participantId);
    if (participant !== undefined) this.#options.emit('dataReceived', { payload, participant, topic, reliable });
  }

  /**
   * Somebody is in the room.
   *
   * @param since - from when on waiting for the first frames of its tracks counts
   */
  add(info: ParticipantInfo, since: Milliseconds): void {
    if (this.#participants.has(info.participantId)) return;
    const participant = new RemoteParticipant(info.participantId, info.identity);
    this.#participants.set(info.participantId, participant);
    this.#options.emit('participantConnected', { participant });
    for (const track of info.tracks) this.#publish(info.participantId, track, since);
  }

  /** A track comes in. */
  subscribed(published: Published, track: RemoteTrack): void {
    published.publication.update({ track });
    this.#options.emit('trackSubscribed', { ...published, track });
  }

  /** A track comes in no longer. */
  unsubscribed(trackId: string): void {
    const known = this.#published.get(trackId);
    const track = known?.publication.track;
    if (known === undefined || track === undefined) return;
    this.#options.onTrackClosed(trackId);
    known.publication.update({ track: undefined, layers: { rid: undefined, temporalLayer: undefined } });
    track.close();
    this.#options.emit('trackUnsubscribed', { ...known, track });
  }

  /** The room is left: nobody is there any more. */
  clear(): void {
    for (const trackId of [...this.#published.keys()]) this.#unpublish(trackId);
    this.#participants.clear();
  }

  #remove(participantId: string, reason: string): void {
    const participant = this.#participants.get(participantId);
    if (participant === undefined) return;
    for (const trackId of [...participant.trackPublications.keys()]) this.#unpublish(trackId);
    this.#participants.delete(participantId);
    this.#options.emit('participantDisconnected', { participant, reason });
  }

  #publish(participantId: string, info: TrackInfo, since: Milliseconds): void {
    const participant = this.#participants.get(participantId);
    if (participant === undefined || this.#published.has(info.trackId)) return;
    const publication = new RemoteTrackPublication(info, this.#options.controls);
    participant.add(publication);
    this.#published.set(info.trackId, { publication, participant });
    this.#waitingSince.set(info.trackId, since);
    this.#options.emit('trackPublished', { publication, participant });
  }

  #unpublish(trackId: string, reason?: string): void {
    const known = this.#published.get(trackId);
    if (known === undefined) return;
    this.unsubscribed(trackId);
    this.#published.delete(trackId);
    this.#waitingSince.delete(trackId);
    known.participant.remove(trackId);
    this.#options.emit('trackUnpublished', reason === undefined ? known : { ...known, reason });
  }

  #setSpeakers(told: Extract<ServerMessage, { type: 'speakers-changed' }>['speakers']): void {
    for (const participant of this.#participants.values()) participant.setSpeaking(false, 0);
    const speakers: RemoteParticipant[] = [];
    for (const { participantId, level } of told) {
      const participant = this.#participants.get(participantId);
      if (participant === undefined) continue;
      participant.setSpeaking(true, level);
      speakers.push(participant);
    }
    this.#options.emit('activeSpeakersChanged', { speakers });
  }

  #setMuted(trackId: string, muted: boolean): void {
    const known = this.#published.get(trackId);
    if (known === undefined) return;
    known.publication.update({ muted });
    if (known.publication.track?.kind === 'video') known.publication.track.receiver.setMuted(muted);
    this.#options.emit(muted ? 'trackMuted' : 'trackUnmuted', known);
  }
}
