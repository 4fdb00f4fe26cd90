// A participant of another SFU, as it is in this one's room.

import type { ParticipantInfo } from '@sluice/rtp';
import type { Producer } from './producer.ts';
import type { Room } from './room.ts';
import type { RoomMember } from './room-member.ts';

/** What a relayed member is made of. */
export interface RelayedMemberOptions {
  readonly room: Room;
  /** In this room. */
  readonly id: string;
  readonly identity: string;
  readonly wantKeyFrame: RoomMember['wantKeyFrame'];
}

/** It publishes what comes of the other SFU; nothing is sent to it. */
export class RelayedMember implements RoomMember {
  readonly id: string;
  readonly identity: string;
  readonly role = 'relayed';
  readonly autoSubscribe = false;
  readonly producers: Producer[] = [];
  readonly wantKeyFrame: RoomMember['wantKeyFrame'];
  readonly #room: Room;
  #joined = true;

  constructor({ room, id, identity, wantKeyFrame }: RelayedMemberOptions) {
    this.id = id;
    this.identity = identity;
    this.wantKeyFrame = wantKeyFrame;
    this.#room = room;
  }

  get joined(): boolean {
    return this.#joined;
  }

  get info(): ParticipantInfo {
    return {
      participantId: this.id,
      identity: this.identity,
      tracks: this.producers.map((producer) => producer.info),
    };
  }

  /** It publishes another track. */
  publish(producer: Producer): void {
    this.producers.push(producer);
    this.#room.onPublished(this, producer);
  }

  /** A track is over. */
  unpublish(producer: Producer, reason: string | undefined): void {
    const index = this.producers.indexOf(producer);
    if (index < 0) return;
    this.producers.splice(index, 1);
    producer.purge();
    this.#room.onUnpublished(this, producer, reason);
  }

  send(): void {}

  sendData(): boolean {
    return true;
  }

  sendReliableData(): void {}

  subscribe(): void {}

  unsubscribe(): void {}

  tick(): void {}

  close(reason: string): void {
    if (!this.#joined) return;
    this.#room.remove(this, reason);
    this.#joined = false;
  }
}
