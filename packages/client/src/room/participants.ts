// Who is in the room.

import type { RemoteTrackPublication } from './publications.ts';

/** Somebody else in the room. */
export class RemoteParticipant {
  readonly participantId: string;
  readonly identity: string;
  readonly #publications = new Map<string, RemoteTrackPublication>();

  #audioLevel = 0;
  #speaking = false;

  constructor(participantId: string, identity: string) {
    this.participantId = participantId;
    this.identity = identity;
  }

  /** The tracks the participant publishes, by track id. */
  get trackPublications(): ReadonlyMap<string, RemoteTrackPublication> {
    return this.#publications;
  }

  /** Whether it speaks, by what the SFU said last. */
  get isSpeaking(): boolean {
    return this.#speaking;
  }

  /** How loud it was in the last 300 ms, linear: 0 to 1; 0 while it does not speak. */
  get audioLevel(): number {
    return this.#audioLevel;
  }

  /** Called by the room: it speaks, or does not any more. */
  setSpeaking(speaking: boolean, audioLevel: number): void {
    this.#speaking = speaking;
    this.#audioLevel = audioLevel;
  }

  /** Called by the room: a track came. */
  add(publication: RemoteTrackPublication): void {
    this.#publications.set(publication.trackId, publication);
  }

  /** Called by the room: a track went. */
  remove(trackId: string): void {
    this.#publications.delete(trackId);
  }
}
