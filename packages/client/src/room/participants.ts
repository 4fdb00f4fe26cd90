// Who is in the room.

import type { RemoteTrackPublication } from './publications.ts';

/** Somebody else in the room. */
export class RemoteParticipant {
  readonly participantId: string;
  readonly identity: string;
  readonly #publications = new Map<string, RemoteTrackPublication>();

  constructor(participantId: string, identity: string) {
    this.participantId = participantId;
    this.identity = identity;
  }

  /** The tracks the participant publishes, by track id. */
  get trackPublications(): ReadonlyMap<string, RemoteTrackPublication> {
    return this.#publications;
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
